"""A contest as a table for people and as plain records."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rbo_core.training.contest import ContestResult, Standing, Tuning
from rbo_core.training.contestants import CONTESTANTS, PAPER
from rbo_core.training.paired import Difference, called

EDGE = "†"
"""Marks a setting that still stands at an edge of its box: a better one may lie beyond."""
COLUMNS = (
    "budget", "label", "mean", "half", "gradients", "epochs", "seconds", "diverged", "chosen", "validation", "stopped",
    "paper", "accuracies",
)  # fmt: skip


def markdown(result: ContestResult) -> str:
    """The standings, one section a budget, the best mean first, with the paired differences beside them."""
    parts = []
    for budget in dict.fromkeys(one.budget for one in result.standings):
        own = [one for one in result.standings if one.budget == budget]
        if result.config.epochs is not None:
            parts.append(f"### At equal {budget}\n")
        parts.append(_table(own, result.differences if budget == "gradients" else (), paper_of(result)))
    return "\n".join(parts)


def records(result: ContestResult) -> list[dict[str, Any]]:
    """A row for each standing as plain values, for CSV."""
    paper = paper_of(result)
    return [
        {
            "budget": one.budget,
            "label": one.label,
            "mean": one.mean,
            "half": one.half,
            "gradients": one.gradients,
            "epochs": one.epochs,
            "seconds": one.test_seconds / len(one.accuracies),
            "diverged": one.diverged,
            "chosen": " ".join(f"{k}={v:g}" for k, v in one.chosen.items()),
            "validation": one.validation,
            "stopped": float(np.mean(one.stopped)) if one.stopped else None,
            "paper": paper.get(one.name),
            "accuracies": " ".join(f"{a:.2f}" for a in one.accuracies),
        }
        for one in result.standings
    ]


def as_dict(result: ContestResult) -> dict[str, Any]:
    """The whole contest, ready for JSON; what does not exist is None."""
    return {
        "train": result.config.train.to_dict() | {"data_dir": None},
        "standings": [
            {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in
             (dataclasses.asdict(one) | {"mean": one.mean, "half": one.half, "between": one.between}).items()}
            for one in result.standings
        ],
        "differences": [dataclasses.asdict(one) for one in result.differences],
    }  # fmt: skip


def paper_of(result: ContestResult) -> dict[str, float]:
    """The paper's own figures for this task, by contestant; they are of true labels."""
    train = result.config.train
    return PAPER.get((train.data, train.model), {}) if train.label_noise == 0 else {}


def _table(standings: Sequence[Standing], differences: Sequence[Difference], paper: dict[str, float]) -> str:
    paired = {(one.name, one.reference): one for one in differences}
    references = list(dict.fromkeys(one.reference for one in differences))
    several = any(one.tunings for one in standings)
    heads = ["method", "test accuracy, % (95 % interval)", *(["tunings differ by, points"] if several else []),
             "stopped early, % (gradients)", "gradients", "epochs", "settings chosen", "tried",
             *(f"minus {CONTESTANTS[name].label}, points (Holm p)" for name in references),
             *(["paper, %"] if paper else [])]  # fmt: skip
    lines = [_line(heads), "|" + " --- |" * len(heads)]
    for one in sorted(standings, key=lambda standing: -standing.mean):
        lost = f" ({one.diverged} diverged)" if one.diverged else ""
        stopped = f"{np.mean(one.stopped):.2f} ({one.stopped_gradients:,.0f})" if one.stopped else ""
        cells = [
            one.label,
            f"{one.mean:.2f} ± {one.half:.2f}{lost}",
            *([f"{one.between:.2f}"] if several else []),
            stopped,
            f"{one.gradients:,}",
            f"{one.epochs:.1f}",
            "; ".join(_chosen(tuning) for tuning in one.tunings or (one,)),
            str(one.tried),
            *(_told(paired.get((one.name, reference))) for reference in references),
            *([f"{paper[one.name]:.2f}" if one.name in paper else ""] if paper else []),
        ]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _chosen(tuned: Standing | Tuning) -> str:
    return ", ".join(f"{k} {v:.3g}{EDGE if k in tuned.edges else ''}" for k, v in tuned.chosen.items())


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _told(difference: Difference | None) -> str:
    if difference is None:
        return ""
    text = f"{difference.mean:+.2f} ± {difference.half:.2f} ({difference.holm:.2g})".replace("-", "−")
    return f"**{text}**" if called(difference.mean, difference.holm) else text
