"""The few array-API functions the batched steps use, for torch tensors, with the fast form of each.

It is a ``rbo_core.arrays.Namespace``: ``moved``, ``drawn`` and ``moved_where`` overwrite x, the ``_from`` forms write
into a tensor they are given.
"""

from __future__ import annotations

import torch
from torch import Tensor

sqrt = torch.sqrt
minimum = torch.minimum
isfinite = torch.isfinite
ones_like = torch.ones_like
where = torch.where
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


def moved_from(start: Tensor, scale: float | Tensor, direction: Tensor, into: Tensor) -> Tensor:
    """into ← start + scale·direction, (B, d), with scale a number or (B, 1)."""
    if isinstance(scale, float | int):
        return torch.add(start, direction, alpha=scale, out=into)
    return torch.addcmul(start, direction, scale, out=into)


def drawn_from(start: Tensor, share: float | Tensor, goal: Tensor, into: Tensor) -> Tensor:
    """into ← start + share·(goal − start), (B, d), with share a number or (B, 1)."""
    return torch.lerp(start, goal, share, out=into)


def moved_where(good: Tensor, x: Tensor, scale: float | Tensor, direction: Tensor) -> Tensor:
    """x ← x + scale·direction, (B, d), in the rows that are good (B,); direction loses the others."""
    lost = ~good[:, None]
    direction.masked_fill_(lost, 0.0)
    return moved(x, scale if isinstance(scale, float | int) else scale.masked_fill(lost, 0.0), direction)


def pushed(velocity: Tensor, momentum: float | Tensor, push: Tensor) -> Tensor:
    """momentum·velocity + push, (B, d), a new tensor, with momentum a number or (B, 1)."""
    if isinstance(momentum, float | int):
        return torch.add(push, velocity, alpha=momentum)
    return torch.addcmul(push, velocity, momentum)


def quotient(a: Tensor, b: Tensor) -> Tensor:
    """a/b (B,)."""
    return a / b


def copied(x: Tensor) -> Tensor:
    """A copy that later moves leave alone."""
    return x.clone()
