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


def climb(value: Value, balls: Records, found: Candidates, dim: int) -> Records:
    """Climb from every candidate; returns the climbers at their ends, those of a ball together.

    ``value`` is the surface's own loss, (P, d) → (P,). Counts each ball's evaluations and its highest F in ``balls``.
    """
    climbers = np.empty(int(found.kept.sum()), dtype=CLIMBER)
    points = 3**dim
    around, ahead = np.empty((climbers.size * points, dim)), np.empty((climbers.size, dim))
    live = np.empty(climbers.size, dtype=np.int64)
    loss, evaluate = np.empty(len(around)), into(value)
    set_out(found, balls, climbers, live, dim)
    for _ in range(MOST_LOOKS):
        count = live.size
        look_around(climbers, live, balls, around)
        evaluate(around[: count * points], loss[: count * points])
        look_ahead(climbers, live, balls, loss, ahead)
        evaluate(ahead[:count], loss[:count])
        live = live[: step(climbers, live, balls, loss, points)]
        if live.size == 0:
            break
    return climbers


@helper
def _ascend(ground: Ground, balls: Records, found: Candidates, dim: int) -> Any:
    """As `climb`, by the surface's compiled kernel."""
    value = kernel_at(ground.address)
    count = found.kept.sum()
    points = 3**dim
    climbers = np.empty(count, CLIMBER)
    around, ahead, loss = np.empty((count * points, dim)), np.empty((count, dim)), np.empty(count * points)
    live, no_gradient = np.empty(count, np.int64), np.empty((0, 0))
    set_out(found, balls, climbers, live, dim)
    for _ in range(MOST_LOOKS):
        count = live.size
        look_around(climbers, live, balls, around)
        value(around[: count * points], ground.p, ground.t, loss[: count * points], no_gradient, False)
        look_ahead(climbers, live, balls, loss, ahead)
        value(ahead[:count], ground.p, ground.t, loss[:count], no_gradient, False)
        live = live[: step(climbers, live, balls, loss, points)]
        if live.size == 0:
            break
    return climbers


@kernel
def search(ground: Ground, balls: Records, points: Floats, slopes: Floats) -> None:
    """Write the tied contacts of the balls and their slopes into ``points, slopes (B, C, d)``, NaN where fewer."""
    batch, dim = balls.size, points.shape[2]
    found = Candidates(
        np.empty((batch, CANDIDATES, 2)), np.empty((batch, CANDIDATES)), np.zeros(batch, np.int64)
    )  # fmt: skip
    scan(ground.grid, balls, dim, found)
    points[:] = np.nan
    slopes[:] = np.nan
    keep_ties(_ascend(ground, balls, found, dim), balls, points, slopes)
