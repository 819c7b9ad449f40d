"""The underside of a ball's sweep over a surface, and which sample carries the ball above each grid point.

A sample that carries a ball lies on the underside, so while the ball is small it is enough to ask the few samples where
closing and ground agree which of the balls above them stand on them. The envelope knows its carriers as it goes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.cap import Cap, cap
from rbo_core.ironing.dilation import DIRECT, dilate_grid, dilate_grid_with_contacts
from rbo_core.ironing.field import Array, crop
from rbo_core.kernel_cache import njit
from rbo_core.threads import in_parts, parts_of

_ASKED = 300
"""Comparisons a grid point up to which asking the touched samples is faster than the envelope with its carriers."""


def sweep_of_ball(
    f: Array, spacing: tuple[float, float], radius: float, half: tuple[int, int]
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Centres, closing and contacts of a ball on f (N, M), −inf where nothing is there.

    Returns the dilation on the window that leaves `half` samples out on every side; the closing by those centres on the
    window that leaves as many more out; and for each centre the flat index into f of a sample that carries the ball
    (−1: none).
    """
    ball = cap(radius, spacing)
    if ball.samples > DIRECT:
        wide, contact = dilate_grid_with_contacts(f, spacing, radius, half)
        return wide, -dilate_grid(wide, spacing, radius, half, sign=-1.0), contact
    wide = dilate_grid(f, spacing, radius, half)
    # Ground beyond the window carries balls above it, so here the underside is needed over all of f.
    under = -dilate_grid(wide, spacing, radius, (-half[0], -half[1]), sign=-1.0)
    touching = np.flatnonzero(under - np.where(f > -np.inf, f, -1e300) <= rounding(f, radius))
    if touching.size * ball.samples > _ASKED * wide.size:
        contact = dilate_grid_with_contacts(f, spacing, radius, half)[1]
    else:
        contact = _carriers_among(touching, f, wide, ball, half)
    return wide, crop(under, (2 * half[0], 2 * half[1])), contact


def _carriers_among(
    touching: NDArray[np.int64], f: Array, wide: Array, ball: Cap, half: tuple[int, int]
) -> NDArray[np.int64]:
    contact = np.full(wide.shape, -1)

    def work(part: int, parts: int) -> None:
        top, bottom = (wide.shape[0] * k // parts for k in (part, part + 1))
        _carriers(touching, f, wide, ball.tables, ball.reaches, half[0], half[1], top, bottom, contact)

    in_parts(work, parts_of(len(wide)))
    return contact


@njit(cache=True, nogil=True)
def _carriers(touching, f, wide, tables, reaches, half_y, half_x, top, bottom, contact):  # type: ignore[no-untyped-def]
    """Give each centre in rows top .. bottom a sample of `touching` whose height and cap make its own."""
    steps, columns, m = reaches.size - 1, f.shape[1], wide.shape[1]
    for sample in touching:
        row = sample // columns
        column = sample - row * columns - half_x
        height = f[row, column + half_x]
        for i in range(max(row - half_y - steps, top), min(row - half_y + steps + 1, bottom)):
            dy = abs(i - (row - half_y))
            reach = reaches[dy]
            # A sample beside the window may reach none of this row's centres: an end below 0 counts from the right.
            low, high = max(column - reach, 0), max(min(column + reach + 1, m), 0)
            center, its = wide[i, low:high], contact[i, low:high]
            arc = tables[dy, low - column + reach : max(high - column + reach, 0)]
            for j in range(center.size):
                its[j] = sample if height + arc[j] == center[j] else its[j]


def rounding(f: Array, radius: float) -> float:
    """Gap between closing and ground that rounding alone can open at a sample that carries a ball."""
    return 1e-12 * (radius + float(np.abs(f[f > -np.inf]).max()))
