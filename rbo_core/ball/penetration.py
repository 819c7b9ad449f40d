"""How deep a ball sits in the ground: (ρ − d(c, Γ))/ρ, by a dense scan that knows nothing of the contact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.ball import lattice as ball_lattice
from rbo_core.ball.contact import CANDIDATES
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.lattice import FEW, insert_candidate

Floats = NDArray[np.float64]

FINE = 1e-3
"""The last stencil, in radii: a distance is then known to a millionth of the radius."""
REACH = 1.05
"""How far round the centre, in radii, nodes are looked at."""
CHUNK = 20_000


def penetration(grid: HeightGrid, value: Any, center: Floats, radius: Floats, loss_scale: Floats) -> Floats:
    """Relative penetration of balls; 0 for a ball that just touches, 1 when the centre lies on the graph.

    Args:
        grid: heights over every ball's window; value: the surface's loss, (P, d) → (P,).
        center: (P, d + 1) centres, the last entry in units of the scaled loss.
        radius, loss_scale: (P,).

    Returns:
        (P,); negative where a ball hovers above the ground, not finite where the centre is not. The distance is that
        to the graph's nearest sampled point, then refined on the surface itself; beyond ρ it is a lower bound.
    """
    dim = center.shape[1] - 1
    plane = np.zeros((center.shape[0], 3))
    plane[:, :dim] = center[:, :dim]
    plane[:, 2] = center[:, dim]
    nodes = np.empty((center.shape[0], CANDIDATES, 2))
    counts = np.empty(center.shape[0], dtype=np.int64)
    _scan(grid.low, grid.spacing, grid.first, grid.heights, plane, radius, loss_scale, nodes, counts)
    few = np.flatnonzero((radius < FEW[dim - 1] * grid.spacing[:dim].max()) & np.isfinite(center).all(axis=1))
    for first in range(0, few.size, CHUNK // 10):
        which = few[first : first + CHUNK // 10]
        _scan_balls(value, which, center[which], radius[which], loss_scale[which], nodes, counts)
    owner = np.repeat(np.arange(center.shape[0]), counts)
    start = nodes[np.arange(CANDIDATES) < counts[:, None]][:, :dim]
    square = np.full(center.shape[0], np.inf)
    for first in range(0, owner.size, CHUNK):
        part = slice(first, first + CHUNK)
        chosen = owner[part]
        np.minimum.at(
            square, chosen,
            _refine(value, start[part], center[chosen], radius[chosen], loss_scale[chosen], grid.spacing[:dim]),
        )  # fmt: skip
    return (radius - np.sqrt(square)) / radius


@njit(cache=True, inline="always")
def _square(
    heights: Floats, i: int, j: int, ci: float, cj: float, z: float, spacing: Floats, scale: float
) -> float:  # fmt: skip
    """Squared distance from the centre to the graph's point at one node."""
    return ((i - ci) * spacing[0]) ** 2 + ((j - cj) * spacing[1]) ** 2 + (scale * heights[i, j] - z) ** 2


@njit(cache=True)
def _edges(
    heights: Floats, i: int, j: int, ci: float, cj: float, z: float, spacing: Floats, scale: float
) -> tuple[float, float, float]:  # fmt: skip
    """Squared distance from the centre to the two edges that leave a node, and where on them, in nodes."""
    x, y, f = (i - ci) * spacing[0], (j - cj) * spacing[1], scale * heights[i, j] - z
    best, at_i, at_j = x * x + y * y + f * f, float(i), float(j)
    for axis in range(2):
        k, q = i + (axis == 0), j + (axis == 1)
        if k >= heights.shape[0] or q >= heights.shape[1]:
            continue
        step, rise = spacing[axis], scale * heights[k, q] - z - f
        along = -((x if axis == 0 else y) * step + f * rise) / (step * step + rise * rise)
        if 0.0 < along <= 1.0:
            u, v = x + along * step * (axis == 0), y + along * step * (axis == 1)
            there = u * u + v * v + (f + along * rise) ** 2
            if there < best:
                best, at_i, at_j = there, i + along * (axis == 0), j + along * (axis == 1)
    return best, at_i, at_j


