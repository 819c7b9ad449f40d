"""The array namespace of one network on a CPU: a vector (1, n) is a tensor, what else is (B,) is a Python float.

A step takes some thirty operations on single numbers; as tensors of one element each would cost as much as a pass over
ten thousand parameters. On a GPU a float would make the host wait for every one of them: there ``namespace`` serves.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rbo_core.torch.namespace import drawn, kept, moved, pushed, zeros_like

__all__ = ["drawn", "kept", "minimum", "moved", "ones_like", "pushed", "sqrt", "vecdot", "zeros_like"]

sqrt = math.sqrt
minimum = min


def ones_like(x: float) -> float:
    """1."""
    return 1.0


def vecdot(a: Tensor, b: Tensor) -> float:
    """The scalar product of two vectors (1, n)."""
    return torch.dot(a[0], b[0]).item()
