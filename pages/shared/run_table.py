"""Training runs as tables and sentences: one row a method (mean over seeds) or one row a run, and who came first.

These functions know runs only as `RunView`, what a page needs of a stored run, so they work for any store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from rbo_core.figures.curves import BESIDE, Curve, curve, interval

SCORES = ("test_accuracy", "validation_accuracy")


@dataclass(frozen=True, eq=False)
class RunView:
    """One run as the pages show it.

    group: runs that differ by their seed alone share it. label: what the legend calls the group. method: name of the
    optimizer (its colour). epochs: one row an epoch with the columns epoch, gradients, seconds and what was measured.
    state: running, done, failed, interrupted or broken (its records cannot be read; problem says why).
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
    epochs: pd.DataFrame = field(default_factory=pd.DataFrame)
    test_accuracy: float | None = None
    problem: str = ""
    budget: str = ""

    def last(self, name: str) -> float:
        """The last measured value of a column; NaN when there is none."""
        if name == "test_accuracy":
            return np.nan if self.test_accuracy is None else float(self.test_accuracy)
        values = self.epochs[name].dropna() if name in self.epochs else pd.Series(dtype=float)
        return float(values.iloc[-1]) if len(values) else np.nan

    @property
    def task(self) -> tuple[str, str, float, str]:
        """What it was asked to learn, and at which budget."""
        return self.data, self.model, self.label_noise, self.budget

    @property
    def task_title(self) -> str:
        """The task in a few words."""
        noise = f", {100 * self.label_noise:.0f} % wrong labels" if self.label_noise else ""
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


def curves(runs: Sequence[RunView], quantity: str, axis: str) -> list[Curve]:
    """One curve a group; groups without a finite value of this quantity are left out."""
    made = []
    for members in groups(runs).values():
        having = [run for run in members if {quantity, axis} <= set(run.epochs)]
        having = [run for run in having if np.isfinite(run.epochs[quantity].astype(float)).any()]
        if having:
            xs = [run.epochs[axis].to_numpy(float) for run in having]
            ys = [run.epochs[quantity].to_numpy(float) for run in having]
            made.append(curve(members[0].label, members[0].method, xs, ys))
    return made


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


def beside(runs: Sequence[RunView], axis: str) -> dict[str, list[Curve]]:
    """The small plots below: only what was measured."""
    found = {name: curves(runs, name, axis) for name in BESIDE}
    return {name: made for name, made in found.items() if made}


def score_of(runs: Sequence[RunView]) -> str:
    """What decides: the test accuracy once a run has one, else the validation accuracy."""
    return "test_accuracy" if any(run.test_accuracy is not None for run in runs) else "validation_accuracy"


