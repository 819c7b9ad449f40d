"""A map of networks that a job fills: what to press and how long it takes, its progress, and pictures as it grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import background, network_jobs
from pages.shared.page import show_error
from pages.shared.reports import heard


@dataclass(frozen=True)
class Growing:
    """A map that is asked for, as far as it is there.

    kind, words, config: of the job, as `network_jobs.start` takes them; title: what people read beside its progress;
    page: the page that shows it. key: equal for equal maps. verb: what the button says; unit: what is missing, in the
    plural. missing, whole: how many of them. seconds: that the rest takes; None where that is not known.
    """

    kind: str
    words: tuple[str, ...]
    config: Mapping[str, Any]
    title: str
    page: str
    key: str
    verb: str
    unit: str
    missing: int
    whole: int
    seconds: float | None

    @property
    def label(self) -> str:
        """What the button says: what is to do, and how long it takes."""
        rest = self.verb if self.missing == self.whole else f"Go on: the other {self.missing:,} {self.unit}"
        return rest if self.seconds is None else f"{rest}, about {background.clock(self.seconds)}"


def grow(
    wanted: Growing,
    job_id: str | None,
    grown: Callable[[], bool],
    note: str = "",
    problem: str = "",
    *,
    at_once: bool = False,
) -> None:
    """The button that starts the map or goes on with it, or the progress of the job that does.

    Args:
        job_id: the job that the address names. grown: whether more of the map is there than the page has drawn.
        note: what stands beside the button. problem: why it cannot be computed here. at_once: begin unasked.
    """
    job = background.job_of(wanted.key, job_id)
    if job is None and job_id is not None and background.find(job_id) is None:
        background.show(job_id)  # a link from another server: that is said
    if job is not None and job.active:
        background.follow(job.id, grown, below=network_jobs.others)
        return
    if wanted.missing:
        with st.container(horizontal=True, vertical_alignment="center", key="compute_bar"):
            pressed = st.button(
                wanted.label, type="primary", key="compute", disabled=bool(problem), on_click=heard("compute")
            )
            if note:
                st.caption(note)
        if problem:
            show_error(problem)
        if pressed or (at_once and not problem):
            started = network_jobs.start(
                wanted.kind, wanted.words, config=dict(wanted.config), title=wanted.title, page=wanted.page,
                key=wanted.key,
            )  # fmt: skip
            if started is not None:  # a refusal stays on the page
                st.rerun()
    if job is not None:
        background.show(job.id)
    network_jobs.others(job)
