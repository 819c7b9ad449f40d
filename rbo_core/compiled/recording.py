"""Recording a method's step: what it does to a state of Symbols, for each of the steps that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from rbo_core.arrays import plain
from rbo_core.compiled.symbols import (
    COLUMN,
    COPY,
    EVALUATE,
    POINTS,
    ROWS,
    Floats,
    Ints,
    StepCount,
    Symbol,
    SymbolNamespace,
    Tape,
    Unrecordable,
)  # fmt: skip
from rbo_core.method import BatchedMethod, State
from rbo_core.noise import standard_normal
from rbo_core.objective import SurfaceObjective

FIRST = 1
"""Steps taken before the recorded ones: the first gives the state what it remembers, such as a velocity."""


@dataclass(frozen=True, eq=False)
class Recording:
    """The steps of a period, one after the other.

    state: the registers that hold the state before and after each step, x first; values (S, B): what they begin with.
    begin: (P + 1) where in the tape's operations each step begins.
    """

    tape: Tape
    state: tuple[int, ...]
    values: Floats
    begin: tuple[int, ...]

    @property
    def evaluations(self) -> list[int]:
        """(P,) evaluations of the surface in each step."""
        names = [operation for operation, _, _ in self.tape.operations]
        return [names[a:b].count(EVALUATE) for a, b in zip(self.begin, self.begin[1:], strict=False)]


class _RecordedObjective(SurfaceObjective):
    """The objective of a recorded step: its evaluations go to the tape, its noise is read in."""

    xp = plain(SymbolNamespace)

    def __init__(self, tape: Tape, objective: SurfaceObjective, period: int) -> None:
        super().__init__(objective.surface, tape.batch, objective.seed, objective.gradient_noise)
        self._tape, self._drawn_before = tape, objective.draws
        self.phase, self._drawn = 0, [0] * period  # how often each step of the period draws

    def evaluated(self, x: Any) -> tuple[Any, Any]:
        return self._tape.evaluate(x)

    def noise(self, like: Any) -> Any:
        phase, number = self.phase, self._drawn[self.phase] + 1
        self._drawn[phase] = number

        def values(taken: Ints) -> Floats:
            before = (taken - FIRST) // len(self._drawn) * sum(self._drawn) + sum(self._drawn[:phase])
            draws = standard_normal(self.seed, self._drawn_before + before + number, self._tape.dim)
            return np.ascontiguousarray(np.moveaxis(draws, 2, 1))

        return self._tape.given(POINTS, values)


def record(method: BatchedMethod[Any], objective: SurfaceObjective, state: State) -> Recording:
    """Record the steps that follow the first, from the state after it; Unrecordable where that cannot be done."""
    if state.record or state.place is not state.x:
        raise Unrecordable("a state that keeps more than its point")
    batch, dim = state.x.shape
    tape, period = Tape(batch, dim), method.period
    recorded = _RecordedObjective(tape, objective, period)
    fields = tuple(cast("tuple[Any, ...]", state))
    held = [_held(tape, field) for field in fields]
    registers = _registers(held)
    begin = [0]
    for phase in range(period):
        recorded.phase = phase
        taken = StepCount((FIRST + phase) % period, period)
        before = [taken if isinstance(field, StepCount) else field for field in held]
        after = tuple(method.step(recorded, type(state)(*before))[0])
        for old, new in zip(before, after, strict=True):
            if _form(old) != _form(new) or (isinstance(new, StepCount) and new.offset != 1):
                raise Unrecordable("a state whose form changes from step to step")
        # Those that another register of the state still needs are put aside first.
        found = [tape.write(COPY, r) if r in registers and r != s else r
                 for s, r in zip(registers, _registers(after), strict=True)]  # fmt: skip
        tape.operations += [(COPY, (s,), (r,)) for s, r in zip(registers, found, strict=True) if r != s]
        begin.append(len(tape.operations))
    columns = [field.reshape(batch, -1).T for field in fields if isinstance(field, np.ndarray)]
    return Recording(tape, registers, np.concatenate(columns), tuple(begin))


def _held(tape: Tape, field: Any) -> Any:
    """What stands for a field of the state in the recorded step."""
    if field is None:
        return None
    if isinstance(field, int):
        if field not in (0, FIRST):
            raise Unrecordable("a state with another number than that of the steps taken")
        return StepCount(FIRST, 1) if field else 0  # 0: the method does not count
    kinds = {(tape.batch,): ROWS, (tape.batch, 1): COLUMN, (tape.batch, tape.dim): POINTS}
    kind = kinds.get(np.shape(field))
    if kind is None:
        raise Unrecordable(f"a state with a field of shape {np.shape(field)}")
    return tape.symbol(kind)


def _form(field: Any) -> object:
    if isinstance(field, Symbol):
        return field.kind, len(field.registers)
    return field if isinstance(field, int) else type(field)


def _registers(state: Any) -> tuple[int, ...]:
    return tuple(r for field in state if isinstance(field, Symbol) for r in field.registers)
