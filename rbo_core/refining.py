"""The order in which the cells of a grid are computed, so that an unfinished grid is already a picture of the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def refining_order(shape: Sequence[int]) -> Indices:
    """All cells of a grid by their flat indices, coarse grids before fine ones; the corners come first."""
    ranks = [_coarseness(n) for n in shape]
    index = np.indices(tuple(shape)).reshape(len(shape), -1)
    level = np.max([rank[i] for rank, i in zip(ranks, index, strict=True)], axis=0)
    return np.argsort(level, kind="stable")


def interleaved(shape: tuple[int, int], stride: int) -> list[Indices]:
    """The cells of a grid in ``stride²`` parts of nearly equal size, by their flat indices.

    Each part is every ``stride``-th row and column from its own first ones, so every part reaches over the whole grid;
    the first parts lie as far apart as they can (Bayer's order). stride: a power of two.

    Raises:
        ValueError: another stride.
    """
    if stride < 1 or stride & (stride - 1):
        raise ValueError(f"stride must be a power of two, got {stride}")
    row, column = (index.ravel() for index in np.indices(shape))
    made = [np.flatnonzero((row % stride == i) & (column % stride == j)) for i, j in _bayer(stride)]
    return [part for part in made if part.size]


def _bayer(stride: int) -> list[tuple[int, int]]:
    if stride == 1:
        return [(0, 0)]
    coarse = _bayer(stride // 2)
    return [(2 * a + i, 2 * b + j) for i, j in ((0, 0), (1, 1), (0, 1), (1, 0)) for a, b in coarse]


def _coarseness(n: int) -> Indices:
    """Level at which each of n indices appears when the grid is refined by halves; both ends come first."""
    level = np.full(n, 0 if n <= 2 else math.ceil(math.log2(n)) + 1)
    depth = math.ceil(math.log2(max(n - 1, 1))) + 1
    for k in range(depth, -1, -1):
        count = min(n, 2**k + 1)
        level[np.round(np.linspace(0, n - 1, count)).astype(int)] = k
    return level
