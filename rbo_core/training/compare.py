"""The paper's Table 1, tuned and at equal price: methods × a data set and model, several seeds, 95 % intervals."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbo_core.cancelled import Cancelled
from rbo_core.intervals import student
from rbo_core.training.config import Method, TrainConfig
from rbo_core.training.data import load
from rbo_core.training.loop import Progress, run_training
from rbo_core.training.plan import plan
from rbo_core.training.remote import train_all
from rbo_core.training.store import RunStore

Axes = dict[str, tuple[float, ...]]

CONFIGURATIONS = 16
"""Configurations of each entrant: 16 learning rates, or 4 by 4 of two settings."""


@dataclass(frozen=True)
class Entrant:
    """A method with its fixed settings and its tuning grid; every entrant has 16 configurations."""

    label: str
    method: str
    fixed: dict[str, Any]
    axes: Axes

    def grid(self, points: int = CONFIGURATIONS) -> list[Method]:
        """All configurations, or every fourth."""
        names = list(self.axes)
        every = [dict(zip(names, values, strict=True)) for values in itertools.product(*self.axes.values())]
        # Of two axes the second value of the second: both middles matter more than either end.
        chosen = every if points == CONFIGURATIONS else every[1 :: CONFIGURATIONS // points]
        return [Method.of(self.method, **{**self.fixed, **settings}) for settings in chosen]


_ADAM_RATES = (1e-4, 2e-4, 3e-4, 5e-4, 7e-4, 1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 7e-3, 1e-2, 1.5e-2, 2e-2, 3e-2, 5e-2)
_SGD_RATES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)

ENTRANTS: dict[str, Entrant] = {
    "sgd": Entrant("SGD", "sgd", {}, {"lr": _SGD_RATES}),
    "momentum": Entrant("SGD + momentum 0.9", "momentum", {}, {"lr": tuple(round(r / 5, 4) for r in _SGD_RATES)}),
    "adam": Entrant("Adam", "adam", {}, {"lr": _ADAM_RATES}),
    "adamw": Entrant("AdamW", "adamw", {}, {"lr": _ADAM_RATES}),
    "sam": Entrant("SAM", "sam", {}, {"lr": (0.05, 0.2, 0.5, 1.0), "radius": (0.001, 0.01, 0.05, 0.2)}),
    "sam_momentum": Entrant(
        "SAM + momentum 0.9",
        "sam",
        {"momentum": 0.9},
        {"lr": (0.02, 0.05, 0.1, 0.2), "radius": (0.001, 0.01, 0.05, 0.2)},
    ),
    "entropy_sgd": Entrant(
        "Entropy-SGD", "entropy_sgd", {}, {"lr": (0.5, 1.0, 1.5, 2.0), "langevin_lr": (0.05, 0.1, 0.2, 0.5)}
    ),
    "rbo": Entrant("RBO Newton, K = 2", "rbo", {}, {"lr": (0.1, 0.3, 1.0, 2.0), "radius": (0.002, 0.02, 0.1, 0.5)}),
    "rbo_momentum": Entrant(
        "RBO Newton, K = 2, momentum 0.9",
        "rbo",
        {"momentum": 0.9},
        {"lr": (0.02, 0.05, 0.1, 0.2), "radius": (0.002, 0.02, 0.1, 0.5)},
    ),
    "rbo_published": Entrant(
        "RBO as published, K = 20, γ = 0.01",
        "rbo",
        {"projection": "gradient", "n_projection_steps": 20, "projection_step_size": 0.01},
        {"lr": (0.5, 2.0, 6.0, 12.0), "radius": (0.1, 0.5, 2.0, 8.0)},
    ),
}

PAPER: dict[tuple[str, str], dict[str, float]] = {
    ("mnist", "mlp"): {"sgd": 91.77, "entropy_sgd": 95.22, "sam": 97.22, "rbo_published": 97.51},
    ("mnist", "resnet6"): {"sgd": 97.59, "entropy_sgd": 98.18, "sam": 99.11, "rbo_published": 99.07},
    ("mnist", "vgg9"): {"sgd": 98.78, "entropy_sgd": 98.57, "sam": 99.39, "rbo_published": 99.27},
    ("cifar10", "resnet8"): {"sgd": 56.54, "entropy_sgd": 59.16, "sam": 69.09, "rbo_published": 71.58},
    ("cifar10", "vgg9"): {"sgd": 66.04, "entropy_sgd": 65.46, "sam": 77.81, "rbo_published": 81.87},
    ("cifar100", "resnet8"): {"sgd": 19.28, "entropy_sgd": 28.33, "sam": 36.26, "rbo_published": 37.11},
    ("cifar100", "vgg9"): {"sgd": 29.37, "entropy_sgd": 28.98, "sam": 47.17, "rbo_published": 50.07},
}
"""Test accuracy (%) in Table 1 of arXiv 2505.19527: ten epochs, untuned."""


@dataclass(frozen=True)
class Row:
    """One entrant under one budget.

    budget: "gradients" or "epochs". mean, half: test accuracy (%) over the seeds and half its 95 % interval
    by Student's t.
    accuracies: one a seed, %. chosen: settings picked on the validation images. paper: the paper's figure (%), or None.
    """

    entrant: str
    label: str
    budget: str
    mean: float
    half: float
    accuracies: tuple[float, ...]
    diverged: int
    gradients: int
    epochs: float
    seconds: float
    chosen: dict[str, Any]
    validation: float
    paper: float | None


def compare(
    base: TrainConfig,
    *,
    entrants: Sequence[str] = tuple(ENTRANTS),
    gradient_budget: int,
    epochs: int | None = None,
    seeds: Sequence[int] = (100, 101, 102, 103, 104),
    tuning_seed: int = 0,
    points: int = CONFIGURATIONS,
    store: RunStore | None = None,
    progress: Callable[[int, int, str], object] | None = None,
    client: Any = None,
) -> list[Row]:
    """Tune each entrant on the validation images, then train it on fresh seeds and test it.

    Each entrant gets the same number of settings, tried with ``tuning_seed`` at ``gradient_budget`` gradients. The one
    with the highest validation accuracy is trained with every seed at that budget and, if ``epochs`` is given, also for
    that many epochs (with the settings tuned at equal gradients). The test images are used once, at the end of those.

    Args:
        base: data, model and everything shared.
        store: keeps every run; runs it already holds with the same settings are taken from it, unfinished ones go on.
        progress: called with (runs done, runs in all, what runs); a true answer stops the comparison.
        client: a ``distributed.Client``: the runs of one tuning, and of one test, go to its workers at the same time.

    Raises:
        ValueError: unknown entrant, or fewer than two seeds.
    """
    for name in entrants:
        if name not in ENTRANTS:
            raise ValueError(f"entrants must be among {', '.join(ENTRANTS)}; got {name!r}")
    if len(seeds) < 2:
        raise ValueError(f"seeds must be at least 2, for an interval, got {len(seeds)}")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ, or the interval is too narrow, got {list(seeds)}")
    if points not in (4, CONFIGURATIONS):
        raise ValueError(f"points must be 4 or {CONFIGURATIONS}, got {points}")
    shared = dataclasses.replace(base, diagnostics="none", snapshots=False, gradient_budget=gradient_budget)
    budgets = {"gradients": shared}
    if epochs is not None:
        budgets["epochs"] = dataclasses.replace(shared, gradient_budget=None, epochs=epochs)
    trainer = _Trainer(len(entrants) * (points + len(budgets) * len(seeds)), store, progress, client)
    rows: list[Row] = []
    try:
        for name in entrants:
            tuning = [dataclasses.replace(shared, method=m, seed=tuning_seed) for m in ENTRANTS[name].grid(points)]
            validation, best = _tune(name, tuning, trainer)
            for budget, config in budgets.items():
                fresh = [dataclasses.replace(config, method=best, seed=seed) for seed in seeds]
                rows.append(_tested(name, budget, fresh, validation, trainer))
    except Cancelled:
        pass
    return rows


class _Trainer:
    """Trains runs, takes those that are stored already, and tells how far it is."""

    def __init__(
        self, total: int, store: RunStore | None, progress: Callable[[int, int, str], object] | None, client: Any
    ) -> None:
        self.done, self.total, self.store, self.progress, self.client = 0, total, store, progress, client
        stored = [] if store is None else list(reversed(store.list()))
        self.known = {run.config: run for run in stored if run.state != "failed"}

    def train(self, configs: Sequence[TrainConfig], what: str) -> list[tuple[str, dict[str, Any]]]:
        """State and summary of each run; a comparison that was killed goes on where it stood."""
        ended: dict[TrainConfig, tuple[str, dict[str, Any]]] = {}
        left = []
        for config in configs:
            before = self.known.get(config)
            if before is not None and before.state in ("done", "diverged"):
                ended[config] = before.state, before.summary
            else:
                left.append((config, None if before is None else before.id))
        self.done += len(configs) - len(left)
        found = self._here(left, what) if self.client is None else self._there(left, what)
        ended |= zip((config for config, _ in left), found, strict=True)
        return [ended[config] for config in configs]

    def _here(self, left: Sequence[tuple[TrainConfig, str | None]], what: str) -> list[tuple[str, dict[str, Any]]]:
        def told(now: Progress) -> object:
            return self.progress is not None and self.progress(self.done, self.total, what)

        found = []
        for config, run in left:
            result = run_training(config, self.store, told, resume=run)
            if result.state == "cancelled":
                raise Cancelled
            self.done += 1
            found.append((result.state, result.summary))
        return found

    def _there(self, left: Sequence[tuple[TrainConfig, str | None]], what: str) -> list[tuple[str, dict[str, Any]]]:
        def told(done: float, total: int, title: str) -> object:
            return self.progress is not None and self.progress(self.done + int(done), self.total, what)

        results = train_all(self.client, left, self.store, told)
        if any(one.state == "cancelled" for one in results):
            raise Cancelled
        self.done += len(results)
        return [(one.state, one.summary) for one in results]


def _tune(name: str, configs: Sequence[TrainConfig], trainer: _Trainer) -> tuple[float, Method]:
    """The best validation accuracy and the method that reached it."""
    ended = trainer.train(configs, f"tuning {ENTRANTS[name].label}")
    tried = [
        (summary["validation_accuracy"] if state == "done" else -1.0, config.method)
        for config, (state, summary) in zip(configs, ended, strict=True)
    ]
    return max(tried, key=lambda pair: pair[0])


def _tested(name: str, budget: str, configs: Sequence[TrainConfig], validation: float, trainer: _Trainer) -> Row:
    """Train a tuned entrant with every seed: its row."""
    entrant, config = ENTRANTS[name], configs[0]
    runs = trainer.train(configs, f"{entrant.label} at equal {budget}")
    accuracies = [100 * summary["test_accuracy"] for _, summary in runs]
    mean, half = student(accuracies)
    gradients = runs[0][1]["gradients"]
    steps_per_epoch = plan(config, load(config.data, config.data_dir)).per_epoch
    return Row(
        entrant=name,
        label=entrant.label,
        budget=budget,
        mean=float(mean),
        half=float(half),
        accuracies=tuple(accuracies),
        diverged=sum(state == "diverged" for state, _ in runs),
        gradients=gradients,
        epochs=gradients / config.method.gradients_per_step / steps_per_epoch,
        seconds=float(np.mean([summary["seconds"] for _, summary in runs])),
        chosen={axis: config.method[axis] for axis in entrant.axes},
        validation=100 * validation,
        paper=PAPER.get((config.data, config.model), {}).get(name),
    )


EDGE = "†"
"""Marks a setting chosen at the end of its grid: a better one may lie beyond."""

COLUMNS = (
    "budget",
    "label",
    "mean",
    "half",
    "gradients",
    "epochs",
    "seconds",
    "diverged",
    "chosen",
    "validation",
    "paper",
    "accuracies",
)


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown, one section a budget, the best mean first."""
    lines: list[str] = []
    for budget in dict.fromkeys(row.budget for row in rows):
        lines += [
            f"### At equal {budget}",
            "",
            "| method | test accuracy, % (95 % interval) | gradients | epochs | seconds | diverged | settings chosen "
            "| paper, % |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
        ]
        for row in sorted((r for r in rows if r.budget == budget), key=lambda r: -r.mean):
            axes = ENTRANTS[row.entrant].axes
            chosen = ", ".join(
                f"{k} {v:g}{EDGE if v in (axes[k][0], axes[k][-1]) else ''}" for k, v in row.chosen.items()
            )
            paper = "" if row.paper is None else f"{row.paper:.2f}"
            lines.append(
                f"| {row.label} | {row.mean:.2f} ± {row.half:.2f} | {row.gradients:,} | {row.epochs:.1f} "
                f"| {row.seconds:.1f} "
                f"| {row.diverged} of {len(row.accuracies)} | {chosen} | {paper} |"
            )
        lines.append("")
    return "\n".join(lines)


def records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as plain values, for CSV and JSON."""
    return [
        {
            **{c: getattr(row, c) for c in COLUMNS},
            "chosen": " ".join(f"{k}={v:g}" for k, v in row.chosen.items()),
            "accuracies": " ".join(f"{a:.2f}" for a in row.accuracies),
        }
        for row in rows
    ]
