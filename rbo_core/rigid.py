"""The rigid ball: gradient descent of its centre on the offset surface h, which has V-shaped valleys.

h(θ) is a maximum of smooth pieces, one a contact, so where two contacts tie it has a kink. An explicit step would
chatter across such a valley for ever. Here a step that crosses a valley ends in it (the implicit Euler step of
non-smooth mechanics), and a ball in a valley moves along the smallest element of the hull of its contacts' slopes:
it rests if that is zero, else it rolls along the valley.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.contact import MAX_CONTACTS, Contacts, find_contacts
from rbo_core.heights import height_grid
from rbo_core.objective import SurfaceObjective

if TYPE_CHECKING:
    from rbo_core.rolling import RBO

Floats = NDArray[np.float64]

TIE = 1e-7
"""Contacts whose heights agree to this part of the radius count as one tie."""

LEVEL = 1e-9
"""A slope this small counts as level."""

VALLEY_ITERATIONS = 40


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


def lower_onto(ball: RBO, objective: SurfaceObjective, start: Floats) -> RigidState:
    """Lower each ball straight down at ``start (B, d)`` until it touches."""
    found = _contacts(ball, objective, start, np.ones(start.shape[0], dtype=bool), TIE)
    return RigidState(_nearest(found), start, found.height, found.point, found.slope, np.zeros_like(start))


def roll(ball: RBO, objective: SurfaceObjective, state: RigidState) -> RigidState:
    """One step θ_c ← θ_c − η v with v = β v + ∇h(θ_c), caught by the valleys it crosses."""
    batch = state.center.shape[0]
    rate = np.broadcast_to(np.asarray(ball.learning_rate, dtype=float), (batch,))
    beta = np.broadcast_to(np.asarray(ball.momentum, dtype=float), (batch,))
    drives = tempered(state.slopes) if ball.unit_speed else state.slopes
    velocity = np.empty_like(state.center)
    smallest_elements(drives, beta[:, None] * state.velocity, velocity)
    move = -rate[:, None] * velocity
    active = objective.active
    trial = np.where(active[:, None], state.center + move, state.center)
    found = _contacts(ball, objective, trial, active, TIE)

    # Downhill (or level) at the start, uphill at the end: a valley lies between.
    start_rise = np.nanmax(np.einsum("bcd,bd->bc", state.slopes, move), axis=1)
    end_rise = np.einsum("bd,bd->b", found.slope[:, 0], move)
    crossed = np.flatnonzero(active & (start_rise <= 0) & (end_rise > 0))
    center = trial
    if crossed.size:
        fraction, caught = _valley(ball, objective, state, found, move, velocity, beta, crossed)
        chosen = crossed[caught]
        if chosen.size:
            at = fraction[caught][:, None]
            center = trial.copy()
            center[chosen] = state.center[chosen] + at * move[chosen]
            velocity[chosen] = at * velocity[chosen]
            _replace(found, _contacts(ball, objective, center, _only(chosen, batch), 100 * TIE), chosen)
    return RigidState(_nearest(found), center, found.height, found.point, found.slope, velocity)


def _nearest(found: Contacts) -> Floats:
    """(B, d) the contact that stands for the ball: of tied ones the nearest to its centre's foot."""
    steepness = np.sum(found.slope**2, axis=2)
    chosen = np.argmin(np.where(np.isnan(steepness), np.inf, steepness), axis=1)
    return found.point[np.arange(chosen.size), chosen]


