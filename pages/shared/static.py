"""Files the browser fetches by name, so that no rerun sends them again: copied into static/, which Streamlit serves."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rbo_core.cli.app import STATIC_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get(STATIC_VARIABLE) or ROOT / "static")
"""Beside the script that Streamlit runs; `rolling-ball app` names another where the installation cannot be written."""


def publish(name: str, files: Iterable[Path]) -> str:
    """Copy files into one folder under static/ and return its name: it carries their content, so no copy is stale.

    Raises:
        ValueError: the folder cannot be written.
    """
    files = sorted(files)
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:12]
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
        staging.chmod(0o755)
        try:
            staging.replace(folder)
        except OSError:  # another process was faster
            shutil.rmtree(staging, ignore_errors=True)
    return folder.name
