"""Does a ball help? Methods tuned in boxes of equal size and tested on paired fresh seeds, each stage one ensemble.

Every method gets the same number of settings, spread log-evenly (a scrambled Sobol sequence) over a box of its own,
weight decay among them, each tried with the same tuning seeds. If the winner lies at an edge of its box, the box moves
there and the same number of settings is tried again, a bounded number of times; how often is counted and said. The
winner is trained on fresh seeds, the same for all methods: same initialisation, batches and random labels, so
differences are paired.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require_count
from rbo_core.intervals import student
from rbo_core.training.config import Method, TrainConfig
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.results import key_of

Floats = NDArray[np.float64]
Box = Mapping[str, tuple[float, float]]

EDGE = 0.1
"""A winner within this share of an axis from its end stands at the edge of its box."""
MOVES = 2
"""How often a box may move."""
REFERENCES = ("momentum", "sam_momentum")
"""The baselines that every method is compared with."""


@dataclass(frozen=True)
class Contestant:
    """A method, what is fixed of it, and the box (low, high) of each setting that is tuned."""

    label: str
    method: str
    fixed: Mapping[str, Any]
    box: Box


_DECAY = (1e-5, 5e-2)
_RADIUS = (5e-3, 2.0)
_PLAIN, _HEAVY = (2e-2, 2.0), (3e-3, 0.5)

CONTESTANTS: dict[str, Contestant] = {
    "sgd": Contestant("SGD", "sgd", {}, {"lr": _PLAIN, "weight_decay": _DECAY}),
    "momentum": Contestant("SGD + momentum 0.9", "momentum", {}, {"lr": _HEAVY, "weight_decay": _DECAY}),
    "adam": Contestant("Adam", "adam", {}, {"lr": (1e-4, 2e-2), "weight_decay": _DECAY}),
    "adamw": Contestant("AdamW", "adamw", {}, {"lr": (1e-4, 2e-2), "weight_decay": (1e-3, 3.0)}),
    "sam": Contestant("SAM", "sam", {}, {"lr": _PLAIN, "radius": (1e-2, 1.0), "weight_decay": _DECAY}),
    "sam_momentum": Contestant(
        "SAM + momentum 0.9", "sam", {"momentum": 0.9}, {"lr": _HEAVY, "radius": (1e-2, 1.0), "weight_decay": _DECAY}
    ),
    "looksam": Contestant(
        "LookSAM + momentum 0.9, every 5th step",
        "looksam",
        {"momentum": 0.9, "interval": 5},
        {"lr": _HEAVY, "radius": (1e-2, 1.0), "weight_decay": _DECAY},
    ),
    "entropy_sgd": Contestant(
        "Entropy-SGD, L = 5", "entropy_sgd", {}, {"lr": (0.3, 2.0), "langevin_lr": (2e-2, 1.0), "weight_decay": _DECAY}
    ),
    "rbo": Contestant("RBO Newton, K = 2", "rbo", {}, {"lr": _PLAIN, "radius": _RADIUS, "weight_decay": _DECAY}),
    "rbo_step": Contestant(
        "RBO, momentum of the rolled step, λ = 5, trust 2",
        "rbo",
        {"momentum": 0.9, "momentum_on": "step", "loss_scale": 5.0, "trust": 2.0},
        {"lr": (1e-3, 0.2), "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_tangent": Contestant(
        "RBO, momentum in the tangent plane",
        "rbo",
        {"momentum": 0.9, "momentum_on": "tangent"},
        {"lr": _HEAVY, "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_interval": Contestant(
        "RBO, second gradient every 5th step, momentum of the rolled step",
        "rbo",
        {"momentum": 0.9, "momentum_on": "step", "loss_scale": 5.0, "trust": 2.0, "interval": 5},
        {"lr": (1e-3, 0.2), "radius": _RADIUS, "weight_decay": _DECAY},
    ),
}


@dataclass(frozen=True, kw_only=True)
class ContestConfig:
    """A contest.

    Attributes:
        train: what all share: data, model, budget (``gradient_budget``), label noise, device.
        contestants: names of ``CONTESTANTS``.
        settings: tried for each method in each box; tuning_seeds: with each of these. fresh_seeds: of the test.
    """

    train: TrainConfig
    contestants: tuple[str, ...] = tuple(CONTESTANTS)
    settings: int = 24
    tuning_seeds: tuple[int, ...] = (0, 1)
    fresh_seeds: tuple[int, ...] = tuple(range(100, 110))

    def __post_init__(self) -> None:
        for name in self.contestants:
            if name not in CONTESTANTS:
                raise ValueError(f"contestants must be among {', '.join(CONTESTANTS)}; got {name!r}")
        require_count("settings", self.settings, 2)
        for name in ("tuning_seeds", "fresh_seeds"):
            seeds = getattr(self, name)
            if len(seeds) < 2 or len(set(seeds)) < len(seeds):
                raise ValueError(f"{name} must be at least two different seeds, got {list(seeds)}")
        if self.train.gradient_budget is None:
            raise ValueError("a contest is held at equal gradients; set gradient_budget")


@dataclass(frozen=True)
class Standing:
    """What one method came to.

    chosen: the winning settings; edges: those of them that still stand at an edge of their box; boxes: how many were
    tried; tried: settings in all. validation: the winner's mean validation accuracy, %. accuracies: test accuracy of
    each fresh seed, %. seconds: of the tuning and the test.
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

    @property
    def mean(self) -> float:
        """Mean test accuracy, %."""
        return float(np.mean(self.accuracies))

    @property
    def half(self) -> float:
        """Half the 95 % interval of the mean by Student's t, %."""
        return float(student(self.accuracies)[1])


