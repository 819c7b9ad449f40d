"""Files the browser fetches by name, so that no rerun sends them again: copied into static/, which Streamlit serves."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from rbo_core.cli.app import STATIC_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get(STATIC_VARIABLE) or ROOT / "static")
"""Beside the script that Streamlit runs; `rolling-ball app` names another where the installation cannot be written."""


def publish(name: str, files: Iterable[Path], texts: Mapping[str, str] | None = None) -> str:
    """Copy files into one folder under static/ and return its name: it carries their content, so no copy is stale.

    texts: further files, made from these.

    Raises:
        ValueError: the folder cannot be written.
    """
    files = sorted(files)
    content = b"".join(path.name.encode() + path.read_bytes() for path in files) + repr(texts).encode()
    digest = hashlib.sha256(content).hexdigest()[:12]
    folder = FOLDER / f"{name}-{digest}"
    if not folder.exists():
        try:
            FOLDER.mkdir(exist_ok=True)
            staging = Path(tempfile.mkdtemp(dir=FOLDER))
        except OSError as problem:
            raise ValueError(
                f"the lab cannot write where it is installed ({problem.strerror}), and the browser fetches its scripts "
                "from there; start it with `python -m rbo_core app`, which makes a folder of its own"
            ) from problem
        for path in files:
            shutil.copyfile(path, staging / path.name)
        for file, text in (texts or {}).items():
            (staging / file).write_text(text, encoding="utf-8")
        for made in list(staging.iterdir()):
            packed(made).write_bytes(gzip.compress(made.read_bytes(), 6, mtime=0))
        staging.chmod(0o755)
        try:
            staging.replace(folder)
        except OSError:  # another process was faster
            shutil.rmtree(staging, ignore_errors=True)
    return folder.name


def packed(file: Path) -> Path:
    """Where a published file lies packed by gzip, once for all visitors."""
    return file.with_name(f"{file.name}.gz")
