"""What Roll and Race ask for in the sidebar, from the surface to the seed, and the runs of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import landscapes
import rbo_core
from pages.shared.controls import (
    START_KEYS,
    Scale,
    first_radius,
    method_controls,
    noise_controls,
    number,
    rival_controls,
    set_start,
    surface_picker,
)
from pages.shared.page import group, show_error
from pages.shared.radius import radius_offered
from pages.shared.take_away import Takings, run_takings
from pages.shared.tracks import prepare, run_on
from rbo_core.figures.code import Start, run_code
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.radii import Roll
from rbo_core.figures.player.scene import Click, RadiusRange
from rbo_core.figures.player.track import Track

_CLICKED = "_clicked_start"
MOST_GRADIENTS = 100_000
"""Gradients of one run on a page, some two seconds of a visitor's thread: 5,000 steps of K = 20."""
ALL_RUNS = 8.0
"""Seconds of computing for the runs of one picture, after which no further one begins; what was computed is kept.
What is compiled first does not count."""

_MEASURED = 24  # of a rigid ball on a surface, which cannot sink in, the penetration is measured here and there


@dataclass(frozen=True)
class Asked:
    """A run as the visitor asks for it. ball_place: the ball's group in the sidebar, for what a page adds to it.

    breath: schedule of the ball's radius, where it has one.
    """

    surface: landscapes.Landscape
    start: tuple[float, ...]
    ball: rbo_core.RBO
    rivals: tuple[Any, ...]
    steps: int
    noise: float
    seed: int
    ball_place: DeltaGenerator
    breath: rbo_core.RadiusSchedule | None = None

    @property
    def roll(self) -> Roll:
        """The ball's run, for the radius strip."""
        return Roll(self.ball, self.start, self.steps, self.seed)

    def track(self, method: Any) -> Track:
        """The run of one method.

        Raises:
            ValueError: as `trace` does, and for a run of more than MOST_GRADIENTS.
        """
        price = method.gradients_per_step
        wanted, most = math.ceil(price * self.steps), int(MOST_GRADIENTS // max(price, 1))
        if wanted > MOST_GRADIENTS:
            raise ValueError(
                f"{method.label}: {self.steps:,} steps of {price:g} gradients are {wanted:,}, and a "
                f"page computes {MOST_GRADIENTS:,} at most; take {most:,} steps, or fewer gradients a step, or "
                "python -m rbo_core roll"
            )
        rigid = getattr(method, "projection", "") == "rigid"
        depths = _MEASURED if rigid and self.surface.dim == 2 else None
        radius = None if method.sphere is None else self.breath
        return run_on(self.surface, method, self.start, self.steps, self.seed, depths, radius)

    def tracks(self, methods: Sequence[Any]) -> list[Track]:
        """The runs of several; what `trace` refuses is said in place."""
        made: list[Track] = []
        spent = 0.0
        for done, method in enumerate(methods):
            if spent > ALL_RUNS:
                left = len(methods) - done
                show_error(f"{left} more {'runs are' if left > 1 else 'run is'} left out; take fewer steps or racers")
                break
            try:
                prepare(self.surface, method, self.start, self.steps, self.seed)
                begin = time.thread_time()
                made.append(self.track(method))
                spent += time.thread_time() - begin
            except ValueError as error:
                show_error(error)
        return made

    def script(self, methods: Sequence[Any]) -> str:
        """The Python that repeats the runs of these methods."""
        return run_code(self.surface, methods, Start(self.start, self.steps, self.seed, self.breath))

    def takings(self, raced: Sequence[Entry], methods: Sequence[Any], look: Look) -> Takings:
        """What a visitor can take along of these runs."""
        return run_takings(self.surface, raced, self.script(methods), look)


def ask(dim: int, steps: int, begins: Mapping[str, Callable[[landscapes.Landscape], Any]] | None = None) -> Asked:
    """Draw the groups surface, ball and rivals; in the sidebar.

    steps: how many there are at first. begins: the page's own controls with what another surface sets them to.
    """
    group("Surface")
    surface = surface_picker(dim=dim, begins={"radius": first_radius, **(begins or {})})
    where = "Or click on the curve." if dim == 1 else "Or click on the surface or the map."
    start = start_controls(surface, where)
    group("Ball" if dim == 1 else "Balls")
    ball_place = st.container()
    rivals_place = st.container(key="rivals_group")
    with rivals_place:
        group("Rivals")
    with st.expander("Steps, noise and seed"):
        count = int(number("steps", "steps", steps, Scale(10, 5000, integer=True, log=True)))
        noise, seed = noise_controls()
    with ball_place:
        ball = method_controls("rbo", dim=dim, noise=noise, radius=first_radius(surface))
    with rivals_place:
        rivals = rival_controls(("sgd", "sam"), noise=noise)
    return Asked(surface, start, ball, rivals, count, noise, seed, ball_place)


def offered(asked: Asked, tracks: Sequence[Track]) -> RadiusRange | None:
    """The radius strip for these tracks; none where the ball itself was refused."""
    return radius_offered(asked.surface, asked.roll) if tracks and tracks[0].center is not None else None


def start_controls(surface: landscapes.Landscape, help: str | None = None) -> tuple[float, ...]:
    """Where the run begins (d,), or where the visitor has just clicked."""
    if _CLICKED in st.session_state:
        set_start(surface, st.session_state.pop(_CLICKED))
    names = ("start x",) if surface.dim == 1 else ("start θ₁", "start θ₂")
    return tuple(
        number(name, key, float(first), Scale(float(low), float(high), step=float(high - low) / 500), help=help)
        for name, key, first, (low, high) in zip(
            names, START_KEYS[surface.dim], surface.start, surface.bounds, strict=True
        )
    )


def start_from(surface: landscapes.Landscape) -> Callable[[Click], None]:
    """What a click on the ground does: the next run begins there."""

    def start_at(click: Click) -> None:
        st.session_state[_CLICKED] = np.clip(np.round(click.x, 3), *surface.bounds.T).tolist()

    return start_at
