"""Does the loss a closure returns belong to the gradient it leaves? The ball needs both on one scale.

Unlike SAM's, the ball's second move depends on f(z₁) − f(θ). A closure that accumulates gradients over parts and
returns the last part's loss, or scales the backward pass alone, changes the path without any other sign of it.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor

CHECKED = 8
"""Steps in which it is looked at."""
SURE = 0.5
"""Slopes at both ends of a move that differ by less than this part of their mean leave no doubt: the loss between them
is nearly a straight line, and f(z₁) − f(θ) their mean up to a few hundredths."""
OFF = 0.5
"""A difference off by more than this part of what the slopes say is called wrong."""
DOUBTS = 3
"""So many steps in which the slopes differ more, and the difference lies far outside of both, count as one sure one."""

LITTLE, LITTLE_OVER = 0.02, 1e-3
"""A rise below this part of the sum of both slopes is doubtful, too; the second where the move went over a valley."""


class SlopeCheck:
    """Compares f(z₁) − f(θ) with the mean of the slopes at both ends of a step's first move; warns once.

    A GPU is never waited for: its numbers travel while later steps run and are read when they have come.
    """

    def __init__(self) -> None:
        self._left = CHECKED
        self._doubts = 0
        self._gradient: Tensor | None = None
        self._loss: Any = None
        self._travelling: list[tuple[Tensor, Any]] = []

    @property
    def open(self) -> bool:
        """Whether steps are still looked at."""
        return self._left > 0 or bool(self._travelling)

    def first(self, loss: Any, gradient: Tensor) -> None:
        """Keep the loss and the gradient (n,) at θ, the latter in half precision: two bytes a parameter."""
        self._read()
        if self._left > 0:
            self._left -= 1
            self._loss, self._gradient = loss, gradient.to(torch.bfloat16)

    def second(self, loss: Any, gradient: Tensor, moved: Tensor, start: Tensor) -> None:
        """Compare at z₁ = ``moved (n,)``, where the gradient is ``gradient (n,)``, with θ = ``start (n,)``."""
        if self._gradient is None:
            return
        move = moved - start
        slopes = torch.stack([torch.dot(self._gradient.to(move.dtype), move), torch.dot(gradient, move)])
        self._gradient = None
        if isinstance(loss, float):
            self._judge(self._loss, loss, *slopes.tolist())
            return
        numbers = torch.cat([self._loss, loss, slopes])
        if not numbers.is_cuda:
            self._judge(*numbers.tolist())
            return
        numbers = torch.empty(4, dtype=numbers.dtype, pin_memory=True).copy_(numbers, non_blocking=True)
        event = torch.cuda.Event()
        event.record()
        self._travelling.append((numbers, event))

    def forget(self) -> None:
        """Drop what :meth:`first` kept: the step had no second evaluation, or broke off."""
        self._gradient = None

    def _read(self) -> None:
        while self._travelling and self._travelling[0][1].query():
            numbers, _ = self._travelling.pop(0)
            self._judge(*numbers.tolist())

    def _judge(self, before: float, after: float, first: float, second: float) -> None:
        rise, expected = after - before, 0.5 * (first + second)
        if not all(map(math.isfinite, (rise, first, second))) or self._left < 0:
            return
        # Activations in bfloat16 have three digits.
        rounding = 2e-3 * max(abs(before), abs(after))
        off = abs(rise - expected) - rounding
        spread = abs(first - second)
        if spread <= SURE * abs(expected) and off > OFF * abs(expected):
            self._warn(rise, expected)
            return
        # Over a valley, as at the edge of stability or when a run diverges, the slopes say little of the rise.
        over = first < 0 < second
        far = not over and off > spread + OFF * abs(expected)
        if far or abs(rise) + rounding < (LITTLE_OVER if over else LITTLE) * (abs(first) + abs(second)):
            self._doubts += 1
            if self._doubts >= DOUBTS:
                self._warn(rise, expected)

    def _warn(self, rise: float, expected: float) -> None:
        self._left = -1
        self._travelling.clear()
        warnings.warn(
            f"the loss that the closure returns does not belong to its gradient: along the step's first move the loss "
            f"changed by {rise:.3g}, where the gradients at both ends say {expected:.3g}. The ball uses both. Keep one "
            "minibatch for all calls of a step; return the sum of all parts' losses, each divided as in its backward "
            "pass (gradient accumulation); wrap the closure in rbo_core.torch.scaled_closure when the backward pass is "
            "scaled. Gradients clipped in the closure differ too: unit_speed=True bounds the step instead",
            stacklevel=6,
        )
