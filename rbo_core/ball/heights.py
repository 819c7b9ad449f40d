"""Heights of a surface on a regular grid, with an upper bound for each block of nodes.

The rigid contact search prunes whole blocks by these bounds, so a step costs little more than the nodes that matter.
Nodes stand at ``low + k·spacing`` with whole k whatever the margin, so a search gives the same answer on every grid
that covers its window.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.objective import Surface, value_of

BLOCK_CURVE = (64, 1)
BLOCK_SURFACE = (8, 8)
MAX_NODES = (1 << 19, 4096)
"""Most nodes along an axis inside the bounds: a curve (4 MB) and a surface (128 MB)."""
MAX_GRID = (1 << 22, 1 << 26)
"""Most nodes of a grid, the ball's margin included: a curve (32 MB) and a surface (512 MB)."""
SMALLEST = 1e-9
"""Smallest ball, in widths of the domain: its contacts are known to a ten-millionth of its radius."""
MEASURED = 2.1
"""Margin, in radii, of the grid on which a ball's penetration is measured: the widest that a run needs."""


@dataclass(frozen=True, eq=False)
class HeightGrid:
    """Sampled heights of a curve or surface.

    Attributes:
        low: (2,) position of node (0, 0) of the un-extended window; a curve has 0 as its second entry.
        spacing: (2,) distance of neighbouring nodes, landscape units.
        first: (2,) index of the grid's first node; heights[i, j] stands at low + (first + (i, j))·spacing.
        heights: (N, M) loss at the nodes; M = 1 for a curve.
        upper: (N', M') upper bound of the loss near the nodes of each block.
        block: nodes a block along each axis.
    """

    low: NDArray[np.float64]
    spacing: NDArray[np.float64]
    first: NDArray[np.int64]
    heights: NDArray[np.float64]
    upper: NDArray[np.float64]
    block: tuple[int, int]


def height_grid(surface: Surface, margin: float) -> HeightGrid:
    """Heights over the surface's bounds extended by at least ``margin`` (landscape units) on every side.

    The spacing resolves ``surface.finest_scale`` (if the surface tells it) with 16 nodes on a curve and 8 on a
    surface, within the limits of memory. Margins are rounded up so that nearby radii share one grid.
    """
    width = float((surface.bounds[:, 1] - surface.bounds[:, 0]).max())
    steps = max(1, int(np.ceil(8 * margin / width)))
    if isinstance(surface, Hashable):
        return _cached_grid(surface, steps)
    return _sample(surface, steps)


def radius_limits(surface: Surface) -> tuple[float, float]:
    """The smallest and the largest ball whose contacts this search can find.

    A smaller one is lost in the rounding of the heights, a larger one needs a grid of over MAX_GRID nodes.
    """
    spacing = _spacing(surface)
    nodes = MAX_GRID[surface.dim - 1] ** (1 / surface.dim)
    width = float((surface.bounds[:, 1] - surface.bounds[:, 0]).max())
    return SMALLEST * width, (nodes * float(np.prod(spacing)) ** (1 / surface.dim) - width) / (2 * MEASURED)


def check_radius(surface: Surface, radius: NDArray[np.float64]) -> None:
    """Raise ``ValueError`` when one of the radii is outside :func:`radius_limits`."""
    least, most = radius_limits(surface)
    smallest, largest = float(np.min(radius)), float(np.max(radius))
    if smallest < least:
        raise ValueError(
            f"radius must be at least {least:.2g} on this surface, got {smallest:g}: a smaller ball is lost in the "
            "rounding of the heights; it is a point, take sgd"
        )
    if largest > most:
        raise ValueError(
            f"radius must be at most {most:.4g} on this surface, got {largest:g}: the ball would touch far outside the "
            "domain, and the heights to search for its contacts would not fit into memory"
        )


def _spacing(surface: Surface) -> NDArray[np.float64]:
    width = surface.bounds[:, 1] - surface.bounds[:, 0]
    finest = float(getattr(surface, "finest_scale", np.inf))
    if surface.dim == 1:
        wanted, limit = min(float(width.max()) / 4096, finest / 16), MAX_NODES[0]
    else:
        wanted, limit = min(float(width.max()) / 512, finest / 8), MAX_NODES[1]
    return np.maximum(wanted, width / (limit / 3))


@lru_cache(maxsize=8)
def _cached_grid(surface: Any, margin_steps: int) -> HeightGrid:
    return _sample(surface, margin_steps)


def _sample(surface: Surface, margin_steps: int) -> HeightGrid:
    bounds, dim = surface.bounds, surface.dim
    margin = margin_steps * float((bounds[:, 1] - bounds[:, 0]).max()) / 8
    spacing = _spacing(surface)
    block = BLOCK_CURVE if dim == 1 else BLOCK_SURFACE
    # Blocks stand at the same places whatever the margin, so that what a bound prunes does not depend on it either.
    first = (-np.ceil(margin / spacing).astype(np.int64) - 1) // np.array(block[:dim]) * np.array(block[:dim])
    last = np.ceil((bounds[:, 1] - bounds[:, 0] + margin) / spacing).astype(np.int64) + 1
    axes = [bounds[i, 0] + np.arange(first[i], last[i] + 1) * spacing[i] for i in range(dim)]
    value = value_of(surface)
    if dim == 1:
        heights = value(axes[0][:, None])[:, None]
        low, steps, start = np.array([bounds[0, 0], 0.0]), np.array([spacing[0], 1.0]), np.array([first[0], 0])
    else:
        heights = np.empty((axes[0].size, axes[1].size))
        column = np.empty((axes[1].size, 2))
        column[:, 1] = axes[1]
        for i, x in enumerate(axes[0]):
            column[:, 0] = x
            heights[i] = value(column)
        low, steps, start = bounds[:, 0].copy(), spacing, first
    # A non-finite height can carry no contact.
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    return HeightGrid(low, steps, start, heights, _block_upper(heights, *block), block)


@njit(cache=True)
def _block_upper(heights: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Largest node of each block plus its largest step to a neighbour: a bound between the nodes as well."""
    n, m = heights.shape
    out = np.full(((n + rows - 1) // rows, (m + columns - 1) // columns), -np.inf)
    for i in range(n):
        for j in range(m):
            here = heights[i, j]
            if here == -np.inf:
                continue
            rise = 0.0
            if i > 0 and heights[i - 1, j] > -np.inf:
                rise = max(rise, abs(here - heights[i - 1, j]))
            if i + 1 < n and heights[i + 1, j] > -np.inf:
                rise = max(rise, abs(here - heights[i + 1, j]))
            if j > 0 and heights[i, j - 1] > -np.inf:
                rise = max(rise, abs(here - heights[i, j - 1]))
            if j + 1 < m and heights[i, j + 1] > -np.inf:
                rise = max(rise, abs(here - heights[i, j + 1]))
            a, b = i // rows, j // columns
            out[a, b] = max(out[a, b], here + rise)
    return out
