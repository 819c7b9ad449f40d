"""Candidates for the ground that is nearest to a centre: local minima of the distance on the height grid.

The scan knows nothing of a contact. Around each centre it looks at a disc of nodes a little wider than the ball::

              . - - - .           REACH · ρ and a node more
           .     ___     .
          .    .' c '.    .
         ·-·-·-·-·-·-·-·-·-·      nodes; their distance to c counts the height too
           .   '.___.'   .

Where the ground climbs by half a ball from node to node it can pass the ball between two nodes that are both far away;
there each node stands for the nearest point of the edges that leave it, as if the ground were straight between nodes::

             o
             |  .-.
             | ( c )     both nodes are far from c, the edge between them is not
             |  '-'
             o
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import Candidates, drop_from, insert
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.kernels import helper, inlined, kernel

Floats = NDArray[np.float64]

REACH = 1.05
"""How far round the centre, in radii, nodes are looked at: what a ball may touch, and the error of the grid."""

CLIMBS = 0.5
"""The ground's climb from node to node, in radii, from which its edges are looked at."""

HOLE = -1e300
"""Score of a node without ground: lower than any other, so that a node beside it always is a candidate."""


class Centers(NamedTuple):
    """Centres to measure from.

    place: (P, 3) parameters as the grid has them (a curve: 0 and its parameter) and height in units of λf; radius,
    loss_scale: (P,).
    """

    place: Floats
    radius: Floats
    loss_scale: Floats


class Disc(NamedTuple):
    """The nodes round one centre.

    x, y, z: the centre; at_i, at_j: x and y in nodes from the grid's first; reach: the disc's radius.
    """

    x: float
    y: float
    z: float
    radius: float
    loss_scale: float
    at_i: float
    at_j: float
    reach: float


@kernel
def scan_nearest(grid: HeightGrid, centers: Centers, found: Candidates) -> None:
    """Fill ``found`` with places that may be the nearest, their score −|c − place|²; θ_c where there is none."""
    step = grid.nodes.step_j if grid.heights.shape[0] == 1 else max(grid.nodes.step_i, grid.nodes.step_j)
    buffer = np.empty(0)
    for p in range(centers.radius.size):
        x, y, z, radius = centers.place[p, 0], centers.place[p, 1], centers.place[p, 2], centers.radius[p]
        if np.isfinite(x) and np.isfinite(y) and np.isfinite(z):
            at_i = (x - grid.nodes.low_i) / grid.nodes.step_i - grid.nodes.first_i
            at_j = (y - grid.nodes.low_j) / grid.nodes.step_j - grid.nodes.first_j
            # The edge that comes nearest may begin at a node just outside.
            disc = Disc(x, y, z, radius, centers.loss_scale[p], at_i, at_j, REACH * radius + step)
            buffer = _scan_disc(grid, disc, buffer, found, p)
        if found.kept[p] == 0:
            insert(found, p, HOLE, x, y)


@helper
def _scan_disc(grid: HeightGrid, disc: Disc, buffer: Floats, found: Candidates, p: int) -> Floats:
    """Add the disc's local maxima of the score that may be the highest. Returns the buffer, grown if need be."""
    first, last = _span(disc.at_i, disc.reach / grid.nodes.step_i, grid.heights.shape[0])
    left, right = _span(disc.at_j, disc.reach / grid.nodes.step_j, grid.heights.shape[1])
    if first > last or left > right:
        return buffer
    # A rectangle with one node more on each side, to compare with.
    i0, j0 = max(first - 1, 0), max(left - 1, 0)
    rows = min(last + 2, grid.heights.shape[0]) - i0
    columns = min(right + 2, grid.heights.shape[1]) - j0
    if buffer.size < rows * columns:
        buffer = np.empty(rows * columns)
    score = buffer[: rows * columns].reshape(rows, columns)
    edges = _steepest_climb(grid, disc, first, last) > CLIMBS * disc.radius
    if edges:
        _score_edges(grid, disc, i0, j0, score)
    else:
        _score_nodes(grid, disc, i0, j0, score)
    best = -np.inf
    for i in range(first, last + 1):
        start, stop = _across(grid, disc, i)
        for j in range(start, stop):
            best = max(best, score[i - i0, j - j0])
    for i in range(first, last + 1):
        start, stop = _across(grid, disc, i)
        for j in range(start, stop):
            here, drop = score[i - i0, j - j0], drop_from(score, i - i0, j - j0)
            if drop >= 0.0 and here + drop >= best:
                at_i, at_j = float(i), float(j)
                if edges:
                    _, at_i, at_j = _nearest_on_edges(grid, disc, i, j)
                x = disc.x + (at_i - disc.at_i) * grid.nodes.step_i
                y = disc.y + (at_j - disc.at_j) * grid.nodes.step_j
                insert(found, p, here, x, y)
    return buffer


