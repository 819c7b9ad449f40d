"""Stored contests as a table and as a curve over the budget: where the best form of the ball wins, ties and loses.

A record is what ``python -m rbo_core contest --json`` writes of one contest: its ``train``, ``standings`` and
``differences``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.curves import AROUND
from rbo_core.figures.end_labels import REACH, Ending, name_ends
from rbo_core.figures.style import color, layout
from rbo_core.figures.words import counted
from rbo_core.training.paired import called

Record = Mapping[str, Any]

BALLS = ("rbo", "rbo_step", "rbo_interval", "rbo_tangent")
"""Contestants that are a ball, without those in other coordinates."""
REFERENCES = {"momentum": "SGD + momentum", "sam_momentum": "SAM + momentum"}
"""The baselines, as people call them."""
NETWORKS = {"mlp": "MLP", "resnet8-gn": "ResNet-8", "vgg9-gn": "VGG-9"}
CURVES = {
    "sgd": ("SGD", "sgd", "solid"),
    "momentum": ("SGD + momentum", "momentum", "solid"),
    "adamw": ("AdamW", "adamw", "dash"),
    "sam": ("SAM", "sam", "solid"),
    "sam_momentum": ("SAM + momentum", "sam", "dash"),
    "rbo": ("RBO Newton, K = 2", "rbo", "solid"),
    "rbo_interval": ("RBO, every 5th step", "rbo", "dash"),
}
"""Of a contestant in the budget curve: its name, whose colour it has, and its dash."""


@dataclass(frozen=True)
class Gap:
    """The ball minus a baseline, in points: the mean over paired seeds, half its 95 % interval, p after Holm."""

    mean: float
    half: float
    holm: float

    @property
    def says(self) -> int:
        """1 where the corrected test calls the ball better, −1 where worse, 0 where it tells nothing."""
        return called(self.mean, self.holm)

    @property
    def text(self) -> str:
        """The difference with its interval and p."""
        return f"{self.mean:+.2f} ± {self.half:.2f} ({self.holm:.1g})".replace("-", "−")


@dataclass(frozen=True)
class Row:
    """One contest: its task, the form of the ball that validation chose, its test accuracy in percent, and the gap to
    each baseline. images: training images, None for all; noise: share of random labels."""

    data: str
    network: str
    images: int | None
    noise: float
    gradients: int
    ball: str
    mean: float
    half: float
    gaps: Mapping[str, Gap]

    @property
    def task(self) -> str:
        """Data set and, where there is a choice, its training images."""
        return self.data if self.data == "digits" else f"{self.data}, {f'{self.images:,}' if self.images else 'all'}"


def rows(records: Sequence[Record]) -> list[Row]:
    """One row a contest, by data, network, images, noise and budget."""
    return sorted(map(_row, records), key=lambda row: (
        row.data, list(NETWORKS.values()).index(row.network), row.images or 10**9, row.noise, row.gradients,
    ))  # fmt: skip


def _row(record: Record) -> Row:
    train = record["train"]
    best = max((s for s in record["standings"] if s["name"] in BALLS), key=lambda s: s["validation"])
    gaps = {
        d["reference"]: Gap(d["mean"], d["half"], d["holm"])
        for d in record["differences"]
        if d["name"] == best["name"] and d["reference"] in REFERENCES
    }
    return Row(train["data"], NETWORKS[train["model"]], train["train_size"], train["label_noise"],
               train["gradient_budget"], best["label"], best["mean"], best["half"], gaps)  # fmt: skip


def verdict(table: Sequence[Row]) -> str:
    """How often the best ball is better and worse than each baseline, in one sentence (HTML)."""
    told = []
    for reference, title in REFERENCES.items():
        says = [row.gaps[reference].says for row in table]
        told.append(f"against {title} it <b>wins {says.count(1)} and loses {says.count(-1)}</b>")
    return (
        f"The best form of the ball in {counted(len(table), 'contest')} at equal gradients, each method tuned alike: "
        f"{'; '.join(told)}. In the others the corrected test tells nothing."
    )


def by_budget(records: Sequence[Record], task: Record) -> list[Record]:
    """The contests of a task, as in their ``train``, the smallest budget first."""
    own = (one for one in records if task.items() <= one["train"].items())
    return sorted(own, key=lambda one: one["train"]["gradient_budget"])


def budget_curve(records: Sequence[Record], task: Record, dark: bool, height: int = 400) -> go.Figure:
    """Test accuracy against the budget of gradients, with 95 % intervals over the seeds.

    Args:
        task: what the contests have in common, as in their ``train``.

    Raises:
        ValueError: there is no contest of this task.
    """
    runs = by_budget(records, task)
    if not runs:
        raise ValueError(f"there is no contest of {dict(task)}")
    fig, endings, reach = go.Figure(), [], []
    budgets = [one["train"]["gradient_budget"] for one in runs]
    places = np.log10(np.array(budgets) / budgets[0])  # the names at the ends want a linear axis
    for name, (title, method, dash) in CURVES.items():
        found = [(x, b, s) for x, b, one in zip(places, budgets, runs, strict=True)
                 for s in one["standings"] if s["name"] == name]  # fmt: skip
        if not found:
            continue
        mean = [s["mean"] for _, _, s in found]
        fig.add_scatter(
            x=[x for x, _, _ in found], y=mean, name=title, mode="lines+markers", marker={"size": 6},
            error_y={"type": "data", "array": [s["half"] for _, _, s in found], "thickness": 1.2, "width": 3},
            line={"color": color(method), "dash": dash, "width": 3 if method == "rbo" else 1.8},
            text=[f"{title}, {b:,} gradients: {s['mean']:.2f} ± {s['half']:.2f} %" for _, b, s in found],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        endings.append(Ending(title, float(found[-1][0]), mean[-1], color(method), strong=method == "rbo"))
        reach += [s["mean"] + sign * s["half"] for _, _, s in found for sign in (-1, 1)]
    layout(fig, dark, height=height, hovermode="closest")
    span = (min(reach), max(reach))
    fig.update_xaxes(tickvals=places, ticktext=[f"{b:,}" for b in budgets], title_text="gradient evaluations")
    fig.update_yaxes(title_text="test accuracy (%)", range=span)
    name_ends(fig, endings, span, height - AROUND, dark)
    fig.update_xaxes(range=[-0.03 * places[-1], REACH * places[-1]])
    return fig
