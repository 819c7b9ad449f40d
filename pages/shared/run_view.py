"""What the pages know of a stored training run, whatever store it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from rbo_core.figures.words import noise_words


@dataclass(frozen=True, eq=False)
class RunView:
    """One run as the pages show it.

    group: runs that differ by their seed alone share it. label: what the legend calls the group. method: name of the
    optimizer (its colour). epochs: one row an epoch with the columns epoch, gradients, seconds and what was measured.
    config: the run as `TrainConfig.to_dict` gives it.
    state: running, done, failed, interrupted or broken (its records cannot be read; problem says why).
    name, note: what people wrote to it.
    """

    id: str
    group: str
    label: str
    method: str
    data: str
    model: str
    label_noise: float
    seed: int
    state: str
    created: float
    settings: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    epochs: pd.DataFrame = field(default_factory=pd.DataFrame)
    test_accuracy: float | None = None
    problem: str = ""
    owner: str = ""
    budget: str = ""
    name: str = ""
    note: str = ""

    def last(self, name: str) -> float:
        """The last measured value of a column; NaN when there is none."""
        if name == "test_accuracy":
            return np.nan if self.test_accuracy is None else float(self.test_accuracy)
        values = self.epochs[name].to_numpy(float) if name in self.epochs else np.array([])
        measured = np.flatnonzero(~np.isnan(values))
        return float(values[measured[-1]]) if len(measured) else np.nan

    @property
    def task(self) -> tuple[str, str, float, str]:
        """What it was asked to learn, and at which budget."""
        return self.data, self.model, self.label_noise, self.budget

    @property
    def task_title(self) -> str:
        """The task in a few words."""
        noise = f", {noise_words(self.label_noise)}" if self.label_noise else ""
        return f"{self.data}, {self.model}{noise}, {self.budget}"

    @property
    def diverged(self) -> bool:
        """Whether its loss stopped being a finite number."""
        if "train_loss" not in self.epochs or not len(self.epochs):
            return False
        return not np.isfinite(float(self.epochs["train_loss"].iloc[-1]))


def groups(runs: Sequence[RunView]) -> dict[str, list[RunView]]:
    """Runs by group, in the order in which the groups first appear."""
    found: dict[str, list[RunView]] = {}
    for run in runs:
        found.setdefault(run.group, []).append(run)
    return found


def largest_task(runs: Sequence[RunView]) -> list[RunView]:
    """The runs of the task (data, network, label noise, budget) that most of them share; of equals, the newest."""
    tasks: dict[tuple[str, str, float, str], list[RunView]] = {}
    for run in sorted(runs, key=lambda run: -run.created):
        tasks.setdefault(run.task, []).append(run)
    return max(tasks.values(), key=len) if tasks else []


def told_apart(runs: Sequence[RunView]) -> list[RunView]:
    """The same runs, their labels with the task where they are of several tasks."""
    if len({run.task for run in runs}) < 2:
        return list(runs)
    return [replace(run, label=f"{run.label} · {run.task_title}") for run in runs]


def score_of(runs: Sequence[RunView]) -> str:
    """What decides: the test accuracy once a run has one, else the validation accuracy."""
    return "test_accuracy" if any(run.test_accuracy is not None for run in runs) else "validation_accuracy"
