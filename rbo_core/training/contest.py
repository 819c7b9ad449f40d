"""Does a ball help? Methods tuned in boxes of equal size and tested on paired fresh seeds, each stage one ensemble.

Every method gets the same number of settings, spread log-evenly (a scrambled Sobol sequence) over a box of its own,
weight decay among them, each tried with the same tuning seeds. If the winner lies at an edge of its box, the box moves
there and the same number of settings is tried again, a bounded number of times; how often is counted and said. The
winner is trained on fresh seeds, the same for all methods: same initialisation, batches and random labels, so
differences are paired.

Tuning is a draw, too. With ``tunings`` every method is tuned so many times, with other settings of its boxes and other
tuning seeds, and each winner is tested on the fresh seeds: intervals and tests then hold the variance of both.
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

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require_count
from rbo_core.training.boxes import at_edge, moved, points
from rbo_core.training.config import TrainConfig
from rbo_core.training.contest_stages import POLL, Progress, Stage, Stages
from rbo_core.training.contestants import CONTESTANTS
from rbo_core.training.data import load
from rbo_core.training.paired import Difference, differences, estimated
from rbo_core.training.plan import plan

Floats = NDArray[np.float64]

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
        tunings: so many of every method, with disjoint tuning seeds; one, or three and more.
        epochs: of a second test with the settings that were tuned at equal gradients; None for none.
    """

    train: TrainConfig
    contestants: tuple[str, ...] = tuple(CONTESTANTS)
    settings: int = 24
    tuning_seeds: tuple[int, ...] = (0, 1)
    fresh_seeds: tuple[int, ...] = tuple(range(100, 110))
    epochs: int | None = None
    tunings: int = 1

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
        require_count("tunings", self.tunings)
        if self.tunings == 2:
            raise ValueError("tunings must be 1, or at least 3 to tell how they differ; got 2")
        shared = {seed for k in range(1, self.tunings) for seed in self.seeds_of(k)} & set(self.fresh_seeds)
        if shared:
            raise ValueError(f"fresh_seeds must be none of the {self.tunings} tunings' seeds, got {sorted(shared)}")
        if self.train.gradient_budget is None:
            raise ValueError("a contest is held at equal gradients; set gradient_budget")

    def seeds_of(self, tuning: int) -> tuple[int, ...]:
        """The tuning seeds of one of the tunings."""
        apart = max(self.tuning_seeds) - min(self.tuning_seeds) + 1
        return tuple(seed + tuning * apart for seed in self.tuning_seeds)


@dataclass(frozen=True)
class Tuning:
    """One tuning of a method. chosen, edges, boxes, tried, validation: as of a :class:`Standing`; accuracies: test
    accuracy of its winner on each fresh seed, %; seconds: of the tuning."""

    chosen: dict[str, float]
    edges: tuple[str, ...]
    boxes: int
    tried: int
    validation: float
    accuracies: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class Standing:
    """What one method came to.

    chosen: the winning settings; edges: those of them that still stand at an edge of their box; boxes: how many were
    tried; tried: settings in all. validation: the winner's mean validation accuracy, %. accuracies: test accuracy of
    each fresh seed, %. budget: "gradients" or "epochs"; gradients, epochs: spent by a run. stopped: test accuracy of
    each seed at the moment that was best for the validation images, %, and how many gradients that was on average;
    empty where nobody looked. seconds: of the tuning and the test; test_seconds: of the test alone.
    tunings: each by itself, where there were several: then accuracies, stopped and test_seconds are means over them,
    boxes, tried and diverged are sums, and chosen, edges and validation those of the tuning that validation likes best.
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
    tunings: tuple[Tuning, ...] = ()

    @property
    def table(self) -> Floats:
        """(T, S) test accuracies of T tunings on S fresh seeds, %."""
        return np.atleast_2d([one.accuracies for one in self.tunings] or self.accuracies)

    @property
    def mean(self) -> float:
        """Mean test accuracy, %."""
        return float(np.mean(self.accuracies))

    @property
    def half(self) -> float:
        """Half the 95 % interval of the mean, %: by Student's t over the seeds, and over the tunings, if several."""
        return estimated(self.table).half

    @property
    def between(self) -> float:
        """Standard deviation that tuning itself adds to an accuracy, points; NaN of one tuning."""
        return estimated(self.table).between


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
    stages = Stages(
        (1 + tests) * config.tunings * len(config.contestants),
        None if folder is None else Path(folder),
        progress,
        client,
    )
    if client is None:
        found = [_standings(config, name, stages) for name in config.contestants]
    else:
        found = _at_once(config, stages)
    standings = tuple(own[k] for k in range(tests) for own in found)
    accuracies = {one.name: one.table for one in standings if one.budget == "gradients"}
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


