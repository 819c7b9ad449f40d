"""The sampled upper half of a ball: the heights that a dilation adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit


@njit(cache=True, nogil=True)
def sampled_semicircle(radius, spacing, offset):  # type: ignore[no-untyped-def]
    squared = radius * radius - offset * offset
    reach = int(np.sqrt(max(squared, 0.0)) / spacing) + 1
    while reach > 0 and squared - (reach * spacing) * (reach * spacing) < 0.0:
        reach -= 1
    out = np.empty(2 * reach + 1)
    for k in range(reach + 1):
        out[reach + k] = out[reach - k] = np.sqrt(max(squared - (k * spacing) * (k * spacing), 0.0))
    return out


def semicircle(radius: float, spacing: float, offset: float = 0.0) -> Array:
    """``sqrt(radius² − offset² − (k·spacing)²)`` for the integers k where it is real: (2·reach + 1,), symmetric.

    The rim is decided as the plain formula decides it in floating point: a sample counts when the difference is ≥ 0.
    """
    return np.asarray(sampled_semicircle(radius, spacing, offset))


@dataclass(frozen=True, eq=False)
class Cap:
    """The sampled upper half of a ball, a row of samples for each row offset dy = 0 .. S.

    radii (S + 1,): the row's own radius; reaches (S + 1,): its samples to either side; tables (S + 1, W): its heights,
    from the left, in the first 2 reach + 1 places.
    """

    radii: Array
    reaches: NDArray[np.int64]
    tables: Array

    @property
    def samples(self) -> int:
        """How many samples lie under the ball."""
        return int(2 * (2 * self.reaches[1:] + 1).sum() + 2 * self.reaches[0] + 1)


def cap(radius: float, spacing: tuple[float, float]) -> Cap:
    """The cap of a ball on a grid with `spacing` (rows, columns)."""
    dy, dx = spacing
    steps = semicircle(radius, dy).size // 2
    rows = [semicircle(radius, dx, k * dy) for k in range(steps + 1)]
    tables = np.zeros((steps + 1, rows[0].size))
    for k, row in enumerate(rows):
        tables[k, : row.size] = row
    radii = np.sqrt(np.maximum(radius * radius - (np.arange(steps + 1) * dy) ** 2, 0.0))
    return Cap(radii, np.array([row.size // 2 for row in rows]), tables)
