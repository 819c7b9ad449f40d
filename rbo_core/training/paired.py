"""Methods compared seed by seed: paired differences, Holm's correction, and how many seeds would be needed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from rbo_core.intervals import Crossed, crossed, student

Floats = NDArray[np.float64]

REFERENCES = ("momentum", "sam_momentum")
"""The baselines that every method is compared with."""
LEVEL = 0.05
"""A difference whose corrected p is below is called one."""


def called(mean: float, corrected: float) -> int:
    """1 where the corrected test calls a method better than its reference, −1 where worse, 0 where it tells nothing."""
    return 0 if not corrected < LEVEL else (1 if mean > 0 else -1)


@dataclass(frozen=True)
class Difference:
    """A method minus a reference, seed by seed, and tuning by tuning where there were several: then the interval and p
    are those of `rbo_core.intervals.crossed`, and what follows is of the mean over the tunings.

    mean, half: percentage points and half the 95 % interval. p: two-sided paired t-test; holm: the same, corrected over
    all methods compared with that reference (Holm 1979). effect: mean over the standard deviation of the differences.
    seeds_for: how many paired seeds would tell 0.3 points apart with 80 % power at 5 %.
    """

    name: str
    reference: str
    mean: float
    half: float
    p: float
    holm: float
    effect: float
    seeds_for: int


def differences(accuracies: Mapping[str, ArrayLike], references: Sequence[str] = REFERENCES) -> tuple[Difference, ...]:
    """Every method against every reference that took part, Holm-corrected reference by reference.

    Args:
        accuracies: of each method, those of the same seeds, %: (S,), or (T, S) of T tunings.
    """
    by_name = {name: np.atleast_2d(np.asarray(values, dtype=float)) for name, values in accuracies.items()}
    out: list[Difference] = []
    for reference in (name for name in references if name in by_name):
        others = [name for name in by_name if name != reference]
        gaps = {name: by_name[name] - by_name[reference] for name in others}
        found = [estimated(gaps[name]) for name in others]
        corrected = holm(np.array([one.p for one in found]))
        for name, one, p in zip(others, found, corrected, strict=True):
            out.append(_difference(name, reference, gaps[name], one, float(p)))
    return tuple(out)


def holm(p: Floats) -> Floats:
    """Holm's step-down correction of p-values (n,)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def seeds_needed(deviation: float, points: float = 0.3, power: float = 0.8, level: float = 0.05) -> int:
    """Paired seeds with which a two-sided t-test finds a true difference of ``points``, given the standard deviation
    of the differences: by the noncentral t distribution."""
    if deviation == 0:
        return 2
    for n in range(2, 10_000):
        critical = stats.t.ppf(1 - level / 2, n - 1)
        if 1 - stats.nct.cdf(critical, n - 1, points / deviation * math.sqrt(n)) >= power:
            return n
    return 10_000


def estimated(values: Floats) -> Crossed:
    """Mean, interval and p of ``values (T, S)``: over the seeds, and over the tunings where there are several."""
    if len(values) > 1:
        return crossed(values)
    mean, half = (float(one) for one in student(values[0]))
    return Crossed(mean, half, _paired_p(values[0]), math.nan)


def _difference(name: str, reference: str, gap: Floats, found: Crossed, corrected: float) -> Difference:
    deviation = float(np.std(gap.mean(axis=0), ddof=1))
    effect = found.mean / deviation if deviation > 0 else math.copysign(math.inf, found.mean) if found.mean else 0.0
    needed = seeds_needed(deviation)
    return Difference(name, reference, found.mean, found.half, found.p, corrected, effect, needed)


def _paired_p(gap: Floats) -> float:
    if np.ptp(gap) == 0:
        return 1.0 if gap[0] == 0 else 0.0
    return float(stats.ttest_1samp(gap, 0.0).pvalue)
