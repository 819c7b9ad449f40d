"""The rest of a sweep, computed in the background while its first look is on the page."""

from __future__ import annotations

import time

import streamlit as st

from pages.phases import compute
from pages.phases.study import PhaseStudy
from pages.shared import background
from pages.shared.page import show_error
from rbo_core.jobs import Job

REDRAW_SECONDS = 2.5


def refinement(study: PhaseStudy, pace: float, title: str, slot: str = "first", job_id: str | None = None) -> None:
    """Let the rest of a sweep be computed in the background, by itself when that is quick, and show how far it is.

    pace: cells a second in the first look, 0 if there was none. slot: the place on the page; what it showed before is
    no longer computed. job_id: the job that the address names.
    """
    spec, stored = study.spec, study.stored
    if pace:
        st.session_state.setdefault("_pace", {})[spec.id] = pace
    key = f"sweep:{spec.id}"
    active = next((job for job in background.queue().jobs(states=("queued", "running")) if job.key == key), None)
    linked = background.find(job_id)
    if linked is not None and linked.key != key and "job" in st.query_params:
        # The address names a job only while the page shows that job's sweep.
        del st.query_params["job"]
    if stored == spec.cells:
        if linked is not None and linked.key == key:
            background.show(linked.id)
        else:
            st.caption(f"{spec.cells:,} cells of {spec.balls} balls: complete.")
        return
    active = active or _start(study, title, slot)
    if active is None:
        return
    drawn = time.monotonic()

    def live() -> None:
        job = background.show(active.id)
        have = compute.store().count(spec.id)
        late = time.monotonic() - drawn > REDRAW_SECONDS
        if job is None or not job.active or (have > stored and late):
            st.rerun()

    st.fragment(live, run_every=1.0)()


def _start(study: PhaseStudy, title: str, slot: str) -> Job | None:
    """Start the refinement if it is quick or asked for."""
    spec, stored = study.spec, study.stored
    pace = st.session_state.get("_pace", {}).get(spec.id) or compute.usual_pace(spec)
    left = (spec.cells - stored) / pace
    tried = st.session_state.setdefault("_tried", set())
    quick = left < compute.AUTOMATIC_SECONDS and spec.id not in tried
    asked = False
    if not quick:
        one, two = st.columns([3, 2], vertical_alignment="center")
        one.caption(f"A first look: {stored:,} of {spec.cells:,} cells.")
        words = f"Compute the rest, about {background.clock(left)}"
        asked = two.button(words, key=f"compute_{slot}", width="stretch")
    if not (quick or asked):
        return None
    tried.add(spec.id)
    automatic = st.session_state.setdefault("_automatic", {})
    if automatic.get(slot):
        background.queue().cancel(automatic[slot])
    try:
        job = compute.refine(spec, title)
    except ValueError as error:
        show_error(error)
        return None
    automatic[slot] = job.id if quick else None
    if asked:
        st.session_state["_job_loaded"] = st.query_params["job"] = job.id
    return job
