"""The plane that fits a height field best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rbo_core.ironing.field import Array
from rbo_core.ironing.holes import without_holes


@dataclass(frozen=True, eq=False)
class Plane:
    """Least-squares plane: slope (d,) per axis, and its values on the grid."""

    slope: Array
    values: Array


def fit_plane(heights: ArrayLike, spacing: tuple[float, ...]) -> Plane:
    """Least-squares line through a curve or plane through a surface on a regular grid."""
    f = np.asarray(heights, float)
    slope = np.zeros(f.ndim)
    f = without_holes(f)
    values = np.full(f.shape, f.mean())
    for axis, (n, s) in enumerate(zip(f.shape, spacing, strict=True)):
        if n < 2:
            continue
        x = s * (np.arange(n) - (n - 1) / 2)
        profile = f.mean(axis=tuple(a for a in range(f.ndim) if a != axis))
        slope[axis] = float(x @ profile / (x @ x))
        values = values + np.moveaxis((slope[axis] * x).reshape((-1,) + (1,) * (f.ndim - 1)), 0, axis)
    return Plane(slope, values)
