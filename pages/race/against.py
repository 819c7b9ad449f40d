""" "Many starts" at every radius: the same lattice of balls rolled at radii across the window's scales."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import landscapes
import rbo_core
from pages.race.basins import basins_of
from pages.race.starts import lattice, map_of
from pages.shared.controls import link_query, short
from pages.shared.plots import Stages
from pages.shared.reports import heard
from rbo_core.figures.race import BasinMap, basin_stack

RADII = 12
"""Radii of the stack, in equal ratios from a hundred-twentieth of the window to half of it."""
MOST_BALL_STEPS = 100_000
"""Steps of all balls of one radius together, two or three seconds of computing."""


def radii_of(surface: landscapes.Landscape) -> tuple[float, ...]:
    """The radii of the stack."""
    width = float(np.ptp(surface.bounds, axis=1).max())
    return tuple(float(f"{radius:.2g}") for radius in np.geomspace(width / 120, width / 2, RADII))


def maps(surface: landscapes.Landscape, ball: rbo_core.RBO, seed: int) -> dict[float, BasinMap]:
    """A button, progress, and the maps by radius, as far as they are computed.

    What a press on Cancel cuts off keeps the radii that were done; another press goes on with the next.
    """
    side, wanted_steps = int(st.session_state["starts_side"]), int(st.session_state["starts_steps"])
    steps = min(wanted_steps, MOST_BALL_STEPS // side**2)
    any_radius = replace(ball, radius=1.0)
    key = (surface.name, tuple(sorted(surface.parameters.items())), any_radius, side, steps, seed)
    store: dict[Any, dict[float, BasinMap]] = st.session_state.setdefault("_radius_maps", {})
    with st.container(horizontal=True):
        wanted = st.button("Roll them at every radius", key="against_run", on_click=heard("against_run"))
        cancel = st.empty()
    if wanted:
        if key not in store:
            store.clear()
        cancel.button("Cancel", key="against_cancel")
        _compute(surface, any_radius, lattice(surface, side), steps, seed, store.setdefault(key, {}))
        cancel.empty()
    if steps < wanted_steps:
        st.caption(f"At every radius {side * side} balls roll {steps} steps each, not {wanted_steps}.")
    return store.get(key, {})


def _compute(
    surface: landscapes.Landscape,
    ball: rbo_core.RBO,
    starts: np.ndarray,
    steps: int,
    seed: int,
    done: dict[float, BasinMap],
) -> None:
    bar = st.progress(0.0, text="Rolling")
    radii = radii_of(surface)
    for k, radius in enumerate(radii):
        if radius in done:
            continue

        def report(step: int, total: int, k: int = k, radius: float = radius) -> bool:
            bar.progress((k + step / total) / len(radii), text=f"ρ = {short(radius)}: step {step} of {total}")
            return False

        method = replace(ball, radius=radius)
        run = rbo_core.trace(method, surface, starts, steps, seed=np.arange(len(starts)) + seed, progress=report)
        done[radius] = map_of(surface, method, starts, run)
    bar.empty()


def stack(surface: landscapes.Landscape, made: dict[float, BasinMap], dark: bool) -> tuple[go.Figure, Stages]:
    """The maps as one figure, and the slider through them."""
    basins = basins_of(surface)
    shown = [made[radius] for radius in sorted(made)]
    figure = basin_stack(shown, *basins.axes, basins.flooded, np.atleast_1d(surface.minimum.x), dark)
    names = tuple(
        f"ρ = {short(radius)}: {100 * made[radius].fraction:.0f} % reached the flooded basin" for radius in sorted(made)
    )
    return figure, Stages("radius ρ", names, tuple(range(len(names))))


def said(made: dict[float, BasinMap]) -> str:
    """How the share grows along the radius, and where it grows most, in words."""
    radii = sorted(made)
    if len(radii) < 2:
        return ""
    shares = np.array([made[radius].fraction for radius in radii])
    low, high = (f"{100 * shares[k]:.0f} % at ρ = {short(radii[k])}" for k in (0, -1))
    k = int(np.diff(shares).argmax())
    words = f"The share of starts that reach the flooded basin goes from {low} to {high}"
    if shares[k + 1] <= shares[k]:
        return f"{words}, and never grows from one radius to the next."
    return (
        f"{words}; it grows most between ρ = {short(radii[k])} and {short(radii[k + 1])}, "
        f"from {100 * shares[k]:.0f} to {100 * shares[k + 1]:.0f} %. Click on a start to race from it at that radius."
    )


def race_of(
    surface: landscapes.Landscape, ball: rbo_core.RBO, made: dict[float, BasinMap], click: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """Words and address of the race from a start that was clicked, at the radius that was shown."""
    radius = sorted(made)[min(int(click["stage"] or 0), len(made) - 1)]
    start = tuple(
        float(f"{np.clip(click[axis], *bounds):.4g}") for axis, bounds in zip("xy", surface.bounds, strict=True)
    )
    words = f"Race a ball of ρ = {short(radius)} from ({short(start[0])}, {short(start[1])})"
    return words, link_query(surface, replace(ball, radius=radius), start)
