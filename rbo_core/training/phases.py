"""The phase diagram of a network: a grid of radius and rate, trained as one ensemble (drawn like the paper's
Figure 5)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require, require_count
from rbo_core.refining import interleaved
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import validation_images
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.loop import pick_device
from rbo_core.training.results import key_of, load_result, recent_results, result_path, save_result

Floats = NDArray[np.float64]
FOLDER = "network_phases"
MAX_MEMBERS = 1024
LEAST = 9
"""Networks of a part, at the least."""


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
    gradients: of each network. validation_images: how many each accuracy is a share of.

    trained: (R, E), the cells that are there; None for all. Of the others everything is NaN, as are the learning rates
    of gradient descent whose turn has not come.
    """

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
    trained: NDArray[np.bool_] | None = None

    @classmethod
    def untrained(cls, config: PhaseConfig) -> PhaseResult:
        """A map of which nothing is there yet."""
        shape = (config.n_radii, config.n_rates, config.seeds)
        unknown, no_point = np.full(shape, np.nan), np.full(shape[1:], np.nan)
        nothing = np.zeros(shape, bool)
        return cls(config, unknown, unknown, unknown, unknown, nothing, no_point, 0, 0.0, 0, nothing[..., 0])

    @property
    def there(self) -> NDArray[np.bool_]:
        """(R, E), the cells that are trained."""
        return np.ones(self.diverged.shape[:2], bool) if self.trained is None else self.trained

    @property
    def complete(self) -> bool:
        """Whether no cell is missing."""
        return bool(self.there.all())


def compute_phases(
    config: PhaseConfig,
    progress: Callable[[int, int], object] | None = None,
    *,
    so_far: PhaseResult | None = None,
    keep: Callable[[PhaseResult], object] | None = None,
) -> PhaseResult:
    """Train the grid, and plain gradient descent at the same learning rates and price to set it beside.

    Part after part, each a coarse grid over the whole map: what is there early is a picture of all of it.

    Args:
        progress: called with (work done, work in all); a true answer raises `rbo_core.cancelled.Cancelled`.
        so_far: an unfinished map of the same config, to go on with.
        keep: is given the map after every part.

    Raises:
        ValueError: the model or the data have no ensemble form, or ``so_far`` is another map.
    """
    made = PhaseResult.untrained(config) if so_far is None else so_far
    if made.config.key != config.key:
        raise ValueError(f"so_far must be a part of the map asked for, {config.key}, got one of {made.config.key}")
    for cells in parts_of(config):
        i, j = np.unravel_index(cells, made.there.shape)
        missing = ~made.there[i, j]
        i, j = i[missing], j[missing]
        rates = np.unique(j)
        rates = rates[np.isnan(made.point_accuracy[rates, 0])]
        if not i.size:
            continue
        done = (int(made.there.sum()) + int(np.isfinite(made.point_accuracy[:, 0]).sum())) * config.seeds
        share = _Share(progress, done, config.members + config.n_rates * config.seeds)
        made = _with_points(made, rates, share.of(0, rates.size * config.seeds))
        made = _with_cells(made, i, j, share.of(rates.size * config.seeds, i.size * config.seeds))
        if keep is not None:
            keep(made)
    return made


def parts_of(config: PhaseConfig) -> list[NDArray[np.int64]]:
    """The flat indices of cells that train as one ensemble, in the order of their turn.

    Small parts grow the picture often; an ensemble of a few networks costs more a network, and a GPU wants many.
    """
    most = 2 if pick_device(config.train.device).type == "cuda" else 8
    stride = next(s for s in (8, 4, 2, 1) if s <= most and (config.members >= LEAST * s * s or s == 1))
    return interleaved((config.n_radii, config.n_rates), stride)


