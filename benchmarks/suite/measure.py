"""How the parts measure: first call and steady state apart, who is compared in turns, growth as a fitted exponent."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy import stats

Call = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """One measured number.

    first: seconds of the first call, compilation included; steady: median of the later ones, in `unit`; ratio: times
    the steady state of the first in its group, median over rounds. None where there is no such thing.
    """

    group: str
    who: str
    steady: float
    unit: str = "s"
    first: float | None = None
    ratio: float | None = None
    rounds: int = 1


@dataclass(frozen=True)
class Growth:
    """Cost ∝ size^exponent, fitted over `sizes`; low, high: 95 % interval of the exponent."""

    group: str
    who: str
    exponent: float
    low: float
    high: float
    sizes: tuple[float, ...]


@dataclass
class Report:
    """What a part has found. notes: sentences on what was left out, and why."""

    rows: list[Row] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def compared(group: str, calls: Mapping[str, Call], rounds: int, per: float = 1.0, unit: str = "s") -> list[Row]:
    """Everybody in turns, `rounds` times after a first call each, so that a busy machine slows all alike.

    rounds: 0 where a call takes so long that the first one must do. per, unit: a call's seconds are divided by `per` to
    give the row's numbers. The first of `calls` is what the ratios refer to.
    """
    first = {who: seconds(call) for who, call in calls.items()}
    taken: dict[str, list[float]] = {who: [] for who in calls}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for who, call in calls.items():
                taken[who].append(seconds(call))
    finally:
        gc.enable()
    if rounds == 0:
        taken = {who: [spent] for who, spent in first.items()}
    ours = next(iter(taken.values()))
    return [
        Row(
            group, who, statistics.median(mine) / per, unit, first[who],
            statistics.median(a / b for a, b in zip(mine, ours, strict=True)), max(rounds, 1),
        )
        for who, mine in taken.items()
    ]  # fmt: skip


def seconds(call: Call) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def steady(call: Call, rounds: int) -> float:
    """Median seconds after one call that is not counted."""
    call()
    return statistics.median(seconds(call) for _ in range(rounds))


def growth(group: str, who: str, sizes: Sequence[float], cost: Sequence[float]) -> Growth:
    """The exponent by least squares on logarithms, with Student's interval; needs three sizes."""
    fit = stats.linregress(np.log(sizes), np.log(cost))
    half = float(stats.t.ppf(0.975, len(sizes) - 2)) * float(fit.stderr)
    half = half if math.isfinite(half) else 0.0
    return Growth(group, who, float(fit.slope), float(fit.slope) - half, float(fit.slope) + half, tuple(sizes))
