"""The stored runs on the page Results: filters, the list to tick, and what is drawn and said of the ticked ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared import background, network_runs
from pages.shared.addresses import remember
from pages.shared.links import URL
from pages.shared.run_table import curves, listing, number_formats
from pages.shared.run_view import RunView, largest_task, told_apart
from pages.shared.take_away import Takings, figure_takings
from pages.shared.verdict import verdict
from pages.shared.widgets import several
from rbo_core.figures.curves import curves_figure
from rbo_core.figures.network_code import train_code
from rbo_core.figures.player.offline import Words
from rbo_core.training.records import LONGEST_NAME

TITLES = {"data": network_runs.DATA, "model": network_runs.MODELS}
FIND = "find"
FILTERS = {"data": "Data", "model": "Network", "label": "Method", "state": "State"}


@dataclass(frozen=True, eq=False)
class Ticked:
    """The list with the visitor's ticks. runs: those ticked, all listed ones where none is; count: how many are."""

    table: pd.DataFrame
    listed: Sequence[RunView]
    runs: Sequence[RunView]
    count: int

    @property
    def ids(self) -> list[str]:
        """Of the runs, in the order of the list."""
        chosen = {run.id for run in self.runs}
        return [run_id for run_id in self.table["id"] if run_id in chosen]

    @property
    def foreign(self) -> int:
        """How many of the ticked runs this visitor may not change."""
        return sum(not background.may_change(run.owner) for run in self.runs) if self.count else 0

    @property
    def drawn(self) -> list[RunView]:
        """The ticked runs, or those of the task that most share; in the legend's order of the page Train."""
        runs = self.runs if self.count else largest_task(self.runs)
        return sorted(told_apart(runs), key=lambda run: (network_runs.rank(run), run.label))


def filtered(runs: Sequence[RunView]) -> list[RunView]:
    """The runs that pass the filters, and whose name and note hold the words asked for; in the sidebar."""
    kept = list(runs)
    for name, title in FILTERS.items():
        found = sorted({str(getattr(run, name)) for run in runs})
        options = {value: TITLES.get(name, {}).get(value, value) for value in found}
        picked = several(title, f"only_{name}", options, ()) if len(options) > 1 else ()
        kept = [run for run in kept if not picked or str(getattr(run, name)) in picked]
    label = "Words in name or note"
    remember(FIND, "", label)
    said = st.text_input(label, key=FIND, bind=URL, max_chars=LONGEST_NAME).casefold().split()
    return [run for run in kept if all(word in f"{run.name} {run.note}".casefold() for word in said)]


def ticked(runs: Sequence[RunView]) -> Ticked:
    """Draw the list, and read the ticks."""
    table = listing(runs)
    # The rows that are ticked are remembered by position, so another selection of rows needs another table.
    state = st.dataframe(
        table,
        hide_index=True,
        key=f"runs_{hash(tuple(table['id'])) & 0xFFFFFFFF:x}",
        height=min(420, 38 + 35 * len(table)),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_config=formats(table),
    )
    rows = list(state.selection.rows) if state else []
    ids = set(table["id"].iloc[rows] if rows else table["id"])
    return Ticked(table, runs, [run for run in runs if run.id in ids], len(rows))


def formats(table: pd.DataFrame) -> dict[str, Any]:
    """How the columns of the page's tables of runs are written."""
    own = {
        "method": st.column_config.TextColumn(width="medium"),
        "name": st.column_config.TextColumn(width="small"),
        "made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        "label noise": st.column_config.NumberColumn(format="percent"),
        "epochs": st.column_config.NumberColumn(format="%d"),
    }
    return {**number_formats(table), **{name: form for name, form in own.items() if name in table}}


def picture(seen: Ticked, quantity: str, axis: str, dark: bool) -> go.Figure | None:
    """The curves of the drawn runs; None where none has this quantity."""
    lines = curves(seen.drawn, quantity, axis)
    return curves_figure(lines, quantity, axis, dark, 380) if lines else None


def what_is_drawn(seen: Ticked) -> str:
    """Who won among the drawn runs, and how many these are."""
    drawn = seen.drawn
    if len({run.task for run in drawn}) != 1:
        return f"{seen.count} of {len(seen.listed)} runs ticked; they are of different tasks, so no winner is named."
    some = f" Drawn: {drawn[0].task_title} ({len(drawn)} of {len(seen.listed)} runs); tick others to compare them."
    return verdict(drawn) + ("" if seen.count else some)


def takings(seen: Ticked, quantity: str, axis: str) -> Takings:
    """The picture as a page, and the script that trains the drawn runs again."""

    def figures(dark: bool) -> list[go.Figure]:
        figure = picture(seen, quantity, axis, dark)
        return [] if figure is None else [figure]

    code = train_code([run.config for run in seen.drawn if run.config])
    same = len({run.task for run in seen.drawn}) == 1
    said = verdict(seen.drawn) if same else "The runs are of different tasks, so no winner is named."
    return figure_takings("results", figures, Words("Stored runs", said, code=code))


def delete_button(seen: Ticked) -> None:
    """Delete the ticked runs, after a question."""
    alive = seen.count > 0 and any(run.state == "running" for run in seen.runs)
    why = None
    if alive:
        why = "Cancel the job on the page Train first: a ticked run is still training."
    elif others := seen.foreign:
        why = f"{others} of the ticked runs belong to other visitors: only they delete them."
    label = f"Delete {seen.count} ticked" if seen.count else "Delete"
    if st.button(label, key="delete", disabled=not seen.count or why is not None, help=why):
        _confirm(seen.ids)


@st.dialog("Delete runs?")
def _confirm(ids: list[str]) -> None:
    """Ask before anything is lost."""
    what = "1 run with its" if len(ids) == 1 else f"{len(ids)} runs with their"
    st.write(f"{what} curves and parameters will be gone for good.")
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="delete_now"):
            network_runs.delete(ids, background.may_change)
            st.rerun()
        if st.button("Keep them", key="keep"):
            st.rerun()
