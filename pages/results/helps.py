"""Does a ball help? The contests that came with the lab, on the page Results: a sentence, a figure, a table."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from pandas.io.formats.style import Styler

from pages.shared import plots
from pages.shared.network_runs import DATA
from rbo_core.figures.contests import REFERENCES, Row, budget_curve, rows

FILE = Path(__file__).with_name("contests.json")
NOISY: dict[str, Any] = {"label_noise": 0.4, "model": "mlp"}
DRAWN: dict[str, dict[str, Any]] = {
    "Digits, 40 % random labels": {"data": "digits", **NOISY},
    "Fashion-MNIST, 6,000 images, 40 % random labels": {"data": "fashion_mnist", "train_size": 6000, **NOISY},
}
HOW = (
    "The difference is that of the best ball, in points, with *p* in brackets. *Every 5th step* says how often the "
    "ball takes its second gradient. Each contest has up to ten methods, tuned once in boxes with equally many "
    "settings, weight decay among them, and ten paired fresh seeds; *p* is corrected by Holm over the methods, and "
    "does not hold the luck of the tuning. Made by `python -m rbo_core contest`; `docs/does-it-help.md` has every "
    "command, and what to distrust."
)
_TINT = {1: "background-color: rgba(0, 158, 115, 0.22)", -1: "background-color: rgba(213, 94, 0, 0.24)", 0: ""}
"""Wins and losses, equally loud."""


@cache
def records() -> list[dict[str, Any]]:
    """The stored contests, as `python benchmarks/does_it_help.py` packs them."""
    stored: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored


def told() -> list[Row]:
    """One row a contest."""
    return rows(records())


def curve(title: str, dark: bool) -> go.Figure:
    """Test accuracy against the budget, for one of the drawn tasks."""
    return budget_curve(records(), DRAWN[title], dark).update_layout(title={"text": title, "font": {"size": 13}})


def pictures(dark: bool) -> list[plots.Picture]:
    """The curves of all drawn tasks; what they show came with the lab, so they are drawn once for all."""
    return [plots.remembered(curve, title, dark) for title in DRAWN]


def table() -> Styler:
    """The contests, with the differences tinted where the corrected test calls the ball better or worse."""
    found = told()
    frame = pd.DataFrame([
        {
            "data": f"{DATA[row.data]}{'' if row.data == 'digits' else f', {row.images:,}' if row.images else ', all'}",
            "network": row.network,
            "random labels": f"{100 * row.noise:.0f} %",
            "gradients": f"{row.gradients:,}",
            **{f"minus {title} (p)": row.gaps[name].text for name, title in REFERENCES.items()},
            "accuracy (%)": f"{row.mean:.2f} ± {row.half:.2f}",
            "best ball": row.ball,
        }
        for row in found
    ])  # fmt: skip

    def tinted(line: pd.Series[Any]) -> list[str]:
        gaps = found[int(str(line.name))].gaps
        tints = {f"minus {title} (p)": _TINT[gaps[name].says] for name, title in REFERENCES.items()}
        return [tints.get(column, "") for column in line.index]

    return frame.style.apply(tinted, axis=1)
