"""What one takes along from the page Train."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pages.shared.take_away import Takings, figure_takings
from pages.train.job import job_configs
from pages.train.view import Race, Seen, seen, small_pictures
from rbo_core.figures.network_code import train_code
from rbo_core.figures.player.offline import Words
from rbo_core.jobs import Job


def takings(race: Race, job: Job | None, now: Seen) -> Takings:
    """The race's curves as a page, and the script that trains its runs."""

    def figures(dark: bool) -> Sequence[go.Figure]:
        made = seen(race, job, dark)
        return [picture.figure() for picture in (made.figure, *small_pictures(race, job, made.runs, dark))]

    code = train_code(race.configs if job is None else job_configs(job))
    words = Words("Optimizers on one network, at equal budgets", now.sentence, code=code)
    return figure_takings("train", figures, words)
