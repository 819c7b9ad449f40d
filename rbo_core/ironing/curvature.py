"""Principal curvature of a sampled graph by central differences."""

from __future__ import annotations

import numpy as np

from rbo_core.ironing.field import Array


def slopes_and_curvature(f: Array, spacing: tuple[float, ...]) -> tuple[Array, Array]:
    """Slope |∇f| and the largest upward principal curvature of the graph, both of f's shape.

    A ball on top of the graph fits locally while radius · curvature ≤ 1. On a curve the curvature is
    ``f″/(1+f′²)^{3/2}``; on a surface it is the larger eigenvalue of the shape operator, ``H + sqrt(H² − K)``. Errors
    are O(spacing²) inside and O(spacing) on the border. Axes with fewer than three samples count as straight.
    """
    slope = [_first(f, axis, h) for axis, h in enumerate(spacing)]
    bend = [_second(f, axis, h) for axis, h in enumerate(spacing)]
    squared = np.sum([p * p for p in slope], axis=0)
    w = np.sqrt(1.0 + squared)
    if f.ndim == 1:
        return np.sqrt(squared), bend[0] / w**3
    (p, q), (r, t) = slope, bend
    s = _first(p, 1, spacing[1])
    mean = ((1 + q * q) * r - 2 * p * q * s + (1 + p * p) * t) / (2 * w**3)
    gauss = (r * t - s * s) / w**4
    return np.sqrt(squared), mean + np.sqrt(np.maximum(mean * mean - gauss, 0.0))


def hessian_norm(f: Array, spacing: tuple[float, ...]) -> Array:
    """Spectral norm of the Hessian of sampled heights, of f's shape: |f″| on a curve."""
    bend = [_second(f, axis, h) for axis, h in enumerate(spacing)]
    if f.ndim == 1:
        return np.abs(bend[0])
    mixed = _first(_first(f, 0, spacing[0]), 1, spacing[1])
    middle = 0.5 * (bend[0] + bend[1])
    return np.abs(middle) + np.hypot(0.5 * (bend[0] - bend[1]), mixed)


def _first(f: Array, axis: int, spacing: float) -> Array:
    if f.shape[axis] < 2:
        return np.zeros_like(f)
    return np.gradient(f, spacing, axis=axis)


def _second(f: Array, axis: int, spacing: float) -> Array:
    if f.shape[axis] < 3:
        return np.zeros_like(f)
    g = np.moveaxis(f, axis, 0)
    bend = np.empty_like(g)
    bend[1:-1] = (g[2:] - 2 * g[1:-1] + g[:-2]) / spacing**2
    bend[0], bend[-1] = bend[1], bend[-2]
    return np.moveaxis(bend, 0, axis)