def _valley(
    ball: RBO,
    objective: SurfaceObjective,
    state: RigidState,
    end: Contacts,
    move: Floats,
    velocity: Floats,
    beta: Floats,
    crossed: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where along ``move`` the valley lies (fraction of it) and whether the ball is caught there.

    Between the two ends h lies above the tangents of its pieces only near the kink, so the tangents' crossing is the
    next guess (a cutting-plane step), kept inside the bracket. A ball with momentum passes when stopping it in the
    valley would take more than the far side's slope can give.
    """
    batch = state.center.shape[0]
    radius = np.broadcast_to(np.asarray(ball.radius, dtype=float), (batch,))[crossed]
    step = move[crossed]
    length = np.sqrt(np.einsum("bd,bd->b", step, step))
    a, b = np.zeros(crossed.size), np.ones(crossed.size)
    ha, hb = state.height[crossed], end.height[crossed]
    da = np.nanmax(np.einsum("bcd,bd->bc", state.slopes[crossed], step), axis=1)
    db = np.einsum("bd,bd->b", end.slope[crossed, 0], step)
    slopes = end.slope[crossed]
    done = np.zeros(crossed.size, dtype=bool)
    at = np.zeros(crossed.size)
    for iteration in range(VALLEY_ITERATIONS):
        guess = a + (hb - ha - db * (b - a)) / np.minimum(da - db, -1e-300)
        # Every third guess halves the bracket, so a smooth valley floor is found in bounded time too.
        halve = (iteration % 3 == 2) | ~((guess > a) & (guess < b))
        at = np.where(done, at, np.where(halve, 0.5 * (a + b), guess))
        centers = state.center.copy()
        centers[crossed] += at[:, None] * step
        here = _contacts(ball, objective, centers, _only(crossed[~done], batch), TIE)
        rise = np.einsum("bcd,bd->bc", here.slope[crossed], step)
        lowest, highest = np.fmin.reduce(rise, axis=1), np.fmax.reduce(rise, axis=1)
        slopes = np.where(done[:, None, None], slopes, here.slope[crossed])
        floor = (lowest <= LEVEL * length) & (highest >= -LEVEL * length)
        falls, rises = ~done & ~floor & (highest < 0), ~done & ~floor & (lowest > 0)
        a, ha, da = np.where(falls, at, a), np.where(falls, here.height[crossed], ha), np.where(falls, highest, da)
        b, hb, db = np.where(rises, at, b), np.where(rises, here.height[crossed], hb), np.where(rises, lowest, db)
        done |= floor | ((b - a) * length <= 1e-10 * radius)
        if done.all():
            break
    # The pull that would stop the ball here, along −step, against what the contacts' hull can give.
    carried = -np.einsum("bd,bd->b", beta[crossed, None] * state.velocity[crossed], step)
    needed = at * np.einsum("bd,bd->b", velocity[crossed], -step) - carried
    drives = tempered(slopes) if ball.unit_speed else slopes
    weakest = np.fmin.reduce(-np.einsum("bcd,bd->bc", drives, step), axis=1)
    return at, (needed >= np.minimum(weakest, 0.0)) | (carried == 0)


def _contacts(ball: RBO, objective: SurfaceObjective, center: Floats, which: NDArray[np.bool_], tie: float) -> Contacts:
    """Contacts of the balls in ``which``; the others' entries are NaN."""
    batch, dim = center.shape
    radius = np.broadcast_to(np.asarray(ball.radius, dtype=float), (batch,))
    scale = np.broadcast_to(np.asarray(ball.loss_scale, dtype=float), (batch,))
    grid = height_grid(objective.surface, float(radius.max()))
    chosen = np.flatnonzero(which)
    found = find_contacts(grid, objective.value, center[chosen], radius[chosen], scale[chosen], tie * radius[chosen])
    objective.evaluations[chosen] += found.evaluations
    if chosen.size == batch:
        return found
    height = np.full(batch, np.nan)
    point = np.full((batch, MAX_CONTACTS, dim), np.nan)
    slope = np.full((batch, MAX_CONTACTS, dim), np.nan)
    height[chosen], point[chosen], slope[chosen] = found.height, found.point, found.slope
    return Contacts(height, point, slope, found.evaluations)


def _replace(into: Contacts, found: Contacts, chosen: NDArray[np.int64]) -> None:
    into.height[chosen] = found.height[chosen]
    into.point[chosen] = found.point[chosen]
    into.slope[chosen] = found.slope[chosen]


def _only(chosen: NDArray[np.int64], batch: int) -> NDArray[np.bool_]:
    mask = np.zeros(batch, dtype=bool)
    mask[chosen] = True
    return mask


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
                        if _holds_zero(vectors[b, p] + shift[b], vectors[b, q] + shift[b], vectors[b, r] + shift[b]):
                            out[b, 0] = 0.0
                            out[b, 1] = 0.0
        if count == 0:
            for i in range(dim):
                out[b, i] = 0.0


@njit(cache=True)
def _holds_zero(p: Floats, q: Floats, r: Floats) -> bool:
    a = p[0] * q[1] - p[1] * q[0]
    b = q[0] * r[1] - q[1] * r[0]
    c = r[0] * p[1] - r[1] * p[0]
    return (a >= 0 and b >= 0 and c >= 0) or (a <= 0 and b <= 0 and c <= 0)
