"""The array namespace of one network on a CPU: a vector (1, n) is a tensor, what else is (B,) is a Python float.

A step takes some thirty operations on single numbers; as tensors of one element each would cost as much as a pass over
ten thousand parameters. On a GPU a float would make the host wait for every one of them: there ``namespace`` serves.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rbo_core.torch.namespace import copied, drawn, drawn_from, moved, moved_from, pushed, zeros_like

__all__ = [
    "copied", "drawn", "drawn_from", "isfinite", "minimum", "moved", "moved_from", "moved_where",
    "ones_like", "pushed", "quotient", "sqrt", "vecdot", "where", "zeros_like",
]  # fmt: skip

sqrt = math.sqrt
minimum = min
isfinite = math.isfinite


def quotient(a: float, b: float) -> float:
    """a/b as arrays have it: no exception where b is zero."""
    return a / b if b != 0.0 else math.nan


def where(condition: bool, a: Tensor, b: Tensor) -> Tensor:
    """a or b."""
    return a if condition else b


def moved_where(good: bool, x: Tensor, scale: float, direction: Tensor) -> Tensor:
    """x ← x + scale·direction, (1, n), if good."""
    return moved(x, scale, direction) if good else x


def ones_like(x: float) -> float:
    """1."""
    return 1.0


def vecdot(a: Tensor, b: Tensor) -> float:
    """The scalar product of two vectors (1, n)."""
    return torch.dot(a[0], b[0]).item()
