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


def depth_along_normal(gap: Callable[[Tensor], Tensor], radius: Tensor, samples: int = 17) -> Tensor:
    """(B,) (ρ − d)/ρ, with d the distance from each ball's centre to the graph along its normal: 0 where it only
    touches, NaN where the loss is not finite on the way.

    The line from the centre c = p + ρν to the contact is scanned; the first point that lies below the graph gives d.

    Args:
        gap: of distances from the centre (B,), how high the points c − tν lie above the graph (B,).
        radius: (B,).
    """
    distance = radius.clone()
    found = torch.zeros_like(radius, dtype=torch.bool)
    step, before = radius / (samples - 1), torch.zeros_like(radius)
    for k in range(samples - 1):
        t = k * step
        now = gap(t)
        crossing = t if k == 0 else t - step * now / (now - before)
        hit = ~(now > 0) & ~found  # a gap that is no number ends the search too
        distance = torch.where(hit, torch.where(now.isnan(), now, crossing), distance)
        found |= hit
        if bool(found.all()):
            break
        before = now
    return (radius - distance) / radius


def penetration(
    loss: Loss, parameters: list[Tensor], radius: float, loss_scale: float = 1.0, samples: int = 17
) -> float:
    """`depth_along_normal` of one network. The parameters are moved and put back."""
    value, grads = gradient(loss, parameters)
    g = [loss_scale * t for t in grads]
    norm = math.sqrt(1 + sum(float((t * t).sum()) for t in g))
    f = float(loss_scale * value)
    start = [p.detach().clone() for p in parameters]

    def gap(t: Tensor) -> Tensor:
        below = (radius - float(t)) / norm
        for p, origin, direction in zip(parameters, start, g, strict=True):
            p.copy_(origin - below * direction)
        return torch.tensor([f + below - float(loss_scale * loss())], dtype=torch.float64)

    with torch.no_grad():
        try:
            return float(depth_along_normal(gap, torch.tensor([radius], dtype=torch.float64), samples)[0])
        finally:
            for p, origin in zip(parameters, start, strict=True):
                p.copy_(origin)


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
