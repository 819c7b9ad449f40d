"""Slow twins of the ironing: the definitions, written down as loops over offsets."""

from __future__ import annotations

import numpy as np


def dilate(f, spacing, radius):
    """max over grid offsets u, |u| ≤ radius, of f(θ + u) + sqrt(radius² − |u|²); outside counts as −inf. f (N,) or (N,
    M)."""
    f = np.asarray(f, float)
    grid = f.reshape(1, -1) if f.ndim == 1 else f
    dy, dx = (1.0, spacing) if f.ndim == 1 else spacing
    n, m = grid.shape
    out = np.full(grid.shape, -np.inf)
    rows = 0 if f.ndim == 1 else int(radius / dy) + 1
    columns = int(radius / dx) + 1
    for a in range(-min(rows, n - 1), min(rows, n - 1) + 1):
        for b in range(-min(columns, m - 1), min(columns, m - 1) + 1):
            squared = radius * radius - (a * dy) ** 2 - (b * dx) ** 2
            if squared < 0:
                continue
            target = (slice(max(0, -a), min(n, n - a)), slice(max(0, -b), min(m, m - b)))
            source = (slice(max(0, a), min(n, n + a)), slice(max(0, b), min(m, m + b)))
            out[target] = np.maximum(out[target], grid[source] + np.sqrt(squared))
    return out.reshape(f.shape)


def close(f, spacing, radius):
    """Underside of the sweep with the ball's centre kept above the grid."""
    return -dilate(-dilate(f, spacing, radius), spacing, radius)


def centers_that_touch(f, spacing, radius):
    """(N, 2) the leftmost and rightmost centre, parameter units, at which the ball touches each sample of the curve and
    enters none; left > right where there is no such centre. Exact: the ball's centre at distance `radius` from two
    samples rises over one side of a single place where both are touched, so each other sample cuts off one side.

    Rims count as open on the far side: a centre exactly `radius` beside a spike may stand, one beyond it may not.
    """
    x = np.arange(len(f)) * spacing
    return np.array([_span(k, x, np.asarray(f, float), radius) for k in range(len(f))])


def _span(k, x, f, radius):
    """The centres (left, right) over the window at which sample k is touched and no other is entered."""
    left, right = max(x[k] - radius, x[0]), min(x[k] + radius, x[-1])
    for j in range(len(f)):
        if j > k:
            right = min(right, _end(x[j] - x[k], f[j] - f[k], radius) + x[k])
        elif j < k:
            left = max(left, x[k] - _end(x[k] - x[j], f[j] - f[k], radius))
    return left, right


def _end(d, rise, radius):
    """How far past sample k, towards a sample d > 0 beside it and `rise` higher, a centre at k's distance may stand."""
    if d > 2 * radius:
        return np.inf
    at_the_rim = np.sqrt(radius**2 - (d - radius) ** 2)
    if at_the_rim < rise:
        return d - radius  # the other one is in the way from its rim on
    if rise + at_the_rim <= 0:
        return np.inf  # below k's own rim
    far = np.hypot(d, rise)
    return 0.5 * d - rise / far * np.sqrt(max(radius**2 - 0.25 * far * far, 0.0))
