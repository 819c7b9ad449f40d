"""How deep a ball sits in the ground: (ρ − d(c, Γ))/ρ, by a dense scan that knows nothing of the contact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.heights import HeightGrid

Floats = NDArray[np.float64]


def penetration(grid: HeightGrid, value: Any, center: Floats, radius: Floats, loss_scale: Floats) -> Floats:
    """Relative penetration of balls; 0 for a ball that just touches, 1 when the centre lies on the graph.

    Args:
        grid: heights over every ball's window; value: the surface's loss, (P, d) → (P,).
        center: (P, d + 1) centres, the last entry in units of the scaled loss.
        radius, loss_scale: (P,).

    Returns:
        (P,); negative where a ball hovers above the ground, not finite where the centre is not. The distance is that
        to the graph's nearest sampled point, then refined on the surface itself; beyond ρ it is a lower bound.
    """
    dim = center.shape[1] - 1
    plane = np.zeros((center.shape[0], 3))
    plane[:, :dim] = center[:, :dim]
    plane[:, 2] = center[:, dim]
    nearest = np.empty((center.shape[0], 2))
    square = np.empty(center.shape[0])
    _nearest(grid.low, grid.spacing, grid.first, grid.heights, plane, radius, loss_scale, nearest, square)
    square = _refine(value, nearest[:, :dim].copy(), center, square, loss_scale, grid.spacing[:dim])
    return (radius - np.sqrt(square)) / radius


@njit(cache=True)
def _nearest(
    low: Floats, spacing: Floats, first: NDArray[np.int64], heights: Floats, center: Floats, radius: Floats,
    loss_scale: Floats, nearest: Floats, square: Floats,
) -> None:  # fmt: skip
    n, m = heights.shape
    flat = m == 1
    for p in range(center.shape[0]):
        x, y, z = center[p, 0], center[p, 1], center[p, 2]
        best, bx, by = np.inf, x, y
        if np.isfinite(x) and np.isfinite(y) and np.isfinite(z):
            # Indices count from node (0, 0), not from the grid's first node: no rounding depends on the margin.
            ci = (x - low[0]) / spacing[0]
            cj = 0.0 if flat else (y - low[1]) / spacing[1]
            # Outwards row by row: rows farther away than the best distance so far cannot hold a nearer point.
            reach = int(np.ceil(1.05 * radius[p] / spacing[0])) + 1
            middle = int(np.floor(ci))
            for k in range(2 * reach + 2):
                i = middle + (k + 1) // 2 if k % 2 == 1 else middle - k // 2
                row = i - first[0]
                if row < 0 or row >= n:
                    continue
                dx = (i - ci) * spacing[0]
                if dx * dx >= best:
                    continue
                if flat:
                    dz = loss_scale[p] * heights[row, 0] - z
                    if dx * dx + dz * dz < best:
                        best = dx * dx + dz * dz
                        bx = x + dx
                    continue
                room = min(best, 1.1025 * radius[p] * radius[p]) - dx * dx
                if room <= 0.0:
                    continue
                width = np.sqrt(room) / spacing[1]
                start, stop = int(np.ceil(cj - width)), int(np.floor(cj + width)) + 1
                for j in range(max(first[1], start), min(first[1] + m, stop)):
                    dy = (j - cj) * spacing[1]
                    dz = loss_scale[p] * heights[row, j - first[1]] - z
                    if dx * dx + dy * dy + dz * dz < best:
                        best = dx * dx + dy * dy + dz * dz
                        bx, by = x + dx, y + dy
        nearest[p, 0], nearest[p, 1], square[p] = bx, by, best


def _refine(value: Any, x: Floats, center: Floats, square: Floats, loss_scale: Floats, spacing: Floats) -> Floats:
    """Shrink a stencil round the nearest node, on the true surface, five times by four."""
    dim = x.shape[1]
    steps = np.linspace(-1.0, 1.0, 9) if dim == 1 else np.linspace(-1.0, 1.0, 5)
    mesh = np.meshgrid(*([steps] * dim), indexing="ij")
    offsets = np.stack([axis.ravel() for axis in mesh], axis=1) * spacing
    for _ in range(5):
        stencil = x[:, None, :] + offsets
        loss = value(stencil.reshape(-1, dim)).reshape(stencil.shape[:2])
        away = np.sum((stencil - center[:, None, :dim]) ** 2, axis=2)
        away += (loss_scale[:, None] * loss - center[:, None, dim]) ** 2
        away = np.where(np.isfinite(away), away, np.inf)
        chosen = np.argmin(away, axis=1)
        rows = np.arange(x.shape[0])
        better = away[rows, chosen] < square
        square = np.where(better, away[rows, chosen], square)
        x = np.where(better[:, None], stencil[rows, chosen], x)
        offsets = offsets / 4 if dim == 1 else offsets / 2
    return square
