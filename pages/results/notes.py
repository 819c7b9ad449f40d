"""Names and notes of the ticked runs on the page Results, and which of their settings differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.results.listing import Ticked
from pages.shared import background, network_runs
from pages.shared.page import show_error
from pages.shared.run_view import RunView
from rbo_core.training.records import LONGEST_NAME, LONGEST_NOTE


def note_button(seen: Ticked) -> None:
    """Write a name and a note to the ticked runs."""
    broken = any(run.state == "broken" for run in seen.runs)
    why = None
    if others := seen.foreign:
        why = f"{others} of the ticked runs belong to other visitors: only they write to them."
    elif seen.count and broken:
        why = "A ticked run cannot be read."
    if st.button("Name and note", key="note", disabled=not seen.count or why is not None, help=why):
        _write([(run.id, run.name, run.note) for run in seen.runs])


@st.dialog("Name and note")
def _write(runs: list[tuple[str, str, str]]) -> None:
    """Ask for the words; several runs get the same."""
    names, notes = {name for _, name, _ in runs}, {note for _, _, note in runs}
    if len(runs) > 1:
        st.write(f"All {len(runs)} ticked runs get these words, in place of what they have.")
    name = st.text_input("Name", names.pop() if len(names) == 1 else "", max_chars=LONGEST_NAME, key="note_name")
    note = st.text_area("Note", notes.pop() if len(notes) == 1 else "", max_chars=LONGEST_NOTE, key="note_text")
    with st.container(horizontal=True):
        if st.button("Save", type="primary", key="note_save"):
            try:
                for run_id, _, _ in runs:
                    network_runs.annotate(run_id, name, note, background.may_change)
            except ValueError as error:
                show_error(error)
                return
            st.rerun()
        if st.button("Leave them", key="note_leave"):
            st.rerun()


def differing(runs: Sequence[RunView]) -> pd.DataFrame:
    """One row a run, its name and the settings in which the runs differ; "–" where a run has no such setting."""
    flat = [_flat(run.config) for run in runs]
    keys = list(dict.fromkeys(key for one in flat for key in one))
    told = [key for key in keys if len({repr(one.get(key)) for one in flat}) > 1]
    rows = [
        {"run": run.name or run.id, **{key: _word(one.get(key)) for key in told}}
        for run, one in zip(runs, flat, strict=True)
    ]
    return pd.DataFrame(rows)


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run and of its method, by the names people know from the command line."""
    method = dict(config.get("method", {}))
    rest = {name: value for name, value in config.items() if name != "method"}
    return {"method": method.pop("name", None), **method, **rest}


def _word(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
