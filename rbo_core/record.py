"""What a run keeps of its steps, and what that takes in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.ties import MAX_CONTACTS
from rbo_core.method import State
from rbo_core.objective import SurfaceObjective

MAX_RECORD = 4 << 30
"""Most bytes a run may keep of its steps."""


class Record:
    """Rows of numbers, one a step: where each ball was, what its state wants kept, and what had been spent.

    Attributes:
        kept: name to (T+1, B, ...): "position", and the names of the state's own record.
        gradient_count, evaluation_count: (T+1, B) spent up to each step.
    """

    def __init__(self, steps: int, state: State, objective: SurfaceObjective) -> None:
        batch = len(state.x)
        self.kept: dict[str, NDArray[np.float64]] = {
            name: np.empty((steps + 1, *array.shape)) for name, array in _rows(state).items()
        }
        self.gradient_count = np.zeros((steps + 1, batch), dtype=np.int64)
        self.evaluation_count = np.zeros((steps + 1, batch), dtype=np.int64)
        self.write(0, state, objective)

    def write(self, t: int, state: State, objective: SurfaceObjective) -> None:
        """Keep what is true after step ``t``."""
        for name, array in _rows(state).items():
            self.kept[name][t] = array
        self.gradient_count[t], self.evaluation_count[t] = objective.gradients, objective.evaluations

    def fill(self, first: int, path: NDArray[np.float64], took: NDArray[np.int64], spent: NDArray[np.int64]) -> None:
        """Keep ``path (n, B, d)``, the places after step ``first`` + 1 and later, of each ball its first ``took (B,)``.

        spent: (n, B) gradients since step ``first``.
        """
        position, rows = self.kept["position"], slice(first + 1, first + 1 + len(path))
        position[rows] = path
        for ball in np.flatnonzero(took < len(path)):
            position[first + 1 + took[ball] : rows.stop, ball] = position[first + took[ball], ball]
        self.gradient_count[rows] = self.gradient_count[first] + spent
        self.evaluation_count[rows] = self.evaluation_count[first]

    def hold(self, t: int) -> None:
        """Nothing changes after step ``t``: all later rows are that one."""
        for array in (*self.kept.values(), self.gradient_count, self.evaluation_count):
            array[t + 1 :] = array[t]

    def cut(self, last: int) -> None:
        """Forget what comes after step ``last``."""
        self.kept = {name: array[: last + 1] for name, array in self.kept.items()}
        self.gradient_count = self.gradient_count[: last + 1]
        self.evaluation_count = self.evaluation_count[: last + 1]


def _rows(state: State) -> dict[str, NDArray[np.float64]]:
    return {"position": state.x, **state.record}


def bytes_a_step(dim: int) -> int:
    """Bytes that one ball's record takes a step: place, centre, tied contacts, loss and two counts."""
    return 8 * (dim + (dim + 1) + MAX_CONTACTS * dim + 3)


def check_memory(steps: int, batch: int, dim: int) -> None:
    """Raise ``ValueError`` for a run whose record would be too large."""
    wanted = batch * bytes_a_step(dim)
    most = MAX_RECORD // wanted
    if steps > most:
        raise ValueError(
            f"steps must be at most {most:,} for {batch} ball{'s' * (batch > 1)} in one run, got {steps:,}: "
            f"their record would take {steps * wanted / 2**30:.0f} GB; roll fewer steps or fewer balls at once"
        )
