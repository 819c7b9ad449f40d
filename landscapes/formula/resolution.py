"""How fine a surface is on its window, from its own spectrum, and whether the contact search's grid can see that.

Lines of samples are laid across the window. Their differences' spectrum tells the shortest wavelength that matters: a
slope is what a ball feels, so energy is counted in slopes. Whether the samples see everything is checked on the samples
themselves: every second one is predicted from its neighbours; a kink spoils one prediction, unresolved detail a whole
stretch of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from landscapes.base import Floats

#: Nodes across the window at which the contact search stops refining: a curve, a surface.
NODES = (174_000, 1_365)
_FIRST_LOOK = 8_192
_LINES = 24
_ENERGY = 0.995
_WORK = 150_000_000
"""Operations that may be spent on looking: a tenth of a second."""
_NODES_A_WAVE = (8.0, 4.0)
_STRETCH = 16
"""Predictions in a row of which most must fail before detail counts as unresolved."""


class Detail(NamedTuple):
    """finest: shortest wavelength, parameter units; unresolved: a place (d,) of detail that nodes miss, or None."""

    finest: float
    unresolved: Floats | None


def detail(value: Callable[[Floats], Floats], bounds: Floats, operations: int) -> Detail:
    """Look at ``value`` (P, d) -> (P,), which costs so many operations a point, on the window ``bounds`` (d, 2)."""
    dim = len(bounds)
    points = _WORK // operations
    counts: tuple[int, ...]
    if dim == 1:
        counts, lines = (_FIRST_LOOK, min(NODES[0], max(_FIRST_LOOK, points // 2))), 1
    else:
        counts, lines = (NODES[1],), int(np.clip(points // (4 * NODES[1]), 6, _LINES))
    finest, missed = np.inf, None
    for nodes in counts:
        finest, missed = np.inf, None
        for axis in range(dim):
            places = window_lines(bounds, axis, 2 * nodes + 1, lines)
            f = value(places.reshape(-1, dim)).reshape(places.shape[:2])
            finest = min(finest, _finest(f, float(np.ptp(bounds[axis]))))
            bad = _missed(f)
            if bad is not None and missed is None:
                missed = places[bad]
        if missed is None:
            break
    width = np.ptp(bounds, axis=1)
    least = float(width.max()) * _NODES_A_WAVE[dim - 1] / NODES[dim - 1]
    return Detail(float(np.clip(finest, least, width.min() / 4.0)), missed)


def window_lines(bounds: Floats, axis: int, samples: int, lines: int) -> Floats:
    """(lines, samples, d) points on lines along ``axis``, spread evenly over the other one; ends included."""
    out = np.empty((lines, samples, len(bounds)))
    out[:, :, axis] = np.linspace(bounds[axis, 0], bounds[axis, 1], samples)
    if len(bounds) == 2:
        low, high = bounds[1 - axis]
        # Golden-ratio places: no lattice of the surface agrees with them.
        out[:, :, 1 - axis] = (
            low + (high - low) * np.sort(np.mod((np.arange(lines) + 0.5) * 0.6180339887, 1.0))[:, None]
        )
    return out


def _finest(f: Floats, width: float) -> float:
    """Wavelength above which all but a two-hundredth of the slopes' energy lies; f (lines, samples)."""
    with np.errstate(all="ignore"):
        slope = np.diff(f, axis=1)
    slope[~np.isfinite(slope)] = 0.0
    # Steps and poles are sharp at every scale: no wavelength describes them.
    limit = 4.0 * np.quantile(np.abs(slope), 0.99)
    slope = np.clip(slope, -limit, limit) / max(limit, 1e-300)
    energy = (np.abs(np.fft.rfft(slope * np.hanning(slope.shape[1]), axis=1)) ** 2).sum(axis=0)
    total = np.cumsum(energy)
    if not np.isfinite(total[-1]) or total[-1] <= 0.0:
        return np.inf
    return width / max(1, int(np.searchsorted(total, _ENERGY * total[-1])))


def _missed(f: Floats) -> tuple[int, int] | None:
    """Line and sample in the middle of a stretch that every second sample does not predict, or None."""
    even, odd = f[:, ::2], f[:, 1::2]
    with np.errstate(all="ignore"):
        guess = (9.0 * (even[:, 1:-2] + even[:, 2:-1]) - even[:, :-3] - even[:, 3:]) / 16.0
        error = np.abs(odd[:, 1:-1] - guess)
        near = np.stack([even[:, :-3], even[:, 1:-2], odd[:, 1:-1], even[:, 2:-1], even[:, 3:]])
        span = near.max(axis=0) - near.min(axis=0)
        rounding = 1e-12 * np.abs(near).max(axis=0)
        bad = (error > 0.1 * span) & (error > rounding)
    count = np.cumsum(np.pad(bad.astype(np.int32), ((0, 0), (1, 0))), axis=1)
    if count.shape[1] <= _STRETCH:
        return None
    share = count[:, _STRETCH:] - count[:, :-_STRETCH]
    if share.max() < 0.7 * _STRETCH:
        return None
    line, cell = np.unravel_index(int(share.argmax()), share.shape)
    return int(line), 2 * (int(cell) + _STRETCH // 2) + 3
