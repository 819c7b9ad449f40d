"""The training steps of an ensemble; on a GPU one CUDA graph holds gather, forward, backward and the method's step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rbo_core.settings import replaced
from rbo_core.torch.ensemble import EnsembleObjective
from rbo_core.torch.recorded import WARM, phase


class EnsembleSteps:
    """Takes steps of all B members at once.

    Args:
        objective: the networks' minibatch loss.
        method: the batched method, its settings checked; its learning rate is ``lr`` times the share of a step.
        lr: (B,) learning rates.
        minibatch: ``minibatch(draw)`` gives each member's images (B, m, …) and labels (B, m) of what was drawn.
        position: (B, n) the parameters, overwritten.

    Attributes:
        state: the method's state; ``state.x (B, n)`` are the parameters.
    """

    def __init__(
        self,
        objective: EnsembleObjective,
        method: Any,
        lr: Tensor,
        minibatch: Callable[[Tensor], tuple[Tensor, Tensor]],
        position: Tensor,
    ) -> None:
        self._objective, self._minibatch, self._lr = objective, minibatch, lr
        # A schedule changes this array in place; the method is made and checked once.
        self._rate = lr.clone()
        self._method: Any = replaced(method, learning_rate=self._rate)
        self.state: Any = self._method.init(objective, position)
        if lr.is_cuda and hasattr(self.state, "taken") and not hasattr(method, "interval"):
            # Adam's bias correction goes by the count of steps: in a graph it must be counted where the graph runs.
            self.state = self.state._replace(taken=torch.zeros((), dtype=lr.dtype, device=lr.device))
        self._drawn: Tensor | None = None
        self._graphs: dict[bool, torch.cuda.CUDAGraph] = {}
        self._taken = 0
        self._aside = torch.cuda.Stream(lr.device) if lr.is_cuda else None

    def take(self, drawn: Tensor, share: float) -> None:
        """One step on the minibatches ``drawn`` (integers of any shape) at ``share`` of the learning rates."""
        torch.mul(self._lr, share, out=self._rate)
        if self._aside is None:
            self._step(drawn)
            return
        if self._taken < WARM:
            self._beside(lambda: self._step(drawn))
        else:
            self._replay(drawn)
        self._taken += 1

    def _step(self, drawn: Tensor) -> None:
        self._objective.minibatch(*self._minibatch(drawn))
        if self._objective.scaled_by == "none":
            self.state, _ = self._method.step(self._objective, self.state)
            return
        start = self.state.x
        scale = self._objective.scales(start)
        moved = self.state._replace(x=torch.zeros_like(start))
        moved, _ = self._method.step(Displaced(self._objective, start, scale), moved)
        self.state = moved._replace(x=torch.addcmul(start, scale, moved.x))

    def _replay(self, drawn: Tensor) -> None:
        if self._drawn is None:
            self._drawn = drawn.clone()
            self.state = self.state._make(_own(value) for value in self.state)
        self._drawn.copy_(drawn)
        kind = phase(self._method, self.state)
        if kind not in self._graphs:
            self._graphs[kind] = torch.cuda.CUDAGraph()
            self._beside(lambda: self._record(self._graphs[kind]))
        self._graphs[kind].replay()
        if hasattr(self._method, "interval"):
            self.state = self.state._replace(taken=self.state.taken + 1)

    def _record(self, graph: torch.cuda.CUDAGraph) -> None:
        before = self.state
        graph.capture_begin(capture_error_mode="thread_local")
        try:
            assert self._drawn is not None
            self._step(self._drawn)
            for old, new in zip(before, self.state, strict=True):
                if isinstance(new, Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)
        finally:
            graph.capture_end()
            self.state = before

    def _beside(self, run: Any) -> None:
        """Run on the side stream, where graphs are captured."""
        here = torch.cuda.current_stream()
        assert self._aside is not None
        self._aside.wait_stream(here)
        with torch.cuda.stream(self._aside):
            run()
        here.wait_stream(self._aside)


class Displaced:
    """The objective in coordinates of displacements from ``start (B, n)``, in units of ``scale (B, n)``."""

    start: None = None

    def __init__(self, objective: EnsembleObjective, start: Tensor, scale: Tensor) -> None:
        self.xp = objective.xp
        self.noise, self.left_out = objective.noise, objective.left_out
        self._objective, self._start, self._scale = objective, start, scale

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        f, g = self._objective(torch.addcmul(self._start, self._scale, x))
        return f, g.mul_(self._scale)


def _own(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
