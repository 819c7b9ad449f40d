"""The rigid ball: gradient descent of its centre on the offset surface h, which has V-shaped valleys.

h(θ) is a maximum of smooth pieces, one a contact, so where two contacts tie it has a kink. An explicit step would
chatter across such a valley for ever. Here a step that crosses a valley ends in it (the implicit Euler step of
non-smooth mechanics), and a ball in a valley moves along the smallest element of the hull of its contacts' slopes:
it rests if that is zero, else it rolls along the valley.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.ball.contact import Contacts, find_contacts
from rbo_core.ball.heights import height_grid
from rbo_core.checks import Number, per_ball
from rbo_core.objective import SurfaceObjective

Floats = NDArray[np.float64]

TIE = 1e-7
"""Contacts whose heights agree to this part of the radius count as one tie."""

LEVEL = 1e-3
"""A slope along the move this small beside those at its ends counts as the valley's floor."""

VALLEY_ITERATIONS = 40


class RigidBall(Protocol):
    """The settings of a ball that a rigid motion reads: each a number or (B,)."""

    @property
    def radius(self) -> Number: ...

    @property
    def learning_rate(self) -> Number: ...

    @property
    def momentum(self) -> Number: ...

    @property
    def loss_scale(self) -> Number: ...

    @property
    def unit_speed(self) -> bool: ...


class RigidState(NamedTuple):
    """State of a batch of rigid balls.

    x: (B, d) the contact; center: (B, d) θ_c under the ball's centre; height: (B,) h(θ_c), scaled loss;
    points: (B, C, d) tied contacts, NaN-padded; slopes: (B, C, d) their pieces' ∇h; velocity: (B, d).
    """

    x: Floats
    center: Floats
    height: Floats
    points: Floats
    slopes: Floats
    velocity: Floats

    @property
    def place(self) -> Floats:
        """(B, d) the centre seen from above: a contact may jump from wall to wall while the ball stands still."""
        return self.center

    @property
    def record(self) -> dict[str, Floats]:
        """The centre (B, d+1) and the contacts (B, C, d), which a step found and nobody should look for again."""
        return {"center": np.concatenate([self.center, self.height[:, None]], axis=1), "contacts": self.points}


def lower_onto(ball: RigidBall, objective: SurfaceObjective, start: Floats) -> RigidState:
    """Lower each ball straight down at ``start (B, d)`` until it touches."""
    found = _contacts(ball, objective, start, np.arange(start.shape[0]), TIE)
    return RigidState(_nearest(found), start, found.height, found.point, found.slope, np.zeros_like(start))


def roll(ball: RigidBall, objective: SurfaceObjective, state: RigidState) -> RigidState:
    """One step θ_c ← θ_c − η v with v = β v + ∇h(θ_c), caught by the valleys it crosses."""
    batch = state.center.shape[0]
    rate = per_ball(ball.learning_rate, batch)
    beta = per_ball(ball.momentum, batch)
    drives = tempered(state.slopes) if ball.unit_speed else state.slopes
    velocity = np.empty_like(state.center)
    smallest_elements(drives, beta[:, None] * state.velocity, velocity)
    active = np.flatnonzero(objective.active)
    if active.size < batch:
        # Stopped balls are carried along untouched.
        state = RigidState(*(field.copy() for field in state))
        rolled = _roll_active(
            ball, objective, _rows(state, active), velocity[active], rate[active], beta[active], active
        )
        for whole, part in zip(state, rolled, strict=True):
            whole[active] = part
        return state
    return _roll_active(ball, objective, state, velocity, rate, beta, active)


def _roll_active(
    ball: RigidBall,
    objective: SurfaceObjective,
    state: RigidState,
    velocity: Floats,
    rate: Floats,
    beta: Floats,
    which: NDArray[np.int64],
) -> RigidState:
    """The step of the balls ``which``, whose state, velocity, η and β are given (all of that many rows)."""
    move = -rate[:, None] * velocity
    center = state.center + move
    found = _contacts(ball, objective, center, which, TIE)
    # Downhill (or level) at the start, uphill at the end: a valley lies between.
    start_rise = np.fmax.reduce(np.einsum("bcd,bd->bc", state.slopes, move), axis=1)
    end_rise = np.einsum("bd,bd->b", found.slope[:, 0], move)
    crossed = np.flatnonzero((start_rise <= 0) & (end_rise > 0))
    if crossed.size:
        carried = beta[crossed, None] * state.velocity[crossed]
        fraction, caught = _valley(
            ball, objective, _rows(state, crossed), found.rows(crossed), move[crossed], velocity[crossed], carried,
            which[crossed],
        )  # fmt: skip
        chosen, at = crossed[caught], fraction[caught][:, None]
        if chosen.size:
            center[chosen] = state.center[chosen] + at * move[chosen]
            velocity[chosen] *= at
            found.put(chosen, _contacts(ball, objective, center[chosen], which[chosen], 100 * TIE))
    return RigidState(_nearest(found), center, found.height, found.point, found.slope, velocity)


