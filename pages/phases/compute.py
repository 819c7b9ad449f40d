"""How the page Phases computes a sweep: a quick first look, and the job that does the rest."""

from __future__ import annotations

import contextlib
import time

import numpy as np
import streamlit as st

import landscapes
from pages.shared import background
from rbo_core import jobs, sweep
from rbo_core.sweep.cells import price, steps

PREVIEW_SECONDS = 1.1
PATIENCE_SECONDS = 4.0
PREVIEW_BALLS = {1: 256, 2: 48}
USUAL_BALL_STEPS = {1: 1e5, 2: 4e3}  # a second, of rigid balls on a curve and on a surface
AUTOMATIC_SECONDS = 40.0
"""Sweeps that should take no longer than this on one core are refined without being asked for."""


@st.cache_resource(show_spinner=False)
def store() -> sweep.Store:
    """The server's store; safe between visitors' threads."""
    return sweep.Store()


def first_look(spec: sweep.Sweep) -> float:
    """Compute coarse cells for about a second, if the sweep is new; returns cells a second, 0 if it is not new."""
    opened = store()
    if opened.count(spec.id):
        return 0.0
    begin = time.perf_counter()
    fresh = 0

    def late(done: int, total: int) -> bool:
        nonlocal fresh
        fresh = done
        spent = time.perf_counter() - begin
        # A surface so slow that nothing is finished in time gets a little longer, for there must be something to see.
        return spent > (PREVIEW_SECONDS if done else PATIENCE_SECONDS)

    with contextlib.suppress(sweep.Cancelled):
        sweep.run(spec, opened, landscapes.get, progress=late, chunk_balls=PREVIEW_BALLS[spec.dim])
    return fresh / (time.perf_counter() - begin)


def usual_pace(spec: sweep.Sweep) -> float:
    """Cells a second on one core of a usual machine, where nothing has been measured."""
    return USUAL_BALL_STEPS[spec.dim] / (spec.balls * steps(spec, landscapes.get))


def refine(spec: sweep.Sweep, title: str) -> jobs.Job:
    """Put the rest of the sweep into the queue (an equal sweep that waits or runs already is joined)."""
    return background.queue().submit(
        "sweep",
        ["sweep", jobs.CONFIG, "--json"],
        config=sweep.to_dict(spec),
        owner=background.visitor(),
        title=title,
        key=f"sweep:{spec.id}",
        link="Phases?job=",
    )


def data(spec: sweep.Sweep) -> np.ndarray:
    """(cells, balls, columns) of what is stored so far."""
    return store().data(spec)


def prices(*specs: sweep.Sweep) -> tuple[float, ...]:
    """Evaluations that one step of each sweep costs."""
    return tuple(price(spec, landscapes.get) for spec in specs)