@njit(cache=True)
def _scan(
    low: Floats, spacing: Floats, first: NDArray[np.int64], heights: Floats, center: Floats, radius: Floats,
    loss_scale: Floats, nodes: Floats, counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """Places of the grid that are local minima of the distance and may, between nodes, be the nearest."""
    n, m = heights.shape
    flat = m == 1
    values = np.empty(nodes.shape[1])
    for p in range(center.shape[0]):
        x, y, z, scale = center[p, 0], center[p, 1], center[p, 2], loss_scale[p]
        found = 0
        if np.isfinite(x) and np.isfinite(y) and np.isfinite(z):
            ci = (x - low[0]) / spacing[0] - first[0]
            cj = 0.0 if flat else (y - low[1]) / spacing[1] - first[1]
            # The edge that comes nearest may begin at a node just outside.
            reach = REACH * radius[p] + (spacing[0] if flat else max(spacing[0], spacing[1]))
            best, climb, edges = np.inf, 0.0, False
            for sweep in range(3):
                if sweep == 1:
                    # Where the ground climbs by half a ball from node to node, it can pass the ball between two nodes
                    # that are both far away: then its edges are looked at.
                    edges = climb > 0.5 * radius[p]
                    if not edges:
                        continue
                for i in range(max(0, int(np.ceil(ci - reach / spacing[0]))),
                               min(n - 1, int(np.floor(ci + reach / spacing[0]))) + 1):  # fmt: skip
                    room = reach * reach - ((i - ci) * spacing[0]) ** 2
                    if room < 0.0:
                        continue
                    half = 0.0 if flat else np.sqrt(room) / spacing[1]
                    for j in range(max(0, int(np.ceil(cj - half))), min(m - 1, int(np.floor(cj + half))) + 1):
                        if sweep == 0:
                            best = min(best, _square(heights, i, j, ci, cj, z, spacing, scale))
                            climb = max(climb, scale * abs(heights[min(i + 1, n - 1), j] - heights[i, j]))
                            climb = max(climb, scale * abs(heights[i, min(j + 1, m - 1)] - heights[i, j]))
                            continue
                        at_i, at_j = float(i), float(j)
                        if edges:
                            here, at_i, at_j = _edges(heights, i, j, ci, cj, z, spacing, scale)
                        else:
                            here = _square(heights, i, j, ci, cj, z, spacing, scale)
                        if sweep == 1:
                            best = min(best, here)
                            continue
                        lowest, rise = True, 0.0
                        for k in range(max(i - 1, 0), min(i + 2, n)):
                            for q in range(max(j - 1, 0), min(j + 2, m)):
                                if edges:
                                    there = _edges(heights, k, q, ci, cj, z, spacing, scale)[0]
                                else:
                                    there = _square(heights, k, q, ci, cj, z, spacing, scale)
                                lowest = lowest and there >= here
                                rise = max(rise, there - here)
                            if not lowest:
                                break
                        if lowest and here - rise <= best:
                            found = insert_candidate(nodes[p], values, found, -here,
                                            x + (at_i - ci) * spacing[0], y + (at_j - cj) * spacing[1])  # fmt: skip
        if found == 0:
            nodes[p, 0, 0], nodes[p, 0, 1] = x, y
            found = 1
        counts[p] = found


def _scan_balls(
    value: Any, which: NDArray[np.int64], center: Floats, radius: Floats, loss_scale: Floats, nodes: Floats,
    counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """As `_scan`, on the lattices of small balls and the true surface."""
    dim = center.shape[1] - 1
    place = ball_lattice.places(center, REACH * radius, dim)
    square = ((place - center[:, None, :dim]) ** 2).sum(axis=2)
    square += (loss_scale[:, None] * ball_lattice.heights(value, place) - center[:, None, dim]) ** 2
    ball_lattice.peaks(-square, place, np.zeros(which.size), which, nodes, counts)


def _refine(value: Any, x: Floats, center: Floats, radius: Floats, loss_scale: Floats, spacing: Floats) -> Floats:
    """Squared distance after shrinking a stencil round each node on the true surface, to a small part of the ball."""
    dim = x.shape[1]
    steps = np.linspace(-1.0, 1.0, 9) if dim == 1 else np.linspace(-1.0, 1.0, 5)
    mesh = np.meshgrid(*([steps] * dim), indexing="ij")
    offsets = np.stack([axis.ravel() for axis in mesh], axis=1) * spacing
    edge = np.abs(np.stack([axis.ravel() for axis in mesh], axis=1)).max(axis=1) == 1.0
    x = x.copy()
    square = np.full(x.shape[0], np.inf)
    size = np.minimum(1.0, 0.25 * radius / spacing.max())
    fine = FINE * radius / spacing.max()
    live = np.arange(x.shape[0])
    for k in range(80):
        stencil = x[live, None, :] + size[live, None, None] * offsets
        loss = value(stencil.reshape(-1, dim)).reshape(stencil.shape[:2])
        away = np.sum((stencil - center[live, None, :dim]) ** 2, axis=2)
        away += (loss_scale[live, None] * loss - center[live, None, dim]) ** 2
        away = np.where(np.isfinite(away), away, np.inf)
        chosen = np.argmin(away, axis=1)
        rows = np.arange(live.size)
        square[live] = np.minimum(square[live], away[rows, chosen])
        x[live] = stencil[rows, chosen]
        # A minimum on the stencil's edge may lie beyond it: move there before looking closer.
        size[live] = np.where(edge[chosen], size[live], size[live] / (4 if dim == 1 else 2))
        if k >= 9:
            live = live[size[live] > fine[live]]
            if live.size == 0:
                break
    return square
