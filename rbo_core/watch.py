"""Which balls of a run still move, and how the others ended."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.checks import per_ball
from rbo_core.kernel_cache import njit
from rbo_core.method import BatchedMethod, Floats
from rbo_core.status import Status

Ints = NDArray[np.int64]

PATIENCE = 5
"""A ball has converged after this many successive steps below the tolerance."""

_CONVERGED, _LEFT, _BROKEN = int(Status.CONVERGED), int(Status.LEFT_DOMAIN), int(Status.NON_FINITE)


_BALL = np.dtype(
    [
        ("status", np.int64),
        ("stopped_at", np.int64),  # step after which nothing changes
        ("active", np.bool_),  # whether it still rolls
        ("rest", float),  # a move as short as this counts as none
        ("inertia", float),
        ("still", np.int64),  # successive steps that counted as none
        ("took", np.int64),  # of the steps judged last
        ("tried", np.int64),
    ],
    align=True,
)


class Watching(NamedTuple):
    """What a compiled loop needs to judge a step.

    balls: (B,) a record each; window: (2, d); last_move: (B, d) of each ball; settled_from: as `Watch` is given it.
    """

    balls: Any
    window: Floats
    last_move: Floats
    settled_from: int


class Watch:
    """Which of B balls still move, and how the others ended.

    status: (B,) Status; stopped_at: (B,) step after which nothing changes; active: (B,) who still rolls.
    """

    def __init__(
        self, method: BatchedMethod[Any], bounds: Floats, batch: int, steps: int, tolerance: float, settled: int
    ) -> None:
        """settled: the step from which on the radius stays; before it nobody has come to rest."""
        balls = np.zeros(batch, dtype=_BALL)
        balls["status"], balls["stopped_at"], balls["active"] = Status.RUNNING, steps, True
        balls["rest"] = tolerance * per_ball(method.rest_scale(float((bounds[:, 1] - bounds[:, 0]).max())), batch)
        balls["inertia"] = method.inertia
        self.status, self.stopped_at, self.active = balls["status"], balls["stopped_at"], balls["active"]
        last_move = np.zeros((batch, len(bounds)))
        self.watching = Watching(balls, np.array(bounds.T, order="C"), last_move, settled)

    def see(self, first: int, before: Floats, places: Floats, contacts: Floats) -> tuple[Ints, Ints]:
        """Judge the steps ``first``, ``first + 1``, … of all balls.

        before: (B, d) their place at first; places: (n, B, d) after each step; contacts: (n, B, d), which must be
        finite as well.

        Returns:
            (B,) how many of the n steps each ball took, and how many it tried: one more where the last broke it or led
            out of the domain. None for balls that had stopped before.
        """
        here, there, touched = (np.ascontiguousarray(one) for one in (before, places, contacts))
        _judge(first, here, there, touched, self.watching)
        balls = self.watching.balls
        return balls["took"].copy(), balls["tried"].copy()


@njit(cache=True, nogil=True)
def _judge(first: int, before: Floats, places: Floats, contacts: Floats, watching: Watching) -> None:
    """The steps ``first``, ``first + 1``, … of all balls, as `Watch.see`."""
    for b in range(watching.balls.size):
        ball = watching.balls[b]
        ball.took = ball.tried = 0
        for k in range(places.shape[0] if ball.active else 0):
            here = places[k - 1, b] if k > 0 else before[b]
            ball.tried += 1
            if judge(ball, first + k, watching, here, places[k, b], contacts[k, b], watching.last_move[b]):
                ball.took += 1
            if not ball.active:
                break


@njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]  # not in numba's stubs
def judge(
    ball: Any, step: int, watching: Watching, before: Floats, place: Floats, contact: Floats, last_move: Floats
) -> bool:
    """Whether a ball takes the step that leads it from ``before`` to ``place``, (d,) each; it may have stopped with it.

    A ball that breaks or leaves keeps its last good place; one that has come to rest stays where it is.

    At its turning point a ball with momentum stands nearly still for some steps: what the ground pushes it in a step,
    m − β m₋ for two successive moves, tells it from a ball at rest. The speed to which that push could drive the ball,
    (m − β m₋)/(1 − β), must be small too. Without momentum both conditions are the same one.
    """
    finite, inside, moved, pushed = True, True, 0.0, 0.0
    for i in range(place.size):
        finite = finite and np.isfinite(place[i]) and np.isfinite(contact[i])
        inside = inside and watching.window[0, i] <= place[i] <= watching.window[1, i]
        move = place[i] - before[i]
        push = move - ball.inertia * last_move[i]
        moved += move * move
        pushed += push * push
        last_move[i] = move
    if not (finite and inside):
        ball.status, ball.stopped_at, ball.active = _LEFT if finite else _BROKEN, step - 1, False
        return False
    still = np.sqrt(moved) <= ball.rest and np.sqrt(pushed) <= (1.0 - ball.inertia) * ball.rest
    ball.still = ball.still + 1 if still and step >= watching.settled_from else 0
    if ball.still >= PATIENCE:
        ball.status, ball.stopped_at, ball.active = _CONVERGED, step, False
    return True
