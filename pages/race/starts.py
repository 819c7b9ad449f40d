""" "Many starts": a lattice of balls rolled as one batch, and which minimum each ends in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

import landscapes
import rbo_core
from pages.race.basins import basins_of
from pages.shared.controls import Scale, number
from pages.shared.page import is_dark, sentence
from rbo_core.figures.race import BasinMap, basin_map
from rbo_core.figures.style import color, label


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
    return BasinMap(name, color(method.name), starts, end, basins.of(end), reached)


def show_many_starts(surface: landscapes.Landscape, methods: Sequence[Any], seed: int) -> None:
    """Controls, progress and the maps. A press on Cancel reruns the page, which ends the computation in progress."""
    left, middle, right = st.columns([1, 1, 1.2], vertical_alignment="bottom")
    with left:
        side = int(number("starts a side", "starts_side", 12, Scale(4, 20, integer=True)))
    with middle:
        steps = int(number("steps each", "starts_steps", 500, Scale(50, 1000, integer=True, log=True)))
    with right, st.container(horizontal=True):
        wanted = st.button(f"Roll from {side * side} starts", type="primary", key="starts_run")
        cancel = st.empty()
    key = (surface.name, tuple(sorted(surface.parameters.items())), tuple(methods), side, steps, seed)
    store: dict[Any, list[BasinMap]] = st.session_state.setdefault("_basin_maps", {})
    # Held only while the computation runs: a run that Cancel cut off leaves nothing behind.
    if wanted and key not in store:
        cancel.button("Cancel", key="starts_cancel")
        made = _compute(surface, methods, lattice(surface, side), steps, seed)
        cancel.empty()
        store.clear()
        store[key] = made
    maps = store.get(key)
    if maps is None:
        stale = " The maps of other settings were put away." if store else ""
        st.info(f"Every square becomes a start; one press rolls them all.{stale}")
        return
    basins = basins_of(surface)
    x, y = basins.axes
    lowest = np.atleast_1d(surface.minimum.x)
    for column, one in zip(st.columns(len(maps)), maps, strict=True):
        figure = basin_map(one, x, y, basins.flooded, lowest, is_dark())
        column.plotly_chart(figure, key=f"basin_map_{one.label}", config={"displayModeBar": False}, theme=None)
    best = max(maps, key=lambda m: m.fraction)
    told = ", ".join(f"{m.label} from {100 * m.fraction:.0f} %" for m in maps)
    lead = f" {best.label} does best." if sum(m.fraction == best.fraction for m in maps) == 1 else ""
    sentence(
        f"The flooded basin was reached by {told} of {side * side} starts.{lead} "
        "Coloured: arrived inside the line. A grey: another minimum, the same grey for the same one.",
        fractions=" ".join(f"{m.fraction:.4f}" for m in maps),
    )


def _compute(
    surface: landscapes.Landscape, methods: Sequence[Any], starts: np.ndarray, steps: int, seed: int
) -> list[BasinMap]:
    bar = st.progress(0.0, text="Rolling")
    maps = []
    for index, method in enumerate(methods):
        name = label(method.name)

        def report(done: int, total: int, index: int = index, name: str = name) -> bool:
            bar.progress((index + done / total) / len(methods), text=f"{name}: step {done} of {total}")
            return False

        run = rbo_core.trace(method, surface, starts, steps, seed=np.arange(len(starts)) + seed, progress=report)
        maps.append(map_of(surface, method, starts, run))
    bar.empty()
    return maps
