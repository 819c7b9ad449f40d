"""A recorded step as numbers for the machine, and its run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.compiled.machine import run
from rbo_core.compiled.recording import FIRST, Recording, record
from rbo_core.compiled.surface import SurfaceKernel, kernel_of
from rbo_core.compiled.symbols import EVALUATE, Floats, Unrecordable
from rbo_core.method import BatchedMethod, State
from rbo_core.objective import SurfaceObjective

LANES = 256
"""Balls that run together: their registers fit the processor's first caches, and the machine's own time, some 5 ns an
operation, is spread over many."""


class Program:
    """The steps of a method on a surface, from the state after the first step on.

    evaluations: (P,) gradients that each of P successive steps spends; the others repeat them.
    """

    def __init__(self, surface: SurfaceKernel, recording: Recording) -> None:
        self._surface = surface.address, surface.p, surface.t
        self._tape = tape = recording.tape
        self.evaluations = np.array(recording.evaluations)
        self._taken = FIRST
        code, begin = _needed(recording)
        slots, size = _slots(recording, code)
        places = [[slots[r] for r in (*read, *written)] for operation, written, read in code if operation == EVALUATE]
        rows, evaluated = [], 0
        for operation, written, read in code:
            if operation == EVALUATE:
                rows.append((operation, evaluated, 0, 0))
                evaluated += 1
            else:
                rows.append((operation, slots[written[0]], slots[read[0]], slots[read[-1]]))
        self._code = np.array(rows, dtype=np.int64), np.array(begin, dtype=np.int64), np.array(places, dtype=np.int64)
        self._registers = np.zeros((size, tape.batch))
        for register, value in tape.constants.items():
            self._registers[slots[register]] = value
        self._registers[: len(recording.state)] = recording.values

    def spent(self, steps: int) -> NDArray[np.int64]:
        """(steps + 1,) gradients that a ball will have spent after 0, 1, … of the next steps."""
        each = self.evaluations[(self._taken - FIRST + np.arange(steps)) % self.evaluations.size]
        return np.concatenate([[0], np.cumsum(each)])

    def march(self, steps: int) -> Floats:
        """(steps, B, d) the points after each of the next steps of all balls, whatever becomes of them."""
        batch, dim = self._tape.batch, self._tape.dim
        taken = np.arange(self._taken, self._taken + steps)
        given = [values(taken) for _, values in self._tape.read_in]
        table = np.concatenate(given, axis=1) if given else np.zeros((steps, 0, batch))
        paths = []
        phase = (self._taken - FIRST) % self.evaluations.size
        for first in range(0, batch, LANES):
            some = slice(first, min(first + LANES, batch))
            lanes = some.stop - first
            registers, read = (np.ascontiguousarray(one[..., some]) for one in (self._registers, table))
            room = np.empty(lanes), np.empty((lanes, dim)), np.empty((lanes, dim))
            paths.append(np.empty((steps, lanes, dim)))
            run(*self._surface, *self._code, phase, registers, read, *room, paths[-1])
            self._registers[:, some] = registers
        self._taken += steps
        return paths[0] if len(paths) == 1 else np.concatenate(paths, axis=1)


def program_of(method: BatchedMethod[Any], objective: SurfaceObjective, state: State) -> Program | None:
    """The rest of a run whose first step led to ``state``; None where it cannot run as a whole."""
    surface = kernel_of(objective.surface)
    if surface is None:
        return None
    try:
        return Program(surface, record(method, objective, state))
    except Unrecordable:
        return None


Code = list[tuple[int, tuple[int, ...], tuple[int, ...]]]


def _needed(recording: Recording) -> tuple[Code, list[int]]:
    """The operations whose results are used, and where each step begins among them; what is evaluated is paid for."""
    used, kept = set(recording.state), []
    for number, (operation, written, read) in reversed(list(enumerate(recording.tape.operations))):
        if operation == EVALUATE or used.intersection(written):
            used.update(read)
            kept.append(number)
    kept.reverse()
    begin = np.searchsorted(kept, recording.begin).tolist()
    return [recording.tape.operations[number] for number in kept], begin


def _slots(recording: Recording, code: Code) -> tuple[dict[int, int], int]:
    """Where in memory each register lies, and how many places there are: a result's is free after its last use.

    First the state, then constants, then results, last what is read in.
    """
    tape = recording.tape
    slots = {register: slot for slot, register in enumerate((*recording.state, *tape.constants))}
    given = [register for registers, _ in tape.read_in for register in registers]
    last = {register: number for number, (_, written, read) in enumerate(code) for register in (*written, *read)}
    size, free, fixed = len(slots), [], {*slots, *given}
    for number, (_, written, read) in enumerate(code):
        free += [slots[register] for register in set(read) - fixed if last[register] == number]
        new = sorted(set(written) - fixed)
        for register in new:
            if not free:
                free.append(size)
                size += 1
            slots[register] = free.pop()
        free += [slots[register] for register in new if last[register] == number]
    slots |= {register: size + number for number, register in enumerate(given)}
    return slots, size + len(given)
