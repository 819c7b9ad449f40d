"""Files that commands read, and those they write: refused before the work, not after it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def read_text(path: str, wanted: str = "a JSON file") -> str:
    """The text of a file, of standard input for "-"; ``ValueError``, which asks for ``wanted``, when there is none."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise ValueError(f"cannot read {path}: {problem.strerror}; give {wanted}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text; give {wanted}") from None


def read_json(path: str) -> Any:
    """What a JSON file (standard input for "-") holds; ``ValueError`` when it is none."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as problem:
        raise ValueError(f"{path} must be JSON, got {problem}") from None
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply; nothing here takes more than a few levels") from None


def require_writable(name: str, path: Path | None, endings: tuple[str, ...]) -> None:
    """``ValueError`` when ``path`` has another ending, or lies in a folder that is not there; None is no file."""
    if path is None:
        return
    if path.suffix not in endings:
        raise ValueError(f"{name} must end in {' or '.join(endings)}, got {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"{name} cannot be written to {str(path)!r}: there is no folder {str(path.parent)!r}; make it")
    probe = path.parent / f".{path.name}.{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise ValueError(f"{name} cannot be written to {str(path)!r}: {problem.strerror}; name another file") from None


def make_folder(name: str, path: Path | None) -> None:
    """Make the folder in which ``path`` will lie; ``ValueError`` when that cannot be done. None is no file."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ValueError(f"{name} cannot be written to {str(path)!r}: {problem.strerror}; name another place") from None


def use_threads(count: int | None) -> None:
    """Give torch so many CPU threads; ``ValueError`` for a number that no machine has. None leaves them as they are."""
    if count is None:
        return
    most = 8 * (os.cpu_count() or 1)
    if not 1 <= count <= most:
        raise ValueError(f"threads must be from 1 to {most} (eight for each core here), got {count}")
    import torch

    torch.set_num_threads(count)
