"""From each candidate to the top of its hill: the local maximum of F on the true surface.

Places are found on the ball, by stereographic coordinates w of its lower half, u = 2ρw/(1 + |w|²)::

           _.---._
         .'   c   '.           |w| = 0 at the bottom, 1 on the rim; beyond it the ball's upper half, which a
      --(-----·-----)-- rim    stencil may look at but nothing may stand on
         '.   |   .'\\
           `--·--`   \\         F = λ f(θ + u) + lift,  lift = ρ (1 − |w|²)/(1 + |w|²)
          w=0    w

On steep ground the stencil is square in w: there F of a plane is round about its maximum however steep the plane, while
over the parameters it is a thin bent ridge along the ball's rim. Elsewhere it is square over the parameters, where
straight crests are straight.

One iteration looks at a stencil of 3 (curve) or 9 (surface) places and at the vertex of the quadratic through them::

      o---o---o        the best of these ten places becomes the middle;
      |   |   |        the vertex:        the next stencil is of the order of the step (quadratic convergence)
      o---x---o   v    a stencil's place: stride out, 1.5 times as wide
      |   |   |        the middle itself: half as wide (a crest where F is not smooth)
      o---o---o

A climb ends when the stencil is negligible or F is flat on it to rounding; climbers that cannot win any more, or that
climb another one's hill, drop out before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import Candidates
from rbo_core.ball.kernels import helper, inlined, kernel
from rbo_core.ball.records import STENCIL, Record, Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_LOOKS = 60
"""Iterations at most: 30 halvings end any climb, twice that leaves room to stride."""

STEPS = np.zeros((2, STENCIL, 2))
"""Where the places of a stencil lie, in strides from its middle: on a curve (1 and 3 of them), on a surface."""
STEPS[0, :3, 0] = (-1.0, 0.0, 1.0)
STEPS[1] = [(i, j) for i in (-1.0, 0.0, 1.0) for j in (-1.0, 0.0, 1.0)]

STEEP = 0.5
"""|w|² from which the ground counts as steep (a slope of 2√2)."""

LEAP = 4.0
"""How many stencil sizes away the vertex of the quadratic is believed."""

WIDEST = 0.25
"""Half-width in w of the widest first stencil: a slope of 0.5 away from the middle, well inside the ball."""

STRIDE, HALVE = 1.5, 0.5
"""Factors of the stencil's size uphill along it, and when nothing on it is higher than the middle."""

SHRINK, GROW = 1 / 32, 2.0
"""Bounds of that factor after a step to the vertex: a stencil that shrinks faster would see rounding only."""

SMALLEST = 1e-9
"""Half-width in w of the last stencil: a contact is then known to a billionth of the radius."""

ROUNDING = 4e-16
"""Twice the machine's precision: F that rises less than this part of itself over the stencil is flat."""

TO_GAIN = 4.0
"""What is left to gain is below so many times F's rise over the stencil (a quadratic: once)."""

SAME_HILL = 0.5
"""Two climbers nearer than this part of the larger stencil climb the same hill."""


@kernel
def set_out(found: Candidates, balls: Records, climbers: Records, live: Ints, dim: int) -> None:
    """Put a climber on each candidate."""
    k = 0
    for b in range(balls.size):
        for c in range(found.kept[b]):
            climber = climbers[k]
            climber.owner = b
            climber.height = -np.inf
            climber.w[1] = 0.0
            # On a curve the parameter is the place's second coordinate.
            _put_on_ball(climber, balls[b], found.place[b, c, 2 - dim :])
            live[k] = k
            k += 1


