"""What a visitor types as further balls, and the table under the race."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from rbo_core.figures.player.racers import MAX_BALLS, Entry
from rbo_core.figures.player.story import status_words
from rbo_core.figures.player.table import steps_table
from rbo_core.figures.words import short
from rbo_core.ironing.catchment import Catchment

DEEPEST = "deepest penetration (% of the radius)"


def parse_radii(text: str) -> tuple[float, ...]:
    """Radii from what a visitor typed ("0.1, 1.6"), one fewer than MAX_BALLS at most.

    Raises:
        ValueError: when a part is no positive number, or there are too many.
    """
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    radii = []
    for part in parts:
        try:
            value = float(part)
        except ValueError:
            raise ValueError(f"a radius must be a positive number, got {part[:20]!r}; write them as 0.1, 1.6") from None
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"radius must be positive, got {short(value)}")
        radii.append(value)
    if len(radii) >= MAX_BALLS:
        raise ValueError(f"at most {MAX_BALLS} balls race at once, got {len(radii) + 1}; leave some radii out")
    return tuple(radii)


def result_table(raced: Sequence[Entry], basins: Catchment) -> pd.DataFrame:
    """One row a racer: final loss, distance to the global minimum, gradients, evaluations, status, flooded basin."""
    rows = []
    for entry in raced:
        track = entry.track
        last = track.stopped_at
        rows.append(
            {
                "racer": entry.label,
                "final loss": float(track.loss[last]),
                "distance to the minimum": float(track.distance[last]),
                "gradients": int(track.gradients[last]),
                "value evaluations": int(track.evaluations),
                DEEPEST: track.deepest,
                "milliseconds": round(1000 * track.seconds, 1),
                "status": status_words(track),
                "steps": int(last),
                "in the flooded basin": bool(basins.reached(track.rests_on).any()),
            }
        )
    return pd.DataFrame(rows)


def paths_table(raced: Sequence[Entry]) -> pd.DataFrame:
    """Every step of every racer: racer, step, x1, x2, loss, gradients and a ball's centre."""
    named = [(entry.label, entry.track) for entry in raced]
    return steps_table(named, "racer").drop(columns="penetration", errors="ignore")
