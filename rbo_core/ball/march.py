"""Many steps of rigid balls in one compiled loop, each ball at its own pace.

A step that crosses no valley is all arithmetic, a contact search and the watch's verdict; the loop takes such steps one
after another. A ball whose step crosses one waits there, and when all wait or are done `rigid.step` takes the step of
those that wait, in Python and together::

    ball 0   ──────────────────────────►  done
    ball 1   ─────────► waits ┐
    ball 2   ────► waits ─────┤ rigid.step ──► on they roll
    ball 3   ──► stopped      ┘

Each step's arithmetic is that of `rigid.step`, operation by operation, so the run has its bits. Balls share nothing, so
many are cut among threads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball import rigid
from rbo_core.ball.hull import smallest_elements
from rbo_core.ball.kernels import helper, kernel
from rbo_core.ball.lattice import small
from rbo_core.ball.records import BALL, Records, balls_of
from rbo_core.ball.search import Ground, search
from rbo_core.ball.valley import crosses
from rbo_core.compiled.surface import kernel_of
from rbo_core.objective import SurfaceObjective
from rbo_core.record import Record
from rbo_core.threads import in_parts
from rbo_core.watch import Watch, judge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BALLS_A_THREAD = 32
"""Balls below which a thread's share is not cut: together they fill the lanes of a surface's kernel."""


class Settings(NamedTuple):
    """What the balls are. balls: (B,) BALL, of which place, top and evaluations are written anew in each step."""

    balls: Records
    learning_rate: Floats
    momentum: Floats
    unit_speed: bool


class Kept(NamedTuple):
    """Rows of a run's record, one a step (`record.py`), and evaluations (B,) spent up to now."""

    position: Floats
    center: Floats
    contacts: Floats
    evaluation_count: Ints
    evaluations: Ints


