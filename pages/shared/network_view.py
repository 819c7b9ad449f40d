"""What the page Train shows of a race: the curves, what happens beside them, who came first, and the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import background, network_jobs, network_runs, network_table
from pages.shared.network_table import RunView
from pages.shared.page import is_dark, sentence
from pages.shared.widgets import set_controls
from rbo_core.figures.train import curves_figure, message_figure, small_figure
from rbo_core.jobs import Job

MAIN = ("validation_accuracy", "validation_loss", "train_accuracy", "train_loss")
PLAIN = {"displayModeBar": False, "displaylogo": False}
_NUMBERS = {
    "test accuracy (%)": "%.2f",
    "validation accuracy (%)": "%.2f",
    "± (%)": "%.2f",
    "train loss": "%.3g",
    "gradients": "%.0f",
    "seconds": "%.2f",
    "penetration (%)": "%.2g",
    "sharpness": "%.3g",
}


@dataclass(frozen=True)
class View:
    """How a race is shown. configs: the runs that the controls describe; quantity, axis: of the main plot."""

    configs: Sequence[dict[str, Any]]
    quantity: str
    axis: str

    def draw(self, job: Job | None) -> None:
        """Draw what is known: of the job, or without one what the store has of these settings."""
        if job is None:
            runs = network_runs.runs_of(self.configs)
            empty = f"Press Train: {len(self.configs)} runs, of every method from every seed, at the same price."
        else:
            runs = network_runs.runs_of(job_configs(job), since=job.created)
            empty = "The first curve appears in a few seconds." if job.active else "This job left no runs."
        dark = is_dark()
        lines = network_table.curves(runs, self.quantity, self.axis)
        figure = curves_figure(lines, self.quantity, self.axis, dark) if lines else message_figure(empty, dark)
        st.plotly_chart(figure, key="train_curves", config=PLAIN)
        if not runs:
            return
        active = job is not None and job.active
        if job is not None and not active and job_configs(job) != list(self.configs):
            st.caption(
                "These are the results of this address. The settings have changed since: press Train to run them."
            )
        sentence(_said(runs, active), runs=str(len(runs)))
        _problems(runs)
        small = network_table.beside(runs, self.axis)
        if small:
            for column, (name, made) in zip(st.columns(len(small)), small.items(), strict=True):
                column.plotly_chart(small_figure(made, name, self.axis, dark), key=f"train_{name}", config=PLAIN)
        table = network_table.results(runs)
        st.dataframe(table, hide_index=True, key="train_table", column_config=number_formats(table))
        if not active:
            with st.container(horizontal=True):
                download("Download table (CSV)", table, "results.csv", "train_csv")
                download("Download every epoch (CSV)", network_table.per_epoch(runs), "epochs.csv", "train_epochs")


def job_configs(job: Job) -> list[dict[str, Any]]:
    """The runs of a training job; none when it is another sort of job."""
    return list(job.config.get("runs", [])) if isinstance(job.config, dict) else []


def job_config(configs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A job's config: its runs, and the controls as they stood, so that its bare link can restore them."""
    known = st.session_state.get("_defaults", {})
    return {"runs": list(configs), "controls": {key: st.session_state[key] for key in known if key in st.session_state}}


def job_key(configs: Sequence[dict[str, Any]]) -> str:
    """The same for the same runs: while a job computes them, pressing Train again leads to that job."""
    return hashlib.sha256(json.dumps(list(configs), sort_keys=True).encode()).hexdigest()[:24]


def load_link() -> None:
    """Give the controls the settings of the address's job, once, when the address says nothing else."""
    job_id = network_jobs.current()
    if job_id is None or st.session_state.get("_job_loaded") == job_id:
        return
    first = "_job_loaded" not in st.session_state
    st.session_state["_job_loaded"] = job_id
    job = background.find(job_id)
    bare = set(st.query_params) <= {"v", network_jobs.PARAMETER}
    if first and bare and job is not None and isinstance(job.config, dict):
        set_controls(job.config.get("controls", {}))


def number_formats(table: Any) -> dict[str, Any]:
    """How the columns of a results table are written."""
    formats: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=form) for name, form in _NUMBERS.items() if name in table
    }
    if "settings" in table:
        formats["settings"] = st.column_config.TextColumn(width="large")
    return formats


def download(label: str, table: Any, file_name: str, key: str) -> None:
    """A button that hands out a table as CSV or, by its file's name, as Parquet."""

    def made() -> bytes:
        return table.to_parquet(index=False) if file_name.endswith(".parquet") else table.to_csv(index=False).encode()

    mime = "application/vnd.apache.parquet" if file_name.endswith(".parquet") else "text/csv"
    st.download_button(
        label, data=made, file_name=file_name, mime=mime, key=key, on_click="ignore", disabled=not len(table)
    )


def _said(runs: Sequence[RunView], active: bool) -> str:
    if active:
        done = sum(run.state != "running" for run in runs)
        return f"{done} run{'' if done == 1 else 's'} finished; the order may still change."
    return network_table.verdict(runs)


def _problems(runs: Sequence[RunView]) -> None:
    """What went wrong, said once a method."""
    for label in dict.fromkeys(run.label for run in runs if run.state in ("diverged", "failed")):
        own = [run for run in runs if run.label == label]
        bad = [run for run in own if run.state in ("diverged", "failed")]
        st.warning(f"{label}: {len(bad)} of {len(own)} seeds {bad[0].state} ({bad[0].problem or 'no message'}).")
