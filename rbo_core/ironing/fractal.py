"""The fractal dimension of a height field's graph, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.field import Array


@dataclass(frozen=True)
class Dimension:
    """Fractal dimension of a graph, between d (smooth) and d + 1, with the interval low to high: two jackknife standard
    errors either side, which covered the truth in 78 to 93 % of fractional Brownian curves of H = 0.2, 0.5, 0.8."""

    value: float
    low: float
    high: float


_BLOCKS = 8
_RANGE = 8.0  # self-affine ground needs this factor between the shortest and the longest lag to have a dimension


def fractal_dimension(heights: ArrayLike, spacing: tuple[float, ...] | None = None, finest: float = 0.0) -> float:
    """Fractal dimension of the graph by the madogram; see `dimension`."""
    return dimension(heights, spacing, finest).value


def dimension(heights: ArrayLike, spacing: tuple[float, ...] | None = None, finest: float = 0.0) -> Dimension:
    """Fractal dimension of the graph by the madogram (variogram of power 1; Gneiting, Ševčíková and Percival 2012).

    Mean |f(x + h) − f(x)| grows like h^H; the dimension is d + 1 − H. On a surface the lags run along both axes. The
    lags are 1, 2, 4 … grid steps up to a 32nd of the window. A landscape has a shortest wavelength, below which it is
    smooth and every estimate falls to d: where `finest` and the spacing say so, the lags run from it to a 16th of the
    window (an eighth on a surface) instead, if that is a factor of eight; a landscape without such a range is looked at
    within a quarter of its shortest wave, and has the dimension d. The interval
    leaves out an eighth of the window at a time. An estimate over these lags, not a limit: at H = 0.2 it is 0.06 low.
    """
    f = np.asarray(heights, float)
    lags = _lags(f.shape, spacing, finest)
    if lags.size < 2:
        return Dimension(float("nan"), float("nan"), float("nan"))
    sums, counts = _madogram(f, lags)
    if not np.all(sums.sum(axis=1) > 0):
        return Dimension(float(f.ndim), float(f.ndim), float(f.ndim))

    def one(keep: NDArray[np.bool_]) -> float:
        means = sums[:, keep].sum(axis=1) / counts[:, keep].sum(axis=1)
        return f.ndim + 1 - float(np.polyfit(np.log(lags), np.log(np.maximum(means, 1e-300)), 1)[0])

    blocks = sums.shape[1]
    value = one(np.ones(blocks, bool))
    left = np.array([one(np.arange(blocks) != k) for k in range(blocks)])
    error = 2 * float(np.sqrt((blocks - 1) / blocks * ((left - left.mean()) ** 2).sum()))
    value, low, high = np.clip([value, value - error, value + error], f.ndim, f.ndim + 1).tolist()
    return Dimension(value, low, high)


def _lags(shape: tuple[int, ...], spacing: tuple[float, ...] | None, finest: float) -> NDArray[np.int64]:
    short = min(shape)
    if spacing is not None and finest > 0:
        first, last = max(finest / max(spacing), 1.0), short / (16 if len(shape) == 1 else 8)
        if last >= _RANGE * first:
            return np.unique(np.round(np.geomspace(first, last, 9)).astype(np.int64))
        short = min(short, int(8 * first))  # smooth ground: look at it within a quarter of its shortest wave
    lags = 2 ** np.arange(int(np.log2(max(4, short // 32))) + 1)
    return np.asarray(lags[lags < short], np.int64)


def _madogram(f: Array, lags: NDArray[np.int64]) -> tuple[Array, Array]:
    """Sum and number of |f(x + h) − f(x)| for every lag, block by block: two arrays (lags, blocks)."""
    sums, counts = [], []
    for lag in lags.tolist():
        steps = [np.abs(f[lag:] - f[:-lag])]
        if f.ndim == 2:
            steps.append(np.abs(f[:, lag:] - f[:, :-lag]).T)
        parts = [part for step in steps for part in np.array_split(step, _BLOCKS // f.ndim, axis=f.ndim - 1)]
        sums.append([float(np.nansum(part)) for part in parts])
        counts.append([max(int(np.count_nonzero(part == part)), 1) for part in parts])
    return np.array(sums), np.array(counts, float)
