"""Heights of a surface on a regular grid, with an upper bound for each block of nodes.

The rigid contact search prunes whole blocks by these bounds, so a step costs little more than the nodes that matter::

    upper  ──────────────         a block's highest node, and on top of it the
                  o               largest step from any of its nodes to a neighbour:
           o   o     o            between two nodes the ground rises above both by
         o   o         o          less than they differ from their neighbours
       |    a block    |

Nodes stand at ``low + k·spacing`` with whole k whatever the margin, so a search gives the same answer on every grid
that covers its window.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.objective import Loss, Surface

BLOCKS = ((1, 64), (8, 8))
"""Nodes of a block: on a curve, on a surface. Fewer are more bounds to look at, more are fewer blocks skipped."""
LEAST_NODES = (4096, 512)
"""Nodes across the domain at least, on a curve and on a surface: where a surface does not tell its finest scale."""
PER_WRINKLE = (16, 8)
"""Nodes to the surface's finest scale: a wrinkle's crest then is a local maximum of them."""
MAX_NODES = (1 << 19, 4096)
"""Most nodes along an axis inside the bounds: a curve (4 MB) and a surface (128 MB)."""
WINDOWS = 3
"""Domains that MAX_NODES must cover: the domain, and as much for the margin on its two sides."""
MAX_GRID = (1 << 22, 1 << 26)
"""Most nodes of a grid, the ball's margin included: a curve (32 MB) and a surface (512 MB)."""
MARGINS = 8
"""Margins are rounded up to whole parts of the domain's width, so many of them, so that nearby radii share a grid."""
SMALLEST = 1e-9
"""Smallest ball, in widths of the domain: its contacts are known to a ten-millionth of its radius."""
MEASURED = 2.1
"""Margin, in radii, of the grid on which a ball's penetration is measured: the widest that a run needs."""


class Nodes(NamedTuple):
    """Where the nodes of a grid stand: node (i, j), counted from the grid's first, at low + (first + (i, j))·step.

    Numbers, not arrays: compiled helpers that are handed these have no references to count.

    Attributes:
        low_i, low_j: position of node (0, 0) of the un-extended window, across and along the rows of memory.
        step_i, step_j: distance of neighbouring nodes, landscape units; 1 across a curve.
        first_i, first_j: index of the grid's first node.
        high, wide: nodes of a block.
    """

    low_i: float
    low_j: float
    step_i: float
    step_j: float
    first_i: int
    first_j: int
    high: int
    wide: int


class HeightGrid(NamedTuple):
    """Sampled heights of a surface, or of a curve: a surface of one row, at 0, with columns along the curve.

    Attributes:
        nodes: where they stand.
        heights: (N, M) loss at the nodes; N = 1 for a curve.
        upper: (N', M') upper bound of the loss near the nodes of each block.
    """

    nodes: Nodes
    heights: NDArray[np.float64]
    upper: NDArray[np.float64]

    @property
    def spacing(self) -> tuple[float, ...]:
        """(d,) distance of neighbouring nodes along each parameter."""
        steps = (self.nodes.step_i, self.nodes.step_j)
        return steps if self.heights.shape[0] > 1 else steps[1:]


def height_grid(surface: Any, margin: float) -> HeightGrid:
    """Heights over the surface's bounds extended by at least ``margin`` (landscape units) on every side.

    The spacing resolves ``surface.finest_scale`` (if the surface tells it), within the limits of memory.
    """
    if type(surface).__hash__ is None:
        return _sample(surface, _margin_steps(surface, margin))
    return _cached_grid(surface, _cached_steps(surface, margin))


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
    width, axis = surface.bounds[:, 1] - surface.bounds[:, 0], surface.dim - 1
    finest = float(getattr(surface, "finest_scale", np.inf))
    wanted = min(float(width.max()) / LEAST_NODES[axis], finest / PER_WRINKLE[axis])
    return np.maximum(wanted, width / (MAX_NODES[axis] / WINDOWS))


def _margin_steps(surface: Any, margin: float) -> int:
    width = float((surface.bounds[:, 1] - surface.bounds[:, 0]).max())
    return max(1, int(np.ceil(MARGINS * margin / width)))


_cached_steps = lru_cache(maxsize=256)(_margin_steps)  # asked at every step of every ball


@lru_cache(maxsize=8)
def _cached_grid(surface: Any, margin_steps: int) -> HeightGrid:
    return _sample(surface, margin_steps)


def _sample(surface: Surface, margin_steps: int) -> HeightGrid:
    bounds, dim = surface.bounds, surface.dim
    margin = margin_steps * float((bounds[:, 1] - bounds[:, 0]).max()) / MARGINS
    spacing = _spacing(surface)
    block = BLOCKS[dim - 1]
    # Blocks stand at the same places whatever the margin, so that what a bound prunes does not depend on it either.
    sides = np.array(block[-dim:])
    first = (-np.ceil(margin / spacing).astype(np.int64) - 1) // sides * sides
    last = np.ceil((bounds[:, 1] - bounds[:, 0] + margin) / spacing).astype(np.int64) + 1
    axes = [bounds[i, 0] + np.arange(first[i], last[i] + 1) * spacing[i] for i in range(dim)]
    value = Loss(surface)
    if dim == 1:
        heights = value(axes[0][:, None])[None, :]
        nodes = Nodes(0.0, float(bounds[0, 0]), 1.0, float(spacing[0]), 0, int(first[0]), *block)
    else:
        heights = np.empty((axes[0].size, axes[1].size))
        column = np.empty((axes[1].size, 2))
        column[:, 1] = axes[1]
        for i, x in enumerate(axes[0]):
            column[:, 0] = x
            heights[i] = value(column)
        (low_i, low_j), (step_i, step_j), (first_i, first_j) = bounds[:, 0].tolist(), spacing.tolist(), first.tolist()
        nodes = Nodes(low_i, low_j, step_i, step_j, first_i, first_j, *block)
    # A non-finite height can carry no contact.
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    return HeightGrid(nodes, heights, _block_upper(heights, *block))


def _block_upper(heights: NDArray[np.float64], high: int, wide: int) -> NDArray[np.float64]:
    """Largest node of each block plus its largest step to a neighbour: a bound between the nodes as well."""
    n, m = heights.shape
    starts = np.arange(0, m, wide)
    out = np.empty(((n + high - 1) // high, starts.size))
    for a in range(out.shape[0]):  # block by block: a large grid's differences at once would not fit into memory
        above = max(a * high - 1, 0)
        rows = heights[above : (a + 1) * high + 1]
        highest = (rows + _largest_step(rows))[a * high - above :][:high].max(axis=0)
        out[a] = np.maximum.reduceat(highest, starts)
    return out


def _largest_step(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) largest difference of each node's height to a neighbour's; steps to a hole do not count."""
    out = np.zeros_like(heights)
    with np.errstate(invalid="ignore"):
        for step, here, there in (
            (np.abs(np.diff(heights, axis=0)), out[1:], out[:-1]),
            (np.abs(np.diff(heights, axis=1)), out[:, 1:], out[:, :-1]),
        ):
            step[~np.isfinite(step)] = 0.0
            np.maximum(here, step, out=here)
            np.maximum(there, step, out=there)
    return out
