"""Files the browser fetches by name, so that no rerun sends them again: copied into static/, which Streamlit serves."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "static"


def publish(name: str, files: Iterable[Path]) -> str:
    """Copy files into one folder under static/ and return its name: it carries their content, so no copy is stale."""
    files = sorted(files)
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:12]
    folder = FOLDER / f"{name}-{digest}"
    if not folder.exists():
        FOLDER.mkdir(exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=FOLDER))
        for path in files:
            shutil.copyfile(path, staging / path.name)
        staging.chmod(0o755)
        try:
            staging.replace(folder)
        except OSError:  # another process was faster
            shutil.rmtree(staging, ignore_errors=True)
    return folder.name
