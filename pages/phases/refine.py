"""The rest of a sweep, computed in the background while its first look is on the page."""

from __future__ import annotations

import streamlit as st

from pages.phases import compute
from pages.phases.study import PhaseStudy
from pages.shared import background
from pages.shared.page import show_error
from pages.shared.reports import heard
from rbo_core import sweep
from rbo_core.jobs import Job


def refinement(
    study: PhaseStudy, work: compute.Work, pace: float, title: str, slot: str = "first", job_id: str | None = None
) -> None:
    """Let the rest of a sweep be computed in the background, by itself when that is quick, and show how far it is.

    study: what is there of the work. pace: cells a second in the first look, 0 if there was none. slot: the place on
    the page; what it showed before is no longer computed. job_id: the job that the address names.
    """
    spec, stored = study.spec, study.stored
    if pace:
        st.session_state.setdefault("_pace", {})[work.base.id] = pace
    key = work.key
    job = background.job_of(key, job_id)
    if work.so_far() == (spec, True):
        if stored < spec.cells:
            st.rerun()  # the rest has come while the page drew what there was
        if job is not None and job.id == job_id:
            background.show(job.id)
        else:
            more = len(spec.axis("radius").values) - len(work.base.axis("radius").values)
            finer = f" {more} radii were added near jumps." if more else ""
            st.caption(f"{spec.cells:,} cells of {spec.balls} balls: complete.{finer}")
        return
    active = job if job is not None and job.active else _start(study, work, title, slot)
    if active is None:
        return

    def grown() -> bool:
        deeper, _ = work.so_far()
        return compute.store().count(deeper.id) > stored

    background.follow(active.id, grown)


def pace_of(base: sweep.Sweep) -> float:
    """Cells a second in the first look at a sweep, or the usual pace where this visitor saw none."""
    measured: dict[str, float] = st.session_state.get("_pace", {})
    return measured.get(base.id) or compute.usual_pace(base)


def _start(study: PhaseStudy, work: compute.Work, title: str, slot: str) -> Job | None:
    """Start the refinement if it is quick or asked for."""
    spec, stored = study.spec, study.stored
    pace = pace_of(work.base)
    left = (spec.cells - stored) / pace
    tried = st.session_state.setdefault("_tried", set())
    quick = left < compute.AUTOMATIC_SECONDS and work.key not in tried
    asked = False
    if not quick:
        one, two = st.columns([3, 2], vertical_alignment="center")
        one.caption(f"A first look: {stored:,} of {spec.cells:,} cells.")
        words = f"Compute the rest, about {background.clock(left)}"
        asked = two.button(words, key=f"compute_{slot}", width="stretch", on_click=heard(f"compute_{slot}"))
    if not (quick or asked):
        return None
    tried.add(work.key)
    automatic = st.session_state.setdefault("_automatic", {})
    if automatic.get(slot):
        background.queue().cancel(automatic[slot])
    try:
        job = compute.refine(work, title)
    except ValueError as error:
        show_error(error)
        return None
    automatic[slot] = job.id if quick else None
    if asked:
        st.session_state["_job_loaded"] = st.query_params["job"] = job.id
    return job
