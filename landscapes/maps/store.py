"""Heights that are known by a short name: three examples, and what was given or kept, by the hash of its content.

A surface is a name and parameters, so that it fits into an address or a sweep's JSON; for heights the parameter is this
name. What is kept lies as NPY in ``RBO_DATA_DIR/heights``, at most so many bytes, the oldest going first.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike

from landscapes.base import Floats
from landscapes.maps.examples import EXAMPLES, example

MAX_SAMPLES = 4096**2
MAX_KEPT = 400_000_000
_REMEMBERED = 8
_NAME = re.compile(r"[0-9a-f]{20}")

_memory: OrderedDict[str, Floats] = OrderedDict()
_lock = Lock()


def checked(heights: ArrayLike) -> Floats:
    """Heights (N,) or (N, M) as float64; ValueError for another shape, too few or too many samples, or no number."""
    f = np.asarray(heights)
    if f.dtype.kind not in "fiub" or f.ndim not in (1, 2) or min(f.shape, default=0) < 4:
        raise ValueError(
            "heights must be numbers, a curve (N,) or a surface (N, M) of at least 4 samples a side, "
            f"got shape {f.shape}"
        )
    if f.size > MAX_SAMPLES:
        raise ValueError(f"heights may have at most 4096² = {MAX_SAMPLES:,} samples, got {f.size:,}: thin them first")
    f = np.ascontiguousarray(f, dtype=float)
    if not np.isfinite(f).any():
        raise ValueError("heights must hold at least one finite number, got none")
    return f


def remember(heights: ArrayLike) -> str:
    """The name of these heights, which this process then knows."""
    f = checked(heights)
    name = hashlib.sha256(repr(f.shape).encode() + f.tobytes()).hexdigest()[:20]
    with _lock:
        _memory[name] = f
        _memory.move_to_end(name)
        while len(_memory) > _REMEMBERED:
            _memory.popitem(last=False)
    return name


def keep(heights: ArrayLike) -> str:
    """As `remember`, and on disk: other processes and later days know them too."""
    name = remember(heights)
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            np.save(file, _memory[name], allow_pickle=False)
        Path(file.name).replace(path)
    path.touch()
    _sweep_out(folder, path)
    return name


def raw(name: str) -> Floats:
    """Heights by name. ValueError for a name that nobody here knows."""
    if name in EXAMPLES:
        return example(name)
    with _lock:
        if name in _memory:
            return _memory[name]
    path = _folder() / f"{name}.npy"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise ValueError(f"heights {name[:24]!r} are not known here; give the array, or one of {', '.join(EXAMPLES)}")
    remember(np.load(path, allow_pickle=False))
    return _memory[name]


def thinned(heights: Floats, most: int) -> tuple[Floats, int]:
    """Every k-th sample along each axis, so that no axis has more than ``most``; and k."""
    k = -(-max(heights.shape) // most)
    return np.ascontiguousarray(heights[tuple(slice(None, None, k) for _ in heights.shape)]), k


def _folder() -> Path:
    return Path(os.environ.get("RBO_DATA_DIR") or "runs") / "heights"


def _sweep_out(folder: Path, newest: Path) -> None:
    """Delete the oldest files beyond MAX_KEPT bytes."""
    files = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > MAX_KEPT and path != newest:
            path.unlink(missing_ok=True)