def _valley(
    ball: RigidBall,
    objective: SurfaceObjective,
    state: RigidState,
    end: Contacts,
    move: Floats,
    velocity: Floats,
    carried: Floats,
    which: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where along ``move`` the valley lies (fraction of it) and whether the ball is caught there.

    A guess is where the two ends' contacts would tie if they stayed where they are (exact between two sharp crests),
    or where the slope vanishes by regula falsi (a smooth valley), kept inside the bracket. A ball with momentum,
    ``carried`` = β v, passes when stopping it in the valley would take more than the far side's slope can give.
    """
    count = which.size
    radius = per_ball(ball.radius, objective.active.size)[which]
    length = np.sqrt(np.einsum("bd,bd->b", move, move))
    rows = np.arange(count)
    a, b, at = np.zeros(count), np.ones(count), np.zeros(count)
    start_rise = np.einsum("bcd,bd->bc", state.slopes, move)
    steepest = np.argmax(np.where(np.isnan(start_rise), -np.inf, start_rise), axis=1)
    da, pa, ha = start_rise[rows, steepest], state.points[rows, steepest], state.height.copy()
    db, pb, hb = np.einsum("bd,bd->b", end.slope[:, 0], move), end.point[:, 0].copy(), end.height.copy()
    slopes = end.slope.copy()
    level = LEVEL * np.maximum(-da, db)
    # The Illinois rule: an end that stays put counts half, or regula falsi would creep.
    wa, wb, before = da.copy(), db.copy(), np.zeros(count)
    todo = rows
    for iteration in range(VALLEY_ITERATIONS):
        lo, hi = a[todo], b[todo]
        if iteration % 2 == 0:
            guess = _meeting(
                state.center[todo], move[todo], radius[todo], lo, ha[todo], pa[todo], hi, hb[todo], pb[todo]
            )
        else:
            guess = lo + (hi - lo) * wa[todo] / np.minimum(wa[todo] - wb[todo], -1e-300)
        halve = (iteration % 5 == 4) | ~((guess > lo) & (guess < hi))
        at[todo] = np.where(halve, 0.5 * (lo + hi), guess)
        here = _contacts(ball, objective, state.center[todo] + at[todo, None] * move[todo], which[todo], TIE)
        slopes[todo] = here.slope
        rise = np.einsum("bcd,bd->bc", here.slope, move[todo])
        lowest, highest = np.fmin.reduce(rise, axis=1), np.fmax.reduce(rise, axis=1)
        floor = (lowest <= level[todo]) & (highest >= -level[todo])
        left, right = ~floor & (highest < 0), ~floor & (lowest > 0)
        falls, rises = todo[left], todo[right]
        a[falls], ha[falls], da[falls], pa[falls] = at[falls], here.height[left], highest[left], here.point[left, 0]
        b[rises], hb[rises], db[rises], pb[rises] = at[rises], here.height[right], lowest[right], here.point[right, 0]
        wa[falls], wb[rises] = da[falls], db[rises]
        wb[falls] *= np.where(before[falls] < 0, 0.5, 1.0)
        wa[rises] *= np.where(before[rises] > 0, 0.5, 1.0)
        before[falls], before[rises] = -1.0, 1.0
        todo = todo[~floor & ((b[todo] - a[todo]) * length[todo] > 1e-10 * radius[todo])]
        if todo.size == 0:
            break
    # The pull that would stop the ball here, along −move, against what the contacts' hull can give.
    pull = np.einsum("bd,bd->b", carried, -move)
    needed = at * np.einsum("bd,bd->b", velocity, -move) - pull
    drives = tempered(slopes) if ball.unit_speed else slopes
    weakest = np.fmin.reduce(-np.einsum("bcd,bd->bc", drives, move), axis=1)
    return at, (needed >= np.minimum(weakest, 0.0)) | (pull == 0)


@njit(cache=True)
def _meeting(
    center: Floats, move: Floats, radius: Floats, a: Floats, ha: Floats, pa: Floats, b: Floats, hb: Floats, pb: Floats
) -> Floats:
    """Fraction of ``move`` at which a ball touches the contacts of both ends, taken as fixed points.

    The centres of balls that touch a point form a circle in the vertical plane along the move; the answer is the upper
    crossing of two such circles, NaN where they do not cross.
    """
    out = np.full(a.size, np.nan)
    for k in range(a.size):
        length = np.sqrt((move[k] ** 2).sum())
        if length == 0.0:
            continue
        along = np.zeros(2)
        across = np.zeros(2)
        for i in range(move.shape[1]):
            unit = move[k, i] / length
            along[0] += (pa[k, i] - center[k, i]) * unit
            along[1] += (pb[k, i] - center[k, i]) * unit
        for i in range(move.shape[1]):
            unit = move[k, i] / length
            across[0] += (pa[k, i] - center[k, i] - along[0] * unit) ** 2
            across[1] += (pb[k, i] - center[k, i] - along[1] * unit) ** 2
        ra2, rb2 = radius[k] ** 2 - across[0], radius[k] ** 2 - across[1]
        za = ha[k] - np.sqrt(max(0.0, ra2 - (a[k] * length - along[0]) ** 2))
        zb = hb[k] - np.sqrt(max(0.0, rb2 - (b[k] * length - along[1]) ** 2))
        du, dz = along[1] - along[0], zb - za
        gap2 = du * du + dz * dz
        if gap2 <= 0.0:
            continue
        part = (ra2 - rb2 + gap2) / (2.0 * gap2)
        rest = ra2 - part * part * gap2
        if rest < 0.0:
            continue
        # Of the two crossings the one with the greater height.
        side = -dz if du > 0.0 else dz
        out[k] = (along[0] + part * du + side * np.sqrt(rest / gap2)) / length
    return out


def _contacts(
    ball: RigidBall, objective: SurfaceObjective, center: Floats, which: NDArray[np.int64], tie: float
) -> Contacts:
    """Contacts of the balls ``which`` over ``center``, one row each."""
    batch = objective.active.size
    radius = per_ball(ball.radius, batch)
    scale = per_ball(ball.loss_scale, batch)[which]
    grid = height_grid(objective.surface, float(radius.max()))
    radius = radius[which]
    found = find_contacts(grid, objective.value, center, radius, scale, tie * radius)
    objective.evaluations[which] += found.evaluations
    return found


def _nearest(found: Contacts) -> Floats:
    """(B, d) the contact that stands for the ball: of tied ones the nearest to its centre's foot."""
    steepness = np.sum(found.slope**2, axis=2)
    chosen = np.argmin(np.where(np.isnan(steepness), np.inf, steepness), axis=1)
    return found.point[np.arange(chosen.size), chosen]


def _rows(state: RigidState, which: NDArray[np.int64]) -> RigidState:
    return RigidState(*(field[which] for field in state))


def tempered(slopes: Floats) -> Floats:
    """s/√(1 + |s|²): a slope's share of the unit-speed step, below one however steep it is."""
    return slopes / np.sqrt(1.0 + np.sum(slopes * slopes, axis=-1, keepdims=True))


@njit(cache=True)
def smallest_elements(vectors: Floats, shift: Floats, out: Floats) -> None:
    """Smallest-norm element of ``shift + hull(vectors)`` for each ball, written into ``out (B, d)``, d ≤ 2.

    vectors: (B, C, d), NaN-padded. The smallest element is a vertex, lies on an edge, or is zero inside a triangle.
    """
    batch, slots, dim = vectors.shape
    for b in range(batch):
        count = 0
        while count < slots and not np.isnan(vectors[b, count, 0]):
            count += 1
        best = np.inf
        for p in range(count):
            for q in range(p, count):
                # Smallest point of the segment from vertex p to vertex q.
                along, across = 0.0, 0.0
                for i in range(dim):
                    edge = vectors[b, q, i] - vectors[b, p, i]
                    across += edge * edge
                    along -= edge * (vectors[b, p, i] + shift[b, i])
                t = min(1.0, max(0.0, along / across)) if across > 0.0 else 0.0
                norm = 0.0
                for i in range(dim):
                    norm += ((1.0 - t) * vectors[b, p, i] + t * vectors[b, q, i] + shift[b, i]) ** 2
                if norm < best:
                    best = norm
                    for i in range(dim):
                        out[b, i] = (1.0 - t) * vectors[b, p, i] + t * vectors[b, q, i] + shift[b, i]
        if dim == 2:
            for p in range(count):
                for q in range(p + 1, count):
                    for r in range(q + 1, count):
                        if _holds_zero(vectors[b, p], vectors[b, q], vectors[b, r], shift[b]):
                            out[b, 0] = 0.0
                            out[b, 1] = 0.0
        if count == 0:
            for i in range(dim):
                out[b, i] = 0.0


@njit(cache=True)
def _holds_zero(p: Floats, q: Floats, r: Floats, shift: Floats) -> bool:
    """Whether the triangle p, q, r, moved by ``shift``, holds the origin."""
    x, y = shift[0], shift[1]
    a = (p[0] + x) * (q[1] + y) - (p[1] + y) * (q[0] + x)
    b = (q[0] + x) * (r[1] + y) - (q[1] + y) * (r[0] + x)
    c = (r[0] + x) * (p[1] + y) - (r[1] + y) * (p[0] + x)
    return (a >= 0 and b >= 0 and c >= 0) or (a <= 0 and b <= 0 and c <= 0)