@dataclass(frozen=True)
class _Share:
    """Tells the whole map's progress from that of an ensemble. before: networks trained earlier; whole: in all."""

    progress: Callable[[int, int], object] | None
    before: int
    whole: int

    def of(self, after: int, size: int) -> Callable[[int, int], object]:
        """The progress of an ensemble of ``size``, when ``after`` more networks have been trained."""

        def told(done: int, total: int) -> bool:
            now = self.before + after + size * done / total
            if self.progress is not None and self.progress(round(1000 * now / self.whole), 1000):
                raise Cancelled  # at once: what an ensemble measures of its unfinished networks takes seconds
            return False

        return told


def _with_cells(
    made: PhaseResult, i: NDArray[np.int64], j: NDArray[np.int64], progress: Callable[[int, int], object]
) -> PhaseResult:
    """The map with the cells (i, j) trained."""
    config = made.config
    balls = train_ensemble(
        config.train, lr=np.repeat(config.rates[j], config.seeds), radius=np.repeat(config.radii[i], config.seeds),
        seeds=[config.train.seed + k for k in range(config.seeds)] * i.size,
        progress=progress,
    )  # fmt: skip
    changes: dict[str, Any] = {"trained": made.there.copy()}
    changes["trained"][i, j] = True
    for name in ("train_loss", "validation_loss", "validation_accuracy", "penetration", "diverged"):
        changes[name] = getattr(made, name).copy()
        changes[name][i, j] = getattr(balls, name).reshape(i.size, config.seeds)
    return replace(made, **changes, gradients=balls.gradients, seconds=made.seconds + balls.seconds,
                   validation_images=balls.validation_images)  # fmt: skip


def _with_points(made: PhaseResult, j: NDArray[np.int64], progress: Callable[[int, int], object]) -> PhaseResult:
    """The map with gradient descent at the learning rates j, for as many gradients as the balls."""
    if not j.size:
        return made
    config = made.config
    values = config.train.to_dict()
    values["method"] = {"name": "sgd"}
    if values["gradient_budget"] is None:
        values["epochs"] = max(1, round(values["epochs"] * config.train.method.gradients_per_step))
    seeds = [config.train.seed + k for k in range(config.seeds)]
    sgd = train_ensemble(
        TrainConfig.from_dict(values), lr=np.repeat(config.rates[j], config.seeds), seeds=seeds * j.size,
        progress=progress,
    )  # fmt: skip
    points = made.point_accuracy.copy()
    points[j] = sgd.validation_accuracy.reshape(j.size, config.seeds)
    return replace(made, point_accuracy=points, seconds=made.seconds + sgd.seconds)


_SCALARS = ("gradients", "seconds", "validation_images")


def save_phases(result: PhaseResult, folder: Path | str | None = None) -> Path:
    """Store the result under its config's key; returns the file."""
    about = {"config": result.config.to_dict(), **{name: getattr(result, name) for name in _SCALARS}}
    names = [n for n in PhaseResult.__dataclass_fields__ if n not in ("config", "trained", *_SCALARS)]
    path = result_path(FOLDER, result.config.key, folder)
    save_result(path, about, {**{name: getattr(result, name) for name in names}, "trained": result.there})
    return path


def load_phases(key: str, folder: Path | str | None = None) -> PhaseResult | None:
    """The stored map of that key, as far as it is trained, or None; a damaged file is a ValueError."""
    found = load_result(result_path(FOLDER, key, folder))
    if found is None:
        return None
    about, arrays = found
    config = PhaseConfig.from_dict(about["config"])
    # Results of earlier releases do not say it; all of them were of the data sets as published.
    about.setdefault("validation_images", validation_images(config.train.data))
    values: dict[str, Any] = {**arrays, **{name: about[name] for name in _SCALARS}}
    return PhaseResult(config=config, **values)


def recent_phases(count: int = 3, folder: Path | str | None = None) -> list[PhaseResult]:
    """The maps that were stored last, newest first; damaged and empty ones are left out."""
    found: list[PhaseResult] = []
    for file in recent_results(FOLDER, folder):
        with contextlib.suppress(ValueError):
            made = load_phases(file.stem, folder)
            if made is not None and made.there.any() and made.seconds > 0:
                found.append(made)
        if len(found) == count:
            break
    return found
