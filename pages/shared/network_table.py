"""Training runs as tables and sentences: one row a method (mean over seeds) or one row a run, and who came first.

These functions know runs only as `RunView`, what a page needs of a stored run, so they work for any store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rbo_core.figures.train import BESIDE, Curve, curve, interval

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


def verdict(runs: Sequence[RunView]) -> str:
    """Who came first, with the intervals, and whether the lead is larger than they are (HTML-safe: names are ours)."""
    score = score_of(runs)
    ranked = []
    for members in groups(runs).values():
        mean, half = interval(np.array([[100 * run.last(score)] for run in members]))
        if np.isfinite(mean[0]):
            ranked.append((float(mean[0]), float(half[0]), members[0].label, len(members)))
    if not ranked:
        return "No method has a result yet."
    ranked.sort(reverse=True)
    mean, half, label, seeds = ranked[0]
    what = score.replace("_", " ")
    said = f"<b>{label}</b> comes first with {mean:.1f}{_half(half)} % {what}"
    if len(ranked) == 1:
        return f"{said}."
    second = ranked[1]
    said += f", before {second[2]} with {second[0]:.1f}{_half(second[1])} %"
    if seeds < 2 or second[3] < 2:
        return f"{said}. One seed proves nothing: ask for more."
    # Two 95 % intervals that do not overlap are a stricter test than a t-test at 5 %.
    clear = mean - half > second[0] + second[1]
    said += "; their 95 % intervals do not overlap." if clear else "; within their 95 % intervals, a tie."
    return said + _at_sams_price(ranked)


def _at_sams_price(ranked: Sequence[tuple[float, float, str, int]]) -> str:
    """The ball beside SAM, which pays as much, when neither of the first two is that pair already."""
    place = {label: rank for rank, (_, _, label, _) in enumerate(ranked)}
    if not {"Rolling ball", "SAM"} <= set(place) or {place["Rolling ball"], place["SAM"]} == {0, 1}:
        return ""
    ball, sam = ranked[place["Rolling ball"]], ranked[place["SAM"]]
    pair = f"{ball[0]:.1f}{_half(ball[1])} against {sam[0]:.1f}{_half(sam[1])} %"
    return f" The ball beside SAM, which pays as much a step: {pair}."


def settings_text(settings: dict[str, Any]) -> str:
    """Settings in one line."""
    plain = {name: value for name, value in settings.items() if name != "name"}
    return ", ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in plain.items())


def _half(half: float) -> str:
    return f" ± {half:.1f}" if np.isfinite(half) else ""
