"""Training runs as curves and tables: one row a method (mean over seeds), one row a run, or one row an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.run_view import RunView, groups, score_of
from rbo_core.figures.curves import BESIDE, LearningCurve, learning_curve
from rbo_core.intervals import student

SCORES = ("test_accuracy", "validation_accuracy")
_NUMBERS = {
    "test accuracy (%)": "%.2f",
    "validation accuracy (%)": "%.2f",
    "± (%)": "%.2f",
    "train loss": "%.3g",
    "gradients": "%.0f",
    "seconds": "%.2f",
    "penetration (%)": "%.2g",
    "sharpness": "%.3g",
}


def curves(runs: Sequence[RunView], quantity: str, axis: str) -> list[LearningCurve]:
    """One curve a group; groups without a finite value of this quantity are left out."""
    made = []
    for members in groups(runs).values():
        having = [run for run in members if {quantity, axis} <= set(run.epochs)]
        having = [run for run in having if np.isfinite(run.epochs[quantity].astype(float)).any()]
        if having:
            xs = [run.epochs[axis].to_numpy(float) for run in having]
            ys = [run.epochs[quantity].to_numpy(float) for run in having]
            made.append(learning_curve(members[0].label, members[0].method, xs, ys))
    return made


def beside(runs: Sequence[RunView], axis: str) -> dict[str, list[LearningCurve]]:
    """The small plots below: only what was measured."""
    found = {name: curves(runs, name, axis) for name in BESIDE}
    return {name: made for name, made in found.items() if made}


def results(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a method, the best first; accuracies in percent with the half width of their 95 % interval over seeds."""
    score = score_of(runs)
    rows = []
    for members in groups(runs).values():
        row: dict[str, Any] = {"method": members[0].label, "seeds": len(members)}
        for name in SCORES if score == "test_accuracy" else SCORES[1:]:
            mean, half = student(np.array([[100 * run.last(name)] for run in members]))
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


def means(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a group of equal settings, with its task, the best of each task first: mean, interval and seeds."""
    tasks: dict[tuple[str, str, float, str], list[RunView]] = {}
    for run in runs:
        tasks.setdefault(run.task, []).append(run)
    tables = []
    for (data, model, noise, budget), members in sorted(tasks.items(), key=lambda one: -len(one[1])):
        about: dict[str, Any] = {"data": data, "model": model, "label noise": noise, "budget": budget}
        table, task = results(members).assign(**about), list(about)
        last = ["settings"]
        rest = [name for name in table.columns if name not in (*task, *last)]
        tables.append(table[[*rest[:4], *task, *rest[4:], *last]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def listing(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a run, the newest first: what the page Results lists and exports."""
    rows = [
        {
            "method": run.label,
            "name": run.name,
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
            "note": run.note,
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


def settings_text(settings: dict[str, Any]) -> str:
    """Settings in one line."""
    plain = {name: value for name, value in settings.items() if name != "name"}
    return ", ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in plain.items())


def number_formats(table: Any) -> dict[str, Any]:
    """How the columns of a results table are written."""
    formats: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=form) for name, form in _NUMBERS.items() if name in table
    }
    if "settings" in table:
        formats["settings"] = st.column_config.TextColumn(width="large")
    return formats
