"""Accuracy against the budget of gradients: the contests that came with the lab, for the pages Train and Results."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from pages.shared import plots
from rbo_core.figures.contests import budget_curve

FILE = Path(__file__).with_name("contests.json")
NOISY: dict[str, Any] = {"label_noise": 0.4, "model": "mlp"}
DRAWN: dict[str, dict[str, Any]] = {
    "Digits, 40 % random labels": {"data": "digits", **NOISY},
    "Fashion-MNIST, 6,000 images, 40 % random labels": {"data": "fashion_mnist", "train_size": 6000, **NOISY},
}


@cache
def records() -> list[dict[str, Any]]:
    """The stored contests, as `python benchmarks/does_it_help.py` packs them."""
    stored: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored


def curve(title: str, dark: bool) -> go.Figure:
    """Test accuracy against the budget, for one of the drawn tasks."""
    return budget_curve(records(), DRAWN[title], dark).update_layout(title={"text": title, "font": {"size": 13}})


def pictures(dark: bool, data: str | None = None) -> list[plots.Picture]:
    """The curves of all drawn tasks, or those of one data set; what they show came with the lab, so they are drawn once
    for all."""
    return [plots.remembered(curve, title, dark) for title, task in DRAWN.items() if data in (None, task["data"])]
