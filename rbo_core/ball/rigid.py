"""The rigid ball: gradient descent of its centre on the offset surface h, which has V-shaped valleys.

h(θ) is a maximum of smooth pieces, one a contact, so where two contacts tie it has a kink. An explicit step would
chatter across such a valley for ever. Here a step that crosses a valley ends in it (the implicit Euler step of
non-smooth mechanics), and a ball in a valley moves along the smallest element of the hull of its contacts' slopes:
it rests if that is zero, else it rolls along the valley.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.contact import Contacts, find_contacts
from rbo_core.ball.heights import HeightGrid, height_grid
from rbo_core.ball.hull import smallest_elements, tempered
from rbo_core.ball.valley import End, Move, crossings, find_valley
from rbo_core.checks import Number
from rbo_core.objective import SurfaceObjective

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIE = 1e-7
"""Contacts whose heights agree to this part of the radius count as one tie."""

TIE_IN_VALLEY = 100 * TIE
"""The same for a ball that a valley has caught: its place is known to a part of the move only."""


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

    def rows(self, which: Ints) -> RigidState:
        """The state of some of the balls."""
        return RigidState(*(field[which] for field in self))


class Rolling(NamedTuple):
    """A batch of balls on their ground: the settings of each, (B,), and where to search for its contacts."""

    objective: SurfaceObjective
    grid: HeightGrid
    radius: Floats
    loss_scale: Floats
    learning_rate: Floats
    momentum: Floats
    unit_speed: bool

    @staticmethod
    def of(ball: RigidBall, objective: SurfaceObjective) -> Rolling:
        """The settings as arrays."""
        batch = objective.active.size
        radius = np.full(batch, ball.radius, dtype=float)
        return Rolling(
            objective,
            height_grid(objective.surface, float(radius.max())),
            radius,
            loss_scale=np.full(batch, ball.loss_scale, dtype=float),
            learning_rate=np.full(batch, ball.learning_rate, dtype=float),
            momentum=np.full(batch, ball.momentum, dtype=float),
            unit_speed=ball.unit_speed,
        )

    def contacts(self, center: Floats, which: Ints, tie: float = TIE) -> Contacts:
        """Contacts of the balls ``which`` over ``center``, one row each."""
        radius = self.radius[which]
        found = find_contacts(self.grid, self.objective.value, center, radius, self.loss_scale[which], tie * radius)
        self.objective.evaluations[which] += found.evaluations
        nothing = found.height == -np.inf
        found.point[nothing], found.slope[nothing] = np.nan, np.nan
        return found

    def drives(self, slopes: Floats) -> Floats:
        """What each contact's piece adds to the velocity."""
        return tempered(slopes) if self.unit_speed else slopes


def lower_onto(ball: RigidBall, objective: SurfaceObjective, start: Floats) -> RigidState:
    """Lower each ball straight down at ``start (B, d)`` until it touches."""
    found = Rolling.of(ball, objective).contacts(start, np.arange(start.shape[0]))
    touch = _nearest(found)
    # Over nothing (a gap, a hole) a ball has no contact; its place is then where it was let down.
    touch = np.where(np.isfinite(touch), touch, start)
    return RigidState(touch, start, found.height, found.point, found.slope, np.zeros_like(start))


def resize(ball: RigidBall, objective: SurfaceObjective, state: RigidState) -> RigidState:
    """Let each ball, whose radius has changed, swell or shrink over its place until it touches again."""
    rolling = Rolling.of(ball, objective)
    active = np.flatnonzero(objective.active)
    found = rolling.contacts(state.center[active], active, TIE_IN_VALLEY)
    resized = RigidState(*(field.copy() for field in state))
    resized.x[active], resized.height[active] = _nearest(found), found.height
    resized.points[active], resized.slopes[active] = found.point, found.slope
    return resized


def roll(ball: RigidBall, objective: SurfaceObjective, state: RigidState) -> RigidState:
    """One step θ_c ← θ_c − η v with v = β v + ∇h(θ_c), caught by the valleys it crosses."""
    rolling = Rolling.of(ball, objective)
    active = np.flatnonzero(objective.active)
    if active.size == state.height.size:
        return step(rolling, state, active)
    # Stopped balls are carried along untouched.
    state = RigidState(*(field.copy() for field in state))
    for whole, part in zip(state, step(rolling, state.rows(active), active), strict=True):
        whole[active] = part
    return state


def step(rolling: Rolling, state: RigidState, which: Ints) -> RigidState:
    """The step of the balls ``which``, whose state has that many rows."""
    carried = rolling.momentum[which, None] * state.velocity
    velocity = np.empty_like(state.center)
    smallest_elements(rolling.drives(state.slopes), carried, velocity)
    move = -rolling.learning_rate[which, None] * velocity
    center = state.center + move
    found = rolling.contacts(center, which)
    crossed = np.flatnonzero(crossings(state.slopes, found.slope, move))
    if crossed.size:
        at, slopes = _valley(rolling, state.rows(crossed), found.rows(crossed), move[crossed], which[crossed])
        caught = _is_caught(rolling.drives(slopes), at, move[crossed], velocity[crossed], carried[crossed])
        chosen, at = crossed[caught], at[caught, None]
        if chosen.size:
            center[chosen] = state.center[chosen] + at * move[chosen]
            velocity[chosen] *= at
            found.put(chosen, rolling.contacts(center[chosen], which[chosen], TIE_IN_VALLEY))
    return RigidState(_nearest(found), center, found.height, found.point, found.slope, velocity)


def _valley(rolling: Rolling, state: RigidState, end: Contacts, move: Floats, which: Ints) -> tuple[Floats, Floats]:
    """`find_valley` on the moves of the balls ``which``, from their state to where ``end`` was found."""
    moves = Move(state.center, move, rolling.radius[which])
    rise = moves.rise(state.slopes)
    rows = np.arange(which.size)
    steepest = np.argmax(np.where(np.isnan(rise), -np.inf, rise), axis=1)
    low = End.of(0.0, state.height, rise[rows, steepest], state.points[rows, steepest])
    high = End.of(1.0, end.height, np.einsum("bd,bd->b", end.slope[:, 0], move), end.point[:, 0])
    return find_valley(moves, low, high, lambda center, some: rolling.contacts(center, which[some]))


def _is_caught(drives: Floats, at: Floats, move: Floats, velocity: Floats, carried: Floats) -> NDArray[np.bool_]:
    """(N,) whether a valley at the fraction ``at`` of its move catches a ball; ``drives`` are those of the valley.

    A ball with momentum, ``carried`` = β v, passes when stopping it in the valley would take more than the far side's
    slope can give.
    """
    # The pull that would stop the ball here, along −move, against what the contacts' hull can give.
    pull = np.einsum("bd,bd->b", carried, -move)
    needed = at * np.einsum("bd,bd->b", velocity, -move) - pull
    weakest = np.fmin.reduce(-np.einsum("bcd,bd->bc", drives, move), axis=1)
    caught: NDArray[np.bool_] = (needed >= np.minimum(weakest, 0.0)) | (pull == 0)
    return caught


def _nearest(found: Contacts) -> Floats:
    """(B, d) the contact that stands for the ball: of tied ones the nearest to its centre's foot."""
    steepness = np.sum(found.slope**2, axis=2)
    chosen = np.argmin(np.where(np.isnan(steepness), np.inf, steepness), axis=1)
    return found.point[np.arange(chosen.size), chosen]
