"""Memory that recorded steps read and every step's evaluations write."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Arena(NamedTuple):
    """Memory that the evaluations of every step use again, because recorded graphs read it.

    origin: (n,) the parameters at the first evaluation. found: of the first and of every later evaluation the gradient
    and, behind it, the loss, (n + 1,).
    """

    origin: Tensor
    found: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, size: int, dtype: torch.dtype, device: torch.device) -> Arena:
        """An arena for ``size`` parameters."""

        def new(length: int) -> Tensor:
            return torch.empty(length, dtype=dtype, device=device)

        return cls(new(size), (new(size + 1), new(size + 1)))