@helper
def _put_on_ball(climber: Record, ball: Record, place: Floats) -> None:
    """Stereographic coordinates of a place, and how far apart two places are there."""
    rho, away, apart = ball.radius, 0.0, 0.0
    for i in range(place.size):
        away += (place[i] - ball.center[i]) ** 2
        apart = max(apart, ball.apart[i])
    down = np.sqrt(max(0.0, rho * rho - away))
    for i in range(place.size):
        climber.w[i] = (place[i] - ball.center[i]) / (rho + down)
    size = 0.5 * apart / rho
    if away > STEEP * (rho + down) ** 2:
        # An angle of apart / (ρ cos); at the rim, where the cosine is 0, √(2 apart / ρ).
        angle = min(apart / down if down > 0.0 else np.inf, np.sqrt(2.0 * apart / rho))
        size = 0.5 * (1.0 + away / (rho + down) ** 2) * angle
    climber.size = min(WIDEST, size)


@kernel
def look_around(climbers: Records, live: Ints, balls: Records, around: Floats) -> None:
    """Lay a stencil round each live climber; write the parameters under its places."""
    dim = around.shape[1]
    points = 3**dim
    for p in range(live.size):
        climber = climbers[live[p]]
        ball = balls[climber.owner]
        square = _square(climber.w)
        climber.steep = square > STEEP
        to_unit = 1.0 if climber.steep else 2.0 / (1.0 + square)
        climber.stride = climber.size if climber.steep else 2.0 * climber.size
        climber.middle[0], climber.middle[1] = to_unit * climber.w[0], to_unit * climber.w[1]
        for s in range(points):
            _look_at(climber, ball, s, (STEPS[dim - 1, s, 0], STEPS[dim - 1, s, 1]), around, p * points + s)


@kernel
def look_ahead(climbers: Records, live: Ints, balls: Records, loss: Floats, ahead: Floats) -> None:
    """Turn the loss on each stencil into F, and look at the vertex of the quadratic through it."""
    dim = ahead.shape[1]
    points = 3**dim
    for p in range(live.size):
        climber = climbers[live[p]]
        ball = balls[climber.owner]
        for s in range(points):
            climber.seen[s] = _center_height(loss[p * points + s], climber.lift[s], ball.loss_scale)
        leap = (_vertex_of_curve(climber.seen), 0.0) if dim == 1 else _vertex_of_surface(climber.seen)
        _look_at(climber, ball, points, leap, ahead, p)


@helper
def _look_at(climber: Record, ball: Record, slot: int, step: tuple[float, float], ground: Floats, row: int) -> None:
    """Write into ``slot`` the place that lies ``step`` strides from the stencil's middle.

    Writes the place's w, the parameters under it (into ``ground[row]``), and the height of the centre above a contact
    there: where |w| > 1 that of a ball which hangs from it, so that F stays smooth; NaN off the ball.
    """
    u = climber.middle[0] + climber.stride * step[0]
    v = climber.middle[1] + climber.stride * step[1]  # 0 on a curve
    away = u * u + v * v
    # What turns the place's coordinates into w, and into an offset on the ground.
    to_w, to_ground = 1.0, ball.radius
    if climber.steep:
        to_ground = 2.0 * ball.radius / (1.0 + away)
        climber.lift[slot] = 0.5 * to_ground * (1.0 - away)
    elif away > 1.0:
        # Over the centre, off the ball: a surface need not know NaN.
        to_w, to_ground, climber.lift[slot] = np.nan, 0.0, np.nan
    else:
        down = np.sqrt(1.0 - away)
        to_w = 1.0 / (1.0 + down)
        climber.lift[slot] = ball.radius * down
    climber.place[slot, 0], climber.place[slot, 1] = to_w * u, to_w * v
    ground[row, 0] = ball.center[0] + to_ground * u
    if ground.shape[1] == 2:
        ground[row, 1] = ball.center[1] + to_ground * v


@inlined
def _square(w: Floats) -> float:
    """|w|²; on a curve the second coordinate is 0."""
    return w[0] * w[0] + w[1] * w[1]


@inlined
def _apart(w: Floats, v: Floats) -> float:
    return max(abs(w[0] - v[0]), abs(w[1] - v[1]))


@inlined
def _center_height(loss: float, lift: float, scale: float) -> float:
    """F, the height of the centre of a ball that touches where the ground has this loss."""
    height = scale * loss + lift
    return height if np.isfinite(height) else -np.inf