def _standings(config: ContestConfig, name: str, stages: Stages) -> list[Standing]:
    """What a contestant came to: at equal gradients, and at equal epochs where they are asked for."""
    tuned = [_tuned(config, name, k, stages) for k in range(config.tunings)]
    budgets = {"gradients": config.train}
    if config.epochs is not None:
        budgets["epochs"] = dataclasses.replace(config.train, gradient_budget=None, epochs=config.epochs)
    return [_tested(config, name, tuned, budget, train, stages) for budget, train in budgets.items()]


def _tuned(config: ContestConfig, name: str, draw: int, stages: Stages) -> Tuning:
    """One of a contestant's tunings."""
    box, seconds, boxes = dict(CONTESTANTS[name].box), 0.0, 0
    best: tuple[float, dict[str, float]] = (-1.0, {})
    edges: tuple[str, ...] = ()
    while boxes <= MOVES:
        tried = points(box, config.settings, draw)
        accuracy, spent = _tried(config, name, tried, config.seeds_of(draw), stages)
        seconds, boxes = seconds + spent, boxes + 1
        k = int(np.argmax(accuracy))
        if accuracy[k] > best[0] or not best[1]:
            best = (accuracy[k], {axis: float(values[k]) for axis, values in tried.items()})
        edges = at_edge(box, best[1])
        if not edges or boxes > MOVES:
            break
        box = moved(box, best[1], edges)
    return Tuning(best[1], edges, boxes, boxes * config.settings, 100 * best[0], (), seconds)


def _tried(
    config: ContestConfig, name: str, tried: Mapping[str, Floats], seeds: Sequence[int], stages: Stages
) -> tuple[Floats, float]:
    """Mean validation accuracy of every setting over the tuning seeds, and the seconds; a run that diverged counts as
    −1."""
    settings = {axis: np.repeat(values, len(seeds)) for axis, values in tried.items()}
    found = stages.take(Stage.of(name, config.train, settings, list(seeds) * config.settings, 0))
    return np.array(found["validation"]).reshape(-1, len(seeds)).mean(axis=1), float(found["seconds"])


def _tested(
    config: ContestConfig, name: str, tuned: Sequence[Tuning], budget: str, train: TrainConfig, stages: Stages
) -> Standing:
    """The winners on every fresh seed."""
    seeds, found = config.fresh_seeds, []
    for one in tuned:
        settings = {axis: np.full(len(seeds), value) for axis, value in one.chosen.items()}
        stage = Stage.of(name, train, settings, seeds, LOOKS)
        found.append(stages.take(stage))
    tunings = tuple(
        dataclasses.replace(one, accuracies=_percent(own["test"])) for one, own in zip(tuned, found, strict=True)
    )
    best = max(tunings, key=lambda one: one.validation)
    per_epoch = plan(stage.config, load(train.data, train.data_dir)).per_epoch
    gradients = int(found[0]["gradients"])
    looked = bool(found[0]["stopped"])
    testing = [float(own["seconds"]) for own in found]
    return Standing(
        name=name,
        label=CONTESTANTS[name].label,
        chosen=best.chosen,
        edges=best.edges,
        boxes=sum(one.boxes for one in tunings),
        tried=sum(one.tried for one in tunings),
        validation=best.validation,
        accuracies=_percent(np.mean([own["test"] for own in found], axis=0)),
        diverged=sum(int(own["diverged"]) for own in found),
        gradients=gradients,
        seconds=sum(one.seconds for one in tunings) + sum(testing),
        budget=budget,
        epochs=gradients / stage.config.method.gradients_per_step / per_epoch,
        stopped=_percent(np.mean([own["stopped"] for own in found], axis=0)),
        stopped_gradients=float(np.mean([own["stopped_gradients"] for own in found])) if looked else math.nan,
        test_seconds=float(np.mean(testing)),
        tunings=tunings if len(tunings) > 1 else (),
    )


def _percent(shares: Sequence[float] | Floats) -> tuple[float, ...]:
    return tuple(100 * float(share) for share in shares)


__all__ = ["ContestConfig", "ContestResult", "Standing", "Tuning", "at_edge", "hold", "moved", "points"]
