"""The C² cubic spline through heights on a regular grid, with its exact gradient; NaN outside and in holes."""

from __future__ import annotations

import math

import numpy as np

from landscapes.base import Floats, kernel
from landscapes.kernel_cache import njit

_SLACK = 1e-9
"""Rounding of a place at the very end of the window, in samples."""


@njit(inline="always", error_model="numpy")
def _weights(s: float) -> tuple[float, float, float, float]:
    """Cubic B-spline weights of the four samples round a place, a part s of the way from the second to the third."""
    r = 1.0 - s
    return (
        r * r * r / 6.0,
        (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0,
        (4.0 - 6.0 * r * r + 3.0 * r * r * r) / 6.0,
        s * s * s / 6.0,
    )


@njit(inline="always", error_model="numpy")
def _slopes(s: float) -> tuple[float, float, float, float]:
    r = 1.0 - s
    return -0.5 * r * r, 1.5 * s * s - 2.0 * s, 2.0 * r - 1.5 * r * r, 0.5 * s * s


@kernel
def map_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """p = (scale, then low, samples per unit and samples of each axis); t the coefficients, one more on every side.

    A curve's coefficients are one row. Under the coefficients stands, where there are holes, a table of as many rows
    that is 1 in a hole: a place is one if its cell has a hole at a corner.
    """
    scale = p[0]
    for i in range(x.shape[0]):
        total, across, along = math.nan, math.nan, math.nan
        u = (x[i, 0] - p[1]) * p[2]
        n = int(p[3])
        rows = int(p[6]) + 2 if x.shape[1] == 2 else 1
        v, m = 0.0, 1
        if x.shape[1] == 2:
            v, m = (x[i, 1] - p[4]) * p[5], int(p[6])
            rows = n + 2
        if -_SLACK <= u <= n - 1 + _SLACK and -_SLACK <= v <= m - 1 + _SLACK:
            u, v = min(max(u, 0.0), n - 1.0), min(max(v, 0.0), m - 1.0)
            a = min(int(u), n - 2)
            b = max(0, min(int(v), m - 2))
            s, r = u - a, v - b
            ws, ds = _weights(s), _slopes(s)
            if x.shape[1] == 1:
                if not (t.shape[0] > rows and _hole_on_curve(t, a, s)):
                    total, across = 0.0, 0.0
                    for k in range(4):
                        total += ws[k] * t[0, a + k]
                        across += ds[k] * t[0, a + k]
            elif not (t.shape[0] > rows and _hole(t, rows, a, b, s, r)):
                wr, dr = _weights(r), _slopes(r)
                total, across, along = 0.0, 0.0, 0.0
                for k in range(4):
                    line, slope = 0.0, 0.0
                    for q in range(4):
                        line += wr[q] * t[a + k, b + q]
                        slope += dr[q] * t[a + k, b + q]
                    total += ws[k] * line
                    across += ds[k] * line
                    along += ws[k] * slope
        f[i] = scale * total
        if grad:
            g[i, 0] = scale * across * p[2]
            if x.shape[1] == 2:
                g[i, 1] = scale * along * p[5]


@njit(inline="always", error_model="numpy")
def _hole_on_curve(t: Floats, a: int, s: float) -> bool:
    return (t[1, a + 1] > 0.0 and s < 1.0) or (t[1, a + 2] > 0.0 and s > 0.0)


@njit(inline="always", error_model="numpy")
def _hole(t: Floats, rows: int, a: int, b: int, s: float, r: float) -> bool:
    """Whether a corner that has a part in this place is a hole."""
    found = False
    for k in range(2):
        for q in range(2):
            part = (s < 1.0 if k == 0 else s > 0.0) and (r < 1.0 if q == 0 else r > 0.0)
            found = found or (part and t[rows + a + 1 + k, b + 1 + q] > 0.0)
    return found


def coefficients(heights: Floats) -> Floats:
    """The kernel's table for heights (N,) or (N, M), NaN in holes.

    Holes are filled with their nearest height before the spline is made: what that changes falls by 0.27 from sample to
    sample, so that eight samples away it is a part in 40,000 of the step at the rim, and twenty away rounding.
    """
    from scipy import ndimage

    hole = np.isnan(heights)
    filled = heights
    if hole.any():
        nearest = ndimage.distance_transform_edt(hole, return_distances=False, return_indices=True)
        filled = heights[tuple(nearest)]
    table = filled.astype(float)
    for axis in range(heights.ndim):
        table = ndimage.spline_filter1d(table, order=3, axis=axis, mode="mirror")
    table = np.atleast_2d(np.pad(table, 1, mode="reflect"))
    if hole.any():
        table = np.concatenate([table, np.atleast_2d(np.pad(hole.astype(float), 1, mode="edge"))])
    return np.ascontiguousarray(table)
