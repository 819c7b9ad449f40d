"""The optimizers whose price is measured, and one step of each: what the benchmarks on a CPU and on a GPU share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from rbo_core.torch import RBO, SAM, EntropySGD

METHODS: dict[str, tuple[Callable[[nn.Module], torch.optim.Optimizer], int]] = {
    "sgd": (lambda m: torch.optim.SGD(m.parameters(), lr=1e-3), 1),
    "sgd momentum": (lambda m: torch.optim.SGD(m.parameters(), lr=1e-3, momentum=0.9), 1),
    "adam": (lambda m: torch.optim.Adam(m.parameters(), lr=1e-4), 1),
    "sam": (lambda m: SAM(m, lr=1e-3), 2),
    "rbo newton K=2": (lambda m: RBO(m, lr=1e-3), 2),
    "rbo newton K=2 momentum": (lambda m: RBO(m, lr=1e-3, momentum=0.9), 2),
    "rbo newton K=3": (lambda m: RBO(m, lr=1e-3, n_projection_steps=3), 3),
    "rbo gradient K=20": (lambda m: RBO(m, lr=1e-3, projection="gradient", n_projection_steps=20), 20),
    "entropy-sgd L=5": (lambda m: EntropySGD(m, lr=0.1, langevin_lr=1e-3), 5),
}
"""Name -> (optimizer of a model, gradients a step)."""


def stepper(
    model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, *, before: bool = False
) -> Callable[[], object]:
    """One step on one minibatch. before: the optimizer wants the first gradient before its step, not from it."""

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    if before:
        return lambda: (closure(), optimizer.step(closure))
    return lambda: optimizer.step(closure)
