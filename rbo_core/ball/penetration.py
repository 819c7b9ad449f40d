"""How deep a ball sits in the ground: (ρ − d(c, Γ))/ρ, by a dense scan that knows nothing of the contact.

The distance d from the centre c to the graph Γ of λf comes in two steps, as a contact does::

    sampled heights ──► scan_nearest ──┐ candidates ──► refine on the surface ──► the smallest distance
    the ball itself ──► lattice ───────┘
                        (small balls)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball import lattice
from rbo_core.ball.candidates import CANDIDATES, Candidates, no_candidates
from rbo_core.ball.heights import MEASURED, HeightGrid, height_grid, radius_limits
from rbo_core.ball.nearest import REACH, Centers, scan_nearest
from rbo_core.ball.records import APART
from rbo_core.objective import Loss, Surface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Value = Callable[[Floats], Floats]

FINE = 1e-3
"""The last stencil, in radii: a distance is then known to a millionth of the radius."""

POINTS = (9, 5)
"""Places across a stencil, on a curve and on a surface; between two rounds it shrinks to the places on either side."""

FEWEST, MOST = 10, 80
"""Rounds of refinement: ten shrink a surface's stencil a thousandfold, eighty also let it wander along a valley."""

CHUNK = 20_000
"""Balls measured, and places refined, at once; balls searched on their own lattices are a tenth as many."""


def penetration_on(
    surface: Surface, center: Floats, radius: Floats, loss_scale: Floats, largest_ball: float = 0.0
) -> Floats | None:
    """Relative penetration of balls on a surface: what `Trajectory.penetration_at` asks.

    Args:
        center: (P, d + 1) centres, the last entry in units of the scaled loss.
        radius, loss_scale: (P,).
        largest_ball: the grid is that which this ball or the largest of ``radius`` needs. Grids of different extent
            differ in the last bit: give the same to compare bit for bit.

    Returns:
        (P,), NaN for a ball that is lost in the rounding of the heights; None above 2 parameters, where the largest
        ball is too large to scan for (`heights.radius_limits`), and where all are too small.
    """
    if surface.dim > 2:
        return None
    least, most = radius_limits(surface)
    largest = max(largest_ball, float(radius.max()))
    if largest > most or radius.max() < least:
        return None
    grid, value = height_grid(surface, MEASURED * largest), Loss(surface)
    depth = np.empty(radius.size)
    for first in range(0, radius.size, CHUNK):
        part = slice(first, first + CHUNK)
        depth[part] = penetration(grid, value, center[part], np.maximum(radius[part], least), loss_scale[part])
    depth[radius < least] = np.nan
    return depth


def penetration(grid: HeightGrid, value: Value, center: Floats, radius: Floats, loss_scale: Floats) -> Floats:
    """Relative penetration of balls; 0 for a ball that just touches, 1 when the centre lies on the graph.

    Args:
        grid: heights over every ball's window; value: the surface's loss, (P, d) → (P,).
        center: (P, d + 1) centres, the last entry in units of the scaled loss.
        radius, loss_scale: (P,).

    Returns:
        (P,); negative where a ball hovers above the ground, not finite where the centre is not. The distance is that
        to the graph's nearest sampled point, then refined on the surface itself; beyond ρ it is a lower bound.
    """
    count, dim = center.shape[0], center.shape[1] - 1
    place = np.zeros((count, 3))
    place[:, 2 - dim :] = center
    found = no_candidates(count)
    scan_nearest(grid, Centers(place, np.ascontiguousarray(radius), np.ascontiguousarray(loss_scale)), found)
    few = np.flatnonzero(lattice.small(radius, grid.spacing) & np.isfinite(center).all(axis=1))
    for first in range(0, few.size, CHUNK // 10):
        which = few[first : first + CHUNK // 10]
        _add_lattice_candidates(value, center[which], radius[which], loss_scale[which], which, found)
    owner = np.repeat(np.arange(count), found.kept)
    start = found.place[np.arange(CANDIDATES) < found.kept[:, None]][:, -dim:]
    square = np.full(count, np.inf)
    for first in range(0, owner.size, CHUNK):
        part = slice(first, first + CHUNK)
        chosen = owner[part]
        near = _refine(value, start[part], center[chosen], radius[chosen], loss_scale[chosen], np.array(grid.spacing))
        np.minimum.at(square, chosen, near)
    return (radius - np.sqrt(square)) / radius


def _add_lattice_candidates(
    value: Value, center: Floats, radius: Floats, loss_scale: Floats, which: Ints, found: Candidates
) -> None:
    """As `scan_nearest`, on the lattices of the small balls ``which`` and the true surface."""
    dim = center.shape[1] - 1
    place = lattice.places(center, REACH * radius, dim)
    square = ((place - center[:, None, :dim]) ** 2).sum(axis=2)
    square += (loss_scale[:, None] * lattice.heights(value, place) - center[:, None, dim]) ** 2
    lattice.add_peaks(-square, place, np.zeros(which.size), which, found)


def _refine(value: Value, x: Floats, center: Floats, radius: Floats, loss_scale: Floats, spacing: Floats) -> Floats:
    """Squared distance after shrinking a stencil round each place on the true surface, to a small part of the ball."""
    dim = x.shape[1]
    axis = np.linspace(-1.0, 1.0, POINTS[dim - 1])
    unit = np.stack([a.ravel() for a in np.meshgrid(*([axis] * dim), indexing="ij")], axis=1)
    offsets, edge = unit * spacing, np.abs(unit).max(axis=1) == 1.0
    shrink = (axis.size - 1) // 2
    x = x.copy()
    square = np.full(x.shape[0], np.inf)
    size = np.minimum(1.0, APART * radius / spacing.max())
    fine = FINE * radius / spacing.max()
    live = np.arange(x.shape[0])
    for done in range(1, MOST + 1):
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
        size[live] = np.where(edge[chosen], size[live], size[live] / shrink)
        if done >= FEWEST:
            live = live[size[live] > fine[live]]
            if live.size == 0:
                break
    return square
