"""Places from which searches begin: the best local maxima of a score on some lattice of places.

A search that climbs finds the top of the hill it begins on. So every local maximum of 3 × 3 places is looked at, and
those are kept whose hill may be the highest::

    score        ·  ┌ may rise by `drop` between the places
                 o  ┘
              o     o                   o
           o     │     o     o       o     o
                drop      o     o o           o
              to the lowest neighbour

Between places a maximum rises above its place by less than the drop to a neighbour (a parabola through three places
rises by a quarter of it at most), so a hill whose score + drop stays below the best score cannot win.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.kernels import helper

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANDIDATES = 12
"""Places kept for a ball. Up to d + 1 of them can be contacts; the others are hills that look as high on the grid."""


class Candidates(NamedTuple):
    """Where the searches of B balls begin, the best place first.

    place: (B, CANDIDATES, 2), on a curve as the grid is: the parameter is the second; score: (B, CANDIDATES);
    kept: (B,) how many there are.
    """

    place: Floats
    score: Floats
    kept: Ints


def no_candidates(batch: int) -> Candidates:
    """For `batch` balls, none found yet."""
    return Candidates(np.empty((batch, CANDIDATES, 2)), np.empty((batch, CANDIDATES)), np.zeros(batch, dtype=np.int64))


@helper
def insert(found: Candidates, b: int, score: float, x: float, y: float) -> None:
    """Put a place into ball b's row, in descending order; the lowest falls out of a full row."""
    place, scores = found.place[b], found.score[b]
    most, count = scores.size, found.kept[b]
    if count == most and score <= scores[most - 1]:
        return
    k = min(count, most - 1)
    while k > 0 and scores[k - 1] < score:
        scores[k] = scores[k - 1]
        place[k, 0], place[k, 1] = place[k - 1, 0], place[k - 1, 1]
        k -= 1
    scores[k] = score
    place[k, 0], place[k, 1] = x, y
    found.kept[b] = min(count + 1, most)


@helper
def drop_from(score: Floats, i: int, j: int) -> float:
    """How far the score falls from (i, j) to its lowest finite neighbour; −1 if a neighbour is higher."""
    rows, columns = score.shape
    middle, lowest = score[i, j], np.inf
    for p in range(max(i - 1, 0), min(i + 2, rows)):
        for q in range(max(j - 1, 0), min(j + 2, columns)):
            here = score[p, q]
            if here > middle:
                return -1.0
            if here > -np.inf:
                lowest = min(lowest, here)
    return middle - lowest
