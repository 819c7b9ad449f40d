"""How rough a height field is: variation and slope, and these, spectrum and dimension against the ball's radius."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rbo_core.ironing.field import Array, Field
from rbo_core.ironing.fractal import fractal_dimension
from rbo_core.ironing.persistence import basins, local_minima
from rbo_core.ironing.spectral import spectrum
from rbo_core.ironing.sweeping import Sweep, sweep_field


def oscillation(heights: ArrayLike) -> float:
    """Highest minus lowest, height units."""
    f = np.asarray(heights, float)
    return float(np.nanmax(f) - np.nanmin(f))


def total_variation(heights: ArrayLike, spacing: tuple[float, ...]) -> float:
    """∫|f′| dx (height units) on a curve, ∫|∇f| dA (height · length) on a surface, by forward differences."""
    f = np.asarray(heights, float)
    if f.ndim == 1:
        return float(np.nansum(np.abs(np.diff(f))))
    return float(np.nansum(_cell_slopes(f, spacing)) * spacing[0] * spacing[1])


def largest_slope(heights: ArrayLike, spacing: tuple[float, ...]) -> float:
    """Largest |∇f| by forward differences; 1 means 45 degrees."""
    f = np.asarray(heights, float)
    if f.ndim == 1:
        return float(np.nanmax(np.abs(np.diff(f))) / spacing[0])
    return float(np.nanmax(_cell_slopes(f, spacing)))


def _cell_slopes(f: Array, spacing: tuple[float, ...]) -> Array:
    down = np.diff(f, axis=0)[:, :-1] / spacing[0]
    right = np.diff(f, axis=1)[:-1, :] / spacing[1]
    return np.hypot(down, right)


@dataclass(frozen=True, eq=False)
class Measures:
    """Smoothness against radius: arrays (K,) over radii, entry 0 is the landscape itself (radius 0).

    minima: samples lower than all neighbours. basins: basins deeper than `threshold` (height units), border ones left
    out. total_variation, largest_slope, spectral_slope, fractal_dimension, oscillation: of the ironed landscape.
    unreachable: share of samples that no ball can touch, 0 to 1.
    """

    radius: Array
    minima: Array
    basins: Array
    total_variation: Array
    largest_slope: Array
    spectral_slope: Array
    fractal_dimension: Array
    oscillation: Array
    unreachable: Array
    threshold: float

    def columns(self) -> dict[str, Array]:
        """Every array by name, for a table."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "threshold"}

    def to_csv(self) -> str:
        """One row a radius, a header, full precision."""
        columns = self.columns()
        rows = zip(*columns.values(), strict=True)
        return "\n".join([",".join(columns), *(",".join(repr(float(v)) for v in row) for row in rows)]) + "\n"


def default_threshold(heights: ArrayLike) -> float:
    """Basins shallower than a thousandth of the landscape's own height range count as noise, unless one says
    otherwise."""
    return 1e-3 * oscillation(heights)


def measure(
    field: Field,
    radii: ArrayLike,
    threshold: float | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Measures:
    """Iron a sampled landscape at every radius and measure what is left."""
    return measure_sweep(sweep_field(field, radii, progress=progress), threshold)


def measure_sweep(swept: Sweep, threshold: float | None = None) -> Measures:
    """Measures of a sweep that has been done."""
    limit = default_threshold(swept.heights) if threshold is None else float(threshold)
    if not np.isfinite(limit) or limit < 0:
        raise ValueError(f"threshold must be ≥ 0 and finite, got {threshold}")
    rows = []
    shares = [0.0, *(1.0 - mask.mean() for mask in swept.reachable)]
    for radius, f, share in zip([0.0, *swept.radii.tolist()], [swept.heights, *swept.ironed], shares, strict=True):
        rows.append(
            (
                radius,
                local_minima(f),
                basins(f).count(limit),
                total_variation(f, swept.spacing),
                largest_slope(f, swept.spacing),
                spectrum(f, swept.spacing, swept.finest).slope,
                fractal_dimension(f, swept.spacing, swept.finest),
                oscillation(f),
                share,
            )
        )
    c = np.array(rows, float).T
    return Measures(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], limit)


def power_law(radius: ArrayLike, count: ArrayLike) -> tuple[float, float]:
    """Exponent and factor of ``count ≈ factor · radius**exponent``, fitted in logarithms where both are positive."""
    x, y = np.asarray(radius, float), np.asarray(count, float)
    keep = (x > 0) & (y > 0)
    if np.unique(x[keep]).size < 2:
        raise ValueError(f"a power law needs two radii with a positive count, got {int(keep.sum())}")
    exponent, factor = np.polyfit(np.log(x[keep]), np.log(y[keep]), 1)
    return float(exponent), float(np.exp(factor))
