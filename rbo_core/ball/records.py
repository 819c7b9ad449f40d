"""What travels together through the compiled kernels: one record a ball, one record a climber.

Records (structured arrays) rather than named tuples of arrays: a kernel called with one record array starts in a
fifth of the time, and with a ball or two a search is mostly the starting of kernels. One record type serves curves and
surfaces, so that each kernel is compiled once; on a curve the second coordinate is unused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.heights import HeightGrid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]
"""An array of records: BALL or CLIMBER."""
Record = Any
"""One of them, in a kernel: its fields are attributes, which to write is to write into the array."""

APART = 0.25
"""Places count as two when this part of the scale that tells them apart lies between them: for a ball wider than the
grid's spacing that spacing, for a smaller one the same part of its radius. A quarter: two maxima that near would not
both be local maxima of a grid, nor of a small ball's lattice."""

STENCIL = 9
"""Places of a stencil on a surface, 3 × 3; a curve uses 3. The slot after them holds the vertex of the quadratic."""

BALL = np.dtype(
    [
        ("center", float, 2),  # θ_c, parameters under the ball's centre
        ("radius", float),  # ρ
        ("loss_scale", float),  # λ
        ("tie", float),  # contacts within this height of the highest tie with it
        ("apart", float, 2),  # distance that tells two places apart, along each axis
        ("top", float),  # highest F that any of its climbers has seen
        ("evaluations", int),  # values of the surface spent on it
    ],
    align=True,
)
"""A ball in a contact search. F is the height of its centre if it touched at some place: λf + √(ρ² − |u|²)."""

CLIMBER = np.dtype(
    [
        ("owner", int),  # index of its ball
        ("w", float, 2),  # where it stands on the ball: u = 2ρw/(1 + |w|²)
        ("size", float),  # half-width of its stencil, in w
        ("steep", bool),  # whether the stencil is square in w, else in u/2ρ:
        ("middle", float, 2),  # where its middle is in those coordinates
        ("stride", float),  # and its half-width
        ("height", float),  # highest F it has seen
        ("rise", float),  # F's rise over the stencil, from lowest to best
        ("climbs", bool),  # whether it goes on
        ("place", float, (STENCIL + 1, 2)),  # w of the stencil's places and of the vertex
        ("lift", float, STENCIL + 1),  # height of the centre above a contact there
        ("seen", float, STENCIL),  # F at the stencil's places
    ],
    align=True,
)
"""A candidate on its way up."""


def balls_of(grid: HeightGrid, center: Floats, radius: Floats, loss_scale: Floats, tie: Floats) -> Records:
    """(B,) BALL records of balls over ``center (B, d)``."""
    balls = np.zeros(radius.size, dtype=BALL)
    dim = center.shape[1]
    balls["center"][:, :dim] = center
    balls["radius"] = radius
    balls["loss_scale"] = loss_scale
    balls["tie"] = tie
    balls["apart"][:, :dim] = np.minimum(grid.spacing, APART * radius[:, None])
    balls["top"] = -np.inf
    return balls
