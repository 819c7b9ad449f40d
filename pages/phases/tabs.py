"""Below the map of the page Phases: a cut along ρ, two methods compared, finer wrinkles, and the numbers themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

import landscapes
from pages.phases import data as phases_data
from pages.phases.view import PROJECTIONS, basin_words, own_settings, refinement
from pages.shared import plots
from pages.shared.controls import choice, short, toggle
from pages.shared.downloads import download
from pages.shared.page import show_error
from rbo_core import sweep
from rbo_core.figures.phases import Jump, Mark, RadiusCurve, Span, cut_figure, difference_figure, map_figure
from rbo_core.figures.style import color
from rbo_core.sweep import export, order_parameters, theory
from rbo_core.sweep.transitions import transition, width

FINER = {
    "wrinkled_bowl": ("wavelength", "amplitude", "detail"),
    "corduroy": ("width", "depth"),
    "spectral_noise": ("wavelength", "amplitude"),
    "value_noise": ("cell", "amplitude"),
}
"""Parameters to scale so that the wrinkles of a surface become finer and keep their shape."""
FACTORS = (1.0, 0.5, 0.25)
SHADES = ("#F0B48C", "#D55E00", "#7A3600")


def tabs(
    spec: sweep.Sweep,
    values: np.ndarray,
    name: str,
    surface: landscapes.Landscape,
    shared: Mapping[str, Any],
    rate_index: int,
    marks: Sequence[Mark],
    radius: float,
    dark: bool,
) -> None:
    """Below the map: a cut along ρ, the comparison of two methods, finer wrinkles, and the numbers to take home."""
    cut_tab, compare_tab, finer_tab, data_tab = st.tabs(["Cut along ρ", "Compare methods", "Finer wrinkles", "Data"])
    projection = str(dict(spec.settings)["projection"])
    with cut_tab:
        curve, jumps, spans = phases_data.cut(spec, values, name, rate_index, PROJECTIONS[projection], color("rbo"))
        _cut(spec, name, surface, rate_index, curve, jumps, spans, marks, radius, dark)
    with compare_tab:
        _compare(spec, values, name, projection, shared, rate_index, dark)
    with finer_tab:
        _finer(spec, name, surface, rate_index, dark)
    with data_tab:
        _downloads(spec, values)


def _cut(
    spec: sweep.Sweep, name: str, surface: landscapes.Landscape, rate_index: int, curve: RadiusCurve,
    jumps: Sequence[Jump], spans: Sequence[Span], marks: Sequence[Mark], radius: float, dark: bool,
) -> None:  # fmt: skip
    chosen = order_parameters.order(name)
    rate = float(spec.axis("learning_rate").values[rate_index])
    figure = cut_figure(
        (curve,), _with_unit(chosen), dark, theory=marks, jumps=jumps, spans=spans, selected=radius,
        **phases_data.kind_of(name),
    )  # fmt: skip
    plots.show([figure], key="cut")
    kind = "Wilson" if order_parameters.is_share(name) else "bootstrap"
    meaning = f" {basin_words(surface)}" if name in ("in_basin", "reached_at") else ""
    st.caption(f"At η = {short(rate)}, {spec.balls} balls a radius; band: 95 % ({kind}).{meaning}")


def _compare(
    spec: sweep.Sweep, values: np.ndarray, name: str, projection: str, shared: Mapping[str, Any], rate_index: int,
    dark: bool,
) -> None:  # fmt: skip
    others = {key: text for key, text in PROJECTIONS.items() if key != projection}
    with_none = {"none": "Nothing", **others}
    other = choice(f"Compare {PROJECTIONS[projection]} with", "compare", with_none, "none", kind="segmented")
    if other == "none":
        st.caption("Choose a second projection: both maps and their difference appear here, on one grid and budget.")
        return
    settings = {"projection": other, **shared, **own_settings(other, st.columns(3, vertical_alignment="bottom"))}
    second = sweep.Sweep(**{**vars(spec), "settings": tuple(sorted(settings.items()))})
    try:
        pace = phases_data.first_look(second)
    except ValueError as error:
        show_error(error)
        return
    theirs = phases_data.data(second)
    maps = phases_data.phase_map(spec, values, name), phases_data.phase_map(second, theirs, name)
    known = np.concatenate([one.values[np.isfinite(one.values)] for one in maps])
    low, high = (0.0, 1.0) if maps[0].share or not known.size else np.percentile(known, (1, 99)).tolist()
    for column, one, text, key in zip(
        st.columns(2), maps, (PROJECTIONS[projection], PROJECTIONS[other]), ("map_a", "map_b"), strict=True
    ):
        with column:
            figure = map_figure(one, dark, limits=(low, high), title=text, height=330)
            plots.show([figure], key=key)
    one, two = st.columns(2)
    with one:
        better = "less" if maps[0].brighter < 0 else "more"
        title = f"Where it has {better}: {PROJECTIONS[projection]} (orange), {PROJECTIONS[other]} (blue)"
        figure = difference_figure(*maps, dark, label=maps[0].label, title=title)
        plots.show([figure], key="difference")
    with two:
        chosen = order_parameters.order(name)
        curves = [
            phases_data.cut(spec, values, name, rate_index, PROJECTIONS[projection], color("rbo"))[0],
            phases_data.cut(second, theirs, name, rate_index, PROJECTIONS[other], color("sgd"))[0],
        ]
        figure = cut_figure(curves, _with_unit(chosen), dark, **phases_data.kind_of(name))
        plots.show([figure], key="cut_both")
    stored = int(np.isfinite(theirs[:, 0, 0]).sum())
    price = phases_data.prices(spec, second)
    st.caption(
        f"One step costs {price[0]:.3g} evaluations with {PROJECTIONS[projection]} and {price[1]:.3g} with "
        f"{PROJECTIONS[other]}."
    )
    if stored < second.cells:
        refinement(second, stored, pace, f"{PROJECTIONS[other]}: {second.shape[0]} × {second.shape[1]} cells", "second")


def _finer(spec: sweep.Sweep, name: str, surface: landscapes.Landscape, rate_index: int, dark: bool) -> None:
    names = FINER.get(surface.name)
    if names is None:
        st.caption(f"{surface.title} has no wrinkle width that one could halve; try the wrinkled bowl or the corduroy.")
        return
    rate = float(spec.axis("learning_rate").values[rate_index])
    st.caption(
        f"The wrinkles w, w/2 and w/4 keep their shape; ρ is measured in wrinkle widths, η = {short(rate)}. "
        "The finer the wrinkles beside the whole curve, the more wrinkles a ball meets, and the sharper the transition."
    )
    if not toggle("compute three curves", "finer"):
        return
    base = sweep.Sweep(
        **{
            **vars(spec),
            "grid": (spec.axis("radius"),),
            "settings": tuple(sorted({**dict(spec.settings), "learning_rate": rate}.items())),
            "starts": max(16, spec.balls),
        }
    )
    unit = float(surface.parameters[names[0]])
    curves, notes = [], []
    try:
        made = theory.finer(base, {key: float(surface.parameters[key]) for key in names}, FACTORS)
        for factor, one in zip(FACTORS, made, strict=True):
            with st.spinner(f"w = {short(factor * unit)}"):
                found = sweep.run(one, phases_data.store(), landscapes.get)
            samples = order_parameters.along(one, found, name, "radius", (0,))
            relative = np.array(one.axis("radius").values, dtype=float) / (factor * unit)
            middle, low, high = order_parameters.interval(samples, share=order_parameters.is_share(name))
            curves.append(RadiusCurve(f"w = {short(factor * unit)}", SHADES[len(curves)], relative, middle, low, high))
            jump = transition(relative.tolist(), samples)
            if jump is not None:
                notes.append(
                    f"w = {short(factor * unit)}: jump at ρ = {short(jump.at)} w, a quarter to three quarters within a "
                    f"factor {width(relative.tolist(), samples, jump):.2f}"
                )
    except ValueError as error:
        show_error(f"{error}: w/4 leaves this surface's range; start from wider wrinkles")
        return
    figure = cut_figure(
        curves, _with_unit(order_parameters.order(name)), dark, **phases_data.kind_of(name), x_label="radius ρ / w"
    )
    plots.show([figure], key="finer_curves")
    st.caption(". ".join(notes) + "." if notes else "None of the three has a clear jump.")


def _downloads(spec: sweep.Sweep, values: np.ndarray) -> None:
    with st.container(horizontal=True):
        cells, balls = (lambda: export.cells_table(spec, values)), (lambda: export.balls_table(spec, values))
        download("Cells as CSV", cells, f"phases_{spec.id}_cells.csv", "cells_csv")
        download("Balls as CSV", balls, f"phases_{spec.id}_balls.csv", "balls_csv")
        download("Balls as Parquet", balls, f"phases_{spec.id}_balls.parquet", "balls_parquet")
        download("Sweep as JSON", lambda: sweep.dumps(spec), f"sweep_{spec.id}.json", "sweep_json")
    st.caption(f"The same sweep from the command line: `python -m rbo_core sweep sweep_{spec.id}.json`")


def _with_unit(chosen: order_parameters.Order) -> str:
    units = {"x": " (parameter units)", "loss": "", "steps": "", "of ρ": " (of ρ)"}
    return chosen.label + units.get(chosen.unit, "")
