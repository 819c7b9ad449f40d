"""Of a ball's climbers, the contacts: the highest, and the distinct places that tie with it.

A ball in a V-shaped valley touches both walls at once; where it can roll is decided by all of its contacts
(`hull.py`), so those within the tie of the highest are kept, and of two climbers on one top only the higher::

    F    ___ x ______________ x ___   highest
         - - - - - - - - - x- - - -   highest − tie: this one is kept unless it stands where the second does
                 x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.kernels import helper, kernel
from rbo_core.ball.records import APART, Record, Records

Floats = NDArray[np.float64]

MAX_CONTACTS = 4
"""Contacts kept for a ball; more than d + 1 of them never change where it can roll."""

RIM = 1e-15
"""Least 1 − |w|² in a slope: a contact on the very rim has a steep slope, not an infinite one."""


@kernel
def keep_ties(climbers: Records, balls: Records, points: Floats, slopes: Floats) -> None:
    """Write each ball's tied contacts, the highest first, and their ∇h into ``points, slopes (B, C, d)``.

    The climbers of a ball stand together. Rows that stay empty keep what they hold.
    """
    dim = points.shape[2]
    place = np.empty(dim)
    first = 0
    while first < climbers.size:
        b = climbers[first].owner
        end = first
        while end < climbers.size and climbers[end].owner == b:
            climbers[end].climbs = climbers[end].height >= balls[b].top - balls[b].tie
            end += 1
        used = 0
        for _ in range(points.shape[1]):
            chosen = _highest(climbers[first:end])
            if chosen < 0:
                break
            climber, ball = climbers[first + chosen], balls[b]
            climber.climbs = False
            square = 0.0
            for i in range(dim):
                square += climber.w[i] * climber.w[i]
            for i in range(dim):
                place[i] = ball.center[i] + ball.radius * (2.0 * climber.w[i] / (1.0 + square))
            if _is_distinct(points[b, :used], place, ball):
                for i in range(dim):
                    points[b, used, i] = place[i]
                    slopes[b, used, i] = 2.0 * climber.w[i] / max(1.0 - square, RIM)
                used += 1
        first = end


@helper
def _highest(climbers: Records) -> int:
    """The highest climber still marked, −1 if none is."""
    chosen = -1
    for q in range(climbers.size):
        if climbers[q].climbs and (chosen < 0 or climbers[q].height > climbers[chosen].height):
            chosen = q
    return chosen


@helper
def _is_distinct(points: Floats, place: Floats, ball: Record) -> bool:
    """Whether the place is apart from all of ``points (n, d)``."""
    for c in range(points.shape[0]):
        apart = -np.inf
        for i in range(place.size):
            apart = max(apart, abs(points[c, i] - place[i]) - APART * ball.apart[i])
        if apart <= 0.0:
            return False
    return True
