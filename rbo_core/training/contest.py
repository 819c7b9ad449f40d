"""Does a ball help? Methods tuned in boxes of equal size and tested on paired fresh seeds, each stage one ensemble.

Every method gets the same number of settings, spread log-evenly (a scrambled Sobol sequence) over a box of its own,
weight decay among them, each tried with the same tuning seeds. If the winner lies at an edge of its box, the box moves
there and the same number of settings is tried again, a bounded number of times; how often is counted and said. The
winner is trained on fresh seeds, the same for all methods: same initialisation, batches and random labels, so
differences are paired.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require_count
from rbo_core.intervals import student
from rbo_core.training.config import TrainConfig
from rbo_core.training.contest_stages import POLL, Progress, Stage, Stages
from rbo_core.training.contestants import CONTESTANTS, Box
from rbo_core.training.data import load
from rbo_core.training.paired import Difference, differences
from rbo_core.training.plan import plan

Floats = NDArray[np.float64]

EDGE = 0.1
"""A winner within this share of an axis from its end stands at the edge of its box."""
MOVES = 2
"""How often a box may move."""
LOOKS = 20
"""How often a test looks for the best moment to stop."""


@dataclass(frozen=True, kw_only=True)
class ContestConfig:
    """A contest.

    Attributes:
        train: what all share: data, model, budget (``gradient_budget``), label noise, device.
        contestants: names of ``CONTESTANTS``.
        settings: tried for each method in each box; tuning_seeds: with each of these. fresh_seeds: of the test.
        epochs: of a second test with the settings that were tuned at equal gradients; None for none.
    """

    train: TrainConfig
    contestants: tuple[str, ...] = tuple(CONTESTANTS)
    settings: int = 24
    tuning_seeds: tuple[int, ...] = (0, 1)
    fresh_seeds: tuple[int, ...] = tuple(range(100, 110))
    epochs: int | None = None

    def __post_init__(self) -> None:
        for name in self.contestants:
            if name not in CONTESTANTS:
                raise ValueError(f"contestants must be among {', '.join(CONTESTANTS)}; got {name!r}")
        require_count("settings", self.settings, 2)
        for name, least in (("tuning_seeds", 1), ("fresh_seeds", 2)):
            seeds = getattr(self, name)
            if len(seeds) < least or len(set(seeds)) < len(seeds):
                words = "two different seeds" if least == 2 else "one seed, and no seed twice"
                raise ValueError(f"{name} must be at least {words}, got {list(seeds)}")
        if self.epochs is not None:
            require_count("epochs", self.epochs)
        if self.train.gradient_budget is None:
            raise ValueError("a contest is held at equal gradients; set gradient_budget")


@dataclass(frozen=True)
class Standing:
    """What one method came to.

    chosen: the winning settings; edges: those of them that still stand at an edge of their box; boxes: how many were
    tried; tried: settings in all. validation: the winner's mean validation accuracy, %. accuracies: test accuracy of
    each fresh seed, %. budget: "gradients" or "epochs"; gradients, epochs: spent by a run. stopped: test accuracy of
    each seed at the moment that was best for the validation images, %, and how many gradients that was on average;
    empty where nobody looked. seconds: of the tuning and the test; test_seconds: of the test alone.
    """

    name: str
    label: str
    chosen: dict[str, float]
    edges: tuple[str, ...]
    boxes: int
    tried: int
    validation: float
    accuracies: tuple[float, ...]
    diverged: int
    gradients: int
    seconds: float
    budget: str = "gradients"
    epochs: float = math.nan
    stopped: tuple[float, ...] = ()
    stopped_gradients: float = math.nan
    test_seconds: float = math.nan

    @property
    def mean(self) -> float:
        """Mean test accuracy, %."""
        return float(np.mean(self.accuracies))

    @property
    def half(self) -> float:
        """Half the 95 % interval of the mean by Student's t, %."""
        return float(student(self.accuracies)[1])


@dataclass(frozen=True)
class ContestResult:
    """Standings in the order of the config, the second budget's last; and all paired differences to the references that
    took part, at equal gradients."""

    config: ContestConfig
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...] = field(default=())


def hold(
    config: ContestConfig, folder: Path | str | None = None, progress: Progress | None = None, client: Any = None
) -> ContestResult:
    """Tune and test every contestant.

    Args:
        folder: keeps each stage as it ends (JSON); a contest that was killed goes on from there.
        progress: called with (stages done, stages in all, what runs); a true answer raises ``Cancelled``.
        client: a ``distributed.Client``: the contestants train on its workers at the same time.
    """
    tests = 1 if config.epochs is None else 2
    stages = Stages((1 + tests) * len(config.contestants), None if folder is None else Path(folder), progress, client)
    if client is None:
        found = [_standings(config, name, stages) for name in config.contestants]
    else:
        found = _at_once(config, stages)
    standings = tuple(own[k] for k in range(tests) for own in found)
    accuracies = {one.name: one.accuracies for one in standings if one.budget == "gradients"}
    return ContestResult(config, standings, differences(accuracies))


