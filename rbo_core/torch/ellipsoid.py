"""An ellipsoid by the norms of layers or filters: the ball in coordinates that follow the sizes of the weights.

With s > 0 a scale of each parameter and z = θ/s, a method steps on f̃(z) = f(s z), whose gradient is s ∇f:

    sᵢ = √(mean of θ² over the block of i / mean of θ² over all blocks)     blocks: layers, or filters

The ball |Δz|² + (λ Δf)² ≤ ρ² is in θ the ellipsoid  Σ (Δθᵢ/sᵢ)² + (λ Δf)² ≤ ρ²,  longer where weights are larger; a
step of gradient descent moves θ by −η s² ∇f, as layer-wise rates do (LARS, You et al. 2017), and SAM perturbs by
r s² ∇f/|s ∇f|, as adaptive SAM does (Kwon et al. 2021). s is that of the start of a step, for all of it, and a momentum
is kept in z. Where all blocks are alike s is 1, and a network whose weights are all multiplied by one number keeps it.

A filter is a row of a weight matrix, or a kernel of a convolution: what makes one output. Vectors (biases, and what
normalisations learn) keep s = 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from rbo_core.torch.flat import FlatParameters

SCALED_BY = ("none", "layers", "filters")
FLOOR = 0.1
"""The smallest scale, and one over the largest: what starts at zero must be able to move."""


class Weights(NamedTuple):
    """Where a weight lies in the flat parameters, ``[start:stop]``, and how many filters it is."""

    start: int
    stop: int
    filters: int


def weights_of(shapes: Iterable[torch.Size]) -> list[Weights]:
    """The weights among parameters of these shapes that lie one behind the other."""
    found, start = [], 0
    for shape in shapes:
        stop = start + shape.numel()
        if len(shape) > 1:
            found.append(Weights(start, stop, shape[0]))
        start = stop
    return found


def weights_in(flat: FlatParameters) -> list[Weights]:
    """The weights of a flat buffer; one whose filters do not lie together in memory counts as one filter."""
    return [
        Weights(s.start, s.stop, s.parameter.shape[0] if s.order is None or s.order[0] == 0 else 1)
        for s in flat.segments
        if s.parameter.dim() > 1
    ]


def scales(x: Tensor, weights: Iterable[Weights], by: str) -> Tensor:
    """s (B, n) of parameters ``x (B, n)``, by "layers" or "filters"."""
    out, known = torch.ones_like(x), list(weights)
    if not known:
        return out
    squares = [x[:, w.start : w.stop].unflatten(1, (w.filters, -1)).square().mean(dim=2) for w in known]
    count = sum(w.stop - w.start for w in known)
    whole = sum(square.mean(dim=1) * (w.stop - w.start) for w, square in zip(known, squares, strict=True)) / count
    whole = torch.as_tensor(whole)[:, None].clamp(min=torch.finfo(x.dtype).tiny)
    for w, square in zip(known, squares, strict=True):
        size = square if by == "filters" else square.mean(dim=1, keepdim=True)
        share = (size / whole).sqrt_().clamp_(FLOOR, 1 / FLOOR)
        out[:, w.start : w.stop].unflatten(1, (w.filters, -1)).copy_(share[:, :, None])
    return out
