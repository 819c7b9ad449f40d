"""Frontiers of stability: the largest learning rate with which each step still settles on a bowl of curvature κ.

Near the floor of ½κθ² (in units of λf) every step is linear, θ⁺ = (1 − ηκ m) θ, and settles while ηκ m < 2. Derived in
docs/theory.md; the tests roll balls to either side of each frontier.

    gradient descent     m = 1
    Newton, K gradients  m₁ = 1, mₖ₊₁ = mₖ + min(1 + (ρκ − 1) mₖ, trust): 1 + min(ρκ, trust) for K = 2
    published            m = (aᴷ − 1)/(ρκ − 1) with a = 1 + γ(ρκ − 1)
    exact argmin         m = 1/(1 − ρκ): nothing settles once ρκ ≥ 1, the floor is out of reach

The rigid ball has none: it is caught by the valley that a step crosses, however long the step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.rolling import RBO

Floats = NDArray[np.float64]


def amplification(method: RBO, radius: ArrayLike, curvature: float) -> Floats:
    """m: how many times as far as gradient descent a step of the method goes on a bowl, at each radius (N,).

    curvature: κ of the loss, before its scale λ. Momentum, noise and unit speed (which is 1 at the floor) play no part.
    """
    bend = np.asarray(radius, float) * float(np.asarray(method.loss_scale)) * curvature
    if method.projection == "newton":
        return _newton(bend, method.n_projection_steps, float(np.asarray(method.trust)))
    if method.projection == "gradient":
        return _published(bend, method.n_projection_steps, float(np.asarray(method.projection_step_size)))
    if method.projection == "rigid":
        return np.zeros_like(bend)
    return np.where(bend < 1, 1 / np.maximum(1 - bend, 1e-300), np.inf)


def frontier(method: RBO, radius: ArrayLike, curvature: float) -> Floats:
    """η_c (N,): the learning rate from which the method does not settle on a bowl of that curvature, at each radius;
    inf for the rigid ball, 0 where nothing settles.

    Raises:
        ValueError: a curvature that is not positive and finite.
    """
    if not (np.isfinite(curvature) and curvature > 0):
        raise ValueError(f"curvature must be positive and finite, got {curvature}: only a bowl has a frontier")
    steepness = float(np.asarray(method.loss_scale)) * curvature
    with np.errstate(divide="ignore"):
        return np.asarray(2 / (steepness * amplification(method, radius, curvature)), float)


def acting_share(method: RBO) -> float:
    """Share of the learning rate that acts as ρ → 0 on gentle ground: 1, and 1 − (1 − γ)ᴷ for the published step."""
    return float(amplification(method, 0.0, 1.0))


def curvature_at(surface: Any, point: ArrayLike, step: float | None = None) -> float:
    """Largest eigenvalue of the Hessian of a landscape at a point (d,), by central differences of its gradient.

    step: parameter units; a thousandth of the surface's finest wave by default.
    """
    x = np.asarray(point, float)
    h = 1e-3 * float(surface.finest_scale) if step is None else step
    offsets = h * np.concatenate([np.eye(x.size), -np.eye(x.size)])
    gradient = surface.value_and_grad(x + offsets)[1]
    hessian = (gradient[: x.size] - gradient[x.size :]) / (2 * h)
    return float(np.linalg.eigvalsh(0.5 * (hessian + hessian.T))[-1])


def _newton(bend: Floats, steps: int, trust: float) -> Floats:
    gone = np.ones_like(bend)
    for _ in range(steps - 1):
        gone = gone + np.clip(1 + (bend - 1) * gone, -trust, trust)
    return gone


def _published(bend: Floats, steps: int, gamma: float) -> Floats:
    excess = bend - 1
    flat = np.abs(excess) < 1e-9
    safe = np.where(flat, 1.0, excess)
    with np.errstate(over="ignore"):
        grown = np.expm1(steps * np.log1p(np.maximum(gamma * safe, -1 + 1e-12))) / safe
    return np.where(flat, gamma * steps, grown)
