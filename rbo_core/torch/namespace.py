"""The few array-API functions the batched steps use, for torch tensors, with the fast form of each."""

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
