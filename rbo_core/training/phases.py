"""The phase diagram of a network: a grid of radius and rate, trained as one ensemble (drawn like the paper's
Figure 5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require, require_count
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import validation_images
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.results import key_of, load_result, result_path, save_result

Floats = NDArray[np.float64]
FOLDER = "network_phases"
MAX_MEMBERS = 1024


@dataclass(frozen=True, kw_only=True)
class PhaseConfig:
    """A grid of balls on a network.

    Attributes:
        train: what every cell shares; the method must be "rbo" (its radius and lr are replaced).
        radius_low, radius_high, n_radii, rate_low, rate_high, n_rates: the grid, evenly spaced in the logarithm.
        seeds: runs a cell; seed k starts from its own weights and sees its own batches.
    """

    train: TrainConfig = field(default_factory=lambda: TrainConfig(diagnostics="final"))
    radius_low: float = 0.01
    radius_high: float = 30.0
    n_radii: int = 12
    rate_low: float = 0.01
    rate_high: float = 3.0
    n_rates: int = 12
    seeds: int = 1

    def __post_init__(self) -> None:
        if self.train.method.name != "rbo":
            raise ValueError(f"the phases of a network are those of rbo, got the method {self.train.method.name!r}")
        for name in ("n_radii", "n_rates"):
            require_count(name, getattr(self, name), 2)
        require_count("seeds", self.seeds)
        for name in ("radius", "rate"):
            low, high = getattr(self, f"{name}_low"), getattr(self, f"{name}_high")
            require(f"{name}_low", low, above=0)
            if not low < high:
                raise ValueError(f"{name}_high must be larger than {name}_low, got {low:g} to {high:g}")
        if self.members > MAX_MEMBERS:
            raise ValueError(
                f"a grid has at most {MAX_MEMBERS} networks, got {self.members}; use fewer cells or fewer seeds"
            )

    @property
    def members(self) -> int:
        """Networks in all."""
        return self.n_radii * self.n_rates * self.seeds

    @property
    def radii(self) -> Floats:
        """(R,) ascending."""
        return np.geomspace(self.radius_low, self.radius_high, self.n_radii)

    @property
    def rates(self) -> Floats:
        """(E,) ascending."""
        return np.geomspace(self.rate_low, self.rate_high, self.n_rates)

    @property
    def key(self) -> str:
        """Names the result; where it was computed does not change it."""
        values = self.to_dict()
        values["train"] |= {"method": self.train.method.named(), "device": None, "data_dir": None, "snapshots": None}
        return key_of(values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "train": self.train.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PhaseConfig:
        """The inverse of :meth:`to_dict`; a name that does not exist is a ValueError."""
        known = tuple(cls.__dataclass_fields__)
        for name in values:
            if name not in known:
                raise ValueError(f"a phase diagram has no setting {name!r}; it has {', '.join(known)}")
        rest = dict(values)
        train = TrainConfig.from_dict(rest.pop("train", {"diagnostics": "final"}))
        return cls(train=train, **rest)


@dataclass(frozen=True, eq=False)
class PhaseResult:
    """What became of every cell, all (R, E, seeds). Accuracies and penetration are fractions; losses of members that
    diverged are NaN. point_accuracy: (E, seeds) of gradient descent with the same batches, for the same gradients.
    validation_images: how many each accuracy is a share of."""

    config: PhaseConfig
    train_loss: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    penetration: Floats
    diverged: NDArray[np.bool_]
    point_accuracy: Floats
    gradients: int
    seconds: float
    validation_images: int


def compute_phases(config: PhaseConfig, progress: Callable[[int, int], object] | None = None) -> PhaseResult:
    """Train the grid, and plain gradient descent at the same learning rates and price to set it beside.

    Args:
        progress: called with (work done, work in all); a true answer raises `rbo_core.cancelled.Cancelled`.

    Raises:
        ValueError: the model or the data have no ensemble form.
    """
    shape = (config.n_radii, config.n_rates, config.seeds)
    first = config.train.seed
    radius = np.repeat(config.radii, config.n_rates * config.seeds)
    rate = np.tile(np.repeat(config.rates, config.seeds), config.n_radii)
    seeds = [first + k for k in range(config.seeds)]
    points = config.n_rates * config.seeds
    whole = config.members + points

    def part(before: int, size: int) -> Callable[[int, int], object]:
        def told(done: int, total: int) -> bool:
            if progress is not None and progress(round(1000 * (before + size * done / total) / whole), 1000):
                raise Cancelled  # at once: what an ensemble measures of its unfinished networks takes seconds
            return False

        return told

    balls = train_ensemble(
        config.train,
        lr=rate,
        radius=radius,
        seeds=seeds * (config.n_radii * config.n_rates),
        progress=part(0, config.members),
    )
    values = config.train.to_dict()
    price = config.train.method.gradients_per_step
    values["method"] = {"name": "sgd"}
    if values["gradient_budget"] is None:
        values["epochs"] = max(1, round(values["epochs"] * price))  # as many gradients as the balls
    sgd = train_ensemble(
        TrainConfig.from_dict(values), lr=np.repeat(config.rates, config.seeds),
        seeds=seeds * config.n_rates,
        progress=part(config.members, points),
    )  # fmt: skip
    return PhaseResult(
        config, balls.train_loss.reshape(shape), balls.validation_loss.reshape(shape),
        balls.validation_accuracy.reshape(shape), balls.penetration.reshape(shape), balls.diverged.reshape(shape),
        sgd.validation_accuracy.reshape(shape[1:]), balls.gradients, balls.seconds + sgd.seconds,
        balls.validation_images,
    )  # fmt: skip


@dataclass(frozen=True)
class NetworkRegimes:
    """Where the radius matters, told from the map alone.

    best: (i, j), the cell of the highest mean accuracy. noise: how much accuracies of one cell differ between runs
    (standard error of a mean). macroscopic: (low, high) radii whose best accuracy over the learning rates is within two
    ``noise`` of the highest. unstable: (R,) learning rate from which on a radius fails, or NaN where none does.
    gain: best cell's accuracy minus the best of gradient descent. fair_gain: the same at equal tries, with the mean
    best of as many cells, drawn from the map, as gradient descent had learning rates.
    """

    best: tuple[int, int]
    noise: float
    macroscopic: tuple[float, float]
    unstable: Floats
    gain: float
    fair_gain: float


def failed(result: PhaseResult) -> NDArray[np.bool_]:
    """(R, E) cells where more than half of the runs diverged or learnt nothing (half of the best accuracy or less)."""
    accuracy = np.nan_to_num(result.validation_accuracy, nan=0.0)
    lost = result.diverged | (accuracy <= 0.5 * accuracy.max())
    # A small learning rate that has not got far yet has not failed: above it something must have worked.
    learnt = ~lost.mean(axis=2).astype(bool)
    worked_below = np.cumsum(learnt, axis=1) > 0
    return (lost.mean(axis=2) > 0.5) & worked_below


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
    """Read the regimes off the map."""
    config = result.config
    accuracy = np.nan_to_num(result.validation_accuracy, nan=0.0)
    mean = accuracy.mean(axis=2)
    best = np.unravel_index(int(mean.argmax()), mean.shape)
    p = float(mean[best])
    # Binomial error of the validation images; runs add their own spread where there are several.
    noise = float(np.sqrt(max(p * (1 - p), 1e-6) / result.validation_images))
    if config.seeds > 1:
        noise = max(noise, float(accuracy[best].std(ddof=1) / np.sqrt(config.seeds)))
    by_radius = mean.max(axis=1)
    good = by_radius >= by_radius.max() - 2 * noise
    first = last = int(best[0])
    while first > 0 and good[first - 1]:
        first -= 1
    while last < config.n_radii - 1 and good[last + 1]:
        last += 1
    lost = failed(result)
    unstable = np.array([config.rates[np.flatnonzero(row)[0]] if row.any() else np.nan for row in lost])
    point = np.nan_to_num(result.point_accuracy, nan=0.0).mean(axis=1)
    return NetworkRegimes(
        (int(best[0]), int(best[1])), noise, (float(config.radii[first]), float(config.radii[last])), unstable,
        p - float(point.max()), expected_best(mean, point.size) - float(point.max()),
    )  # fmt: skip


_SCALARS = ("gradients", "seconds", "validation_images")


def save_phases(result: PhaseResult, folder: Path | str | None = None) -> Path:
    """Store the result under its config's key; returns the file."""
    about = {"config": result.config.to_dict(), **{name: getattr(result, name) for name in _SCALARS}}
    names = [n for n in PhaseResult.__dataclass_fields__ if n not in ("config", *_SCALARS)]
    path = result_path(FOLDER, result.config.key, folder)
    save_result(path, about, {name: getattr(result, name) for name in names})
    return path


def load_phases(key: str, folder: Path | str | None = None) -> PhaseResult | None:
    """The stored result of that key, or None; a damaged file is a ValueError."""
    found = load_result(result_path(FOLDER, key, folder))
    if found is None:
        return None
    about, arrays = found
    config = PhaseConfig.from_dict(about["config"])
    # Results of earlier releases do not say it; all of them were of the data sets as published.
    about.setdefault("validation_images", validation_images(config.train.data))
    values: dict[str, Any] = {**arrays, **{name: about[name] for name in _SCALARS}}
    return PhaseResult(config=config, **values)


__all__ = [
    "NetworkRegimes",
    "PhaseConfig",
    "PhaseResult",
    "compute_phases",
    "expected_best",
    "failed",
    "load_phases",
    "network_regimes",
    "save_phases",
]  # fmt: skip
