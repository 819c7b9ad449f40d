""" "Many starts": a lattice of balls, rolled part by part, and which minimum each ends in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import landscapes
import rbo_core
from pages.race.basins import basins_of
from pages.shared.background import clock
from pages.shared.compiling import compile_first
from pages.shared.controls import Scale, number
from pages.shared.errors import show_error
from pages.shared.reports import heard
from pages.shared.terms import term
from pages.shared.tracks import out_of_patience, too_long
from pages.shared.turns import DRAWING
from rbo_core.figures.race import BasinMap, basin_map
from rbo_core.figures.style import color, label
from rbo_core.refining import interleaved

PATIENCE = 20.0
"""Seconds of computing for the maps of all methods: who presses the button expects to wait, others should not long."""

FIRST = 60
"""Steps after which all that a method calls is compiled."""

GLANCE = 0.5
"""Seconds of computing, a method, for a first look at a map that nobody asked for yet."""

KEPT = 6
"""Settings whose maps a visitor finds again."""


@dataclass(frozen=True)
class Glance:
    """A first look: the maps of a few starts, None where even those take too long; and what a start costs.

    seconds: of computing that a start takes, with all methods together.
    """

    maps: list[BasinMap] | None
    seconds: float


def lattice(surface: landscapes.Landscape, side: int) -> np.ndarray:
    """(side², 2) starts inside the bounds, a twentieth of the width away from the border."""
    low, high = surface.bounds[:, 0], surface.bounds[:, 1]
    inset = 0.05 * (high - low)
    axes = [np.linspace(a, b, side) for a, b in zip(low + inset, high - inset, strict=True)]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)


def map_of(surface: landscapes.Landscape, method: Any, starts: np.ndarray, run: rbo_core.Trajectory) -> BasinMap:
    """What became of each start; a ball has arrived when its centre or any of its contacts is over the basin."""
    basins = basins_of(surface)
    end = run.position[-1] if run.center is None else run.center[-1][:, :2]
    spots = [end, run.position[-1]]
    if run.contacts is not None:
        spots += list(np.moveaxis(run.contacts[-1], 1, 0))
    reached = np.any([basins.reached(spot) for spot in spots], axis=0)
    ball = run.center is not None
    name = f"Ball ρ = {float(method.radius):.3g}" if ball else label(method.name)
    return BasinMap(name, color(method.name), starts, end, basins.of(end), reached, np.ones(len(starts), bool))


def maps(
    surface: landscapes.Landscape, methods: Sequence[Any], seed: int, draw: Callable[[list[BasinMap]], None]
) -> list[BasinMap]:
    """Controls, progress, and the maps as far as they are computed: a first look at once, all of them after a press.

    A press on Cancel reruns the page, which ends the computation in progress; the parts that were done are kept, as are
    the maps of the settings before, which stand there where even a first look takes too long. draw: shows the maps of
    all methods after each part.
    """
    left, middle, right = st.columns([1, 1, 1.2], vertical_alignment="bottom")
    with left:
        side = int(number("starts a side", "starts_side", 12, Scale(4, 20, integer=True)))
    with middle:
        steps = int(number("steps each", "starts_steps", 500, Scale(50, 1000, integer=True, log=True)))
    key = (surface.name, tuple(sorted(surface.parameters.items())), tuple(methods), side, steps, seed)
    store: dict[Any, list[BasinMap]] = st.session_state.setdefault("_basin_maps", {})
    starts = lattice(surface, side)
    glances: dict[Any, Glance | None] = st.session_state.setdefault("_basin_glances", {})
    if key not in glances:
        glances[key] = _glance(surface, methods, starts, steps, seed)
    glance = glances[key]
    if key not in store and glance is not None and glance.maps is not None:
        store[key] = glance.maps
    left_over = side * side if key not in store else int((~store[key][0].rolled).sum())
    with right, st.container(horizontal=True):
        button = f"Roll from {left_over} starts" if key not in store else f"Roll the other {left_over}"
        if glance is not None:
            button += f", about {clock(left_over * glance.seconds)}"
        press, cancel = st.empty(), st.empty()
        wanted = (
            press.button(button, type="primary", key="starts_run", on_click=heard("starts_run")) if left_over else False
        )
    if wanted:
        cancel.button("Cancel", key="starts_cancel")
        try:
            rested, cost = 0.0, 0.0
            for made in _growing(surface, methods, starts, steps, seed, store.get(key)):
                store[key] = made
                begin = time.monotonic()
                if cost <= DRAWING * (begin - rested):
                    draw(made)
                    rested = time.monotonic()
                    cost = rested - begin
            press.empty()
        except ValueError as error:
            show_error(error)
        finally:
            cancel.empty()
    for kept in (store, glances):
        while len(kept) > KEPT:
            del kept[next(iter(kept))]
    if key in store:
        return store[key]
    before = next((made for known, made in reversed(store.items()) if known[:2] == key[:2]), None)
    st.info(
        "Every square becomes a start; one press rolls them all, part by part."
        + ("" if before is None else f" Until then: the maps of the settings before, {before[0].label}.")
    )
    return before or []


def figures(surface: landscapes.Landscape, shown: Sequence[BasinMap], dark: bool) -> list[go.Figure]:
    """A map for each method: where its starts ended."""
    basins = basins_of(surface)
    lowest = np.atleast_1d(surface.minimum.x)
    return [basin_map(one, *basins.axes, basins.flooded, lowest, dark) for one in shown]


def said(shown: Sequence[BasinMap]) -> str:
    """What the maps show, in words."""
    best = max(shown, key=lambda m: m.fraction)
    told = ", ".join(f"{m.label} from {100 * m.fraction:.0f} %" for m in shown)
    lead = f" {best.label} does best." if sum(m.fraction == best.fraction for m in shown) == 1 else ""
    rolled = int(best.rolled.sum())
    of = f"{len(best.start)} starts" if rolled == len(best.start) else f"the first {rolled} of {len(best.start)} starts"
    return (
        f"The flooded {term('basin')} was reached by {told} of {of}.{lead} "
        "Coloured: arrived inside the line. A grey: another minimum, the same grey for the same one."
    )


def _glance(
    surface: landscapes.Landscape, methods: Sequence[Any], starts: np.ndarray, steps: int, seed: int
) -> Glance | None:
    """The maps of a few starts far apart, and what the others will cost; None where a setting is refused: the press
    says why."""
    side = int(np.sqrt(len(starts)))
    part = interleaved((side, side), 4 if side <= 12 else 8)[0]
    made, seconds = [], 0.0
    for method in methods:
        first = (method, surface, starts[part], min(steps, FIRST), part + seed)
        try:
            compile_first(
                lambda first=first: rbo_core.trace(*first, progress=out_of_patience(GLANCE)),  # type: ignore[misc]
                "starts", surface.name, method.name, getattr(method, "projection", ""),
            )  # fmt: skip
            begin = time.thread_time()
            run = rbo_core.trace(
                method, surface, starts[part], steps, seed=part + seed, progress=out_of_patience(GLANCE)
            )
        except ValueError:
            return None
        seconds += (time.thread_time() - begin) / len(part) * steps / max(run.steps, 1)
        if not run.cancelled:
            piece = map_of(surface, method, starts[part], run)
            made.append(BasinMap.unknown(piece, starts).with_part(part, piece))
    return Glance(made if len(made) == len(methods) else None, seconds)


def _growing(
    surface: landscapes.Landscape,
    methods: Sequence[Any],
    starts: np.ndarray,
    steps: int,
    seed: int,
    so_far: list[BasinMap] | None,
) -> Iterator[list[BasinMap]]:
    """The maps after each part of the starts, of all methods alike: they race.

    Raises:
        ValueError: they take too long, or a setting that `trace` refuses.
    """
    bar, late = st.progress(0.0, text="Rolling"), out_of_patience(PATIENCE)
    side = int(np.sqrt(len(starts)))
    wanted = interleaved((side, side), 2 if side <= 8 else 4)  # the map grows finer
    made = so_far
    for k, whole in enumerate(wanted):
        part = whole if made is None else whole[~made[0].rolled[whole]]
        if not part.size:
            continue
        grown = []
        for index, method in enumerate(methods):

            def report(done: int, total: int, k: int = k, index: int = index, method: Any = method) -> bool:
                share = (k + (index + done / total) / len(methods)) / len(wanted)
                bar.progress(share, text=f"{label(method.name)}: step {done} of {total}, part {k + 1} of {len(wanted)}")
                return late(done, total)

            run = rbo_core.trace(method, surface, starts[part], steps, seed=part + seed, progress=report)
            if run.cancelled:
                bar.empty()
                many = f"{steps:,} steps from {len(starts)} starts"
                raise too_long(many, "press again to go on from there, or take fewer starts or steps", PATIENCE)
            piece = map_of(surface, method, starts[part], run)
            grown.append((BasinMap.unknown(piece, starts) if made is None else made[index]).with_part(part, piece))
        made = grown
        yield made
    bar.empty()