@helper
def _vertex_of_curve(seen: Floats) -> float:
    """Step to the maximum of the parabola through three places, 0 if none is near."""
    first = 0.5 * (seen[2] - seen[0])
    second = seen[2] - 2.0 * seen[1] + seen[0]
    return -first / second if second < 0.0 and abs(first) <= -LEAP * second else 0.0


@helper
def _vertex_of_surface(seen: Floats) -> tuple[float, float]:
    """Step to the maximum of the quadratic through nine places, 0 if none is near."""
    # Stencil index is 3·(i + 1) + (j + 1).
    a, b = 0.5 * (seen[7] - seen[1]), 0.5 * (seen[5] - seen[3])
    aa = seen[7] - 2.0 * seen[4] + seen[1]
    bb = seen[5] - 2.0 * seen[4] + seen[3]
    ab = 0.25 * (seen[8] - seen[6] - seen[2] + seen[0])
    det = aa * bb - ab * ab
    if np.isfinite(det) and aa < 0.0 and det > 0.0:
        u = -(bb * a - ab * b) / det
        v = -(aa * b - ab * a) / det
        if abs(u) <= LEAP and abs(v) <= LEAP:
            return u, v
    return 0.0, 0.0


@kernel
def step(climbers: Records, live: Ints, balls: Records, loss: Floats, points: int) -> int:
    """Move every live climber and say who goes on: they come first in ``live``; returns how many.

    loss: (n,) that at the vertices; points: places of a stencil, after which the vertex has its slot.
    """
    for p in range(live.size):
        climber = climbers[live[p]]
        ball = balls[climber.owner]
        ball.evaluations += points + 1
        _move(climber, ball, _center_height(loss[p], climber.lift[points], ball.loss_scale), points)
    for p in range(live.size):
        if climbers[live[p]].climbs:
            _drop_out(climbers, live, p, balls)
    count = 0
    for p in range(live.size):
        if climbers[live[p]].climbs:
            live[count] = live[p]
            count += 1
    return count


@helper
def _move(climber: Record, ball: Record, top: float, points: int) -> None:
    """Move to the best place seen (``top`` is F at the vertex) and choose the next stencil's size."""
    middle = points // 2
    best, lowest, where = climber.seen[middle], climber.seen[middle], middle
    for s in range(points):
        if climber.seen[s] > best and _square(climber.place[s]) <= 1.0:
            best, where = climber.seen[s], s
        lowest = min(lowest, climber.seen[s])
    if top > best and _square(climber.place[points]) <= 1.0:
        # The next stencil is of the order of the step just made, so a Newton-like iteration stays one.
        step = _apart(climber.place[points], climber.place[middle])
        best, where = top, points
        climber.size = min(GROW * climber.size, max(SHRINK * climber.size, 2.0 * step))
    elif where != middle:
        # Uphill along the stencil: stride out, unless it hangs over the ball's rim.
        climber.size *= HALVE if lowest == -np.inf else STRIDE
    else:
        climber.size *= HALVE
    if where != middle:
        climber.w[0], climber.w[1] = climber.place[where, 0], climber.place[where, 1]
    climber.height = max(climber.height, best)
    ball.top = max(ball.top, climber.height)
    climber.rise = best - lowest
    climber.climbs = climber.size > SMALLEST and not (climber.rise <= ROUNDING * (abs(best) + ball.radius))


@helper
def _drop_out(climbers: Records, live: Ints, p: int, balls: Records) -> None:
    """End the p-th live climber's way if it cannot win any more; of two on one hill, that of the lower."""
    climber = climbers[live[p]]
    ball = balls[climber.owner]
    if climber.height + TO_GAIN * climber.rise < ball.top - ball.tie:
        climber.climbs = False
    q = p + 1
    while climber.climbs and q < live.size and climbers[live[q]].owner == climber.owner:
        other = climbers[live[q]]
        near = SAME_HILL * max(climber.size, other.size)
        if other.climbs and _apart(climber.w, other.w) < near:
            if climber.height >= other.height:
                other.climbs = False
            else:
                climber.climbs = False
        q += 1
