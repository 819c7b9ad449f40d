"""What a network's map over radius and learning rate says: where it is unstable, too slow, and whether ρ matters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rbo_core.training.phases import PhaseResult
from rbo_core.training.storage import KINDS

Floats = NDArray[np.float64]
Verdict = Literal["unfinished", "nothing", "level", "band", "small", "large"]
LEVEL = 0.95
"""Confidence, for all pairs of radii together, with which a difference counts."""


@dataclass(frozen=True)
class NetworkRegimes:
    """Where the radius matters, told from the map alone.

    best: (i, j), the cell of the highest mean accuracy. noise: how much accuracies of one cell differ between runs
    (standard error of a mean). macroscopic: (low, high) radii round the best one whose best accuracy over the learning
    rates is level with the highest. unstable: (R,) learning rate from which on a radius fails, or NaN where none does.
    gain: best cell's accuracy minus the best of gradient descent. fair_gain: the same at equal tries, with the mean
    best of as many cells, drawn from the map, as gradient descent had learning rates.

    verdict: "unfinished", a map with cells missing; "nothing", no cell learnt more than chance; "level", radii do not
    differ; else which radii do best: "small" ones, "large" ones, or a "band" between. by_radius: (R,) the best
    accuracy over the learning rates. lost: by how much the worst radius outside the stretch is behind.
    """

    best: tuple[int, int]
    noise: float
    macroscopic: tuple[float, float]
    unstable: Floats
    gain: float
    fair_gain: float
    verdict: Verdict
    by_radius: Floats
    lost: float


def failed(result: PhaseResult) -> NDArray[np.bool_]:
    """(R, E) cells where more than half of the runs diverged or learnt nothing (half of the best accuracy or less)."""
    accuracy = np.nan_to_num(result.validation_accuracy, nan=0.0)
    lost = result.diverged | (accuracy <= 0.5 * accuracy.max())
    # A small learning rate that has not got far yet has not failed: above it something must have worked.
    learnt = result.there & ~lost.mean(axis=2).astype(bool)
    worked_below = np.cumsum(learnt, axis=1) > 0
    return (lost.mean(axis=2) > 0.5) & worked_below & result.there


def too_slow(result: PhaseResult) -> NDArray[np.bool_]:
    """(R, E) cells that have not failed and learnt clearly less than a larger learning rate did at the same radius.

    With as many gradients: more of them might bring these networks as far. Clearly: as radii differ.
    """
    mean, margin = _mean(result), _margin(result)
    below = np.zeros(mean.shape, bool)
    for j in range(mean.shape[1] - 1):
        k = j + 1 + mean[:, j + 1 :].argmax(axis=1)
        rows = np.arange(len(mean))
        below[:, j] = mean[rows, k] - mean[:, j] > np.hypot(margin[:, j], margin[rows, k])
    return below & result.there & ~failed(result)


def expected_best(values: Floats, tries: int) -> float:
    """Mean of the largest of `tries` different ones of the values, drawn at random (Dodge et al. 2019, without
    replacement): with v sorted upwards, the i-th is the best with the chance C(i − 1, tries − 1) / C(n, tries)."""
    ordered = np.sort(np.asarray(values, float).ravel())
    n = ordered.size
    if not 1 <= tries <= n:
        raise ValueError(f"tries must be from 1 to the {n} values there are, got {tries}")
    chances = [math.comb(i, tries - 1) / math.comb(n, tries) for i in range(n)]
    return float(np.dot(chances, ordered))


def network_regimes(result: PhaseResult) -> NetworkRegimes:
    """Read the regimes off the map; of an unfinished one, off the cells that are there.

    Two radii differ when their best accuracies are further apart than chance makes any two of as many equal ones in one
    map of twenty (Tukey's honest significant difference with Kramer's variances).

    Raises:
        ValueError: no cell is trained.
    """
    if not result.there.any():
        raise ValueError("no cell of the map is trained: there is nothing to read off it")
    config, mean = result.config, _mean(result)
    best = np.unravel_index(int(mean.argmax()), mean.shape)
    p = float(mean[best])
    by_radius = mean.max(axis=1)
    margin = _margin(result)[np.arange(len(mean)), mean.argmax(axis=1)]
    level = p - by_radius <= np.hypot(margin, margin[best[0]])
    first = last = int(best[0])
    while first > 0 and level[first - 1]:
        first -= 1
    while last < config.n_radii - 1 and level[last + 1]:
        last += 1
    lost = failed(result)
    unstable = np.array([config.rates[np.flatnonzero(row)[0]] if row.any() else np.nan for row in lost])
    point = np.nan_to_num(result.point_accuracy, nan=0.0).mean(axis=1)
    outside = np.delete(by_radius, np.arange(first, last + 1))
    return NetworkRegimes(
        (int(best[0]), int(best[1])), float(np.sqrt(_variance(result)[best])),
        (float(config.radii[first]), float(config.radii[last])), unstable,
        p - float(point.max()), expected_best(mean[result.there], min(point.size, int(result.there.sum())))
        - float(point.max()),
        _verdict(result, p, first, last), by_radius, float(p - outside.min()) if outside.size else 0.0,
    )  # fmt: skip


def _verdict(result: PhaseResult, best: float, first: int, last: int) -> Verdict:
    chance = 1.0 / KINDS[result.config.train.data][1]
    if not result.complete:
        return "unfinished"
    if best <= chance + 3 * math.sqrt(chance * (1 - chance) / result.validation_images):
        return "nothing"
    if first == 0:
        return "level" if last == result.config.n_radii - 1 else "small"
    return "large" if last == result.config.n_radii - 1 else "band"


def _mean(result: PhaseResult) -> Floats:
    """(R, E) mean accuracy of each cell; 0 where nothing is known."""
    mean: Floats = np.nan_to_num(result.validation_accuracy, nan=0.0).mean(axis=2)
    return mean


def _variance(result: PhaseResult) -> Floats:
    """(R, E) of the mean accuracies: binomial, of the validation images, or of the runs where those vary more."""
    p = _mean(result)
    variance: Floats = np.maximum(p * (1 - p), 1e-6) / max(result.validation_images, 1)
    if result.config.seeds > 1:
        runs = np.nan_to_num(result.validation_accuracy, nan=0.0).var(axis=2, ddof=1) / result.config.seeds
        variance = np.maximum(variance, runs)
    return variance


def _margin(result: PhaseResult) -> Floats:
    """(R, E): two cells are level when they are no further apart than the hypotenuse of their margins."""
    return _studentized_range(result.config.n_radii) * np.sqrt(_variance(result) / 2)


@cache
def _studentized_range(count: int) -> float:
    """The range of ``count`` equal normal means that is exceeded once in twenty times, in standard errors."""
    from scipy.stats import studentized_range  # only who reads a map needs it

    return float(studentized_range.ppf(LEVEL, count, math.inf))
