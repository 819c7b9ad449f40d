"""What is kept of a training run: its record, its columns, and the tables of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rbo_core.training.config import TrainConfig

METRICS = (
    "epoch",
    "gradients",
    "seconds",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "gradient_norm",
    "penetration",
    "sharpness",
    "peak_memory",
)
"""Columns of a run's metrics. Accuracies and penetration are fractions, memory is in MB; seconds of training only."""

STATES = ("running", "done", "cancelled", "diverged", "failed")

LONGEST_NAME, LONGEST_NOTE = 60, 1000
"""Characters of what people may write to a run."""

SCHEMA = f"""
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created REAL, updated REAL, state TEXT, message TEXT, config TEXT, summary TEXT
);
CREATE TABLE metrics (run TEXT, {", ".join(f"{name} REAL" for name in METRICS)}, PRIMARY KEY (run, epoch))
"""
OWNERS = "CREATE TABLE IF NOT EXISTS owners (run TEXT PRIMARY KEY, owner TEXT NOT NULL)"
NOTES = "CREATE TABLE IF NOT EXISTS notes (run TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL)"


@dataclass(frozen=True)
class StoredRun:
    """A stored run. created, updated: seconds since 1970; summary: test accuracy and other final numbers, or empty.

    state: as in STATES, or "interrupted" when its process is gone. owner: the visitor whose job trained it, "" for the
    command line. name, note: what people wrote to it, plain text.
    """

    id: str
    created: float
    updated: float
    state: str
    message: str
    config: TrainConfig
    summary: dict[str, Any]
    owner: str = ""
    name: str = ""
    note: str = ""


def select(tables: set[str]) -> str:
    """The query for all of a run; a store of an earlier release that cannot be written lacks what later ones added."""
    owner = "owners.owner" if "owners" in tables else "''"
    written = "notes.name, notes.note" if "notes" in tables else "'', ''"
    joins = "".join(f" LEFT JOIN {one} ON {one}.run = runs.id" for one in ("owners", "notes") if one in tables)
    return f"SELECT runs.*, {owner}, {written} FROM runs{joins}"
