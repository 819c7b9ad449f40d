""" "Many starts" at every radius: the same lattice of balls rolled at radii across the window's scales."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import landscapes
import rbo_core
from pages.race.basins import basins_of
from pages.race.starts import lattice, map_of
from pages.shared import turns
from pages.shared.compiling import compile_first
from pages.shared.controls import link_query, short
from pages.shared.plots import Stages
from pages.shared.reports import heard
from pages.shared.tracks import out_of_patience
from rbo_core.figures.race import BasinMap, basin_stack
from rbo_core.refining import refining_order

RADII = 12
"""Radii of the stack, in equal ratios from a hundred-twentieth of the window to half of it."""
MOST_BALL_STEPS = 100_000
"""Steps of all balls of one radius together, a second or two of computing."""
GLANCE = 1.0
"""Seconds of computing for the first of the radii, which nobody asked for yet and which tells what the others cost."""
KEPT = 6
"""Settings whose maps a visitor finds again."""


@dataclass
class Radii:
    """The maps by radius as far as they are rolled. cost: seconds of computing of a radius, None before any is known;
    work: what they are maps of."""

    work: Hashable
    surface: landscapes.Landscape
    ball: rbo_core.RBO
    starts: np.ndarray
    steps: int
    seed: int
    maps: dict[float, BasinMap] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    cost: float | None = None

    @property
    def left(self) -> list[float]:
        """The radii that are missing, those of a coarse row first; the middle one before all, for it costs what they
        cost on the average."""
        radii = radii_of(self.surface)
        order = [RADII // 2, *refining_order((RADII,)).tolist()]
        return [radius for radius in dict.fromkeys(radii[k] for k in order) if radius not in self.maps]

    def roll(self, radius: float, progress: Callable[[int, int], object]) -> None:
        """Roll one radius; when `progress` cancels it nothing is kept but what it would have cost."""
        method, begin = replace(self.ball, radius=radius), time.thread_time()
        run = rbo_core.trace(
            method, self.surface, self.starts, self.steps, seed=np.arange(len(self.starts)) + self.seed,
            progress=progress,
        )  # fmt: skip
        if run.cancelled:
            self.cost = (time.thread_time() - begin) * self.steps / max(run.steps, 1)
            return
        self.maps[radius] = map_of(self.surface, method, self.starts, run)
        self.seconds.append(time.thread_time() - begin)
        self.cost = float(np.mean(self.seconds))


def radii_of(surface: landscapes.Landscape) -> tuple[float, ...]:
    """The radii of the stack."""
    width = float(np.ptp(surface.bounds, axis=1).max())
    return tuple(float(f"{radius:.2g}") for radius in np.geomspace(width / 120, width / 2, RADII))


def maps(surface: landscapes.Landscape, ball: rbo_core.RBO, seed: int) -> tuple[Radii, DeltaGenerator | None]:
    """A button that says how long it takes, and the maps as far as they are rolled: the middle radius at once.

    Returns:
        The maps, and the place of the progress where `grow` shall go on with them after they are drawn.
    """
    side, wanted_steps = int(st.session_state["starts_side"]), int(st.session_state["starts_steps"])
    steps = min(wanted_steps, MOST_BALL_STEPS // side**2)
    any_radius = replace(ball, radius=1.0)
    work = (surface.name, tuple(sorted(surface.parameters.items())), any_radius, side, steps, seed)
    store: dict[Any, Radii] = st.session_state.setdefault("_radius_maps", {})
    going = turns.goes_on("against", work)
    if work not in store:
        store[work] = _first(Radii(work, surface, any_radius, lattice(surface, side), steps, seed))
        while len(store) > KEPT:
            del store[next(iter(store))]
    made = store[work]
    if made.left:
        press = st.empty()
        if not going:
            going = press.button(_label(made), key="against_run", on_click=heard("against_run"))
        if going:
            press.button("Cancel", key="against_cancel", on_click=heard("against_cancel", lambda: turns.end("against")))
    place = st.empty() if going and made.left else None
    if steps < wanted_steps:
        st.caption(f"At every radius {side * side} balls roll {steps} steps each, not {wanted_steps}.")
    return made, place


def grow(made: Radii, place: DeltaGenerator) -> None:
    """Roll further radii for a while, and run the page again to draw them. place: of the progress.

    A press on Cancel reruns the page, which ends this; the radii that were done are kept.
    """
    turn = turns.Turn("against", made.work)
    for radius in made.left:
        done = len(made.maps)

        def report(step: int, total: int, radius: float = radius, done: int = done) -> bool:
            words = f"ρ = {short(radius)}: step {step} of {total}, radius {done + 1} of {RADII}"
            place.progress((done + step / total) / RADII, text=words)
            return False

        report(0, made.steps)
        made.roll(radius, report)
        if turn.over:
            break
    turn.again()


def _first(made: Radii) -> Radii:
    """Roll the middle radius, if that is quick; where a setting is refused, the other maps say so."""
    radius = made.left[0]
    first = replace(made.ball, radius=radius), made.surface, made.starts[:4], min(made.steps, 60)
    names = "against", made.surface.name, getattr(made.ball, "projection", "")
    try:
        compile_first(lambda: rbo_core.trace(*first, seed=made.seed), *names)
        made.roll(radius, out_of_patience(GLANCE))
    except ValueError:
        made.cost = None
    return made


def _label(made: Radii) -> str:
    """What the button says: what is to do, and how long it takes."""
    left = len(made.left)
    words = "Roll them at every radius" if len(made.maps) < 2 else f"Go on: the other {left} radii"
    if made.cost is None:
        return words
    return f"{words}, about {turns.told(left * made.cost)}"


def stack(made: Radii, dark: bool) -> tuple[go.Figure, Stages]:
    """The maps as one figure, and the slider through them; what is not rolled yet is blank."""
    basins, radii = basins_of(made.surface), radii_of(made.surface)
    like = next(iter(made.maps.values()))
    blank = BasinMap.unknown(like, made.starts)
    shown = [made.maps.get(radius, blank) for radius in radii]
    figure = basin_stack(shown, *basins.axes, basins.flooded, np.atleast_1d(made.surface.minimum.x), dark)
    names = tuple(
        f"ρ = {short(radius)}: {100 * made.maps[radius].fraction:.0f} % reached the flooded basin"
        if radius in made.maps
        else f"ρ = {short(radius)}: not rolled yet"
        for radius in radii
    )
    known = [k for k, radius in enumerate(radii) if radius in made.maps]
    return figure, Stages("radius ρ", names, tuple(range(RADII)), known[0])


def said(maps: dict[float, BasinMap]) -> str:
    """How the share grows along the radius, and where it grows most, in words."""
    radii = sorted(maps)
    if len(radii) < 2:
        return ""
    shares = np.array([maps[radius].fraction for radius in radii])
    low, high = (f"{100 * shares[k]:.0f} % at ρ = {short(radii[k])}" for k in (0, -1))
    k = int(np.diff(shares).argmax())
    lead = "The" if len(radii) == RADII else f"At {len(radii)} of {RADII} radii so far, the"
    words = f"{lead} share of starts that reach the flooded basin goes from {low} to {high}"
    if shares[k + 1] <= shares[k]:
        return f"{words}, and never grows from one radius to the next."
    return (
        f"{words}; it grows most between ρ = {short(radii[k])} and {short(radii[k + 1])}, "
        f"from {100 * shares[k]:.0f} to {100 * shares[k + 1]:.0f} %. Click on a start to race from it at that radius."
    )


def race_of(
    surface: landscapes.Landscape, ball: rbo_core.RBO, radii: Iterable[float], click: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """Words and address of the race from a start that was clicked, at the radius that was shown."""
    known = sorted(radii)
    radius = known[min(int(click["stage"] or 0), len(known) - 1)]
    start = tuple(
        float(f"{np.clip(click[axis], *bounds):.4g}") for axis, bounds in zip("xy", surface.bounds, strict=True)
    )
    words = f"Race a ball of ρ = {short(radius)} from ({short(start[0])}, {short(start[1])})"
    return words, link_query(surface, replace(ball, radius=radius), start)
