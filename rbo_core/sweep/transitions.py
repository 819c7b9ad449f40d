"""Where an order parameter jumps along an axis, how sure that is, and what regimes lie between the jumps.

A transition is a change point: the split of the axis that leaves the least squared deviation from the mean on either
side. It counts as one when a step or sigmoid explains more than a straight line with noise that remembers would leave
to chance (`shapes`), and is then a jump or a crossover; its interval comes from drawing the balls anew. Nothing here
knows what a radius is: any ordered axis will do. Where an axis was refined near jumps (`refine`), whether there is one
is asked of its evenly spaced values, since values crowded about a jump would make noise look as if it remembered; where
it is, of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rbo_core.sweep.order_parameters import mean, resample
from rbo_core.sweep.shapes import SHORTEST, Shape, plateau, shape

Floats = NDArray[np.float64]

LEVEL = 0.01
"""Chance of finding a transition where a straight line with noise is all there is."""


@dataclass(frozen=True)
class Transition:
    """A jump or crossover of an order parameter.

    at: where, between two neighbouring values of the axis (their geometric mean on a positive axis).
    low, high: 95 % bootstrap interval, never narrower than the gap between the two neighbouring values.
    before, after: mean of the order parameter on either side. p: of the straight line (`shapes.shape`). abrupt: True
    for a jump, between two neighbouring values as far as the data say; False for a crossover. factor: by which the axis
    grows while the best sigmoid goes from a quarter to three quarters of its height, 1 for a jump. noise: standard
    deviation of the curve about that sigmoid.
    """

    at: float
    low: float
    high: float
    before: float
    after: float
    p: float
    abrupt: bool = True
    factor: float = 1.0
    noise: float = 0.0

    @property
    def jump(self) -> float:
        """How far the order parameter jumps."""
        return self.after - self.before

    @property
    def effect(self) -> float:
        """How far it jumps, in standard deviations of its noise; inf without noise."""
        return abs(self.jump) / self.noise if self.noise > 0 else float("inf")


@dataclass(frozen=True)
class Regime:
    """A stretch of the axis between transitions: its name, its first and last value, and the mean there."""

    name: str
    low: float
    high: float
    value: float


def transition(x: Sequence[float], samples: Floats, draws: int = 500, seed: int = 0) -> Transition | None:
    """The one best change point of samples (n, balls) along x (n,), or None when there is none.

    NaN samples do not count; values of x without any sample are left out.
    """
    axis, values, even = _known(x, samples)
    found = _test(mean(values), even, seed)
    return None if found is None else _describe(axis, values, *found, draws, seed)


def transitions(x: Sequence[float], samples: Floats, at_most: int = 2, draws: int = 500) -> tuple[Transition, ...]:
    """Up to ``at_most`` change points, largest jumps first found, in the order of x (binary segmentation)."""
    axis, values, even = _known(x, samples)
    curve = mean(values)
    cuts: dict[int, Shape] = {}
    while len(cuts) < at_most:
        edges = [0, *sorted(cuts), len(axis)]
        options = []
        for low, high in pairwise(edges):
            one = _test(curve[low:high], even[low:high], 0)
            if one is not None:
                jump = abs(curve[low + one[0] : high].mean() - curve[low : low + one[0]].mean())
                options.append((jump, low + one[0], one[1]))
        if not options:
            if not cuts and at_most >= 2:
                cuts = _plateau(curve, even)
            break
        _, at, found = max(options, key=lambda option: option[0])
        cuts[at] = found
    edges = [0, *sorted(cuts), len(axis)]
    # Each jump is seen against its own two neighbours: over the whole axis a second jump would blur where the first is.
    return tuple(
        _describe(axis[low:high], values[low:high], at - low, cuts[at], draws, 0)
        for low, at, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True)
    )


def regimes(x: Sequence[float], samples: Floats, better: int, found: Sequence[Transition]) -> tuple[Regime, ...]:
    """The stretches between ``found`` transitions, named as in the paper, by what the data say.

    The stretch with the highest mean is macroscopic; smaller radii are microscopic, larger ones super-macroscopic;
    neighbours of one name are one regime. Only a quantity that is to be high (``better`` +1) names regimes: by depth or
    divergence the smallest radii, where a ball is a point, would be the best. Without a transition there are none.
    """
    if not found or better != 1:
        return ()
    axis, values, _ = _known(x, samples)
    curve = mean(values)
    cuts = [0, *(int(np.searchsorted(axis, one.at)) for one in found), len(axis)]
    means = [float(curve[a:b].mean()) for a, b in pairwise(cuts)]
    best = int(np.argmax(means))
    spans = {"microscopic": (0, cuts[best]), "macroscopic": (cuts[best], cuts[best + 1]),
             "super-macroscopic": (cuts[best + 1], len(axis))}  # fmt: skip
    return tuple(
        Regime(name, float(axis[a]), float(axis[b - 1]), float(curve[a:b].mean()))
        for name, (a, b) in spans.items()
        if b > a
    )


def width(x: Sequence[float], samples: Floats, one: Transition) -> float:
    """How wide a transition is: the factor in x over which the order parameter goes from a quarter to three quarters of
    its jump (1 is a step). The curve is made monotone first (isotonic regression)."""
    axis, values, _ = _known(x, samples)
    curve = mean(values) * np.sign(one.jump or 1.0)
    smooth = _isotonic(curve)
    low, high = sorted((one.before * np.sign(one.jump), one.after * np.sign(one.jump)))
    quarter, three = low + 0.25 * (high - low), low + 0.75 * (high - low)
    return _crossing(axis, smooth, three) / _crossing(axis, smooth, quarter)


def evenly(x: Floats) -> NDArray[np.bool_]:
    """Which of increasing values (n,) are an evenly spaced axis, log or not, between which the others were put; all
    where there is no such axis."""
    for scale in [np.log(x), x] if x.size and x[0] > 0 else [x]:
        step = np.diff(scale).max(initial=0.0)
        if step > 0:
            place = (scale - scale[0]) / step
            on = np.abs(place - np.round(place)) < 1e-6
            if on.sum() == round(float(place[-1])) + 1:
                return np.asarray(on)
    return np.ones(x.size, bool)


def _known(x: Sequence[float], samples: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    axis, values = np.asarray(x, dtype=float), np.asarray(samples, dtype=float)
    if values.ndim != 2 or len(axis) != len(values):
        raise ValueError(f"samples must have shape ({len(axis)}, balls), got {values.shape}")
    if (np.diff(axis) <= 0).any():
        raise ValueError(f"x must increase, got {axis.tolist()}")
    known = np.isfinite(values).any(axis=1)
    return axis[known], values[known], evenly(axis)[known]


def _test(curve: Floats, even: NDArray[np.bool_], seed: int) -> tuple[int, Shape] | None:
    """Index of the first value after the best split, and the even values' shape; None where a line does as well."""
    found = shape(curve[even], seed)
    if found is None or found.p > LEVEL:
        return None
    return _closer(curve, even, int(_best_split(curve[even][None])[0][0])), found