def _at_once(config: ContestConfig, stages: Stages) -> list[list[Standing]]:
    """All contestants beside one another, for a cluster; this thread tells how far they are."""
    with ThreadPoolExecutor(len(config.contestants)) as pool:
        every = [pool.submit(_standings, config, name, stages) for name in config.contestants]
        left = set(every)
        while left:
            done, left = wait(left, POLL)
            if stages.told() or any(one.exception() is not None for one in done):
                stages.cancelled.set()
        problems = [one.exception() for one in every]
        for problem in sorted(filter(None, problems), key=lambda one: isinstance(one, Cancelled)):
            raise problem  # what went wrong before what was cancelled because of it
        return [one.result() for one in every]


def points(box: Box, count: int) -> dict[str, Floats]:
    """``count`` settings spread log-evenly over a box: the first points of a Sobol sequence, the same for every run."""
    with np.errstate(all="ignore"):
        unit = stats.qmc.Sobol(len(box), scramble=True, rng=np.random.default_rng(0)).random_base2(
            math.ceil(math.log2(count))
        )[:count]
    return {
        name: np.exp(np.log(low) + unit[:, k] * np.log(high / low)) for k, (name, (low, high)) in enumerate(box.items())
    }


def at_edge(box: Box, chosen: Mapping[str, float]) -> tuple[str, ...]:
    """The axes on which ``chosen`` lies within EDGE of an end."""
    place = {name: math.log(chosen[name] / low) / math.log(high / low) for name, (low, high) in box.items()}
    return tuple(name for name, share in place.items() if not EDGE <= share <= 1 - EDGE)


def moved(box: Box, chosen: Mapping[str, float], axes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The box with the chosen value in the middle of each of the axes, as wide as before."""
    out = dict(box)
    for name in axes:
        low, high = box[name]
        half = math.sqrt(high / low)
        out[name] = (chosen[name] / half, chosen[name] * half)
    return out


def _standings(config: ContestConfig, name: str, stages: Stages) -> list[Standing]:
    """What a contestant came to: at equal gradients, and at equal epochs where they are asked for."""
    contestant = CONTESTANTS[name]
    box, seconds, boxes = dict(contestant.box), 0.0, 0
    best: tuple[float, dict[str, float]] = (-1.0, {})
    edges: tuple[str, ...] = ()
    while boxes <= MOVES:
        tried = points(box, config.settings)
        accuracy, spent = _tuned(config, name, tried, stages)
        seconds, boxes = seconds + spent, boxes + 1
        k = int(np.argmax(accuracy))
        if accuracy[k] > best[0] or not best[1]:
            best = (accuracy[k], {axis: float(values[k]) for axis, values in tried.items()})
        edges = at_edge(box, best[1])
        if not edges or boxes > MOVES:
            break
        box = moved(box, best[1], edges)
    tuned = Standing(
        name, contestant.label, best[1], edges, boxes, boxes * config.settings, 100 * best[0], (), 0, 0, seconds
    )
    budgets = {"gradients": config.train}
    if config.epochs is not None:
        budgets["epochs"] = dataclasses.replace(config.train, gradient_budget=None, epochs=config.epochs)
    return [_tested(config, tuned, budget, train, stages) for budget, train in budgets.items()]


def _tuned(config: ContestConfig, name: str, tried: Mapping[str, Floats], stages: Stages) -> tuple[Floats, float]:
    """Mean validation accuracy of every setting over the tuning seeds, and the seconds; a run that diverged counts as
    −1."""
    seeds = config.tuning_seeds
    settings = {axis: np.repeat(values, len(seeds)) for axis, values in tried.items()}
    found = stages.take(Stage.of(name, config.train, settings, list(seeds) * config.settings, 0))
    return np.array(found["validation"]).reshape(-1, len(seeds)).mean(axis=1), float(found["seconds"])


def _tested(config: ContestConfig, tuned: Standing, budget: str, train: TrainConfig, stages: Stages) -> Standing:
    """The winner on every fresh seed."""
    seeds = config.fresh_seeds
    settings = {axis: np.full(len(seeds), value) for axis, value in tuned.chosen.items()}
    stage = Stage.of(tuned.name, train, settings, seeds, LOOKS)
    found = stages.take(stage)
    per_epoch = plan(stage.config, load(train.data, train.data_dir)).per_epoch
    gradients = int(found["gradients"])
    return dataclasses.replace(
        tuned,
        budget=budget,
        accuracies=tuple(100 * a for a in found["test"]),
        diverged=int(found["diverged"]),
        gradients=gradients,
        epochs=gradients / stage.config.method.gradients_per_step / per_epoch,
        stopped=tuple(100 * a for a in found["stopped"]),
        stopped_gradients=float(np.mean(found["stopped_gradients"])) if found["stopped"] else math.nan,
        seconds=tuned.seconds + found["seconds"],
        test_seconds=float(found["seconds"]),
    )


__all__ = ["ContestConfig", "ContestResult", "Standing", "at_edge", "hold", "moved", "points"]
