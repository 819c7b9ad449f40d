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
from rbo_core.ball.climb import climb
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.lattice import add_contact_candidates, small
from rbo_core.ball.records import balls_of
from rbo_core.ball.scan import scan
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
    found = no_candidates(batch)
    scan(grid, balls, dim, found)
    few = np.flatnonzero(small(radius, grid.spacing))
    if few.size:
        add_contact_candidates(value, balls, dim, few, found)
    climbers = climb(value, balls, found, dim)
    points = np.full((batch, MAX_CONTACTS, dim), np.nan)
    slopes = np.full((batch, MAX_CONTACTS, dim), np.nan)
    keep_ties(climbers, balls, points, slopes)
    return Contacts(balls["top"].copy(), points, slopes, balls["evaluations"].copy())
