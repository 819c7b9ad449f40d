"""Which balls of a run still move, and how the others ended."""

from __future__ import annotations

from typing import Any

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


class Watch:
    """Which of B balls still move, and how the others ended.

    status: (B,) Status; stopped_at: (B,) step after which nothing changes; active: (B,) who still rolls.
    """

    def __init__(
        self, method: BatchedMethod[Any], bounds: Floats, batch: int, steps: int, tolerance: float, settled: int
    ) -> None:
        """settled: the step from which on the radius stays; before it nobody has come to rest."""
        self._settled_from = settled
        self._balls = balls = np.zeros(batch, dtype=_BALL)
        balls["status"], balls["stopped_at"], balls["active"] = Status.RUNNING, steps, True
        balls["rest"] = tolerance * per_ball(method.rest_scale(float((bounds[:, 1] - bounds[:, 0]).max())), batch)
        balls["inertia"] = method.inertia
        self.status, self.stopped_at, self.active = balls["status"], balls["stopped_at"], balls["active"]
        self._window = np.array(bounds.T, order="C")
        self._last_move = np.zeros((batch, len(bounds)))

    def see(self, first: int, before: Floats, places: Floats, contacts: Floats) -> tuple[Ints, Ints]:
        """Judge the steps ``first``, ``first + 1``, … of all balls.

        before: (B, d) their place at first; places: (n, B, d) after each step; contacts: (n, B, d), which must be
        finite as well.

        Returns:
            (B,) how many of the n steps each ball took, and how many it tried: one more where the last broke it or led
            out of the domain. None for balls that had stopped before.
        """
        here, there, touched = (np.ascontiguousarray(one) for one in (before, places, contacts))
        _judge(first, self._settled_from, here, there, touched, self._window, self._last_move, self._balls)
        return self._balls["took"].copy(), self._balls["tried"].copy()


@njit(cache=True, nogil=True)
def _judge(
    first: int, settled_from: int, before: Floats, places: Floats, contacts: Floats, window: Floats, last_move: Floats,
    balls: Any,
) -> None:  # fmt: skip
    """A ball that breaks or leaves keeps its last good place; one that has come to rest stays where it is.

    At its turning point a ball with momentum stands nearly still for some steps: what the ground pushes it in a step,
    m − β m₋ for two successive moves, tells it from a ball at rest. The speed to which that push could drive the ball,
    (m − β m₋)/(1 − β), must be small too. Without momentum both conditions are the same one.
    """
    for b in range(balls.size):
        ball = balls[b]
        ball.took = ball.tried = 0
        for k in range(places.shape[0] if ball.active else 0):
            finite, inside, moved, pushed = True, True, 0.0, 0.0
            for i in range(places.shape[2]):
                here = places[k, b, i]
                finite = finite and np.isfinite(here) and np.isfinite(contacts[k, b, i])
                inside = inside and window[0, i] <= here <= window[1, i]
                move = here - (places[k - 1, b, i] if k > 0 else before[b, i])
                push = move - ball.inertia * last_move[b, i]
                moved += move * move
                pushed += push * push
                last_move[b, i] = move
            ball.tried += 1
            if not (finite and inside):
                ball.status, ball.stopped_at, ball.active = _LEFT if finite else _BROKEN, first + k - 1, False
                break
            ball.took += 1
            still = np.sqrt(moved) <= ball.rest and np.sqrt(pushed) <= (1.0 - ball.inertia) * ball.rest
            ball.still = ball.still + 1 if still and first + k >= settled_from else 0
            if ball.still >= PATIENCE:
                ball.status, ball.stopped_at, ball.active = _CONVERGED, first + k, False
                break
