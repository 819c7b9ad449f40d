"""The paper's Table 1 (arXiv 2505.19527) and our own runs beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from pages.shared import network_runs
from pages.shared.run_view import RunView, score_of
from rbo_core.intervals import student
from rbo_core.training.contestants import PAPER

METHODS = {"sgd": "SGD", "entropy_sgd": "Entropy-SGD", "sam": "SAM", "rbo": "Rolling ball"}
IN_THE_PAPER = {"sgd": "sgd", "entropy_sgd": "entropy_sgd", "sam": "sam", "rbo": "rbo_published"}
"""Optimizer to the contestant that the paper's table names."""
HONEST = (
    "Read it with care. *Matched:* the data set, the family of network and the four methods. *Not matched:* the "
    "budget (the paper trains ten epochs, ours as long as each run was asked to), and widths, batch size, "
    "augmentation and schedule, which the paper, a preprint, does not state fully. It tuned nothing; ours is the "
    "best of what is stored, chosen by test accuracy, which flatters whoever was tried more often. Nor are equal "
    "epochs equal compute: a step of SGD costs one gradient, of SAM two, of the paper's RBO 20 to 100. Data sets "
    "the paper does not have stand below its rows."
)


def beside(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a data set, model and source; columns are the methods; ours is the best group's mean ± 95 % (n seeds)."""
    clean = [run for run in runs if run.state == "done" and run.label_noise == 0]
    tasks = list(PAPER) + sorted({(run.data, run.model) for run in clean} - set(PAPER))
    rows = []
    for task in tasks:
        head = {"data": task[0], "model": task[1]}
        if task in PAPER:
            values = {title: f"{PAPER[task][IN_THE_PAPER[name]]:.2f}" for name, title in METHODS.items()}
            rows.append({**head, "source": "paper", **values})
        own = [run for run in clean if (run.data, run.model) == task]
        if own:
            rows.append({**head, "source": "here", **{t: _best(own, name) for name, t in METHODS.items()}})
    return pd.DataFrame(rows)


def readable(table: pd.DataFrame) -> Styler:
    """The table with people's names for data and networks, our rows in bold."""
    names = {**network_runs.DATA, **network_runs.MODELS}
    named = table.assign(data=table["data"].replace(names), model=table["model"].replace(names))
    return named.style.apply(lambda row: ["font-weight: 600" if row["source"] == "here" else ""] * len(row), axis=1)


def _best(runs: Sequence[RunView], method: str) -> str:
    """The group with the highest mean among a method's groups."""
    found: dict[str, list[RunView]] = {}
    for run in runs:
        if run.method == method:
            found.setdefault(run.group, []).append(run)
    best: tuple[float, str] | None = None
    for members in found.values():
        mean, half = student(np.array([[100 * run.last(score_of(members))] for run in members]))
        if np.isfinite(mean[0]) and (best is None or mean[0] > best[0]):
            width = f" ± {half[0]:.2f}" if np.isfinite(half[0]) else ""
            best = (float(mean[0]), f"{mean[0]:.2f}{width} (n = {len(members)})")
    return "–" if best is None else best[1]
