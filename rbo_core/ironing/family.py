"""The family to which ironing belongs: three ways to look at a landscape at a scale, and how strong each is.

h solves ∂h/∂ρ = √(1 + |∇h|²) with h = f at ρ = 0, so h = f + ρ√(1 + |∇f|²) + O(ρ²). On steep ground (λ → ∞) the root
is |∇h|: the maximum over a disc, what SAM idealises. On gentle ground (λ → 0) it is 1 + ½|∇h|²: h − ρ is the Hopf–Lax
maximum ``max over u of f(θ + u) − |u|²/2ρ``, with time t = ρ. Entropy-SGD's local entropy is the viscous cousin of it,
upside down: ``−log of the mean of exp(−f(θ + u))`` over Gaussian u; it sees minima, the ball crests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.field import Array, Field, crop
from rbo_core.ironing.morphology import iron
from rbo_core.ironing.roughness import total_variation
from rbo_core.ironing.sweeping import sweep_field


@dataclass(frozen=True, eq=False)
class Smoothing:
    """A landscape smoothed: heights of the window's shape; scale: radius or standard deviation, parameter units."""

    name: str
    heights: Array
    scale: float


def growth_error(field: Field, radius: float, step: float = 1e-3) -> tuple[Array, Array]:
    """Both sides of ∂h/∂ρ = √(1 + |∇h|²) on a sampled curve at one radius, by central differences, where the slope of h
    is one-sided continuous (no crease within three samples): two arrays.

    Sample the field with margin ≥ radius (1 + step).
    """
    low, middle, high = (sweep_field(field, [radius * f]).ironed[0] + radius * f for f in (1 - step, 1.0, 1 + step))
    growth = (high - low) / (2 * radius * step)
    slope = np.gradient(middle, field.spacing[0])
    bend = np.abs(np.gradient(slope, field.spacing[0]))
    smooth = np.convolve(bend > 20 / radius, np.ones(7), mode="same") == 0
    smooth[:3] = smooth[-3:] = False
    return growth[smooth], np.sqrt(1 + slope[smooth] ** 2)


def first_order(heights: Array, spacing: float, radius: float) -> Array:
    """h to first order in ρ on a smooth curve: f + ρ√(1 + |∇f|²)."""
    return np.asarray(heights + radius * np.sqrt(1 + np.gradient(heights, spacing) ** 2))


def disc_maximum(field: Field, radius: float) -> Array:
    """Largest height within the radius: (N,) or (N, M), NaN in holes. What SAM's inner maximisation stands for."""
    from scipy.ndimage import maximum_filter, maximum_filter1d

    f = np.where(np.isfinite(field.extended), field.extended, -np.inf)
    if len(field.pad) == 1:
        size = 2 * int(radius / field.spacing[0] + 1e-9) + 1
        return _on_ground(maximum_filter1d(f, size, mode="nearest"), field)
    axes = [np.arange(-int(radius / s + 1e-9), int(radius / s + 1e-9) + 1) * s for s in field.spacing]
    inside: NDArray[np.bool_] = sum(a**2 for a in np.meshgrid(*axes, indexing="ij")) <= radius**2 * (1 + 1e-9)
    return _on_ground(maximum_filter(f, footprint=inside, mode="nearest"), field)


def hopf_lax(field: Field, radius: float) -> Array:
    """max over |u| ≤ ρ of f(θ + u) − |u|²/2ρ on a curve (N,), by a look at every offset."""
    f, out = field.extended, np.full(field.extended.size, -np.inf)
    reach = min(int(radius / field.spacing[0]), f.size - 1)
    for k in range(-reach, reach + 1):
        source = f[max(k, 0) : f.size + min(k, 0)]
        target = out[max(-k, 0) : f.size + min(-k, 0)]
        np.maximum(target, source - (k * field.spacing[0]) ** 2 / (2 * radius), out=target)
    return crop(out, field.pad)


def local_entropy(field: Field, sigma: float) -> Array:
    """−log of the mean of exp(−f) over a Gaussian of standard deviation σ: what Entropy-SGD descends. The mean is over
    the ground there is."""
    from scipy.ndimage import gaussian_filter

    f, ground = field.extended, np.isfinite(field.extended)
    width = [sigma / s for s in field.spacing]
    low = float(f[ground].min())
    boltzmann = np.exp(low - np.where(ground, f, np.inf))
    mean = gaussian_filter(boltzmann, width, mode="nearest", truncate=4.0)
    if not ground.all():
        mean /= np.maximum(gaussian_filter(ground.astype(float), width, mode="nearest", truncate=4.0), 1e-300)
    return _on_ground(low - np.log(np.maximum(mean, 1e-300)), field)


def _on_ground(values: Array, field: Field) -> Array:
    """Values over the extended field, in its window; NaN where it has a hole."""
    return np.where(np.isfinite(field.heights), crop(values, field.pad), np.nan)


def three_smoothings(field: Field, radius: float) -> tuple[Smoothing, Smoothing, Smoothing]:
    """The ball of a radius, and the disc maximum and local entropy that leave as much total variation as it does.

    Sample the field with margin ≥ the radius: the others look no farther than twice that.
    """
    ball = sweep_field(field, [radius]).ironed[0]
    target = total_variation(ball, field.spacing)
    disc = _matched(lambda r: disc_maximum(field, r), target, field, radius)
    entropy = _matched(lambda s: local_entropy(field, s), target, field, radius)
    return (
        Smoothing("ball: ironed h − ρ", ball, radius),
        Smoothing("maximum over a disc (SAM's ideal)", *disc),
        Smoothing("local entropy (Entropy-SGD)", *entropy),
    )


def _matched(smooth, target: float, field: Field, radius: float) -> tuple[Array, float]:  # type: ignore[no-untyped-def]
    """The smoothing whose total variation is nearest to the target, by bisection of its scale, and that scale."""
    low, high = 0.5 * min(field.spacing), 2 * radius
    for _ in range(12):
        middle = float(np.sqrt(low * high))
        if total_variation(smooth(middle), field.spacing) > target:
            low = middle
        else:
            high = middle
    scale = float(np.sqrt(low * high))
    return smooth(scale), scale


def gentle_limit_gap(heights: Array, spacing: float, radius: float, loss_scale: float) -> float:
    """Largest difference between (h − ρ)/λ of λf and its Hopf–Lax limit with t = ρ on a curve, as a share of the
    height range; goes to 0 with λ."""
    axis = np.asarray(np.arange(heights.size) * spacing, float)
    scaled = Field(loss_scale * heights, (0,), (spacing,), (axis,))
    ball = iron(scaled.extended, spacing, radius).ironed
    return float(np.abs(ball - hopf_lax(scaled, radius)).max() / (loss_scale * np.ptp(heights)))
