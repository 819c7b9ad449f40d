"""The power spectrum of a height field, and the power law that it follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rbo_core.ironing.field import Array
from rbo_core.ironing.plane import fit_plane


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