@dataclass(frozen=True)
class Difference:
    """A method minus a reference, seed by seed.

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


@dataclass(frozen=True)
class ContestResult:
    """Standings in the order of the config, and all paired differences to the references that took part."""

    config: ContestConfig
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...] = field(default=())


def hold(
    config: ContestConfig, folder: Path | str | None = None, progress: Callable[[int, int, str], object] | None = None
) -> ContestResult:
    """Tune and test every contestant.

    Args:
        folder: keeps each stage as it ends (JSON); a contest that was killed goes on from there.
        progress: called with (stages done, stages in all, what runs); a true answer raises ``Cancelled``.
    """
    stages = _Stages(config, None if folder is None else Path(folder), progress)
    standings = tuple(_standing(config, name, stages) for name in config.contestants)
    return ContestResult(config, standings, differences(standings))


def differences(standings: Sequence[Standing], references: Sequence[str] = REFERENCES) -> tuple[Difference, ...]:
    """Every method against every reference that took part, Holm-corrected reference by reference."""
    by_name = {one.name: np.asarray(one.accuracies) for one in standings}
    out: list[Difference] = []
    for reference in (name for name in references if name in by_name):
        others = [name for name in by_name if name != reference]
        gaps = {name: by_name[name] - by_name[reference] for name in others}
        p = np.array([_paired_p(gaps[name]) for name in others])
        for name, raw, corrected in zip(others, p, holm(p), strict=True):
            out.append(_difference(name, reference, gaps[name], float(raw), float(corrected)))
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


def _difference(name: str, reference: str, gap: Floats, p: float, corrected: float) -> Difference:
    deviation = float(np.std(gap, ddof=1))
    mean, half = (float(value) for value in student(gap))
    effect = mean / deviation if deviation > 0 else math.copysign(math.inf, mean) if mean else 0.0
    return Difference(name, reference, mean, half, p, corrected, effect, seeds_needed(deviation))


def _paired_p(gap: Floats) -> float:
    if np.ptp(gap) == 0:
        return 1.0 if gap[0] == 0 else 0.0
    return float(stats.ttest_1samp(gap, 0.0).pvalue)


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


def _standing(config: ContestConfig, name: str, stages: _Stages) -> Standing:
    contestant = CONTESTANTS[name]
    box, seconds = dict(contestant.box), 0.0
    best: tuple[float, dict[str, float]] = (-1.0, {})
    edges: tuple[str, ...] = ()
    boxes = 0
    while boxes <= MOVES:
        tried = points(box, config.settings)
        found = stages.tune(name, tried)
        seconds += found["seconds"]
        boxes += 1
        k = int(np.argmax(found["validation"]))
        if found["validation"][k] > best[0]:
            best = (found["validation"][k], {axis: float(values[k]) for axis, values in tried.items()})
        edges = at_edge(box, best[1])
        if not edges or boxes > MOVES:
            break
        box = moved(box, best[1], edges)
    tested = stages.test(name, best[1])
    return Standing(
        name=name,
        label=contestant.label,
        chosen=best[1],
        edges=edges,
        boxes=boxes,
        tried=boxes * config.settings,
        validation=100 * best[0],
        accuracies=tuple(100 * a for a in tested["test"]),
        diverged=int(tested["diverged"]),
        gradients=int(tested["gradients"]),
        seconds=seconds + tested["seconds"],
    )


@dataclass(frozen=True)
class _Stage:
    """One ensemble: a contestant, what is told of it, and each member's settings and seed."""

    name: str
    what: str
    settings: Mapping[str, Floats]
    seeds: list[int]


