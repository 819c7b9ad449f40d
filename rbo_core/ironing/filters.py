"""Filters made of the ball: opening, the alternating sequential filter, and the series of radii for it.

Of the family that surface metrology calls morphological (ISO 16610-41 and -49, where the radius is the nesting index);
no conformity with a standard is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from rbo_core.ironing.field import Array
from rbo_core.ironing.morphology import iron


def opening(heights: ArrayLike, spacing: float | Sequence[float], radius: float) -> Array:
    """What a ball rolling *under* the heights leaves: ``-iron(-f).closing``, never above f; NaN stays a hole."""
    return -iron(-np.asarray(heights, float), spacing, radius).closing


def nesting_radii(low: float, high: float) -> Array:
    """Radii in the series 1-2-5 from low to high, both ends included where they belong to it.

    Raises ValueError unless 0 < low ≤ high.
    """
    if not (0.0 < low <= high < math.inf):
        raise ValueError(f"radii must run from a positive to a larger one, got {low:g} to {high:g}")
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    # Written out and read back, so that 0.2 is 0.2.
    series = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
    return np.array([r for r in series if low * (1 - 1e-9) <= r <= high * (1 + 1e-9)])


def alternating_sequential_filter(heights: ArrayLike, spacing: float | Sequence[float], radii: ArrayLike) -> Array:
    """Closing, then opening, with every radius in ascending order: pits and peaks too narrow for the last ball go.

    radii (K,), for instance of `nesting_radii`. Raises as `iron` does.
    """
    f = np.asarray(heights, float)
    for radius in np.unique(np.asarray(radii, float)).tolist():
        f = opening(iron(f, spacing, radius).closing, spacing, radius)
    return f
