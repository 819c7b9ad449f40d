"""How rough a height field is: variation, slope, spectrum, fractal dimension; and all of them against the ball's
radius."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.dilation import Array
from rbo_core.ironing.holes import without_holes
from rbo_core.ironing.morphology import Field, Sweep, sweep_field
from rbo_core.ironing.persistence import basins, local_minima


def oscillation(heights: ArrayLike) -> float:
    """Highest minus lowest, height units."""
    f = np.asarray(heights, float)
    return float(np.nanmax(f) - np.nanmin(f))


def total_variation(heights: ArrayLike, spacing: tuple[float, ...]) -> float:
    """∫|f′| dx (height units) on a curve, ∫|∇f| dA (height · length) on a surface, by forward differences."""
    f = np.asarray(heights, float)
    if f.ndim == 1:
        return float(np.nansum(np.abs(np.diff(f))))
    return float(np.nansum(_cell_slopes(f, spacing)) * spacing[0] * spacing[1])


def largest_slope(heights: ArrayLike, spacing: tuple[float, ...]) -> float:
    """Largest |∇f| by forward differences; 1 means 45 degrees."""
    f = np.asarray(heights, float)
    if f.ndim == 1:
        return float(np.nanmax(np.abs(np.diff(f))) / spacing[0])
    return float(np.nanmax(_cell_slopes(f, spacing)))


def _cell_slopes(f: Array, spacing: tuple[float, ...]) -> Array:
    down = np.diff(f, axis=0)[:, :-1] / spacing[0]
    right = np.diff(f, axis=1)[:-1, :] / spacing[1]
    return np.hypot(down, right)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power spectral density against wave number (cycles per unit length), and its power law.

    frequency (F,), power (F,): height² · length on a curve, height² · length² on a surface (mean over directions).
    slope: the exponent of the fitted power law ``power ∝ frequency**slope`` (−2 for a random walk, more negative is
    smoother); level: its factor; limit: wave number up to which it was fitted.
    """

    frequency: Array
    power: Array
    slope: float
    level: float
    limit: float


def spectrum(heights: ArrayLike, spacing: tuple[float, ...], finest: float = 0.0) -> Spectrum:
    """One-sided periodogram with the best plane removed and a Hann window; the line is fitted in logarithms over octave
    bins.

    The fit leaves out the two lowest frequencies (the window's own shape) and the top octave (the grid's), and ends at
    the landscape's own band limit 1/finest where the shortest wavelength is known: above it there is nothing to fit.
    """
    f = np.asarray(heights, float)
    flat = np.nan_to_num(f - fit_plane(f, spacing).values)  # holes lie on the plane
    window = np.ones(f.shape)
    for axis, n in enumerate(f.shape):
        w = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
        window = window * np.moveaxis(w.reshape((-1,) + (1,) * (f.ndim - 1)), 0, axis)
    norm = float(np.prod(spacing)) / float((window**2).sum())
    if f.ndim == 1:
        power = 2 * norm * np.abs(np.fft.rfft(flat * window)) ** 2
        frequency: Array = np.asarray(np.fft.rfftfreq(f.size, spacing[0])[1:], float)
        power = power[1:]
        draws = np.ones(power.size)
    else:
        square = norm * np.abs(np.fft.fft2(flat * window)) ** 2
        radial = np.hypot(
            np.fft.fftfreq(f.shape[0], spacing[0])[:, None], np.fft.fftfreq(f.shape[1], spacing[1])[None, :]
        )
        step = max(1 / (n * s) for n, s in zip(f.shape, spacing, strict=True))
        ring = np.rint(radial / step).astype(int).ravel()
        rings = int(min(0.5 / s for s in spacing) / step)
        size = np.bincount(ring, minlength=rings + 1)[1 : rings + 1]
        power = np.bincount(ring, square.ravel(), minlength=rings + 1)[1 : rings + 1] / np.maximum(size, 1)
        frequency = step * np.arange(1, rings + 1)
        draws = size / 2.0  # opposite wave vectors hold the same number
    limit = float(frequency[-1]) / 2 if finest <= 0 else min(float(frequency[-1]) / 2, 1 / finest)
    slope, level = _power_law(frequency, power, draws, limit)
    return Spectrum(frequency, power, slope, level, limit)


