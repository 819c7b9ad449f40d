"""The array namespace of many networks on a CPU: that of a GPU, but a number may be looked at to spare a pass.

On a GPU to look is to wait, and a recorded step cannot branch: there ``namespace`` serves.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rbo_core.torch import namespace
from rbo_core.torch.namespace import (
    copied,
    drawn,
    drawn_from,
    isfinite,
    minimum,
    moved,
    moved_from,
    ones_like,
    pushed,
    quotient,
    sqrt,
    zeros_like,
)

__all__ = [
    "copied", "drawn", "drawn_from", "isfinite", "minimum", "moved", "moved_from", "moved_where",
    "ones_like", "pushed", "quotient", "sqrt", "vecdot", "where", "zeros_like",
]  # fmt: skip


def vecdot(a: Tensor, b: Tensor) -> Tensor:
    """Row-wise scalar products: (B, d), (B, d) -> (B,)."""
    if a is b:  # the product would first make an array of all a_i b_i
        return torch.linalg.vector_norm(a, dim=1).square_()
    return namespace.vecdot(a, b)


def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a (B, d) in the rows where condition (B, 1), b elsewhere; where all are, a itself."""
    return a if bool(condition.all()) else torch.where(condition, a, b)


def moved_where(good: Tensor, x: Tensor, scale: float | Tensor, direction: Tensor) -> Tensor:
    """x ← x + scale·direction, (B, d), in the rows that are good (B,); direction loses the others."""
    return moved(x, scale, direction) if bool(good.all()) else namespace.moved_where(good, x, scale, direction)
