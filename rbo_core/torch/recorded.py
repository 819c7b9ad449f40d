"""A step's own arithmetic on a GPU as CUDA graphs: one launch between two evaluations instead of some thirty.

The batched step is recorded while it runs once: whenever it asks its objective for an evaluation the recording stops,
what was recorded runs, the closure is evaluated as ever, and a new graph begins. Later steps replay the graphs. What a
schedule changes, the learning rate and the radius, are numbers in the GPU's memory.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rbo_core.settings import replaced
from rbo_core.torch import namespace
from rbo_core.torch.arena import Arena
from rbo_core.torch.closure import ClosureObjective

SCHEDULED = ("learning_rate", "radius", "perturbation_radius")
"""Settings that may change from step to step."""
LARGEST = 1 << 24
"""Parameters up to which a step is recorded. Beyond, its kernels take longer than their launches, and a recording keeps
the arrays of both gradients."""
WARM = 3
"""Steps before one is recorded, so that libraries have made their plans and the method its memory."""
KINDS = 4
"""Recordings kept: a setting that is no schedule's and changes at every step must not fill the memory."""


class Recorder:
    """The recordings of one optimizer.

    Args:
        device: the GPU.
        count: (1,) steps cut short, counted on the GPU.
    """

    def __init__(self, device: torch.device, count: Tensor) -> None:
        self._device, self._count = device, count
        self._steps = 0
        self._recordings: dict[tuple[Any, ...], _Recording] = {}
        self._arena: Arena | None = None

    def arena(self, size: int, dtype: torch.dtype) -> Arena | None:
        """Where the next step's evaluations belong, None while steps are not recorded; counts the step."""
        self._steps += 1
        if self._steps <= WARM or size > LARGEST:
            return None
        if self._arena is None:
            self._arena = Arena.of(size, dtype, self._device)
        return self._arena

    def take(self, method: Any, objective: ClosureObjective, memory: Any) -> Any:
        """One step of ``method`` from the parameters' place.

        Returns:
            its memory, a state without x; None where parameters without a gradient make it a step of its own. The
            objective then holds the first evaluation.
        """
        first = objective.evaluate()
        if objective.missing.segments:
            objective.hold(first)
            return None
        key = _key(method, objective, memory)
        found = self._recordings.get(key)
        if found is not None:
            return found.replay(method, objective, memory)
        if len(self._recordings) >= KINDS:
            self._recordings.clear()
        assert self._arena is not None
        made = _Recording(method, self._count, self._arena.origin)
        new = made.record(method, objective, first, memory)
        self._recordings[key] = made
        return new


class _Recording:
    """One kind of step: its graphs, and the numbers they read."""

    def __init__(self, method: Any, count: Tensor, origin: Tensor) -> None:
        self._count, self._origin = count, origin
        names = (name for name in SCHEDULED if hasattr(method, name))
        self._numbers = {name: torch.zeros(1, dtype=origin.dtype, device=origin.device) for name in names}
        self._values: dict[str, Any] = {}
        self._graphs: list[torch.cuda.CUDAGraph] = []
        self._taken = 0

    def record(self, method: Any, objective: ClosureObjective, first: tuple[Any, Tensor], memory: Any) -> Any:
        """Take the step, whose first evaluation is made, and record it."""
        self._set_numbers(method)
        tape = _Tape(objective, first, self._origin, self._graphs)
        try:
            state = memory._replace(x=objective.flat.data[None])
            new, _ = replaced(method, **self._numbers).step(tape, state)
            objective.place(new.x)
            for before, after in zip(memory[1:], new[1:], strict=True):
                if isinstance(after, Tensor) and before is not after:
                    before.copy_(after)
            if tape.lost is not None:
                self._count.add_(tape.lost)
        finally:
            tape.stop()
        objective.finish()
        self._graphs[-1].replay()
        objective.done = True
        self._taken = getattr(new, "taken", 0) - getattr(memory, "taken", 0)
        return self._advanced(memory)

    def replay(self, method: Any, objective: ClosureObjective, memory: Any) -> Any:
        """Take the step, whose first evaluation is made."""
        self._set_numbers(method)
        for k, graph in enumerate(self._graphs[:-1]):
            graph.replay()
            if k == 0:
                objective.keep_origin(self._origin)
            objective.evaluate()
        objective.finish()
        self._graphs[-1].replay()
        objective.done = True
        return self._advanced(memory)

    def _advanced(self, memory: Any) -> Any:
        return memory._replace(taken=memory.taken + self._taken) if self._taken else memory

    def _set_numbers(self, method: Any) -> None:
        for name, place in self._numbers.items():
            value = getattr(method, name)
            if isinstance(value, Tensor):
                place.copy_(value)
            elif self._values.get(name) != value:
                place.fill_(value)
                self._values[name] = value


class _Tape:
    """The objective as a step sees it while it is recorded."""

    xp = namespace

    def __init__(
        self,
        objective: ClosureObjective,
        first: tuple[Any, Tensor],
        origin: Tensor,
        graphs: list[torch.cuda.CUDAGraph],
    ) -> None:
        self._objective, self._first, self.start, self._graphs = objective, first, origin, graphs
        self._pool = torch.cuda.graph_pool_handle()
        # The closure runs on the stream it always runs on; only what is recorded is issued beside it.
        self._here, self._aside = torch.cuda.current_stream(), torch.cuda.Stream()
        self._graph: torch.cuda.CUDAGraph | None = None
        self.lost: Tensor | None = None

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        f, g = self._first
        if self._graph is not None:
            self._objective.place(x)
            self.stop()
            self._graphs[-1].replay()
            self._objective.keep_origin(self.start)
            f, g = self._objective.evaluate()
        self._aside.wait_stream(self._here)
        torch.cuda.set_stream(self._aside)
        self._graph = torch.cuda.CUDAGraph()
        self._graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
        if not self._graphs:
            self.start.copy_(self._objective.flat.data)
        return self._objective.completed(f, g)

    def left_out(self, finite: Tensor) -> None:
        self.lost = ~finite if self.lost is None else self.lost | ~finite

    def noise(self, like: Tensor) -> Tensor:
        return self._objective.noise(like)

    def stop(self) -> None:
        """End the recording of a graph, if one is being made."""
        if self._graph is not None:
            graph, self._graph = self._graph, None
            try:
                graph.capture_end()
                self._graphs.append(graph)
            finally:
                torch.cuda.set_stream(self._here)


def phase(method: Any, memory: Any) -> bool:
    """Whether this is a step with all its gradients: with ``interval`` most are not."""
    interval = getattr(method, "interval", 1)
    return bool(interval == 1 or memory.taken % interval == 0)


def _key(method: Any, objective: ClosureObjective, memory: Any) -> tuple[Any, ...]:
    """What must be the same for a recording to hold."""
    fixed = tuple(value for name, value in vars(method).items() if name not in SCHEDULED)
    kept = tuple(value.data_ptr() for value in memory[1:] if isinstance(value, Tensor))
    return (id(objective.flat), *objective.kind, phase(method, memory), *fixed, *kept)
