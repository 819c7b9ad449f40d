"""Background jobs as a page shows them: the server's one dispatcher, who is asking, and a job's progress.

job = background.queue().submit("sweep", ["sweep", CONFIG], config=..., owner=background.visitor(), link="Phases?job=")
st.query_params["job"] = job.id
background.show(job.id)          # inside a fragment that reruns every second while the job is active
"""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.shared.errors import escaped, show_error
from rbo_core.folder import data_folder
from rbo_core.jobs import Dispatcher, Job, Queue

EVERY = 1.0
"""Seconds between two looks at a job that is active."""
REDRAW = 1.5
"""Seconds that a growing picture stands at the least before it is drawn anew."""
ENDING = 1.5
"""Seconds in which a cancelled job ends, as a rule."""
TOLD = 0.1
"""Seconds that a word gets on its way to the browser before the page's own work begins."""
COOKIE = "rbo_visitor"
KEPT = 30 * 24 * 3600  # seconds that a browser keeps its name


# Not in Streamlit's cache: any browser may ask for that to be cleared, and a second dispatcher would start.
_QUEUES: dict[Path, tuple[Queue, Dispatcher]] = {}
_OPENING = threading.Lock()


def queue() -> Queue:
    """The server's queue, with its one dispatcher running.

    Raises:
        ValueError: the data folder cannot be used.
    """
    path = data_folder().absolute() / "jobs.sqlite"
    with _OPENING:
        if path not in _QUEUES:
            opened = Queue(path)
            _QUEUES[path] = opened, Dispatcher(opened)
            _QUEUES[path][1].start()
        return _QUEUES[path][0]


def close(folder: Path) -> None:
    """Stop the dispatcher of a data folder and close its queue; jobs that run go on."""
    with _OPENING:
        opened, dispatcher = _QUEUES.pop(folder.absolute() / "jobs.sqlite", (None, None))
    if opened is not None and dispatcher is not None:
        dispatcher.stop()
        opened.close()


def visitor() -> str:
    """Who this browser is: a random name, kept in a cookie so that a reload or another tab still owns its jobs."""
    if "_visitor" not in st.session_state:
        known = str(st.context.cookies.get(COOKIE, ""))
        name = known if re.fullmatch(r"[0-9a-f]{16}", known) else secrets.token_hex(8)
        st.session_state["_visitor"] = name
    return str(st.session_state["_visitor"])


def is_server_owner() -> bool:
    """Whether this visitor may cancel and delete what is not theirs.

    RBO_OWNER=1 gives everybody that right and RBO_OWNER=0 nobody; else who sits at the server's own machine has it.
    """
    said = os.environ.get("RBO_OWNER", "")
    if said in ("0", "1"):
        return said == "1"
    # Streamlit gives no address for a browser on this machine; a proxy in front names whom it speaks for.
    return st.context.ip_address is None and "X-Forwarded-For" not in st.context.headers


def may_change(owner: str) -> bool:
    """Whether this visitor may cancel or delete what belongs to ``owner`` ("": the command line)."""
    return owner == visitor() or is_server_owner()


def cancel(job_id: str) -> None:
    """End a job, or take it out of the queue, if it is this visitor's."""
    if may_change(queue().get(job_id).owner):
        queue().cancel(job_id)


def _remember_visitor() -> None:
    """Let the browser keep the visitor's name: who owns a job must still own it after a reload."""
    name = visitor()
    if st.context.cookies.get(COOKIE) != name:
        st.html(
            f'<script>document.cookie = "{COOKIE}={name}; path=/; max-age={KEPT}; SameSite=Lax";</script>',
            unsafe_allow_javascript=True,
        )


def find(job_id: str | None) -> Job | None:
    """The job of that id, or None when there is no such job (a link from another server, or a deleted store)."""
    if not job_id:
        return None
    try:
        return queue().get(job_id)
    except ValueError:
        return None


def describe(job: Job) -> str:
    """Where a job stands, in words."""
    if job.state == "queued":
        ahead = queue().position(job.id)
        return "Starts next." if ahead == 0 else f"Waits behind {ahead} other{'s' if ahead > 1 else ''}."
    if job.state == "running":
        if job.cancel is not None:
            return "Stopping."
        left = job.remaining()
        return f"{job.fraction:.0%}" + (f", about {clock(left)} left" if left is not None else "")
    words = {"done": "Done.", "cancelled": "Cancelled; what was finished is kept."}
    return words.get(job.state, f"{job.state.capitalize()}: {job.message}")


def show(job_id: str) -> Job | None:
    """Draw a job's title, progress and Cancel; returns the job as it stands, or None when it is unknown."""
    job = find(job_id)
    if job is None:
        st.warning(
            f"There is no job {escaped(repr(job_id[:20]))} here: "
            "it was run on another server, or its records were deleted."
        )
        return None
    left, right = st.columns([5, 2], vertical_alignment="center")
    if job.active and not may_change(job.owner):
        left.progress(job.fraction, text=f"{escaped(job.title)} · {describe(job)}")
        right.caption("Another visitor's job")
    elif job.active:
        left.progress(job.fraction, text=f"{escaped(job.title)} · {describe(job)}")
        right.button(
            "Cancel",
            key=f"cancel_{job.id}",
            disabled=job.cancel is not None,
            width="stretch",
            on_click=cancel,
            args=(job.id,),
        )
    elif job.state in ("failed", "interrupted"):
        show_error(f"{job.title}: {describe(job)}")
    else:
        left.caption(f"{escaped(job.title)} · {describe(job)} {_took(job)}")
    if job.active and job.owner == visitor():
        with right:
            _remember_visitor()
    return job


def job_of(key: str, linked: str | None = None) -> Job | None:
    """The job that computes what has this key, anybody's; else the one that the address names, if it did.

    The address names a job only while the page shows what that job computes: any other is taken out of it.
    """
    active = next((job for job in queue().jobs(states=("queued", "running")) if job.key == key), None)
    named = find(linked)
    if named is not None and named.key != key:
        if "job" in st.query_params:
            del st.query_params["job"]
        named = None
    return active or named


def follow(job_id: str, grown: Callable[[], bool] | None = None, below: Callable[[Job], object] | None = None) -> None:
    """An active job's progress and Cancel, renewed by itself; when it has ended the whole page runs once more.

    Call it at the top level of a page (fragments that renew themselves must not be nested).

    Args:
        grown: whether more is there than the page has drawn, which then runs once more as well.
        below: draws what stands below, at every look.
    """
    drawn = time.monotonic()

    def live() -> None:
        place = st.empty()
        with place.container():
            job = show(job_id)
        if job is not None and job.active and job.cancel is not None:
            job = _ended(job)
            if not job.active:  # its last word at once; what the page draws of it takes longer
                with place.container():
                    show(job_id)
                time.sleep(TOLD)
        late = time.monotonic() - drawn > REDRAW
        if job is None or not job.active or (late and grown is not None and grown()):
            st.rerun()
        if below is not None:
            below(job)

    st.fragment(live, run_every=EVERY)()


def _ended(job: Job) -> Job:
    """The job when it has ended, or after a while in which it should have."""
    until = time.monotonic() + ENDING
    while job.active and time.monotonic() < until:
        time.sleep(0.1)
        job = queue().get(job.id)
    return job


def clock(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _took(job: Job) -> str:
    if job.started is None or job.finished is None:
        return ""
    return f"It took {clock(job.finished - job.started)}, {_ago(job.finished)}."


def _ago(moment: float) -> str:
    return f"{clock(time.time() - moment)} ago"
