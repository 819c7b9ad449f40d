"""The contact search of a batch of balls, of the parts in `scan.py`, `climb.py` and `ties.py`.

A surface with a compiled kernel is searched in one compiled call. One that is a Python function is asked from Python,
look by look; both go the same way and end at the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import CANDIDATES, Candidates
from rbo_core.ball.climb import MOST_LOOKS, look_ahead, look_around, set_out, step
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.kernels import helper, kernel
from rbo_core.ball.records import CLIMBER, Records
from rbo_core.ball.scan import scan
from rbo_core.ball.ties import keep_ties
from rbo_core.compiled.surface import SurfaceKernel, kernel_at
from rbo_core.objective import into

Floats = NDArray[np.float64]
Value = Callable[[Floats], Floats]


class Ground(NamedTuple):
    """A surface as compiled searches see it: its kernel (``compiled/surface.py``) and its sampled heights."""

    address: int
    p: Floats
    t: Floats
    grid: HeightGrid

    @staticmethod
    def of(surface: SurfaceKernel, grid: HeightGrid) -> Ground:
        """Of a surface's kernel."""
        return Ground(surface.address, surface.p, surface.t, grid)


def _climb(value: Any, p: Any, t: Any, balls: Records, found: Candidates, dim: int) -> Any:
    """Climb from every candidate; returns the climbers at their ends, those of a ball together.

    ``value(points, p, t, loss, gradient, False)`` writes the surface's own loss as its kernel does. Counts each ball's
    evaluations and its highest F in ``balls``.
    """
    count, points = found.kept.sum(), 3**dim
    climbers = np.empty(count, CLIMBER)
    around, ahead, loss = np.empty((count * points, dim)), np.empty((count, dim)), np.empty(count * points)
    live, no_gradient = np.empty(count, np.int64), np.empty((0, 0))
    set_out(found, balls, climbers, live, dim)
    for _ in range(MOST_LOOKS):
        count = live.size
        look_around(climbers, live, balls, around)
        value(around[: count * points], p, t, loss[: count * points], no_gradient, False)
        look_ahead(climbers, live, balls, loss, ahead)
        value(ahead[:count], p, t, loss[:count], no_gradient, False)
        live = live[: step(climbers, live, balls, loss, points)]
        if live.size == 0:
            break
    return climbers


_ascend = helper(_climb)


def climb(value: Value, balls: Records, found: Candidates, dim: int) -> Records:
    """The climbers at their ends, of a surface that Python is asked for: ``value`` is its own loss, (P, d) → (P,)."""
    evaluate = into(value)
    climbers: Records = _climb(lambda at, p, t, loss, *_: evaluate(at, loss), None, None, balls, found, dim)
    return climbers


@kernel
def search(ground: Ground, balls: Records, points: Floats, slopes: Floats) -> None:
    """Write the tied contacts of the balls and their slopes into ``points, slopes (B, C, d)``, NaN where fewer."""
    batch, dim = balls.size, points.shape[2]
    found = Candidates(np.empty((batch, CANDIDATES, 2)), np.empty((batch, CANDIDATES)), np.zeros(batch, np.int64))
    scan(ground.grid, balls, dim, found)
    points[:] = np.nan
    slopes[:] = np.nan
    climbers = _ascend(kernel_at(ground.address), ground.p, ground.t, balls, found, dim)
    keep_ties(climbers, balls, points, slopes)
