"""Places on a ball itself, to begin a search from where the ball sees but a few nodes of the height grid.

The grid resolves the surface, not the ball: one of a few nodes' width may stand in a valley narrower than itself with
no node beside either wall. Its own lattice, even in stereographic coordinates w (u = 2ρw/(1 + |w|²)), does resolve it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

FEW = (32.0, 8.0)
"""A ball on a curve, on a surface, of less than so many nodes' spacing is searched on its own lattice too."""
SIDE = (129, 25)
"""Places across a lattice of a curve's ball, of a surface's."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@cache
def lattice(dim: int) -> tuple[Floats, Ints]:
    """(M, d) coordinates w in the unit disc, and their indices (M,) in the square of SIDE[d - 1]^d."""
    axis = np.linspace(-1.0, 1.0, SIDE[dim - 1])
    w = np.stack([a.ravel() for a in np.meshgrid(*[axis] * dim, indexing="ij")], axis=1)
    inside = np.flatnonzero((w * w).sum(axis=1) <= 1.0)
    return w[inside], inside


def places(center: Floats, reach: Floats, dim: int) -> Floats:
    """(P, M, d) the parameters under the lattices of balls of radius ``reach (P,)`` over ``center (P, d)``."""
    w, _ = lattice(dim)
    unit = 2.0 * w / (1.0 + (w * w).sum(axis=1))[:, None]
    return center[:, None, :dim] + reach[:, None, None] * unit


def heights(value: Any, place: Floats) -> Floats:
    """(P, M) loss at the places (P, M, d)."""
    loss: Floats = value(place.reshape(-1, place.shape[2])).reshape(place.shape[:2])
    return loss


def peaks(score: Floats, place: Floats, tie: Floats, which: Ints, nodes: Floats, counts: Ints) -> None:
    """Add the local maxima of ``score (P, M)`` that may win, or tie with the highest, to rows ``which`` of ``nodes``.

    nodes (B, C, 2) and counts (B,) are as `insert_candidate` fills them; what they hold already comes first.
    """
    dim = place.shape[2]
    side = SIDE[dim - 1]
    square = np.full((score.shape[0], side**dim), -np.inf)
    square[:, lattice(dim)[1]] = np.where(np.isfinite(score), score, -np.inf)
    at = np.zeros((score.shape[0], side**dim, 2))
    at[:, lattice(dim)[1], :dim] = place
    shape = (-1, side, side if dim == 2 else 1)
    _peaks(square.reshape(shape), at.reshape(*shape, 2), tie, which, nodes, counts)


@njit(cache=True)
def insert_candidate(nodes: Floats, values: Floats, found: int, here: float, x: float, y: float) -> int:
    """Keep the highest candidates, in descending order."""
    size = nodes.shape[0]
    if found == size and here <= values[size - 1]:
        return found
    k = min(found, size - 1)
    while k > 0 and values[k - 1] < here:
        values[k] = values[k - 1]
        nodes[k, 0], nodes[k, 1] = nodes[k - 1, 0], nodes[k - 1, 1]
        k -= 1
    values[k] = here
    nodes[k, 0], nodes[k, 1] = x, y
    return min(found + 1, size)


@njit(cache=True)
def _peaks(score: Floats, at: Floats, tie: Floats, which: Ints, nodes: Floats, counts: Ints) -> None:
    rows, columns = score.shape[1], score.shape[2]
    values = np.empty(nodes.shape[1])
    for p in range(score.shape[0]):
        best, found = -np.inf, counts[which[p]]
        values[:found] = np.inf
        for i in range(rows):
            for j in range(columns):
                best = max(best, score[p, i, j])
        for i in range(rows):
            for j in range(columns):
                middle = score[p, i, j]
                if middle == -np.inf:
                    continue
                peak, drop = True, 0.0
                for k in range(max(i - 1, 0), min(i + 2, rows)):
                    for q in range(max(j - 1, 0), min(j + 2, columns)):
                        peak = peak and score[p, k, q] <= middle
                        if score[p, k, q] > -np.inf:
                            drop = max(drop, middle - score[p, k, q])
                # Between places a maximum rises above its place by less than the drop to a neighbour.
                if peak and middle + drop >= best - tie[p]:
                    found = insert_candidate(nodes[which[p]], values, found, middle, at[p, i, j, 0], at[p, i, j, 1])
        counts[which[p]] = found
