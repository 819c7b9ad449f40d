"""How fast the number of crests a ball feels falls with its radius, on self-affine ground.

On ground of Hurst exponent H a height difference over d is about A d^H. Where that is gentle beside d, a crest lets go
at ρ ≈ d²/2Δ ~ d^(2−H)/A, so N(ρ) ~ 1/d ~ ρ^(−1/(2−H)). Where it is steep, at ρ = d, so N(ρ) ~ 1/ρ whatever H is. The
crossover is where A d^H = d.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rbo_core.intervals import student
from rbo_core.ironing.crests import field_crests
from rbo_core.ironing.field import Array, Heights, sample
from rbo_core.ironing.roughness import power_law

FEWEST = 4  # crests: fewer say nothing of a law


@dataclass(frozen=True, eq=False)
class CrestCounts:
    """Number of crests that outlive each radius (K,) on several surfaces (S, K); the exponent of its power law, its
    mean over the surfaces and a 95 % interval."""

    radii: Array
    counts: Array
    exponent: float
    low: float
    high: float


def gentle_exponent(hurst: float) -> float:
    """−1/(2 − H)."""
    return -1.0 / (2.0 - hurst)


def crest_counts(surfaces: Sequence[Heights], loss_scale: float, samples: int = 8001) -> CrestCounts:
    """Count the crests of curves of one kind (seeds of it), at radii at which crests let go that are from four finest
    waves to a sixteenth of the window apart.

    Raises:
        ValueError: fewer than two surfaces.
    """
    if len(surfaces) < 2:
        raise ValueError(f"an interval of an exponent needs at least two surfaces, got {len(surfaces)}")
    fields = [sample(surface, samples, loss_scale) for surface in surfaces]
    spacing, width = fields[0].spacing[0], float(np.ptp(fields[0].axes[0]))
    finest = fields[0].finest or 8 * spacing
    ends = []
    for apart in (4 * finest, width / 16):
        lag = max(1, round(apart / spacing))
        rise = float(np.median([np.median(np.abs(f.heights[lag:] - f.heights[:-lag])) for f in fields]))
        ends.append(apart if rise >= apart else (apart**2 + rise**2) / (2 * max(rise, 1e-300)))
    radii = np.geomspace(ends[0], ends[1], 14)
    counts = np.array([field_crests(field).count(radii) for field in fields], float)
    exponents = []
    for one in counts:
        keep = one >= FEWEST
        if keep.sum() >= 3:
            exponents.append(power_law(radii[keep], one[keep])[0])
    if len(exponents) < 2:
        return CrestCounts(radii, counts, float("nan"), float("nan"), float("nan"))
    mean, half = (float(value) for value in student(exponents))
    return CrestCounts(radii, counts, mean, mean - half, mean + half)
