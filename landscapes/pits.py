"""A bowl with a thousand Gaussian pits."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Parameter, Setup, box, kernel, seed

_HALF = 3.0
_MARGIN = 3.0  # pits go on outside the window, as far as the largest ball reaches
_REACH = 8.5  # in widths: exp(−8.5²/2) = 2e-16, so a pit further away is below rounding


@kernel
def gaussian_pits_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """c |x|² − A Σ_i exp(−|x − p_i|²/(2σ²)) over the pits in reach.

    p = (c, A, σ, origin, cell, cells per axis, then the index of each cell's first pit); t (pits, d) ordered by cell. A
    cell is as wide as a pit reaches, so the pits in reach lie in the cell of x and its neighbours.
    """
    c, depth, sigma, origin, width = p[0], p[1], p[2], p[3], p[4]
    cells = int(p[5])
    first = 6
    inverse = 1.0 / (sigma * sigma)
    limit = (8.5 * sigma) ** 2
    n, d = x.shape
    for i in range(n):
        a = x[i, 0]
        b = x[i, 1] if d == 2 else 0.0
        total, along, across = 0.0, 0.0, 0.0
        column = math.floor((a - origin) / width)
        row = math.floor((b - origin) / width) if d == 2 else 0.0
        # Clamped as floats: an integer cannot hold infinity or NaN. Outside the lattice the ranges are empty.
        if column >= -1.0 and column <= cells and row >= -1.0 and row <= cells:
            left, right = max(int(column) - 1, 0), min(int(column) + 1, cells - 1)
            low, high = (max(int(row) - 1, 0), min(int(row) + 1, cells - 1)) if d == 2 else (0, 0)
            if left <= right:
                for k in range(low, high + 1):
                    # Neighbouring cells of a row are consecutive in the table.
                    begin, end = int(p[first + k * cells + left]), int(p[first + k * cells + right + 1])
                    for m in range(begin, end):
                        u = a - t[m, 0]
                        v = b - t[m, 1] if d == 2 else 0.0
                        square = u * u + v * v
                        if square < limit:
                            pit = math.exp(-0.5 * inverse * square)
                            total += pit
                            along += pit * u
                            across += pit * v
        f[i] = c * (a * a + b * b) - depth * total
        if grad:
            g[i, 0] = 2.0 * c * a + depth * inverse * along
            if d == 2:
                g[i, 1] = 2.0 * c * b + depth * inverse * across


def _build_gaussian_pits(dim: int, params: Mapping[str, float]) -> Setup:
    sigma, count = params["sigma"], int(params["count"])
    outer = _HALF + _MARGIN
    rng = np.random.default_rng(int(params["seed"]))
    inside = rng.uniform(-_HALF, _HALF, (count, dim))
    # As dense outside: draw the whole square and keep what lies beyond the window.
    around = rng.uniform(-outer, outer, (int(count * (outer / _HALF) ** dim), dim))
    pits = np.concatenate([inside, around[np.abs(around).max(axis=1) > _HALF]])

    width = _REACH * sigma
    cells = math.ceil(2.0 * outer / width)
    index = np.minimum(((pits + outer) / width).astype(int), cells - 1)
    cell = index[:, 0] if dim == 1 else index[:, 1] * cells + index[:, 0]
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(cells**dim + 1))
    return Setup(
        kernel=gaussian_pits_kernel,
        p=np.concatenate([[params["steepness"], params["depth"], sigma, -outer, width, cells], starts.astype(float)]),
        t=np.ascontiguousarray(pits[order]),
        bounds=box(dim, -_HALF, _HALF),
        start=np.array([-2.6, 2.0]),
        radius=0.5,
        # The spectrum of a Gaussian is below 1 % of its peak beyond this wavelength.
        finest_scale=2.0 * sigma,
    )


GAUSSIAN_PITS = Definition(
    name="gaussian_pits",
    title="Gaussian pits",
    dims=(1, 2),
    latex=lambda dim: r"f(\theta) = c\,|\theta|^2 - A \sum_{i=1}^{n} e^{-|\theta - p_i|^2 / 2\sigma^2}",
    source="The test of the Rolling Ball Optimizer's authors (arXiv 2505.19527): 1,000 seeded pits in a bowl.",
    summary="A bowl with a thousand pits: a point falls into the first, a ball wider than a pit passes over them all.",
    parameters=lambda dim: (
        Parameter("steepness", "Bowl c", 0.25, 0.0, 1.0, 0.01, help="Coefficient of the bowl."),
        Parameter("depth", "Depth A", 0.05 if dim == 1 else 0.2, 0.0, 1.0, 0.01, help="Depth of one pit."),
        Parameter("sigma", "Width σ", 0.03 if dim == 1 else 0.07, 0.02, 0.15, 0.005, log=True, help="Width of a pit."),
        Parameter("count", "Pits n", 1000, 1, 3000, 1, log=True, integer=True, help="Pits inside the window."),
        seed("Where the pits are."),
    ),
    build=_build_gaussian_pits,
)

DEFINITIONS = (GAUSSIAN_PITS,)
