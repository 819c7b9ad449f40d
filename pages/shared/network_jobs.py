"""Jobs of the network pages: start one, follow it through reruns and reloads, and see what waits beside it.

    job_id = network_jobs.current()                        # from the address (?job=...)
    if st.button("Train"):
        network_jobs.start("train", ["train", CONFIG], config=..., title="digits, MLP", page="Train")
    network_jobs.watch(job_id, draw)                       # draw(job) is called every second while the job is active

The page's address holds the job's id, so a reload, another tab or another person with the link sees the same job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.shared import background
from pages.shared.addresses import set_controls
from pages.shared.errors import escaped
from pages.shared.page import LINK_VERSION, link, show_error
from pages.shared.widgets import choice
from rbo_core.jobs import Job

PARAMETER = "job"
LISTED = 6  # jobs of the queue shown by name


def current() -> str | None:
    """The id of the job that the address names, or None."""
    return st.query_params.get(PARAMETER) or None


def start(
    kind: str,
    argv: Sequence[str],
    *,
    config: Any = None,
    title: str,
    page: str,
    key: str | None = None,
) -> Job | None:
    """Put a job into the queue for this visitor, and its id into the address; a refusal is shown and gives None.

    Args:
        kind, argv, config, key: as `rbo_core.jobs.Queue.submit` takes them.
        title: what people read beside its progress.
        page: title of the page that shows the job ("Train", "Network phases").
    """
    try:
        job = background.queue().submit(
            kind,
            argv,
            config=config,
            owner=background.visitor(),
            title=title,
            key=key,
            link=f"{page.replace(' ', '_')}?{PARAMETER}=",
        )
    except ValueError as error:
        show_error(error)
        return None
    adopt(job)
    return job


def adopt(job: Job) -> str:
    """Let the address name a job whose settings the controls have; returns its id."""
    st.query_params[PARAMETER] = job.id
    st.session_state["_job_loaded"] = job.id  # the controls are what started it
    return job.id


def load_link(controls: Callable[[Job], Mapping[str, Any]]) -> None:
    """Give the controls the settings of the address's job, once, when the address says nothing else.

    Args:
        controls: the values of a job's controls by their keys; ValueError when it is another sort of job.
    """
    job_id = current()
    if job_id is None or st.session_state.get("_job_loaded") == job_id:
        return
    st.session_state["_job_loaded"] = job_id
    job = background.find(job_id)
    if job is None or not set(st.query_params) <= {"v", PARAMETER}:
        return
    try:
        set_controls(controls(job))
    except (KeyError, TypeError, ValueError) as error:
        show_error(f"the settings of job {job_id[:20]!r} cannot be restored: {error}")


def watch(job_id: str | None, draw: Callable[[Job], None] | None = None) -> Job | None:
    """Progress, remaining time, place in the queue and Cancel of a job, with what `draw(job)` adds below.

    While the job is active this part of the page renews itself; the whole page runs once more when it has ended.
    Call it at the top level of a page (fragments that renew themselves must not be nested).

    Returns:
        The job as it stood, or None when there is no such job (which is then said).
    """
    if job_id is None:
        return None
    job = background.find(job_id)
    if job is None or not job.active:
        background.show(job_id)
        if job is not None and draw is not None:
            draw(job)
        return job

    def below(now: Job) -> None:
        others(now)
        if draw is not None:
            draw(now)

    background.follow(job_id, below=below)
    return job


def others(job: Job | None = None) -> None:
    """A line on each other job that runs or waits on this server; one's own can be cancelled here."""
    known = background.queue().jobs(states=("queued", "running"))
    active = [other for other in reversed(known) if job is None or other.id != job.id]
    if not active:
        return
    with st.expander(f"{len(active)} other job{'s' if len(active) > 1 else ''} in the queue", expanded=False):
        for other in active[:LISTED]:
            _line(other, own=background.may_change(other.owner))
        if len(active) > LISTED:
            st.caption(f"… and {len(active) - LISTED} more.")


def device_choice() -> str:
    """Where to compute."""
    return choice("device", "device", {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU"}, "auto")


def device_problem(device: str) -> str | None:
    """Why this machine cannot compute on `device` ("auto", "cpu", "cuda", "cuda:1"), or None when it can."""
    if not device.startswith("cuda"):
        return None
    import torch  # only who asks for a GPU pays for loading torch into the server

    if torch.cuda.is_available():
        return None
    return f"device must be one that this machine has, got {device!r}: there is no CUDA GPU here. Choose cpu or auto."


def _line(job: Job, own: bool) -> None:
    words = f"{escaped(job.title)} · {background.describe(job)}"
    page, _, query = job.link.partition("?")
    name, _, value = query.partition("=")
    left, right = st.columns([6, 1], vertical_alignment="center")
    with left:
        if page:
            link(page.replace("_", " "), words, {"v": LINK_VERSION, name: value})
        else:
            st.caption(words)
    if own:
        right.button(
            "Cancel",
            key=f"cancel_other_{job.id}",
            on_click=background.cancel,
            args=(job.id,),
            disabled=job.cancel is not None,
            width="stretch",
        )
