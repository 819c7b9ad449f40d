"""Basins of a height field by persistence: 0-dimensional sublevel-set persistent homology.

Flood the landscape from below. Every local minimum starts a basin at its height (birth); where two basins meet, the one
with the higher floor ends (death, the elder rule). Persistence, death − birth, is how deep a basin is: how far one has
to climb to leave it for a lower one. Counting basins deeper than a threshold is stable under errors up to half of it
(Cohen-Steiner, Edelsbrunner and Harer 2007), which counting pixels lower than their neighbours is not.

On a curve a sample has two neighbours, on a surface eight: a diagonal valley is one valley. The same as gudhi's
``CubicalComplex(top_dimensional_cells=heights)``, against which it is tested, in O(n log n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit


@dataclass(frozen=True, eq=False)
class Basins:
    """Basins (P,) from the deepest to the shallowest; the first is the whole window's and never ends.

    floor: flat index of the basin's lowest sample. birth: its height. death: height of the pass at which it joins a
    lower basin, inf for the first. saddle: flat index of that pass, −1 for the first. on_border: the lowest sample lies
    on the window's border, so the basin may be nothing but the slope on which the window was cut.
    """

    floor: NDArray[np.int64]
    birth: Array
    death: Array
    saddle: NDArray[np.int64]
    on_border: NDArray[np.bool_]

    @property
    def depth(self) -> Array:
        """Persistence, death − birth (P,), inf for the first."""
        return self.death - self.birth

    def count(self, threshold: float = 0.0, border: bool = False) -> int:
        """Number of basins deeper than threshold (height units), those on the window's border left out unless
        border=True."""
        keep = self.depth > threshold
        if not border:
            keep &= ~self.on_border
        return int(keep.sum())


def basins(heights: ArrayLike) -> Basins:
    """Basins of heights (N,) or (N, M); NaN marks holes, which belong to none."""
    f = np.ascontiguousarray(heights, float)
    if f.ndim not in (1, 2) or f.size == 0:
        raise ValueError(f"heights must be a curve (N,) or a surface (N, M), got shape {f.shape}")
    if np.isinf(f).any() or np.isnan(f).all():
        raise ValueError("heights must be finite to have basins, NaN where there is a hole")
    flat = f.ravel()
    # The flood never comes to a hole: it is a wall, and no basin's floor.
    order = np.argsort(flat, kind="stable")[: np.count_nonzero(~np.isnan(flat))]
    rows, columns = (1, f.size) if f.ndim == 1 else f.shape
    floor, saddle, count = _flood(flat, order, rows, columns)
    floor, saddle = floor[:count], saddle[:count]
    birth = flat[floor]
    death = np.where(saddle >= 0, flat[saddle], np.inf)
    rank = np.argsort(birth - death, kind="stable")
    floor, saddle = floor[rank], saddle[rank]
    row, column = floor // columns, floor % columns
    on_border = (column == 0) | (column == columns - 1)
    if f.ndim == 2:
        on_border |= (row == 0) | (row == rows - 1)
    return Basins(floor, birth[rank], death[rank], saddle, on_border)


def local_minima(heights: ArrayLike) -> int:
    """Number of interior samples lower than every neighbour (two on a curve, eight on a surface)."""
    f = np.asarray(heights, float)
    if min(f.shape) < 3:
        return 0
    inner = f[tuple(slice(1, -1) for _ in f.shape)]
    lower = np.ones(inner.shape, bool)
    for offset in np.ndindex(*(3,) * f.ndim):
        if any(o != 1 for o in offset):
            lower &= inner < f[tuple(slice(o, n - 2 + o) for o, n in zip(offset, f.shape, strict=True))]
    return int(lower.sum())


@njit(cache=True, nogil=True)
def _root(parent, i):  # type: ignore[no-untyped-def]
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def _flood(f, order, rows, columns):  # type: ignore[no-untyped-def]
    """Union–find in ascending order; a root is its basin's first (lowest) sample, found by its place in the order."""
    n = f.size
    rank = np.empty(n, np.int64)
    for place in range(order.size):
        rank[order[place]] = place
    parent = np.full(n, -1, np.int64)
    floor = np.empty(n, np.int64)
    saddle = np.empty(n, np.int64)
    count = 0
    for place in range(order.size):
        i = order[place]
        parent[i] = i
        r, c = i // columns, i % columns
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                a, b = r + dr, c + dc
                if a < 0 or a >= rows or b < 0 or b >= columns:
                    continue
                j = a * columns + b
                if j == i or parent[j] < 0:
                    continue
                one, two = _root(parent, i), _root(parent, j)
                if one == two:
                    continue
                if rank[one] > rank[two]:
                    one, two = two, one
                parent[two] = one
                if f[two] < f[i]:  # equal: the sample joins at its own height and starts nothing
                    floor[count], saddle[count] = two, i
                    count += 1
    # Ground that a hole cuts off from the rest has a basin of its own that never ends.
    for place in range(order.size):
        i = order[place]
        if parent[i] == i and count < n:
            floor[count], saddle[count] = i, -1
            count += 1
    return floor, saddle, count
