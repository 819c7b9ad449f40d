"""The table under the race, and the paths as a table to take home."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.story import status_words
from rbo_core.figures.player.table import steps_table
from rbo_core.ironing.catchment import Catchment

DEEPEST = "deepest penetration (% of the radius)"
COLUMNS = {
    "final loss": st.column_config.NumberColumn(format="%.4g"),
    "distance to the minimum": st.column_config.NumberColumn("to the minimum", format="%.3f"),
    "value evaluations": st.column_config.NumberColumn("values", help="Heights looked at by a rigid ball."),
    DEEPEST: st.column_config.TextColumn(
        "sank in by", help="The deepest penetration of a ball, in percent of its radius.", alignment="right"
    ),
    "milliseconds": st.column_config.NumberColumn("ms", format="%.1f"),
    "in the flooded basin": st.column_config.CheckboxColumn("flooded basin"),
}
"""How the columns are written on the page."""


def result_table(raced: Sequence[Entry], basins: Catchment, finest: float = 0.0) -> pd.DataFrame:
    """One row a racer: final loss, distance to the global minimum, gradients, evaluations, status, flooded basin.

    finest: as `status_words` takes it.
    """
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
                "status": status_words(track, finest),
                "steps": int(last),
                "in the flooded basin": bool(basins.reached(track.rests_on).any()),
            }
        )
    return pd.DataFrame(rows)


def readable(results: pd.DataFrame) -> pd.DataFrame:
    """The same with the penetration in words, a dash for a point."""
    if results.empty:  # every run was refused, which is said above
        return results
    depth = results[DEEPEST]
    return results.assign(**{DEEPEST: ["–" if np.isnan(value) else f"{value:.1f} %" for value in depth]})


def paths_table(raced: Sequence[Entry]) -> pd.DataFrame:
    """Every step of every racer: racer, step, x1, x2, loss, gradients and a ball's centre."""
    named = [(entry.label, entry.track) for entry in raced]
    return steps_table(named, "racer").drop(columns="penetration", errors="ignore")
