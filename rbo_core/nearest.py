"""The footpoint as the paper defines it: the point of the graph nearest to the moved centre, found by looking at all.

``p⁺ = argmin over p ∈ Γ of |p − c̃|²``, global, in one or two parameters. The graph right below (or above) c̃ and the
old contact bound how far the nearest point can be; a lattice of eight points to the surface's finest wave covers that
disc, and its best node is zoomed in on. A ball so moved still sinks in: the new centre is put on the normal of p⁺,
where another part of the ground may be nearer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.checks import Number, per_ball
from rbo_core.objective import SurfaceObjective

Floats = NDArray[np.float64]

NODES_A_WAVE = 8
MOST_NODES = {1: 2**14, 2: 2**7}
"""Half as many lattice nodes an axis at most; a larger disc is covered more coarsely."""
ZOOM = {1: (9, 4.0, 11), 2: (5, 2.0, 21)}
"""Nodes an axis, how much smaller each lattice is than the one before, and how many there are: to 1e-6 of a node."""
POINTS_AT_ONCE = 2**20


def nearest_projection(
    objective: SurfaceObjective, z: Floats, loss: Floats, offset: Floats, height: Floats, loss_scale: Number
) -> Floats:
    """The footpoint of c̃ = (z + offset, height) for every active ball.

    Args:
        z: (B, d) old contact; loss: (B,) scaled loss there; offset: (B, d) θ̃ − z; height: (B,) ỹ.

    Returns:
        (B, d) the nearest point's parameters; inactive balls stay. What a ball finds depends on nothing but itself.
    """
    out = z.copy()
    active = np.flatnonzero(objective.active)
    search = _Search(objective, (z + offset)[active], height[active], per_ball(loss_scale, z.shape[0])[active], active)
    below = search.squared(search.target[:, None, :])[:, 0]
    old = np.sum(offset[active] ** 2, axis=1) + (height[active] - loss[active]) ** 2
    reach = np.sqrt(np.fmin(old, below))
    best = np.where((old < below)[:, None], z[active], search.target)
    cell = float(getattr(objective.surface, "finest_scale", 0.01 * float(np.ptp(objective.surface.bounds)))) / (
        NODES_A_WAVE
    )
    # Powers of two, so that balls of like reach are searched together and each with a lattice of its own choice.
    wanted = np.clip(np.nan_to_num(reach / cell, nan=1.0, posinf=1.0), 1.0, MOST_NODES[z.shape[1]])
    nodes = 2 ** np.ceil(np.log2(wanted)).astype(np.int64)
    for half in np.unique(nodes).tolist():
        rows = np.flatnonzero(nodes == half)
        for part in np.array_split(rows, max(1, rows.size * (2 * half + 1) ** z.shape[1] // POINTS_AT_ONCE)):
            best[part] = search.scan(part, half, reach[part], best[part])
    out[active] = best
    return out


class _Search:
    """Distances from the moved centres of the active balls to the graph, counted as evaluations."""

    def __init__(
        self, objective: SurfaceObjective, target: Floats, height: Floats, scale: Floats, balls: NDArray[np.int64]
    ) -> None:
        self.objective, self.target, self.height, self.scale, self.balls = objective, target, height, scale, balls

    def squared(self, points: Floats, rows: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """|p − c̃|² (R, n) for points (R, n, d) of the balls `rows`; inf where the loss is not a number."""
        count, each, dim = points.shape
        self.objective.evaluations[self.balls[rows]] += each
        loss = self.scale[rows, None] * self.objective.value(points.reshape(-1, dim)).reshape(count, each)
        away = np.sum((points - self.target[rows, None, :]) ** 2, axis=2) + (loss - self.height[rows, None]) ** 2
        return np.where(np.isfinite(away), away, np.inf)

    def scan(self, rows: NDArray[np.int64], half: int, reach: Floats, best: Floats) -> Floats:
        """The nearest points (R, d) of the balls `rows` within their reach (R,), from lattices of 2 half + 1 nodes an
        axis on; best (R, d): the nearest so far."""
        dim = best.shape[1]
        width, middle = reach, self.target[rows]
        lattice = _lattice(2 * half + 1, dim)
        least = self.squared(best[:, None, :], rows)[:, 0]
        nodes, shrink, rounds = ZOOM[dim]
        for zoom in range(rounds + 1):
            points = middle[:, None, :] + width[:, None, None] * lattice
            away = self.squared(points, rows)
            k = away.argmin(axis=1)
            found, here = away[np.arange(len(k)), k], points[np.arange(len(k)), k]
            best = np.where((found < least)[:, None], here, best)
            least = np.fmin(found, least)
            # The next lattice spans the best node's neighbours.
            width, middle = (width / half if zoom == 0 else width / shrink), best
            if zoom == 0:
                lattice = _lattice(nodes, dim)
        return best


def _lattice(nodes: int, dim: int) -> Floats:
    """(nodes^d, d) evenly over [−1, 1]^d."""
    axis = np.linspace(-1.0, 1.0, nodes)
    return axis[:, None] if dim == 1 else np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
