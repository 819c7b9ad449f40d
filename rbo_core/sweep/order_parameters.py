"""Order parameters: what a cell's balls did, as one number, with an interval from resampling the balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.intervals import wilson
from rbo_core.sweep.measure import COLUMNS
from rbo_core.sweep.spec import Sweep
from rbo_core.trace import Status

Floats = NDArray[np.float64]
RESAMPLES = 1000
TOUCHING = 1e-9
"""A penetration smaller than this part of the radius is none."""


@dataclass(frozen=True)
class Order:
    """One order parameter: its name, a label for people with its unit, and which way is better (+1, −1, 0)."""

    name: str
    label: str
    unit: str
    better: int
    column: str
    among: str = "sound"


ORDERS = (
    Order("in_basin", "share near the minimum", "", 1, "in_basin", "all"),
    Order("final_loss", "mean final loss", "loss", -1, "final_loss"),
    Order("diverged", "share diverged", "", -1, "diverged", "all"),
    Order("reached_at", "mean steps until near the minimum", "steps", -1, "reached_at", "arrived"),
    Order("mean_penetration", "mean penetration", "of ρ", -1, "mean_penetration"),
    Order("displacement", "mean distance travelled", "x", 0, "displacement"),
    Order("path", "mean length of the way", "x", 0, "path"),
    Order("distance", "mean distance to the global minimum", "x", -1, "distance"),
    Order("held", "share at rest away from the minimum", "", -1, "status", "all"),
    Order("susceptibility", "variance between balls of being near the minimum", "", 0, "in_basin", "each"),
    Order("entropy", "entropy of where the balls end (nats)", "", -1, "final_x0"),
    Order("spent", "mean evaluations spent", "", -1, "gradients"),
)
"""``among``: averaged over all balls, as a share ("all") or not ("each"), over those that did not diverge ("sound"), or
over those that ended near the minimum ("arrived")."""
SAME_PLACE = 0.02
"""Ends that are nearer to each other than this along every parameter, or joined by such, are one place."""


def order(name: str) -> Order:
    """The order parameter called ``name``."""
    for known in ORDERS:
        if known.name == name:
            return known
    raise ValueError(f"order parameter must be one of {', '.join(o.name for o in ORDERS)}; got {name!r}")


def samples(data: Floats, name: str) -> Floats:
    """(..., balls) of an order parameter from (..., balls, columns); NaN for balls it does not count."""
    chosen = order(name)
    if name == "entropy":
        return _surprisals(data)
    value = data[..., COLUMNS.index(chosen.column)].copy()
    if name == "held":
        away = data[..., COLUMNS.index("in_basin")] == 0
        value = np.where(np.isnan(value), np.nan, ((value == Status.CONVERGED) & away).astype(float))
    if name == "susceptibility":
        # Its mean over the balls is p(1 − p): largest where as many arrive as not, 0 in an ordered phase.
        value = (value - mean(value)[..., None]) ** 2
    if name == "mean_penetration":
        value[np.abs(value) < TOUCHING] = 0.0  # rounding is not depth
    if name == "spent":
        value += data[..., COLUMNS.index("evaluations")]
    if chosen.among not in ("all", "each"):
        value[data[..., COLUMNS.index("diverged")] != 0] = np.nan
        value[~np.isfinite(value)] = np.nan
    return value


def _surprisals(data: Floats) -> Floats:
    """−ln of the share of a cell's balls that end in the same place as each; their mean is the entropy of the ends."""
    sound = (data[..., COLUMNS.index("diverged")] == 0) & np.isfinite(data[..., len(COLUMNS) :]).all(axis=-1)
    out = np.full(sound.shape, np.nan)
    for cell in np.ndindex(sound.shape[:-1]):
        ends = data[cell][sound[cell], len(COLUMNS) :]
        if not len(ends):
            continue
        order_ = np.argsort(ends, axis=0)
        gaps = np.diff(np.take_along_axis(ends, order_, axis=0), axis=0) > SAME_PLACE
        label = np.zeros(ends.shape, np.int64)
        np.put_along_axis(label, order_, np.concatenate([np.zeros((1, ends.shape[1])), gaps.cumsum(axis=0)]), axis=0)
        _, which, count = np.unique(label, axis=0, return_inverse=True, return_counts=True)
        out[cell][sound[cell]] = -np.log(count[which.ravel()] / len(ends))
    return out


def mean(values: Floats) -> Floats:
    """Mean over the last axis, ignoring NaN; NaN where nothing counts."""
    counted = np.isfinite(values)
    number = counted.sum(axis=-1)
    total = np.where(counted, values, 0.0).sum(axis=-1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def cell_map(sweep: Sweep, data: Floats, name: str) -> Floats:
    """An order parameter in every cell, in the shape of the grid; NaN where nothing is stored or counts."""
    return mean(samples(data, name)).reshape(sweep.shape)


def resample(values: Floats, count: int = RESAMPLES, seed: int = 0) -> Floats:
    """Bootstrap means (count, n) of values (n, balls).

    The same balls are drawn in every row: a start that is luckily placed is so at every radius, and what matters are
    the differences between the rows.
    """
    generator = np.random.default_rng(seed)
    balls = values.shape[-1]
    drawn = generator.integers(0, balls, size=(count, balls))
    return np.stack([mean(values[:, chosen]) for chosen in drawn])


def interval(
    values: Floats, level: float = 0.95, count: int = RESAMPLES, seed: int = 0, share: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Mean and bootstrap percentile interval of values (n, balls): three arrays (n,).

    A ``share`` (values 0 or 1) gets a Wilson interval instead: a bootstrap of equal outcomes has no width. It is
    that of independent random starts; for starts on a lattice it is conservative.
    """
    middle = mean(values)
    if share:
        return middle, *wilson(middle, np.isfinite(values).sum(axis=-1), level)
    draws = resample(values, count, seed)
    with np.errstate(invalid="ignore"):
        tail = 50 * (1 - level)
        known = np.isfinite(draws).any(axis=0)
        low, high = np.full(len(middle), np.nan), np.full(len(middle), np.nan)
        if known.any():
            low[known], high[known] = np.nanpercentile(draws[:, known], (tail, 100 - tail), axis=0)
    return middle, low, high


def is_share(name: str) -> bool:
    """Whether an order parameter is a share of the balls."""
    return order(name).among == "all"


def along(sweep: Sweep, data: Floats, name: str, axis: str, at: Sequence[int] | None = None) -> Floats:
    """Samples (n, balls) of an order parameter along one axis of the grid; the other axes stand at indices ``at``."""
    where = [axis_.name for axis_ in sweep.grid].index(sweep.axis(axis).name)
    grid = samples(data, name).reshape(*sweep.shape, sweep.balls)
    index: list[int | slice] = list(at) if at is not None else [n // 2 for n in sweep.shape]
    index[where] = slice(None)
    return grid[tuple(index)]