def _closer(curve: Floats, even: NDArray[np.bool_], k: int) -> int:
    """The split of the even values before their k-th, among all values: the largest change between the two."""
    places = np.flatnonzero(even)
    between = np.arange(places[k - 1], places[k])
    return int(between[np.abs(curve[between + 1] - curve[between]).argmax()]) + 1


def _plateau(curve: Floats, even: NDArray[np.bool_]) -> dict[int, Shape]:
    """Two jumps that undo each other in part, where no single one stands out; at half the level, as a second look."""
    found = plateau(curve[even])
    if found is None or found[2] > LEVEL / 2:
        return {}
    first, second, p = _closer(curve, even, found[0]), _closer(curve, even, found[1]), found[2]
    levels = [curve[:first], curve[first:second], curve[second:]]
    noise = float(np.sqrt(sum(((v - v.mean()) ** 2).sum() for v in levels) / max(curve.size - 5, 1)))
    return {at: Shape(at - 0.5, 0.0, True, p, noise) for at in (first, second)}


def _describe(axis: Floats, values: Floats, k: int, found: Shape, draws: int, seed: int) -> Transition:
    curve = mean(values)
    ratio = (axis[-1] / axis[0]) ** (1 / (int(evenly(axis).sum()) - 1)) if axis[0] > 0 else np.e
    splits, _ = _best_split(_filled(resample(values, draws, seed), curve))
    first, last = np.percentile(splits, (2.5, 97.5), method="nearest")
    return Transition(
        at=_between(axis[k - 1], axis[k]),
        low=float(axis[min(int(first), k) - 1]),
        high=float(axis[max(int(last), k)]),
        before=float(curve[:k].mean()),
        after=float(curve[k:].mean()),
        p=found.p,
        abrupt=found.jump,
        factor=1.0 if found.jump else float(ratio**found.width),
        noise=found.noise,
    )


def _best_split(curves: Floats) -> tuple[NDArray[np.int64], Floats]:
    """For curves (m, n): index of the first value after the best split, and how much squared deviation it explains."""
    n = curves.shape[1]
    k = np.arange(SHORTEST, n - SHORTEST + 1)
    centred = curves - curves.mean(axis=1, keepdims=True)
    left = np.cumsum(centred, axis=1)[:, k - 1]
    # Sum of squares between the two sides; left and right sums of a centred curve are opposite.
    gain = left * left / k + left * left / (n - k)
    best = np.argmax(gain, axis=1)
    return k[best], gain[np.arange(len(curves)), best]


def _filled(draws: Floats, curve: Floats) -> Floats:
    """A draw without any counted ball says nothing: it keeps the mean of the whole."""
    return np.where(np.isfinite(draws), draws, curve)


def _between(a: float, b: float) -> float:
    return float(np.sqrt(a * b)) if a > 0 else 0.5 * (a + b)


def _isotonic(curve: Floats) -> Floats:
    """Nearest non-decreasing curve, by pooling adjacent violators."""
    blocks: list[tuple[float, int]] = []
    for value in curve:
        total, count = float(value), 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    return np.concatenate([np.full(count, total / count) for total, count in blocks])


def _crossing(axis: Floats, curve: Floats, level: float) -> float:
    k = int(np.argmax(curve >= level)) if (curve >= level).any() else len(curve) - 1
    if k == 0:
        return float(axis[0])
    share = (level - curve[k - 1]) / (curve[k] - curve[k - 1]) if curve[k] > curve[k - 1] else 1.0
    return float(np.exp((1 - share) * np.log(axis[k - 1]) + share * np.log(axis[k])))
