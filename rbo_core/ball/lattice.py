"""Places on a ball itself, to begin a search from where the ball sees but a few nodes of the height grid.

The grid resolves the surface, not the ball: one of a few nodes' width may stand in a valley narrower than itself with
no node beside either wall. Its own lattice, even in stereographic coordinates w (u = 2ρw/(1 + |w|²)), does resolve it:
places are close together near the rim, where the ball is steep and steep walls touch it::

    nodes of the grid    |              |              |
                              \\   .-.   /
    a ball between two         \\_(   )_/
                                  '-'
    its lattice                 ||| | | |||
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import Candidates, drop_from, insert
from rbo_core.ball.kernels import kernel
from rbo_core.ball.records import Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Value = Callable[[Floats], Floats]

FEW = (32.0, 8.0)
"""A ball on a curve, on a surface, of less than so many nodes' spacing is searched on its own lattice too: a lattice
has to be evaluated, so it is worth it only where the grid's nodes under the ball are fewer than its own places."""

SIDE = (129, 25)
"""Places across a lattice of a curve's ball, of a surface's: 129 and some 490 values, the price of a few climbs."""


@cache
def lattice(dim: int) -> tuple[Floats, Ints]:
    """(M, d) coordinates w in the unit disc, and their indices (M,) in the square of SIDE[d - 1]^d."""
    axis = np.linspace(-1.0, 1.0, SIDE[dim - 1])
    w = np.stack([a.ravel() for a in np.meshgrid(*[axis] * dim, indexing="ij")], axis=1)
    inside = np.flatnonzero((w * w).sum(axis=1) <= 1.0)
    return w[inside], inside


def small(radius: Floats, spacing: tuple[float, ...]) -> NDArray[np.bool_]:
    """(B,) which balls are searched on their own lattice too; ``spacing`` (d,) is that of the grid."""
    few: NDArray[np.bool_] = radius < FEW[len(spacing) - 1] * max(spacing)
    return few


def add_contact_candidates(value: Value, balls: Records, dim: int, which: Ints, found: Candidates) -> None:
    """Add candidates of the contacts of the balls ``which``, as `scan.scan` does; what is found already stays first."""
    chosen = balls[which]
    radius, scale = chosen["radius"][:, None], chosen["loss_scale"][:, None]
    square = (lattice(dim)[0] ** 2).sum(axis=1)
    place = places(chosen["center"][:, :dim], chosen["radius"], dim)
    lifted = scale * heights(value, place)
    lifted += radius * ((1.0 - square) / (1.0 + square))
    add_peaks(lifted, place, chosen["tie"], which, found)
    balls["evaluations"][which] += square.size


def places(center: Floats, reach: Floats, dim: int) -> Floats:
    """(P, M, d) the parameters under the lattices of balls of radius ``reach (P,)`` over ``center (P, d)``."""
    w, _ = lattice(dim)
    unit = 2.0 * w / (1.0 + (w * w).sum(axis=1))[:, None]
    return center[:, None, :dim] + reach[:, None, None] * unit


def heights(value: Value, place: Floats) -> Floats:
    """(P, M) loss at the places (P, M, d)."""
    loss: Floats = value(place.reshape(-1, place.shape[2])).reshape(place.shape[:2])
    return loss


def add_peaks(score: Floats, place: Floats, tie: Floats, which: Ints, found: Candidates) -> None:
    """Add the local maxima of ``score (P, M)`` that may win, or tie with the highest; ``found`` rows ``which``."""
    dim = place.shape[2]
    side, inside = SIDE[dim - 1], lattice(dim)[1]
    square = np.full((score.shape[0], side**dim), -np.inf)
    square[:, inside] = np.where(np.isfinite(score), score, -np.inf)
    at = np.zeros((score.shape[0], side**dim, 2))
    at[:, inside, -dim:] = place
    shape = (-1, side if dim == 2 else 1, side)
    _add_peaks(square.reshape(shape), at.reshape(*shape, 2), tie, which, found)


@kernel
def _add_peaks(score: Floats, at: Floats, tie: Floats, which: Ints, found: Candidates) -> None:
    rows, columns = score.shape[1], score.shape[2]
    for p in range(which.size):
        b = which[p]
        found.score[b, : found.kept[b]] = np.inf  # those of the grid stay
        best = score[p].max()
        for i in range(rows):
            for j in range(columns):
                middle = score[p, i, j]
                if middle == -np.inf:
                    continue
                drop = drop_from(score[p], i, j)
                if drop >= 0.0 and middle + drop >= best - tie[p]:
                    insert(found, b, middle, at[p, i, j, 0], at[p, i, j, 1])