class _Stages:
    """Trains the ensembles of a contest, or takes them from the folder where they were kept."""

    def __init__(
        self, config: ContestConfig, folder: Path | None, progress: Callable[[int, int, str], object] | None
    ) -> None:
        self._config, self._folder, self._progress = config, folder, progress
        self._done, self._total = 0, 2 * len(config.contestants)

    def tune(self, name: str, tried: Mapping[str, Floats]) -> dict[str, Any]:
        """Mean validation accuracy of every setting over the tuning seeds; a run that diverged counts as −1."""
        seeds = self._config.tuning_seeds
        settings = {axis: np.repeat(values, len(seeds)) for axis, values in tried.items()}
        stage = _Stage(name, f"tuning {CONTESTANTS[name].label}", settings, list(seeds) * self._config.settings)
        kept = self._take(stage)
        accuracy = np.array(kept["validation"]).reshape(-1, len(seeds))
        return kept | {"validation": accuracy.mean(axis=1).tolist()}

    def test(self, name: str, chosen: Mapping[str, float]) -> dict[str, Any]:
        """Test accuracy of every fresh seed."""
        seeds = list(self._config.fresh_seeds)
        settings = {axis: np.full(len(seeds), value) for axis, value in chosen.items()}
        return self._take(_Stage(name, f"testing {CONTESTANTS[name].label}", settings, seeds))

    def _take(self, stage: _Stage) -> dict[str, Any]:
        contestant, settings, seeds = CONTESTANTS[stage.name], stage.settings, stage.seeds
        method = Method.of(contestant.method, **contestant.fixed)
        config = dataclasses.replace(self._config.train, method=method, diagnostics="none", snapshots=False)
        about = {"config": {**config.to_dict(), "device": None, "data_dir": None}, "seeds": seeds,
                 "settings": {axis: values.tolist() for axis, values in settings.items()}}  # fmt: skip
        path = None if self._folder is None else self._folder / f"{key_of(about)}.json"
        if path is not None and path.is_file():
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        else:
            kept = self._trained(config, stage)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                fresh = path.with_suffix(".part")
                fresh.write_text(json.dumps(kept | {"about": about}), encoding="utf-8")
                fresh.replace(path)
        self._done += 1
        return kept

    def _trained(self, config: TrainConfig, stage: _Stage) -> dict[str, Any]:
        rest = {axis: values for axis, values in stage.settings.items() if axis != "lr"}

        def told(done: int, total: int) -> bool:
            return bool(self._progress is not None and self._progress(self._done, self._total, stage.what))

        result = train_ensemble(config, lr=stage.settings["lr"], settings=rest, seeds=stage.seeds, progress=told)
        if result.state == "cancelled":
            raise Cancelled
        return {
            "validation": np.where(result.diverged, -1.0, result.validation_accuracy).tolist(),
            "test": np.where(result.diverged, 0.0, result.test_accuracy).tolist(),
            "diverged": int(result.diverged.sum()),
            "gradients": result.gradients,
            "seconds": result.seconds,
        }


def markdown(result: ContestResult) -> str:
    """The standings, the best mean first, with the paired differences beside them."""
    paired = {(one.name, one.reference): one for one in result.differences}
    references = list(dict.fromkeys(one.reference for one in result.differences))
    heads = "".join(f" minus {CONTESTANTS[name].label}, points (Holm p) |" for name in references)
    lines = [
        f"| method | test accuracy, % (95 % interval) | settings chosen | tried |{heads}",
        "| --- | --- | --- | ---: |" + " --- |" * len(references),
    ]
    for one in sorted(result.standings, key=lambda standing: -standing.mean):
        chosen = ", ".join(f"{k} {v:.3g}{'†' if k in one.edges else ''}" for k, v in one.chosen.items())
        cells = "".join(f" {_told(paired.get((one.name, reference)))} |" for reference in references)
        lost = f" ({one.diverged} diverged)" if one.diverged else ""
        lines.append(f"| {one.label} | {one.mean:.2f} ± {one.half:.2f}{lost} | {chosen} | {one.tried} |{cells}")
    return "\n".join(lines) + "\n"


def _told(difference: Difference | None) -> str:
    if difference is None:
        return ""
    text = f"{difference.mean:+.2f} ± {difference.half:.2f} ({difference.holm:.2g})".replace("-", "−")
    return f"**{text}**" if difference.holm < 0.05 else text


__all__ = [
    "CONTESTANTS",
    "ContestConfig",
    "ContestResult",
    "Contestant",
    "Difference",
    "Standing",
    "differences",
    "hold",
    "holm",
    "markdown",
    "seeds_needed",
]
