"""Line, step or sigmoid: what shape a curve over an ordered axis has, and whether a line would have been enough.

A slow trend and noise that lasts from one value of the axis to the next both look like a jump to a test that shuffles
the values. So the null is a straight line with noise whose memory, an AR(1) coefficient, is that of the line's own
residuals (corrected for its bias, as Kendall 1954 does for a mean's): T = log(RSS of the line / RSS of the best
sigmoid) must beat what such noise reaches by itself (parametric bootstrap). A sigmoid so narrow that a step fits as
well is a jump, a wider one a crossover. At the level 0.01 with 24 values, false alarms are at most about 1 % for white
noise, noise of memory 0.5 and 0.8, and ramps with either; found are 9 of 10 steps of five noise deviations and half of
those of three (tests/sweep/test_shapes.py).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORTEST = 2
"""A level on either side of a jump has at least this many values of the axis."""
WIDTHS = (1e-3, 0.5, 1.0, 2.0, 4.0)
"""Of the sigmoids, in steps of the axis; the first is a step."""
QUARTERS = 2 * float(np.log(3.0))
"""A logistic goes from a quarter to three quarters of its height over this many of its widths."""
DRAWS = 999
TINY = 1e-12


class Shape(NamedTuple):
    """The sigmoid that fits a curve (n,) best.

    center: index of its middle, a half-integer between values; width: in steps of the axis, from a quarter to three
    quarters of its height, 0 for a step; jump: whether a step does as well; p: of the line with noise; noise: standard
    deviation of the residuals.
    """

    center: float
    width: float
    jump: bool
    p: float
    noise: float


def shape(curve: Floats, seed: int = 0, draws: int = DRAWS) -> Shape | None:
    """The shape of a curve (n,), or None for fewer values than two levels need and for one that a line fits exactly."""
    n = curve.size
    if n < 2 * SHORTEST + 2:
        return None
    whole, line, best, k = _fits(curve[None])
    # A line's own rounding is no structure, however small the line.
    if line[0] <= TINY * max(float(np.sum(curve * curve)), 1e-300) or whole[0] <= 0:
        return None
    observed = float(np.log(line[0] / max(best[0], TINY * line[0])))
    noise = _remembering(_memory(curve), draws, n, seed)
    _, null_line, null_best, _ = _fits(noise)
    p = float((1 + np.sum(np.log(null_line / null_best) >= observed)) / (draws + 1))
    centers, widths, _ = _sigmoids(n)
    step = float(_fits(curve[None], steps_only=True)[2][0])
    # One parameter more must earn its keep (Bayesian information criterion).
    narrow = n * np.log(max(step, TINY * line[0]) / max(best[0], TINY * line[0])) <= np.log(n) + 2
    found = int(k[0])
    spread = 0.0 if widths[found] == WIDTHS[0] else QUARTERS * float(widths[found])
    return Shape(float(centers[found]), spread, bool(narrow), p, float(np.sqrt(best[0] / max(n - 4, 1))))


def plateau(curve: Floats, seed: int = 0, draws: int = DRAWS) -> tuple[int, int, float] | None:
    """The best two steps of a curve (n,) that go up and down again, or down and up, which one sigmoid cannot see: the
    indices of the first values after each, and p as in `shape`. None where `shape` would say None."""
    n = curve.size
    if n < 3 * SHORTEST + 2:
        return None
    whole, line, _, _ = _fits(curve[None])
    if line[0] <= TINY * max(float(np.sum(curve * curve)), 1e-300) or whole[0] <= 0:
        return None
    rest, k = _two_steps(curve[None])
    noise = _remembering(_memory(curve), draws, n, seed)
    null = np.log(_fits(noise)[1] / _two_steps(noise)[0])
    p = float((1 + np.sum(null >= np.log(line[0] / max(rest[0], TINY * line[0])))) / (draws + 1))
    first, second = (int(pair[k[0]]) for pair in _pairs(n))
    return first, second, p


def holm(p: Floats, level: float = 0.05) -> NDArray[np.bool_]:
    """Which of several tests stand at a family-wise level (Holm 1979)."""
    order = np.argsort(p)
    limits = level / (p.size - np.arange(p.size))
    stands = np.zeros(p.size, bool)
    stands[order] = np.cumprod(p[order] <= limits).astype(bool)
    return stands


@lru_cache(maxsize=64)
def _sigmoids(n: int) -> tuple[Floats, Floats, Floats]:
    """Centres and widths (G,), and the centred logistic curves of unit length (G, n)."""
    places = np.arange(SHORTEST - 0.5, n - SHORTEST + 0.1, 0.5)
    center, width = (a.ravel() for a in np.meshgrid(places, WIDTHS, indexing="ij"))
    keep = (width > WIDTHS[0]) | (center % 1 == 0.5)  # a step has its place between two values
    center, width = center[keep], width[keep]
    away = np.clip((np.arange(n)[None, :] - center[:, None]) / width[:, None], -40, 40)
    curves = 1 / (1 + np.exp(-away))
    curves = curves - curves.mean(axis=1, keepdims=True)
    return center, width, curves / np.linalg.norm(curves, axis=1, keepdims=True)


def _fits(curves: Floats, steps_only: bool = False) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Residual sums of squares (m,) of a constant, a line and the best sigmoid of curves (m, n), and which it is."""
    n = curves.shape[1]
    centred = curves - curves.mean(axis=1, keepdims=True)
    ramp = np.arange(n) - (n - 1) / 2
    whole = np.sum(centred * centred, axis=1)
    line = np.maximum(whole - (centred @ ramp) ** 2 / float(ramp @ ramp), 0.0)
    _, widths, sigmoids = _sigmoids(n)
    explained = (centred @ sigmoids.T) ** 2
    if steps_only:
        explained = np.where(widths == WIDTHS[0], explained, -1.0)
    k = explained.argmax(axis=1)
    best = np.maximum(whole - explained[np.arange(k.size), k], 0.0)
    return whole, np.maximum(line, 1e-300), np.maximum(best, 1e-300), k


