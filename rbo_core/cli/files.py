"""Files that commands write: refused before the work, not after it."""

from __future__ import annotations

from pathlib import Path


def require_writable(name: str, path: Path | None, endings: tuple[str, ...]) -> None:
    """``ValueError`` when ``path`` has another ending, or lies in a folder that is not there; None is no file."""
    if path is None:
        return
    if path.suffix not in endings:
        raise ValueError(f"{name} must end in {' or '.join(endings)}, got {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"{name} cannot be written to {str(path)!r}: there is no folder {str(path.parent)!r}; make it")