class Marching:
    """A run of rigid balls under way, from ``state`` after the step ``taken``."""

    def __init__(self, rolling: rigid.Rolling, state: rigid.RigidState, ground: Ground) -> None:
        tie = rigid.TIE * rolling.radius
        balls = balls_of(rolling.grid, state.center, rolling.radius, rolling.loss_scale, tie)
        self._settings = Settings(balls, rolling.learning_rate, rolling.momentum, rolling.unit_speed)
        self._rolling, self._ground = rolling, ground
        self._state, self._new = (rigid.RigidState(*(np.array(field) for field in state)) for _ in range(2))
        self._waits = np.zeros(rolling.radius.size, dtype=np.bool_)

    def on(self, taken: int, last: int, watch: Watch, record: Record) -> None:
        """Take the steps after ``taken`` up to ``last``; what they lead to goes into the watch and the record."""
        kept = Kept(
            record.kept["position"], record.kept["center"], record.kept["contacts"],
            record.evaluation_count, self._rolling.objective.evaluations,
        )  # fmt: skip
        clock = np.full(self._waits.size, taken)

        def part(number: int, parts: int) -> None:
            mine = np.arange(number, clock.size, parts)
            while True:
                march(
                    self._ground, self._settings, self._state, self._new, mine, self._waits, clock, last,
                    watch.watching, kept,
                )  # fmt: skip
                some = mine[self._waits[mine]]
                if some.size == 0:
                    return
                for whole, rows in zip(self._new, rigid.step(self._rolling, self._state.rows(some), some), strict=True):
                    whole[some] = rows

        with np.errstate(all="ignore"):
            in_parts(part, clock.size // BALLS_A_THREAD)


def marching(ball: rigid.RigidBall, objective: SurfaceObjective, state: rigid.RigidState) -> Marching | None:
    """The rest of a run; None where the surface has no kernel, or a ball is searched on its own lattice too."""
    surface = kernel_of(objective.surface)
    rolling = rigid.Rolling.of(ball, objective)
    if surface is None or small(rolling.radius, rolling.grid.spacing).any():
        return None
    return Marching(rolling, state, Ground.of(surface, rolling.grid))


@kernel
def march(
    ground: Ground, settings: Settings, state: rigid.RigidState, new: rigid.RigidState, mine: Ints, waits: Any,
    clock: Ints, last: int, watching: Any, kept: Kept,
) -> None:  # fmt: skip
    """Roll the balls ``mine`` until each has taken step ``last``, has stopped, or waits.

    state, new: (B, ...) after and within the step that ``clock (B,)`` counts. waits (B,): whose ``new`` is complete at
    the start; at the end, whose step crosses a valley.
    """
    count = 0
    live = np.empty(mine.size, np.int64)
    for b in mine:
        if waits[b]:
            waits[b] = False
            _settle(b, state, new, clock, watching, kept)
        if clock[b] < last and watching.balls[b].active:
            live[count] = b
            count += 1
        _rest(b, state, clock, last, watching, kept)
    contacts, dim = state.points.shape[1], state.points.shape[2]
    balls, drives, carried = np.empty(count, BALL), np.empty((count, contacts, dim)), np.empty((count, dim))
    velocity, points, slopes = np.empty((count, dim)), np.empty(drives.shape), np.empty(drives.shape)
    while count > 0:
        _depart(settings, state, live[:count], drives, carried)
        smallest_elements(drives[:count], carried[:count], velocity[:count])
        for k in range(count):
            b = live[k]
            balls[k] = settings.balls[b]
            for i in range(dim):
                new.velocity[b, i] = velocity[k, i]
                new.center[b, i] = state.center[b, i] + -settings.learning_rate[b] * velocity[k, i]
                balls[k].center[i] = new.center[b, i]
        search(ground, balls[:count], points[:count], slopes[:count])
        rolls = 0
        for k in range(count):
            b = live[k]
            _touch(b, balls[k], points[k], slopes[k], new)
            for i in range(dim):
                carried[k, i] = -settings.learning_rate[b] * velocity[k, i]
            if crosses(state.slopes[b], new.slopes[b], carried[k]):
                waits[b] = True
                continue
            kept.evaluations[b] += balls[k].evaluations
            _settle(b, state, new, clock, watching, kept)
            if watching.balls[b].active and clock[b] < last:
                live[rolls] = b
                rolls += 1
            _rest(b, state, clock, last, watching, kept)
        count = rolls


@helper
def _depart(settings: Settings, state: rigid.RigidState, live: Ints, drives: Floats, carried: Floats) -> None:
    """What drives each ball: its contacts' slopes, and what momentum carries on of its velocity."""
    for k in range(live.size):
        b = live[k]
        for i in range(carried.shape[1]):
            carried[k, i] = settings.momentum[b] * state.velocity[b, i]
        for c in range(drives.shape[1]):
            square = 0.0
            for i in range(drives.shape[2]):
                square += state.slopes[b, c, i] * state.slopes[b, c, i]
            length = np.sqrt(1.0 + square) if settings.unit_speed else 1.0
            for i in range(drives.shape[2]):
                drives[k, c, i] = state.slopes[b, c, i] / length


@helper
def _touch(b: int, ball: Any, points: Floats, slopes: Floats, new: rigid.RigidState) -> None:
    """Write ball b's contacts: the one that stands for it is the nearest to its centre's foot."""
    nothing = ball.top == -np.inf
    nearest, least = 0, np.inf
    new.height[b] = ball.top
    for c in range(points.shape[0]):
        steepness = 0.0
        for i in range(points.shape[1]):
            new.points[b, c, i] = np.nan if nothing else points[c, i]
            new.slopes[b, c, i] = np.nan if nothing else slopes[c, i]
            steepness += new.slopes[b, c, i] * new.slopes[b, c, i]
        if steepness < least:
            nearest, least = c, steepness
    for i in range(points.shape[1]):
        new.x[b, i] = new.points[b, nearest, i]


@helper
def _settle(b: int, state: rigid.RigidState, new: rigid.RigidState, clock: Ints, watching: Any, kept: Kept) -> None:
    """End ball b's step: the watch judges it, a step that broke or left is undone, and the record gets its row."""
    clock[b] += 1
    ball = watching.balls[b]
    took = judge(ball, clock[b], watching, state.center[b], new.center[b], new.x[b], watching.last_move[b])
    if took:
        state.height[b] = new.height[b]
        for i in range(state.x.shape[1]):
            state.x[b, i], state.center[b, i], state.velocity[b, i] = new.x[b, i], new.center[b, i], new.velocity[b, i]
            for c in range(state.points.shape[1]):
                state.points[b, c, i], state.slopes[b, c, i] = new.points[b, c, i], new.slopes[b, c, i]
    _write(clock[b], b, state, kept)


@helper
def _write(t: int, b: int, state: rigid.RigidState, kept: Kept) -> None:
    """The record's row of ball b after step t."""
    dim = state.x.shape[1]
    kept.evaluation_count[t, b] = kept.evaluations[b]
    kept.center[t, b, dim] = state.height[b]
    for i in range(dim):
        kept.position[t, b, i], kept.center[t, b, i] = state.x[b, i], state.center[b, i]
        for c in range(state.points.shape[1]):
            kept.contacts[t, b, c, i] = state.points[b, c, i]


@helper
def _rest(b: int, state: rigid.RigidState, clock: Ints, last: int, watching: Any, kept: Kept) -> None:
    """A ball that has stopped keeps its last row."""
    if not watching.balls[b].active:
        for t in range(clock[b] + 1, last + 1):
            _write(t, b, state, kept)
        clock[b] = last
