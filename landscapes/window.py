"""The window of a surface of one's own, as text that fits into an address (``-3:3`` or ``-3:3,0:2``), and a start."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from landscapes.base import Floats

_LEAST, _MOST = 1e-6, 1e9
_STARTS = (0.067, 0.9, 0.12, 0.82, 0.25, 0.7, 0.4, 0.55)


def read_window(value: object, dim: int) -> Floats:
    """(dim, 2) bounds from text, or from numbers [[low, high], …]; one interval serves every axis.

    Raises ValueError, naming what was given, for anything else, and for a window that is empty, tiny or huge.
    """
    if isinstance(value, str):
        try:
            pairs: object = [[float(end) for end in axis.split(":")] for axis in value.replace("−", "-").split(",")]
        except ValueError:
            pairs = None
    else:
        pairs = value
    try:
        bounds = np.array(pairs, dtype=float)
    except (TypeError, ValueError):
        bounds = np.empty(0)
    if bounds.shape == (2,):
        bounds = bounds[None]
    if bounds.ndim == 2 and bounds.shape == (1, 2):
        bounds = np.repeat(bounds, dim, axis=0)
    if bounds.shape != (dim, 2):
        example = "-3:3" if dim == 1 else "-3:3,0:2"
        raise ValueError(
            f"bounds must be low:high of {dim} {'axis' if dim == 1 else 'axes'}, as in {example!r}, got {value!r}"
        )
    for low, high in bounds.tolist():
        if not (math.isfinite(low) and math.isfinite(high)) or max(abs(low), abs(high)) > _MOST:
            raise ValueError(f"bounds must be finite and at most {_MOST:g} in size, got {low:g}:{high:g}")
        if high - low < _LEAST * max(1.0, abs(low), abs(high)):
            raise ValueError(f"bounds must run from a low to a higher end, got {low:g}:{high:g}")
    return np.ascontiguousarray(bounds)


def write_window(bounds: Floats) -> str:
    """The text that `read_window` reads back to the same bits."""
    return ",".join(f"{_short(low)}:{_short(high)}" for low, high in bounds.tolist())


def _short(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def wide_radius(bounds: Floats) -> float:
    """A quarter of the window's shortest side, two digits: a ball wider than what one takes for wrinkles there."""
    return float(f"{0.25 * float(np.ptp(bounds, axis=1).min()):.2g}")


def first_finite(value: Callable[[Floats], Floats], bounds: Floats) -> Floats:
    """A start (d,) near a corner where the surface is a number; NaN where it is none on a whole lattice."""
    dim = len(bounds)
    low, width = bounds[:, 0], np.ptp(bounds, axis=1)
    part = np.array(_STARTS)
    if dim > 1:  # a wide ball leans over both sides of a corner, and must not touch the ground outside
        part = 0.5 + 0.85 * (part - 0.5)
    trial = low + width * np.stack([part, np.roll(part[::-1], 3)], axis=1)[:, :dim]
    lattice = np.stack(np.meshgrid(*[np.linspace(0.02, 0.98, 41)] * dim), axis=-1).reshape(-1, dim)
    trial = np.ascontiguousarray(np.concatenate([trial, low + width * lattice]))
    good = np.isfinite(value(trial))
    return trial[int(good.argmax())] if good.any() else np.full(dim, np.nan)
