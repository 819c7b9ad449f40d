"""Where a rigid ball touches a curve or a surface: an exact global search in 1 or 2 dimensions.

A ball of radius ρ whose centre stands over θ rests on the graph of λf at the height

    h(θ) = max over |u| ≤ ρ of  λ f(θ + u) + √(ρ² − |u|²),

the grey-scale dilation of λf by a hemisphere. The maximiser θ + u* is the contact, and ∇h(θ) = u*/√(ρ² − |u*|²)::

    sampled heights ──► scan ───────┐ candidates ──► climb ──► ties ──► Contacts
    the ball itself ──► lattice ────┘ (local maxima  (on the   (the highest
                        (small balls)  that may win)  surface)  and its equals)

Bounds prune the scan, so no contact of the grid is missed; every local maximum that could still win is polished on the
true surface until nothing more is to be gained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import no_candidates
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.lattice import add_contact_candidates, small
from rbo_core.ball.records import Records, balls_of
from rbo_core.ball.scan import scan
from rbo_core.ball.search import Ground, climb, search
from rbo_core.ball.ties import MAX_CONTACTS, keep_ties

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contacts:
    """The contacts of a batch of balls.

    Attributes:
        height: (B,) height h of the centre, in units of the scaled loss.
        point: (B, C, d) tied contacts, the highest first, NaN where there are fewer.
        slope: (B, C, d) ∇h of each contact's piece, u/√(ρ² − |u|²), NaN where there are fewer.
        evaluations: values of the surface spent on each ball searched.
    """

    height: Floats
    point: Floats
    slope: Floats
    evaluations: Ints

    def rows(self, which: Ints) -> Contacts:
        """The contacts of some of the balls."""
        return Contacts(self.height[which], self.point[which], self.slope[which], self.evaluations[which])

    def put(self, which: Ints, found: Contacts) -> None:
        """Overwrite the contacts of some of the balls."""
        self.height[which], self.point[which], self.slope[which] = found.height, found.point, found.slope


def find_contacts(
    grid: HeightGrid,
    value: Callable[[Floats], Floats],
    center: Floats,
    radius: Floats,
    loss_scale: Floats,
    tie: Floats,
) -> Contacts:
    """All contacts of balls over ``center (B, d)`` that come within ``tie (B,)`` of the highest.

    Args:
        grid: heights that cover every ball's window.
        value: the surface's own loss, ``(P, d) → (P,)``.
        radius, loss_scale, tie: (B,) each; ``tie`` is a height.
    """
    batch, dim = center.shape
    balls = balls_of(grid, center, radius, loss_scale, tie)
    points, slopes = np.empty((batch, MAX_CONTACTS, dim)), np.empty((batch, MAX_CONTACTS, dim))
    few = np.flatnonzero(small(radius, grid.spacing))
    compiled = getattr(value, "kernel", None)
    if compiled is not None and few.size == 0:
        search(Ground.of(compiled, grid), balls, points, slopes)
    else:
        _search(grid, value, balls, few, points, slopes)
    return Contacts(balls["top"].copy(), points, slopes, balls["evaluations"].copy())


def _search(
    grid: HeightGrid, value: Callable[[Floats], Floats], balls: Records, few: Ints, points: Floats, slopes: Floats
) -> None:
    """As `search.search`, from Python; the balls ``few`` are searched on their own lattice too."""
    dim = points.shape[2]
    found = no_candidates(balls.size)
    scan(grid, balls, dim, found)
    if few.size:
        add_contact_candidates(value, balls, dim, few, found)
    points[:], slopes[:] = np.nan, np.nan
    keep_ties(climb(value, balls, found, dim), balls, points, slopes)