@lru_cache(maxsize=64)
def _pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    keep = (first >= SHORTEST) & (second - first >= SHORTEST) & (n - second >= SHORTEST)
    return first[keep], second[keep]


def _two_steps(curves: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Residual sum of squares (m,) of the best three levels of curves (m, n), and which pair of steps that is."""
    n = curves.shape[1]
    centred = curves - curves.mean(axis=1, keepdims=True)
    total = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(centred, axis=1)], axis=1)
    a, b = _pairs(n)
    # A level explains the square of its sum over its length; the sums of a centred curve end at 0.
    explained = total[:, a] ** 2 / a + (total[:, b] - total[:, a]) ** 2 / (b - a) + total[:, b] ** 2 / (n - b)
    k = explained.argmax(axis=1)
    rest = np.sum(centred * centred, axis=1) - explained[np.arange(k.size), k]
    return np.maximum(rest, 1e-300), k


def _memory(curve: Floats) -> float:
    """AR(1) coefficient of the residuals of the line, at least 0, corrected for its bias."""
    n = curve.size
    ramp = np.arange(n) - (n - 1) / 2
    rest = curve - curve.mean() - ramp * float(curve @ ramp) / float(ramp @ ramp)
    raw = float(rest[1:] @ rest[:-1]) / float(rest @ rest)
    # Twice Kendall's correction of a mean's residuals: a line takes one more degree of freedom out of slow noise.
    return round(float(np.clip(raw + 2 * (1 + 2 * raw) / n, 0.0, 0.95)), 2)


@lru_cache(maxsize=64)
def _remembering(memory: float, count: int, n: int, seed: int) -> Floats:
    """AR(1) noise (count, n), stationary."""
    from scipy.signal import lfilter

    burn = 60
    drawn = np.random.default_rng(seed).normal(size=(count, n + burn))
    return np.asarray(lfilter([1.0], [1.0, -memory], drawn, axis=1)[:, burn:])
