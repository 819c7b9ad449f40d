"""The comparison everybody asks about: a Gaussian blur that smooths as much as the ball does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rbo_core.ironing.field import Array, Field, crop
from rbo_core.ironing.roughness import total_variation


@dataclass(frozen=True, eq=False)
class Blur:
    """heights: blurred, of the window's shape. sigma: standard deviation of the Gaussian, parameter units."""

    heights: Array
    sigma: float


def blur(field: Field, sigma: float) -> Array:
    """Gaussian blur with standard deviation sigma (parameter units), evaluated beyond the window as the ball is.

    Where nothing is there beyond the window the border is repeated: a blur needs some value.
    """
    from scipy.ndimage import gaussian_filter

    f, pad = field.extended, field.pad
    if not np.isfinite(f).all():
        f, pad = np.ascontiguousarray(field.heights), tuple(0 for _ in field.pad)
    widths = [sigma / s for s in field.spacing]
    hole = np.isnan(f)
    if not hole.any():
        return crop(gaussian_filter(f, widths, mode="nearest", truncate=4.0), pad)
    # Round a hole the mean is taken of what is there.
    weight = gaussian_filter((~hole).astype(float), widths, mode="nearest", truncate=4.0)
    smooth = gaussian_filter(np.where(hole, 0.0, f), widths, mode="nearest", truncate=4.0)
    return crop(np.where(hole, np.nan, smooth / np.maximum(weight, 1e-300)), pad)


def equal_blur(field: Field, ironed: Array, iterations: int = 14) -> Blur:
    """The blur whose total variation equals that of the ironed landscape, by bisection on sigma."""
    target = total_variation(ironed, field.spacing)
    low = 0.05 * min(field.spacing)
    high = max((n - 1) * s for n, s in zip(field.shape, field.spacing, strict=True)) / 2
    for _ in range(iterations):
        sigma = float(np.sqrt(low * high))
        if total_variation(blur(field, sigma), field.spacing) > target:
            low = sigma
        else:
            high = sigma
    sigma = float(np.sqrt(low * high))
    return Blur(blur(field, sigma), sigma)


def crest_change(heights: Array, smoothed: Array, threshold: float) -> float:
    """Mean change of height at the landscape's crests more prominent than threshold; 0 for a ball that reaches them
    all."""
    from rbo_core.ironing.persistence import basins

    found = basins(-np.asarray(heights, float))
    crests = found.floor[(found.depth > threshold) & ~found.on_border]
    if crests.size == 0:
        return float("nan")
    return float((smoothed.ravel()[crests] - heights.ravel()[crests]).mean())
