"""What the page Train shows of a race: the curves, what happens beside them, who came first, and the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pages.shared import network_examples, network_runs
from pages.shared.plots import Picture, remembered
from pages.shared.run_table import beside, curves, results
from pages.shared.run_view import RunView
from pages.shared.verdict import verdict
from pages.train.job import job_configs
from pages.train.paired_table import with_differences
from rbo_core.figures.curves import Price, curves_figure, message_figure, price_figure, small_figure
from rbo_core.jobs import Job

EARLIER = (
    "These curves were measured earlier with these very settings, by `python -m pages.shared.network_examples race`; "
    "press Train to race on this machine."
)
CHANGED = "These are the results of this address. The settings have changed since: press Train to run them."
NOISY = (
    "The settings offered here suit true labels. With random ones a smaller learning rate helps, SGD and "
    "Adam most: `python -m rbo_core compare --label-noise 0.3` tunes every method before it compares."
)
_WAITING = {
    "queued": "Its curves appear here when its turn has come.",
    "running": "The first curve appears in a few seconds.",
}


@dataclass(frozen=True)
class Race:
    """A race as the controls describe it. configs: its runs; quantity, axis: of the main plot; prices, budget: what
    `price_figure` draws before anybody has run; reference: group of the runs that the table compares with."""

    configs: Sequence[dict[str, Any]]
    quantity: str
    axis: str
    prices: Sequence[Price] = ()
    budget: int | None = None
    reference: str | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """What is seen first of a race, ready to draw. before, after: notes around the sentence; active: it still runs."""

    runs: Sequence[RunView]
    figure: Picture
    sentence: str
    active: bool
    example: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def seen(race: Race, job: Job | None, dark: bool) -> Seen:
    """What the job's runs show, or without a job what the store or the examples have of these settings."""
    runs, example = _runs(race, job)
    active = job is not None and job.active
    figure = _main_figure(race, runs, job, dark)
    if not runs:
        return Seen((), figure, "" if active or not race.configs else _offer(race.configs), active)
    asked = list(race.configs) if job is None else job_configs(job)
    return Seen(
        runs=runs,
        figure=figure,
        sentence=_progress(runs, len(asked)) if active else verdict(runs),
        active=active,
        example=example,
        before=(CHANGED,) if not active and asked != list(race.configs) else (),
        after=(NOISY,) if not active and any(run.label_noise > 0 for run in runs) else (),
        warnings=_problems(runs),
    )


def small_pictures(race: Race, job: Job | None, runs: Sequence[RunView], dark: bool) -> list[Picture]:
    """What else was measured of these runs."""
    made = beside(runs, race.axis)
    return [_picture(job, small_figure, lines, name, race.axis, dark) for name, lines in made.items()]


def table(race: Race, runs: Sequence[RunView]) -> pd.DataFrame:
    """Their results, with differences to the race's reference."""
    reference = next((run.label for run in runs if run.group == race.reference), None)
    return with_differences(results(runs), runs, reference)


def _runs(race: Race, job: Job | None) -> tuple[list[RunView], bool]:
    """The runs, and whether they are the examples'."""
    if job is not None:
        return network_runs.runs_of(job_configs(job), since=job.created), False
    found = network_runs.runs_of(race.configs)
    return (found, False) if found else (network_examples.race(race.configs), True)


def _main_figure(race: Race, runs: Sequence[RunView], job: Job | None, dark: bool) -> Picture:
    lines = curves(runs, race.quantity, race.axis)
    if lines:
        return _picture(job, curves_figure, lines, race.quantity, race.axis, dark)
    if (job is None or not job.active) and race.prices:
        return _picture(job, price_figure, race.prices, race.budget, dark)
    if job is None:
        return remembered(message_figure, "Choose a method to see its price.", dark)
    waiting = _WAITING.get(job.state, "This job left no runs: press Train to run its settings again.")
    return remembered(message_figure, waiting, dark)


def _picture(job: Job | None, build: Callable[..., go.Figure], *args: Any) -> Picture:
    """Of what grows no picture is kept."""
    return Picture.of(build(*args)) if job is not None and job.active else remembered(build, *args)


def _offer(configs: Sequence[dict[str, Any]]) -> str:
    """What pressing Train does."""
    seeds = len({config["seed"] for config in configs})
    count = len(configs)
    begun = "one start" if seeds == 1 else f"the same {seeds} starts"
    return (
        f"<b>Press Train</b> to race {'the method' if count == seeds else f'{count // seeds} methods'} from "
        f"{begun}: {count} run{'' if count == 1 else 's'}, drawn while they learn."
    )


def _progress(runs: Sequence[RunView], total: int) -> str:
    done = sum(run.state != "running" for run in runs)
    return f"{done} of {total} run{'' if total == 1 else 's'} finished; the order may still change."


def _problems(runs: Sequence[RunView]) -> tuple[str, ...]:
    """What went wrong, said once a method."""
    said = []
    for label in dict.fromkeys(run.label for run in runs if run.state in ("diverged", "failed")):
        own = [run for run in runs if run.label == label]
        bad = [run for run in own if run.state in ("diverged", "failed")]
        said.append(f"{label}: {len(bad)} of {len(own)} seeds {bad[0].state} ({bad[0].problem or 'no message'}).")
    return tuple(said)
