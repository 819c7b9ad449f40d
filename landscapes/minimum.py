"""The global minimum of a surface without a closed form: a dense scan, then a zoom into its best cells.

The scan samples every shortest wavelength at least eight times in one parameter (four in two), so no valley falls
between the samples; the deepest local minima of the scan are then refined by grids that shrink around their best point.
That needs no gradient, so it also works at kinks.
"""

from __future__ import annotations

import numpy as np

from landscapes.base import NO_TABLE, Floats, Minimum, Setup

#: Most samples in one scan; beyond it the certificate states the wider spacing.
MAX_SAMPLES = {1: 400_001, 2: 640_000}
_CANDIDATES = 24


def scan(setup: Setup) -> Minimum:
    """The lowest point inside the bounds; a separable surface is scanned along one parameter only."""
    bounds = setup.bounds
    dim = len(bounds)
    if setup.separable and dim > 1:
        low = [_scan(setup, bounds[j : j + 1]) for j in range(dim)]
        x = np.array([one.x[0] for one in low])
        return Minimum(x, float(_values(setup, x[None])[0]), low[0].certified + ", a sum over the parameters")
    return _scan(setup, bounds)


def _values(setup: Setup, x: Floats) -> Floats:
    f = np.empty(len(x))
    setup.kernel(x, setup.p, setup.t, f, NO_TABLE, False)
    # A gap is no minimum, and neither is a place where the surface falls without end.
    f[~np.isfinite(f)] = np.inf
    return f


def _scan(setup: Setup, bounds: Floats) -> Minimum:
    dim = len(bounds)
    width = bounds[:, 1] - bounds[:, 0]
    most = round(MAX_SAMPLES[dim] ** (1 / dim))
    counts = np.clip(np.ceil(width * (8 if dim == 1 else 4) / setup.finest_scale).astype(int) + 1, 201, most)
    axes = [np.linspace(low, high, n) for (low, high), n in zip(bounds, counts, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    f = _values(setup, grid)
    spacing = width / (counts - 1)
    lowest = f.reshape(tuple(counts))
    for axis in range(dim):
        lowest = _not_above_neighbours(lowest, axis)
    candidates = np.flatnonzero(np.isfinite(lowest.reshape(-1)))
    candidates = candidates[np.argsort(f[candidates], kind="stable")[:_CANDIDATES]]
    x, value = _zoom(setup, bounds, grid[candidates], spacing)
    note = f"scan of {f.size:,} points, spacing {spacing.max():.2g}, then refined to machine precision"
    return Minimum(x, value, note)


def _not_above_neighbours(f: Floats, axis: int) -> Floats:
    """f with inf wherever a neighbour along the axis is lower."""
    f = np.moveaxis(f, axis, 0)
    edge = np.full_like(f[:1], np.inf)
    below = np.concatenate([edge, f[:-1]])
    above = np.concatenate([f[1:], edge])
    return np.moveaxis(np.where((f <= below) & (f <= above), f, np.inf), 0, axis)


def _zoom(setup: Setup, bounds: Floats, centers: Floats, spacing: Floats) -> tuple[Floats, float]:
    """Shrink a small grid round each centre (K, d) until its cells reach rounding error; the best of them."""
    dim = len(bounds)
    side = np.linspace(-1.0, 1.0, 17 if dim == 2 else 65)
    offsets = np.stack(np.meshgrid(*[side] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    half = spacing.copy()
    best = _values(setup, centers)
    while half.max() > 1e-11 * max(1.0, float(np.abs(bounds).max())):
        trial = np.clip(centers[:, None, :] + offsets * half, bounds[:, 0], bounds[:, 1])
        f = _values(setup, trial.reshape(-1, dim)).reshape(len(centers), -1)
        pick = f.argmin(axis=1)
        rows = np.arange(len(centers))
        better = f[rows, pick] < best
        centers = np.where(better[:, None], trial[rows, pick], centers)
        best = np.where(better, f[rows, pick], best)
        half = half / 4.0
        if len(centers) > 4 and half.max() < spacing.max() / 100:
            keep = np.argsort(best, kind="stable")[:4]
            centers, best = centers[keep], best[keep]
    winner = int(best.argmin())
    return centers[winner].copy(), float(best[winner])
