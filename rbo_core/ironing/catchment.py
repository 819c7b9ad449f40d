"""Which minimum a point lies above: basins of steepest descent on a grid of heights, and the flooded basin.

The flooded basin is one of two ways to say that a run found the global minimum. The other, near the minimum (within a
twentieth of the window's width, `rbo_core.sweep.measure`), needs no grid, so a sweep uses it for thousands of balls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from rbo_core.ironing.field import Heights

LOWEST = 0.1
"""Share of the window that is under water in the flooded basin."""


class LowestKnown(Heights, Protocol):
    """A surface of two parameters that knows its global minimum, too."""

    @property
    def minimum(self) -> Any: ...


def descend(heights: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N, M) flat index of the local minimum that steepest descent (eight neighbours) reaches from each sample."""
    rows, columns = heights.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    lowest = np.where(np.isfinite(heights), heights, np.inf).astype(float)
    padded = np.pad(lowest, 1, constant_values=np.inf)
    steepest = np.zeros_like(lowest)
    target = index.copy()
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            if i == j == 0:
                continue
            there = padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns]
            with np.errstate(invalid="ignore"):  # two holes side by side
                drop = (lowest - there) / np.hypot(i, j)
            drop = np.nan_to_num(drop, nan=0.0, posinf=0.0, neginf=0.0)
            better = drop > steepest
            steepest = np.where(better, drop, steepest)
            target = np.where(better, index + i * columns + j, target)
    flat = target.ravel()
    while True:  # follow the pointers, twice as far each time
        further = flat[flat]
        if np.array_equal(further, flat):
            return flat.reshape(rows, columns)
        flat = further


@dataclass(frozen=True, eq=False)
class Catchment:
    """Basins of a 2-parameter surface on a grid whose rows run along the second parameter.

    low, spacing: (2,) parameters of sample (0, 0) and between samples. bottom: (N, N) from `descend`. flooded: (N, N)
    True in the flooded basin: the lowest part of the landscape as far as it is connected with the global minimum.
    """

    low: NDArray[np.float64]
    spacing: NDArray[np.float64]
    bottom: NDArray[np.int64]
    flooded: NDArray[np.bool_]

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x (N,) and y (N,) of the samples."""
        x, y = (low + step * np.arange(len(self.flooded)) for low, step in zip(self.low, self.spacing, strict=True))
        return x, y

    def _cell(self, points: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
        at = np.atleast_2d(np.asarray(points, dtype=float))
        sound = np.isfinite(at).all(axis=1)
        cell = np.round((np.where(sound[:, None], at, 0.0) - self.low) / self.spacing).astype(np.int64)
        cell = np.clip(cell, 0, np.array(self.bottom.shape[::-1]) - 1)
        return sound, cell[:, 1], cell[:, 0]

    def of(self, points: ArrayLike) -> NDArray[np.int64]:
        """(B,) label of the minimum below each of points (B, 2); −1 where a point is not finite."""
        sound, row, column = self._cell(points)
        return np.where(sound, self.bottom[row, column], -1)

    def reached(self, points: ArrayLike) -> NDArray[np.bool_]:
        """(B,) whether points (B, 2) lie over the flooded basin."""
        sound, row, column = self._cell(points)
        return sound & self.flooded[row, column]


def flooded_basin(heights: NDArray[np.float64], bottom: tuple[int, int], share: float = LOWEST) -> NDArray[np.bool_]:
    """(N, M) the lake around sample `bottom` when water covers the lowest `share` of the window, its islands included.

    A ball rests on crests, so the islands between the pits of the lake belong to it.
    """
    level = max(float(np.quantile(heights[np.isfinite(heights)], share)), float(heights[bottom]))
    lakes, _ = ndimage.label(heights <= level, structure=np.ones((3, 3)))
    return np.asarray(ndimage.binary_fill_holes(lakes == lakes[bottom]), dtype=bool)


def catchment(surface: LowestKnown, samples: int = 401) -> Catchment:
    """Basins of a surface over its bounds, on samples × samples points."""
    low, high = surface.bounds[:, 0], surface.bounds[:, 1]
    spacing = (high - low) / (samples - 1)
    axes = [np.linspace(a, b, samples) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    heights = np.nan_to_num(np.asarray(surface.value(grid), dtype=float), nan=np.inf).reshape(samples, samples)
    column, row = np.clip(np.round((np.atleast_1d(surface.minimum.x) - low) / spacing), 0, samples - 1).astype(int)
    return Catchment(low, spacing, descend(heights), flooded_basin(heights, (int(row), int(column))))