def results(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a method, the best first; accuracies in percent with the half width of their 95 % interval over seeds."""
    score = score_of(runs)
    rows = []
    for members in groups(runs).values():
        row: dict[str, Any] = {"method": members[0].label, "seeds": len(members)}
        for name in SCORES if score == "test_accuracy" else SCORES[1:]:
            mean, half = interval(np.array([[100 * run.last(name)] for run in members]))
            title = name.replace("_", " ")
            row[f"{title} (%)"] = mean[0]
            if name == score:
                row["± (%)"] = half[0]
        for name in ("train_loss", "gradients", "seconds", "penetration", "sharpness"):
            values = np.array([run.last(name) for run in members])
            row[name.replace("_", " ")] = (
                float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan
            )
        row["penetration"] *= 100
        row["diverged"] = sum(run.diverged for run in members)
        row["settings"] = settings_text(members[0].settings)
        rows.append(row)
    table = pd.DataFrame(rows).rename(columns={"penetration": "penetration (%)", "train_loss": "train loss"})
    by = f"{score.replace('_', ' ')} (%)"
    return table.sort_values(by, ascending=False, ignore_index=True) if rows else table


def listing(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a run, the newest first: what the page Results lists and exports."""
    rows = [
        {
            "method": run.label,
            "seed": run.seed,
            "test accuracy (%)": 100 * run.last("test_accuracy"),
            "validation accuracy (%)": 100 * run.last("validation_accuracy"),
            "data": run.data,
            "model": run.model,
            "label noise": run.label_noise,
            "budget": run.budget,
            "state": run.state,
            "made": pd.Timestamp(run.created, unit="s"),
            "train loss": run.last("train_loss"),
            "epochs": run.last("epoch"),
            "gradients": run.last("gradients"),
            "seconds": run.last("seconds"),
            "settings": settings_text(run.settings),
            "problem": run.problem,
            "id": run.id,
        }
        for run in sorted(runs, key=lambda run: -run.created)
    ]
    return pd.DataFrame(rows)


def per_epoch(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row an epoch and run: everything that was measured."""
    frames = [
        run.epochs.assign(run=run.id, data=run.data, model=run.model, method=run.label, seed=run.seed) for run in runs
    ]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["run", "epoch"])


@dataclass(frozen=True)
class _Place:
    """A method's result: mean and half width of its 95 % interval in percent, and each seed's own value.

    rival: "ball" for a ball at SAM's price, "sam" for SAM, "" for all others.
    """

    label: str
    rival: str
    mean: float
    half: float
    by_seed: dict[int, float]

    @property
    def text(self) -> str:
        return f"{self.mean:.1f}{_half(self.half)} %"


def ranking(runs: Sequence[RunView]) -> list[_Place]:
    """Methods with a result, the best first."""
    score = score_of(runs)
    places = []
    for members in groups(runs).values():
        found = {run.seed: 100 * run.last(score) for run in members if np.isfinite(run.last(score))}
        if found:
            mean, half = interval(np.array([[value] for value in found.values()]))
            places.append(_Place(members[0].label, _rival(members[0]), float(mean[0]), float(half[0]), found))
    return sorted(places, key=lambda place: -place.mean)


def lead(first: _Place, second: _Place) -> tuple[float, float] | None:
    """How far ahead the first is, in points, with the half width of the 95 % interval; None where seeds do not tell.

    Runs of one seed share their weights and minibatches, so the difference is taken seed by seed.
    """
    common = sorted(set(first.by_seed) & set(second.by_seed))
    if len(common) < 2:
        return None
    mean, half = interval(np.array([[first.by_seed[seed] - second.by_seed[seed]] for seed in common]))
    return float(mean[0]), float(half[0])


def verdict(runs: Sequence[RunView]) -> str:
    """Who came first, who cannot be told from it, and where the ball stands (HTML-safe: names are ours)."""
    places = ranking(runs)
    if not places:
        return "No method has a result yet."
    what = score_of(runs).replace("_", " ")
    first, rest = places[0], places[1:]
    said = f"<b>{first.label}</b> comes first with {first.text} {what}"
    if not rest:
        return f"<b>{first.label}</b> reaches {first.text} {what}."
    gaps = {place.label: lead(first, place) for place in rest}
    nearest = gaps[rest[0].label]
    if nearest is None:
        return f"{said}, before {rest[0].label} with {rest[0].text}. One seed proves nothing: ask for more."
    tied = [label for label, gap in gaps.items() if gap is None or gap[0] <= gap[1]]
    if not tied:
        said += f", {_points(nearest)} before {rest[0].label}."
    else:
        seeds = len(first.by_seed)
        said += f"; {_names(tied)} cannot be told from it with {seeds} seeds."
    return said + _ball(places) + _flatness(runs, places)


def _rival(run: RunView) -> str:
    if run.method == "rbo":
        return "ball" if run.settings.get("n_projection_steps", 2) == 2 else ""
    return "sam" if run.method == "sam" else ""


def _ball(places: Sequence[_Place]) -> str:
    """Where the ball came, also when it lost, and how it stands to SAM, which pays as much a step."""
    kinds = [place.rival for place in places]
    if "ball" not in kinds:
        return ""
    k = kinds.index("ball")
    said = f" {places[k].label} comes {_ordinal(k + 1)} of {len(places)} with {places[k].text}" if k > 0 else ""
    gap = None
    if "sam" in kinds and {k, kinds.index("sam")} != {0, 1}:
        gap = lead(places[k], places[kinds.index("sam")])
    if gap is None:
        return f"{said}." if said else ""
    level = abs(gap[0]) <= gap[1]
    where = "level with SAM" if level else f"{_points(gap)} {'ahead of' if gap[0] > 0 else 'behind'} SAM"
    where += ", which pays as much a step" + (f" ({_signed(gap)})" if level else "")
    return f"{said}, {where}." if said else f" It is {where}."


def _flatness(runs: Sequence[RunView], places: Sequence[_Place]) -> str:
    """Whether the flattest minimum is the best one."""
    flat = {}
    for members in groups(runs).values():
        values = [run.last("sharpness") for run in members]
        if np.isfinite(values).all():
            flat[members[0].label] = float(np.mean(values))
    order = [place.label for place in places]
    known = sorted((label for label in order if label in flat), key=flat.__getitem__)
    if len(known) < 3:
        return ""
    place = order.index(known[0]) + 1
    if place == 1:
        return " Its minimum is also the flattest."
    return f" The flattest minimum is that of {known[0]}, {_ordinal(place)} in accuracy."


def _names(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _points(gap: tuple[float, float]) -> str:
    return f"{abs(gap[0]):.1f} ± {gap[1]:.1f} points"


def _signed(gap: tuple[float, float]) -> str:
    return f"{gap[0]:+.1f} ± {gap[1]:.1f} points".replace("-", "\u2212")


def _ordinal(place: int) -> str:
    return dict(enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)).get(place, f"{place}th")


def settings_text(settings: dict[str, Any]) -> str:
    """Settings in one line."""
    plain = {name: value for name, value in settings.items() if name != "name"}
    return ", ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in plain.items())


def _half(half: float) -> str:
    return f" ± {half:.1f}" if np.isfinite(half) else ""
