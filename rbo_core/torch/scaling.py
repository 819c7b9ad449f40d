"""Closures whose backward pass is scaled by ``torch.amp.GradScaler``, as float16 needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class ScaledClosure:
    """What :func:`scaled_closure` makes; an optimizer of this package unscales the gradients it takes from it."""

    def __init__(self, scaler: Any, closure: Callable[[], Any]) -> None:
        self.scaler, self.closure = scaler, closure
        self._inverse: Tensor | None = None

    def __call__(self) -> Any:
        return self.closure()

    def inverse_scale(self, device: torch.device) -> Tensor:
        """1/scale, () on ``device``; the scale does not change within a step."""
        if self._inverse is None:
            self._inverse = 1.0 / self.scaler.scale(torch.ones((), device=device))
        return self._inverse

    def report(self, finite: Any, device: torch.device) -> None:
        """Tell the scaler whether the step's gradients were finite, so that its ``update()`` adapts the scale."""
        # The scaler looks for infinities in the gradients of an optimizer: it gets one of a single number.
        witness = nn.Parameter(torch.zeros(1, device=device))
        witness.grad = torch.zeros(1, device=device)
        witness.grad.masked_fill_(~torch.as_tensor(finite, device=device).reshape(1), torch.inf)
        if self.scaler.is_enabled():
            self.scaler.unscale_(torch.optim.SGD([witness], lr=0.0))

    def settle(self, objective: Any, old: Any, new: Any) -> Any:
        """The method's memory after the step, ``new``; where a gradient was not finite the step is undone, which a GPU
        decides without being waited for.

        Args:
            objective: the step's ``ClosureObjective``; old: the memory before, None where there was none.
        """
        data, origin, finite = objective.flat.data, objective.origin, objective.finite
        self.report(finite, data.device)
        if isinstance(finite, bool):
            if not finite:
                data.copy_(origin)
            return new if finite else old
        data.copy_(torch.where(finite, data, origin))
        before = old if old is not None else new._make([None] * len(new))
        kept = [
            torch.where(finite, after, torch.zeros_like(after) if was is None else was)
            if isinstance(after, Tensor)
            else after
            for was, after in zip(before, new, strict=True)
        ]
        return new._make(kept)


def scaled_closure(scaler: Any, closure: Callable[[], Any]) -> ScaledClosure:
    """A closure whose backward pass runs on a scaled loss, for :meth:`step` of RBO, SAM and EntropySGD.

    The gradients are divided by the scale before they are used. When an evaluation of the step is not finite the step
    is skipped, and ``scaler.update()`` lowers the scale as ever.

    Args:
        scaler: a ``torch.amp.GradScaler``.
        closure: clears the gradients, computes the loss, calls ``scaler.scale(loss).backward()`` and returns the
            loss, not scaled.

    >>> def closure():
    ...     optimizer.zero_grad()
    ...     with torch.autocast("cuda", dtype=torch.float16):
    ...         loss = criterion(model(x), y)
    ...     scaler.scale(loss).backward()
    ...     return loss
    >>> loss = optimizer.step(scaled_closure(scaler, closure))
    >>> scaler.update()
    """
    return ScaledClosure(scaler, closure)
