"""The few array-API functions the batched steps use, for torch tensors, with the fast form of each.

``moved``, ``drawn``, ``pushed`` and ``kept`` are what ``rbo_core.fused`` looks for; all but the last overwrite their
first tensor.
"""

from __future__ import annotations

import torch
from torch import Tensor

sqrt = torch.sqrt
minimum = torch.minimum
ones_like = torch.ones_like
zeros_like = torch.zeros_like


def vecdot(a: Tensor, b: Tensor) -> Tensor:
    """Row-wise scalar products: (B, d), (B, d) -> (B,)."""
    if a.shape[0] == 1:
        return torch.dot(a[0], b[0]).reshape(1)
    return torch.linalg.vecdot(a, b)


def moved(x: Tensor, scale: float | Tensor, direction: Tensor) -> Tensor:
    """x ← x + scale·direction, (B, d), with scale a number or (B, 1)."""
    if isinstance(scale, float | int):
        return x.add_(direction, alpha=scale)
    return x.addcmul_(direction, scale)


def drawn(x: Tensor, share: float | Tensor, goal: Tensor) -> Tensor:
    """x ← x + share·(goal − x), (B, d), with share a number or (B, 1)."""
    return x.lerp_(goal, share)


def pushed(velocity: Tensor, momentum: float | Tensor, push: Tensor) -> Tensor:
    """velocity ← momentum·velocity + push, (B, d), with momentum a number or (B, 1)."""
    if isinstance(momentum, float | int):
        return torch.add(push, velocity, alpha=momentum, out=velocity)
    return velocity.mul_(momentum).add_(push)


def kept(x: Tensor) -> Tensor:
    """A copy that later moves leave alone."""
    return x.clone()
