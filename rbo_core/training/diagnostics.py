"""Numbers on a network's loss round its parameters: penetration of the ball, sharpness, gradient norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Loss = Callable[[], Tensor]


@contextmanager
def same_function(model: nn.Module) -> Iterator[None]:
    """Batch statistics as in training, but nothing random and no running statistics changed."""
    buffers = [(b, b.clone()) for b in model.buffers()]
    modes = [(m, m.training) for m in model.modules()]
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        with torch.no_grad():
            for live, kept in buffers:
                live.copy_(kept)


def gradient(loss: Loss, parameters: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Loss () and its gradient, one tensor a parameter."""
    with torch.enable_grad():
        value = loss()
        return value.detach(), list(torch.autograd.grad(value, parameters))


def penetration(
    loss: Loss, parameters: list[Tensor], radius: float, loss_scale: float = 1.0, samples: int = 17
) -> float:
    """(ρ − d)/ρ, with d the distance from the centre to the graph along the normal: 0 for a ball that only touches.

    The line from the centre c = p + ρν to the contact is scanned; the first point that lies below the graph gives d.
    The parameters are moved and put back.
    """
    value, grads = gradient(loss, parameters)
    g = [loss_scale * t for t in grads]
    norm = math.sqrt(1 + sum(float((t * t).sum()) for t in g))
    f = float(loss_scale * value)
    start = [p.detach().clone() for p in parameters]
    distance = radius
    with torch.no_grad():
        try:
            previous_gap, step = None, radius / (samples - 1)
            for k in range(samples - 1):
                t = k * step
                # The point c − tν of the normal line.
                for p, origin, direction in zip(parameters, start, g, strict=True):
                    p.copy_(origin - (radius - t) / norm * direction)
                gap = f + (radius - t) / norm - float(loss_scale * loss())
                if gap != gap:
                    return float("nan")
                if gap <= 0:
                    distance = t if previous_gap is None else t - step * gap / (gap - previous_gap)
                    break
                previous_gap = gap
        finally:
            for p, origin in zip(parameters, start, strict=True):
                p.copy_(origin)
    return (radius - distance) / radius


def sharpness(loss: Loss, parameters: list[Tensor], iterations: int = 12, seed: int = 0) -> float:
    """Largest eigenvalue of the Hessian by Lanczos with full reorthogonalisation (a lower bound)."""
    with torch.enable_grad():
        grads = torch.autograd.grad(loss(), parameters, create_graph=True)
        flat = torch.cat([g.reshape(-1) for g in grads])
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(flat.numel(), generator=generator, dtype=flat.dtype).to(flat.device)
    v /= v.norm()
    basis: list[Tensor] = []
    alphas: list[float] = []
    betas: list[float] = []
    for _ in range(min(iterations, flat.numel())):
        basis.append(v)
        product = torch.autograd.grad(flat, parameters, v, retain_graph=True)
        w = torch.cat([t.reshape(-1) for t in product]).detach()
        alphas.append(float(torch.dot(w, v)))
        for _ in range(2):
            stacked = torch.stack(basis)
            w = w - stacked.T @ (stacked @ w)
        beta = float(w.norm())
        if not beta > 1e-10:
            break
        betas.append(beta)
        v = w / beta
    off = torch.tensor(betas[: len(alphas) - 1], dtype=torch.float64)
    matrix = torch.diag(torch.tensor(alphas, dtype=torch.float64)) + torch.diag(off, 1) + torch.diag(off, -1)
    if not torch.isfinite(matrix).all():
        return float("nan")
    return float(torch.linalg.eigvalsh(matrix)[-1])
