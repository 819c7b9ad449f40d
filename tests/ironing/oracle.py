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


def gap_to_touch(f, spacing, radius, centers=20_001):
    """(N,) how far the ball stays from touching each sample of the curve at best, over densely placed centres above the
    window."""
    x = np.arange(len(f)) * spacing
    c = np.linspace(0.0, x[-1], centers)
    squared = radius * radius - (c[:, None] - x) ** 2
    arcs = np.where(squared >= 0, np.asarray(f) + np.sqrt(np.maximum(squared, 0.0)), -np.inf)
    return (arcs.max(axis=1, keepdims=True) - arcs).min(axis=0)
