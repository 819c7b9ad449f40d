"""Order parameters: what a cell's balls did, as one number, with an interval from resampling the balls (or seeds)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.intervals import wilson
from rbo_core.sweep.measure import COLUMNS
from rbo_core.sweep.spec import SURFACE_PREFIX, Sweep
from rbo_core.trajectory import Status

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
    Order("seed_susceptibility", "variance over seeds of the share that arrives × starts", "", 0, "in_basin", "seeds"),
    Order("entropy", "entropy of where the balls end (nats)", "", -1, "final_x0"),
    Order("spent", "mean evaluations spent", "", -1, "gradients"),
)
"""``among``: averaged over all balls, as a share ("all") or not ("each"), over those that did not diverge ("sound"),
over those that ended near the minimum ("arrived"), or over the seeds ("seeds")."""
SURFACE_SEED = f"{SURFACE_PREFIX}seed"
"""Axis of the grid along which one random surface follows another."""
SAME_PLACE = 0.02
"""Ends that are nearer to each other than this along every parameter, or joined by such, are one place."""


def order(name: str) -> Order:
    """The order parameter called ``name``."""
    for known in ORDERS:
        if known.name == name:
            return known
    raise ValueError(f"order parameter must be one of {', '.join(o.name for o in ORDERS)}; got {name!r}")


def samples(data: Floats, name: str) -> Floats:
    """(..., balls) of an order parameter from (..., balls, columns); NaN for balls it does not count.

    Raises:
        ValueError: there is none of that name, or it compares seeds, of which balls alone know nothing (`of_sweep`).
    """
    chosen = order(name)
    if chosen.among == "seeds":
        raise ValueError(f"{name} compares the seeds of a sweep: take of_sweep(sweep, data, {name!r})")
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


def of_sweep(sweep: Sweep, data: Floats, name: str) -> Floats:
    """(*grid, n) of an order parameter from a sweep's (cells, balls, columns): a sample for each ball of a cell, or for
    each seed where it compares seeds; NaN for what it does not count."""
    if order(name).among != "seeds":
        return samples(data, name).reshape(*sweep.shape, sweep.balls)
    arrived = data[..., COLUMNS.index("in_basin")].reshape(*sweep.shape, -1, len(sweep.seeds))
    shares = mean(np.moveaxis(arrived, -1, -2))
    starts = sweep.balls // len(sweep.seeds)
    names = [axis.name for axis in sweep.grid]
    if SURFACE_SEED not in names:
        return _fluctuations(shares, starts)
    # Cells that differ in nothing but the random surface are realisations of one thing, and share its value.
    where = names.index(SURFACE_SEED)
    together = np.moveaxis(shares, where, -2)
    found = _fluctuations(together.reshape(*together.shape[:-2], -1), starts)
    every = np.expand_dims(found, where)
    return np.repeat(every, sweep.shape[where], axis=where)


def _fluctuations(shares: Floats, starts: int) -> Floats:
    """Squared deviations (..., seeds) of the shares (..., seeds) from their mean, so scaled that their mean is the
    number of starts times the unbiased variance; NaN for a single seed.

    For balls that know nothing of each other its expectation is p(1 − p), however many start; what all starts of a
    seed share, such as the surface, makes it grow with their number.
    """
    seeds = np.isfinite(shares).sum(axis=-1, keepdims=True)
    away = shares - mean(shares)[..., None]
    return np.where(seeds > 1, starts * away * away * seeds / np.maximum(seeds - 1, 1), np.nan)


def check(sweep: Sweep, name: str) -> None:
    """Raise ValueError where a sweep cannot be read by the order parameter called ``name``."""
    random_surfaces = max((len(axis.values) for axis in sweep.grid if axis.name == SURFACE_SEED), default=1)
    if order(name).among == "seeds" and len(sweep.seeds) * random_surfaces < 2:
        raise ValueError(
            f"{name} compares seeds, and this sweep has one: give seeds (with gradient_noise) or an axis {SURFACE_SEED}"
        )


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
    return mean(of_sweep(sweep, data, name))


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
    """Samples (n, balls) of an order parameter along one axis of the grid, (n, seeds) where it compares seeds; the
    other axes stand at indices ``at``."""
    where = [axis_.name for axis_ in sweep.grid].index(sweep.axis(axis).name)
    grid = of_sweep(sweep, data, name)
    index: list[int | slice] = list(at) if at is not None else [n // 2 for n in sweep.shape]
    index[where] = slice(None)
    return grid[tuple(index)]