@inlined
def _span(at: float, reach: float, size: int) -> tuple[int, int]:
    """First and last node along an axis within ``reach`` nodes of a place."""
    return max(0, int(np.ceil(at - reach))), min(size - 1, int(np.floor(at + reach)))


@helper
def _across(grid: HeightGrid, disc: Disc, i: int) -> tuple[int, int]:
    """The columns of row i inside the disc, the end excluded."""
    room = disc.reach * disc.reach - ((i - disc.at_i) * grid.nodes.step_i) ** 2
    if room < 0.0:
        return 0, 0
    left, right = _span(disc.at_j, np.sqrt(room) / grid.nodes.step_j, grid.heights.shape[1])
    return left, right + 1


@helper
def _steepest_climb(grid: HeightGrid, disc: Disc, first: int, last: int) -> float:
    """The largest difference of heights between neighbouring nodes of the disc's rows ``first`` to ``last``."""
    heights = grid.heights
    n, m = heights.shape
    climb = 0.0
    for i in range(first, last + 1):
        start, stop = _across(grid, disc, i)
        for j in range(start, stop):
            climb = max(climb, disc.loss_scale * abs(heights[min(i + 1, n - 1), j] - heights[i, j]))
            climb = max(climb, disc.loss_scale * abs(heights[i, min(j + 1, m - 1)] - heights[i, j]))
    return climb


@helper
def _score_nodes(grid: HeightGrid, disc: Disc, i0: int, j0: int, score: Floats) -> None:
    """Write −|c − node|² of a rectangle of nodes whose first is (i0, j0)."""
    step, scale, z, at_j = grid.nodes.step_j, disc.loss_scale, disc.z, disc.at_j
    for i in range(score.shape[0]):
        x = (i0 + i - disc.at_i) * grid.nodes.step_i
        x2 = x * x
        ground, line = grid.heights[i0 + i, j0 : j0 + score.shape[1]], score[i]
        for j in range(line.size):
            y = (j0 + j - at_j) * step
            f = scale * ground[j] - z
            square = x2 + y * y + f * f
            line[j] = -square if square < np.inf else HOLE


@helper
def _score_edges(grid: HeightGrid, disc: Disc, i0: int, j0: int, score: Floats) -> None:
    """Write the same of the nearest point on the edges that leave each node."""
    for i in range(score.shape[0]):
        for j in range(score.shape[1]):
            square, _, _ = _nearest_on_edges(grid, disc, i0 + i, j0 + j)
            score[i, j] = -square if square < np.inf else HOLE


@helper
def _nearest_on_edges(grid: HeightGrid, disc: Disc, i: int, j: int) -> tuple[float, float, float]:
    """Squared distance from the centre to the edges that leave a node, and where on them, in nodes."""
    heights, spacing = grid.heights, (grid.nodes.step_i, grid.nodes.step_j)
    x, y = (i - disc.at_i) * spacing[0], (j - disc.at_j) * spacing[1]
    f = disc.loss_scale * heights[i, j] - disc.z
    best, at_i, at_j = x * x + y * y + f * f, float(i), float(j)
    for axis in range(2):
        k, q = i + (axis == 0), j + (axis == 1)
        if k >= heights.shape[0] or q >= heights.shape[1]:
            continue
        step, rise = spacing[axis], disc.loss_scale * heights[k, q] - disc.z - f
        along = -((x if axis == 0 else y) * step + f * rise) / (step * step + rise * rise)
        if 0.0 < along <= 1.0:
            u, v = x + along * step * (axis == 0), y + along * step * (axis == 1)
            there = u * u + v * v + (f + along * rise) ** 2
            if there < best:
                best, at_i, at_j = there, i + along * (axis == 0), j + along * (axis == 1)
    return best, at_i, at_j
