"""What the page Train shows of a race: the curves, what happens beside them, who came first, and the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import network_examples, network_runs, plots
from pages.shared.downloads import download
from pages.shared.page import is_dark, sentence
from pages.shared.run_table import beside, curves, number_formats, per_epoch, results
from pages.shared.run_view import RunView
from pages.shared.verdict import verdict
from rbo_core.figures.curves import Price, curves_figure, message_figure, price_figure, small_figure
from rbo_core.jobs import Job

_WAITING = {
    "queued": "Its curves appear here when its turn has come.",
    "running": "The first curve appears in a few seconds.",
}


@dataclass(frozen=True)
class View:
    """How a race is shown. configs: the runs that the controls describe; quantity, axis: of the main plot; prices,
    budget: what `price_figure` draws before there is a race."""

    configs: Sequence[dict[str, Any]]
    quantity: str
    axis: str
    prices: Sequence[Price] = ()
    budget: int | None = None

    def draw(self, job: Job | None) -> None:
        """Draw what is known: of the job, or without one what the store has of these settings."""
        if job is None:
            runs = network_runs.runs_of(self.configs)
            if not runs and (runs := network_examples.race(self.configs)):
                st.caption(
                    "These curves were measured earlier with these very settings; press Train to race on this machine."
                )
            empty = "Choose a method to see its price."
        else:
            runs = network_runs.runs_of(job_configs(job), since=job.created)
            empty = _WAITING.get(job.state, "This job left no runs: press Train to run its settings again.")
        dark = is_dark()
        lines = curves(runs, self.quantity, self.axis)
        if lines:
            figure = curves_figure(lines, self.quantity, self.axis, dark)
        elif (job is None or not job.active) and self.prices:
            figure = price_figure(self.prices, self.budget, dark)
        else:
            figure = message_figure(empty, dark)
        plots.show([figure], "train_curves")
        if not runs:
            if (job is None or not job.active) and self.configs:
                sentence(self._offer(), runs="0")
            return
        active = job is not None and job.active
        if job is not None and not active and job_configs(job) != list(self.configs):
            st.caption(
                "These are the results of this address. The settings have changed since: press Train to run them."
            )
        total = len(self.configs if job is None else job_configs(job))
        sentence(_progress(runs, total) if active else verdict(runs), runs=str(len(runs)))
        if not active and any(run.label_noise > 0 for run in runs):
            st.caption(
                "The settings offered here suit true labels. With wrong ones a smaller learning rate helps, SGD and "
                "Adam most: `python -m rbo_core compare --label-noise 0.3` tunes every method before it compares."
            )
        _problems(runs)
        small = beside(runs, self.axis)
        if small:
            pictures = [small_figure(made, name, self.axis, dark) for name, made in small.items()]
            plots.show(pictures, "train_beside", columns=len(pictures))
        table = results(runs)
        st.dataframe(table, hide_index=True, key="train_table", column_config=number_formats(table), placeholder="–")
        if not active:
            with st.container(horizontal=True):
                download("Download table (CSV)", lambda: table, "results.csv", "train_csv")
                download("Download every epoch (CSV)", lambda: per_epoch(runs), "epochs.csv", "train_epochs")

    def _offer(self) -> str:
        """What pressing Train does."""
        seeds = len({config["seed"] for config in self.configs})
        count = len(self.configs)
        begun = "one start" if seeds == 1 else f"the same {seeds} starts"
        return (
            f"<b>Press Train</b> to race {'the method' if count == seeds else f'{count // seeds} methods'} from "
            f"{begun}: {count} run{'' if count == 1 else 's'}, drawn while they learn."
        )


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


def job_controls(job: Job) -> dict[str, Any]:
    """The controls as they stood when the job was started; none where it was started elsewhere."""
    return dict(job.config.get("controls", {})) if isinstance(job.config, dict) else {}


def _progress(runs: Sequence[RunView], total: int) -> str:
    done = sum(run.state != "running" for run in runs)
    return f"{done} of {total} run{'' if total == 1 else 's'} finished; the order may still change."


def _problems(runs: Sequence[RunView]) -> None:
    """What went wrong, said once a method."""
    for label in dict.fromkeys(run.label for run in runs if run.state in ("diverged", "failed")):
        own = [run for run in runs if run.label == label]
        bad = [run for run in own if run.state in ("diverged", "failed")]
        st.warning(f"{label}: {len(bad)} of {len(own)} seeds {bad[0].state} ({bad[0].problem or 'no message'}).")
