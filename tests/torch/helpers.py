"""Small models and closures the torch tests share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rbo_core.torch import RBO, SAM, EntropySGD, LookSAM

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "newton": lambda p, **k: RBO(p, lr=0.1, radius=0.3, **k),
    "newton_momentum": lambda p, **k: RBO(p, lr=0.05, radius=0.3, momentum=0.9, n_projection_steps=3, **k),
    "gradient": lambda p, **k: RBO(
        p, lr=0.1, radius=0.3, projection="gradient", n_projection_steps=4, projection_step_size=0.1, **k
    ),
    "sam": lambda p, **k: SAM(p, lr=0.1, radius=0.1, momentum=0.9, **k),
    "looksam": lambda p, **k: LookSAM(p, lr=0.1, radius=0.1, interval=2, momentum=0.9, **k),
    "entropy_sgd": lambda p, **k: EntropySGD(p, lr=0.5, langevin_lr=0.1, n_langevin_steps=3, thermal_noise=1e-2, **k),
}


def mlp(seed: int = 0, dtype: torch.dtype = torch.float64) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).to(dtype)


def batch(seed: int = 1, rows: int = 16, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, 4, generator=generator, dtype=dtype), torch.randint(0, 3, (rows,), generator=generator)


def closure_of(
    model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, calls: list[float] | None = None
) -> Callable[[], Tensor]:
    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if calls is not None:
            calls.append(loss.item())
        return loss

    return closure


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, first: int = 0) -> list[float]:
    losses = []
    for step in range(first, first + steps):
        x, y = batch(100 + step)
        losses.append(optimizer.step(closure_of(model, optimizer, x, y)).item())
    return losses


def vector(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def same(a: object, b: object) -> bool:
    """Whether nested dicts and lists hold the same values, tensors to the last bit."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