def _power_law(frequency: Array, power: Array, draws: Array, limit: float) -> tuple[float, float]:
    keep = (frequency > frequency[min(1, frequency.size - 1)]) & (frequency < limit) & (power > 0)
    if keep.sum() < 3:
        return float("nan"), float("nan")
    octave = np.floor(4 * np.log2(frequency[keep] / frequency[keep][0])).astype(
        int
    )  # four bins an octave, equal weights
    size = np.bincount(octave)
    x = np.bincount(octave, np.log(frequency[keep]))[size > 0] / size[size > 0]
    n = np.bincount(octave, draws[keep])[size > 0]
    # E log of the mean of n exponential draws is ψ(n) − log n ≈ −1/2n − 1/12n²: bins with few would pull the line down.
    y = np.log(np.bincount(octave, power[keep])[size > 0] / size[size > 0]) + 1 / (2 * n) + 1 / (12 * n * n)
    if x.size < 3:
        return float("nan"), float("nan")
    slope, level = np.polyfit(x, y, 1)
    return float(slope), float(np.exp(level))


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


@dataclass(frozen=True, eq=False)
class Measures:
    """Smoothness against radius: arrays (K,) over radii, entry 0 is the landscape itself (radius 0).

    minima: samples lower than all neighbours. basins: basins deeper than `threshold` (height units), border ones left
    out. total_variation, largest_slope, spectral_slope, fractal_dimension, oscillation: of the ironed landscape.
    unreachable: share of samples that no ball can touch, 0 to 1.
    """

    radius: Array
    minima: Array
    basins: Array
    total_variation: Array
    largest_slope: Array
    spectral_slope: Array
    fractal_dimension: Array
    oscillation: Array
    unreachable: Array
    threshold: float

    def columns(self) -> dict[str, Array]:
        """Every array by name, for a table."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "threshold"}

    def to_csv(self) -> str:
        """One row a radius, a header, full precision."""
        columns = self.columns()
        rows = zip(*columns.values(), strict=True)
        return "\n".join([",".join(columns), *(",".join(repr(float(v)) for v in row) for row in rows)]) + "\n"


def default_threshold(heights: ArrayLike) -> float:
    """Basins shallower than a thousandth of the landscape's own height range count as noise, unless one says
    otherwise."""
    return 1e-3 * oscillation(heights)


def measure(
    field: Field,
    radii: ArrayLike,
    threshold: float | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Measures:
    """Iron a sampled landscape at every radius and measure what is left."""
    return measure_sweep(sweep_field(field, radii, progress=progress), threshold)


def measure_sweep(swept: Sweep, threshold: float | None = None) -> Measures:
    """Measures of a sweep that has been done."""
    limit = default_threshold(swept.heights) if threshold is None else float(threshold)
    if not np.isfinite(limit) or limit < 0:
        raise ValueError(f"threshold must be ≥ 0 and finite, got {threshold}")
    rows = []
    shares = [0.0, *(1.0 - mask.mean() for mask in swept.reachable)]
    for radius, f, share in zip([0.0, *swept.radii.tolist()], [swept.heights, *swept.ironed], shares, strict=True):
        rows.append(
            (
                radius,
                local_minima(f),
                basins(f).count(limit),
                total_variation(f, swept.spacing),
                largest_slope(f, swept.spacing),
                spectrum(f, swept.spacing, swept.finest).slope,
                fractal_dimension(f, swept.spacing, swept.finest),
                oscillation(f),
                share,
            )
        )
    c = np.array(rows, float).T
    return Measures(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], limit)


def power_law(radius: ArrayLike, count: ArrayLike) -> tuple[float, float]:
    """Exponent and factor of ``count ≈ factor · radius**exponent``, fitted in logarithms where both are positive."""
    x, y = np.asarray(radius, float), np.asarray(count, float)
    keep = (x > 0) & (y > 0)
    if np.unique(x[keep]).size < 2:
        raise ValueError(f"a power law needs two radii with a positive count, got {int(keep.sum())}")
    exponent, factor = np.polyfit(np.log(x[keep]), np.log(y[keep]), 1)
    return float(exponent), float(np.exp(factor))
