"""How the page Phases computes a sweep: a quick first look, and the job that does the rest."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import numpy as np
import streamlit as st

import landscapes
from pages.shared import background
from rbo_core import jobs, sweep
from rbo_core.sweep.cells import price, steps
from rbo_core.sweep.refine import Refinement, deepest

NOT_REFINED = Refinement(rounds=0)

PREVIEW_SECONDS = 1.1
PATIENCE_SECONDS = 4.0
PREVIEW_BALLS = {1: 256, 2: 48}
USUAL_BALL_STEPS = {1: 1e5, 2: 4e3}  # a second, of rigid balls on a curve and on a surface
AUTOMATIC_SECONDS = 40.0
"""Sweeps that should take no longer than this on one core are refined without being asked for."""


@dataclass(frozen=True)
class Work:
    """What is to be computed: a sweep, and how it is then refined near jumps."""

    base: sweep.Sweep
    refinement: Refinement = NOT_REFINED

    @property
    def key(self) -> str:
        """Equal work has equal keys."""
        how = self.refinement
        return f"sweep:{self.base.id}" + (f":{how.order}:{how.rounds}" if how.rounds else "")

    @property
    def command(self) -> list[str]:
        """The words after ``python -m rbo_core`` that do it."""
        how = self.refinement
        more = ["--order", how.order, "--refine", str(how.rounds)] if how.rounds else []
        return ["sweep", jobs.CONFIG, "--json", *more]

    def so_far(self) -> tuple[sweep.Sweep, bool]:
        """The finest sweep that can be begun, and whether it is complete and nothing finer is to come."""
        return deepest(self.base, store(), self.refinement)


@st.cache_resource(show_spinner=False)
def store() -> sweep.Store:
    """The server's store; safe between visitors' threads."""
    return sweep.Store()


def first_look(spec: sweep.Sweep) -> float:
    """Compute coarse cells for about a second, if the sweep is new; returns cells a second, 0 if it is not new.

    The pace is that after the first chunk, which on a new server also waits for kernels to be loaded.
    """
    opened = store()
    if opened.count(spec.id):
        return 0.0
    begin = time.perf_counter()
    chunks: list[tuple[int, float]] = []

    def late(done: int, total: int) -> bool:
        spent = time.perf_counter() - begin
        if done > (chunks[-1][0] if chunks else 0):
            chunks.append((done, spent))
        # Where nothing is finished in time it gets a little longer: there must be something to see, and a pace.
        return spent > (PREVIEW_SECONDS if len(chunks) > 1 else PATIENCE_SECONDS)

    with contextlib.suppress(sweep.Cancelled):
        sweep.run(spec, opened, landscapes.get, progress=late, chunk_balls=PREVIEW_BALLS[spec.dim])
    if not chunks:
        return 0.0
    (first, warm), (last, spent) = chunks[0], chunks[-1]
    return (last - first) / (spent - warm) if last > first else first / warm


def usual_pace(spec: sweep.Sweep) -> float:
    """Cells a second on one core of a usual machine, where nothing has been measured."""
    return USUAL_BALL_STEPS[spec.dim] / (spec.balls * steps(spec, landscapes.get))


def refine(work: Work, title: str) -> jobs.Job:
    """Put the rest of the work into the queue (equal work that waits or runs already is joined)."""
    return background.queue().submit(
        "sweep",
        work.command,
        config=sweep.to_dict(work.base),
        owner=background.visitor(),
        title=title,
        key=work.key,
        link="Phases?job=",
    )


def data(spec: sweep.Sweep) -> np.ndarray:
    """(cells, balls, columns) of what is stored so far."""
    return store().data(spec)


def prices(*specs: sweep.Sweep) -> tuple[float, ...]:
    """Evaluations that one step of each sweep costs."""
    return tuple(price(spec, landscapes.get) for spec in specs)
