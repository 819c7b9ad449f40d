""" "Many starts": a lattice of balls rolled as one batch, and which minimum each ends in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import landscapes
import rbo_core
from pages.race.basins import basins_of
from pages.shared.controls import Scale, number
from pages.shared.errors import show_error
from pages.shared.tracks import out_of_patience, too_long
from rbo_core.figures.race import BasinMap, basin_map
from rbo_core.figures.style import color, label

PATIENCE = 20.0
"""Seconds of computing for the maps of all methods: who presses the button expects to wait, others should not long."""


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


def maps(surface: landscapes.Landscape, methods: Sequence[Any], seed: int) -> list[BasinMap]:
    """Controls, progress, and the maps once they are computed; before, what to press and none.

    A press on Cancel reruns the page, which ends the computation in progress.
    """
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
        try:
            made = _compute(surface, methods, lattice(surface, side), steps, seed)
        except ValueError as error:
            show_error(error)
            return []
        finally:
            cancel.empty()
        store.clear()
        store[key] = made
    if key not in store:
        stale = " The maps of other settings were put away." if store else ""
        st.info(f"Every square becomes a start; one press rolls them all.{stale}")
    return store.get(key, [])


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
    return (
        f"The flooded basin was reached by {told} of {len(best.start)} starts.{lead} "
        "Coloured: arrived inside the line. A grey: another minimum, the same grey for the same one."
    )


def _compute(
    surface: landscapes.Landscape, methods: Sequence[Any], starts: np.ndarray, steps: int, seed: int
) -> list[BasinMap]:
    """The maps.

    Raises:
        ValueError: they take too long, or a setting that `trace` refuses.
    """
    bar, late = st.progress(0.0, text="Rolling"), out_of_patience(PATIENCE)
    made = []
    for index, method in enumerate(methods):
        name = label(method.name)

        def report(done: int, total: int, index: int = index, name: str = name) -> bool:
            bar.progress((index + done / total) / len(methods), text=f"{name}: step {done} of {total}")
            return late(done, total)

        run = rbo_core.trace(method, surface, starts, steps, seed=np.arange(len(starts)) + seed, progress=report)
        if run.cancelled:
            bar.empty()
            raise too_long(f"{steps:,} steps from {len(starts)} starts", "take fewer starts, or fewer steps", PATIENCE)
        made.append(map_of(surface, method, starts, run))
    bar.empty()
    return made
