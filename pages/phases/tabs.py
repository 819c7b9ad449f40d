"""Below the map of the page Phases: a cut along ρ, two methods compared, finer wrinkles, and the numbers themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.phases import compute
from pages.phases.controls import PROJECTIONS, near_words, own_settings
from pages.phases.finer import FINER, Finer, curves_of, finer_of
from pages.phases.refine import refinement
from pages.phases.size import finite_size
from pages.phases.study import PhaseStudy
from pages.shared import plots
from pages.shared.controls import choice, toggle
from pages.shared.downloads import download
from pages.shared.page import is_dark, show_error
from pages.shared.turns import told
from pages.shared.widgets import tabs as url_tabs
from rbo_core import sweep
from rbo_core.figures.phase_cut import cut_figure, shown_at
from rbo_core.figures.phase_map import difference_figure, map_figure
from rbo_core.figures.phases import Axes, Notes
from rbo_core.figures.style import color
from rbo_core.sweep import export

TITLES = {"cut": "Cut along ρ", "compare": "Compare methods", "size": "Finite size", "data": "Data"}


def tabs(study: PhaseStudy, pace: float) -> Finer | None:
    """The four tabs. pace: cells of the map a second. Returns the curves that are still to grow,
    when all of the page is there."""
    places = url_tabs("tab", TITLES)
    with places["cut"]:
        plots.show([cut_picture(study, is_dark())], key="cut")
        st.caption(cut_words(study))
    with places["compare"]:
        _compare(study)
    with places["size"]:
        finite_size()
        growing = _finer(study, pace)
    with places["data"]:
        _downloads(study)
    return growing


def cut_picture(study: PhaseStudy, dark: bool) -> plots.Picture:
    """The order parameter along ρ in the row, with jumps, regimes and theory, drawn once for all who look at that row;
    only the line at the shown run's ρ is one's own."""
    curve, jumps, spans = study.cut(PROJECTIONS[study.projection], color("rbo"))
    notes = Notes(study.marks, jumps, spans)
    slow = study.slow
    curves = (curve,) if slow is None else (curve, slow)
    picture = plots.remembered(cut_figure, curves, study.reading, dark, notes, axes=study.axes)
    return picture.with_shapes(shown_at(study.radius, dark))


def cut_words(study: PhaseStudy) -> str:
    """What the cut shows."""
    # On a lattice the starts are no independent draws: the interval is wider than what other lattices would give.
    even = "" if study.spec.random_starts is not None else ", wide for evenly spread starts"
    kind = f"Wilson{even}" if study.reading.share else "bootstrap"
    meaning = f" {near_words(study.surface)}" if study.order in ("in_basin", "reached_at") else ""
    band = f"; band: 95 % ({kind})" if study.bars else ""
    return f"At {study.row}, {study.spec.balls} balls a radius{band}.{meaning}"


def _compare(study: PhaseStudy) -> None:
    own = PROJECTIONS[study.projection]
    others = {key: text for key, text in PROJECTIONS.items() if key != study.projection}
    picked = choice(f"Compare {own} with", "compare", {"none": "Nothing", **others}, "none", kind="segmented")
    if picked == "none":
        st.caption("Choose a second projection: both maps and their difference appear here, on one grid and budget.")
        return
    second = _second(study, picked)
    try:
        pace = compute.first_look(second)
    except ValueError as error:
        show_error(error)
        return
    other = replace(study, spec=second, values=compute.data(second))
    first_map, second_map, difference, cuts = compared(study, other, is_dark())
    pairs = zip(st.columns(2), (first_map, second_map), ("map_a", "map_b"), strict=True)
    for column, figure, key in (
        *pairs,
        *zip(st.columns(2), (difference, cuts), ("difference", "cut_both"), strict=True),
    ):
        with column:
            plots.show([figure], key=key)
    price = compute.prices(study.spec, second)
    st.caption(f"One step costs {price[0]:.3g} evaluations with {own} and {price[1]:.3g} with {PROJECTIONS[picked]}.")
    if other.stored < second.cells:
        title = f"{PROJECTIONS[picked]}: {second.shape[0]} × {second.shape[1]} cells"
        refinement(other, compute.Work(second), pace, title, "second")


def _second(study: PhaseStudy, projection: str) -> sweep.Sweep:
    """The same sweep with another projection, whose own settings are asked for here."""
    settings: dict[str, Any] = dict(study.spec.settings)
    common: dict[str, Any] = {
        name: settings[name] for name in ("momentum", "loss_scale", "learning_rate") if name in settings
    }
    own = own_settings(projection, st.columns(3, vertical_alignment="bottom"))
    chosen: dict[str, Any] = {"projection": projection, **common, **own}
    chosen.pop(study.vertical.name, None)
    return replace(study.spec, settings=tuple(sorted(chosen.items())))


def compared(study: PhaseStudy, other: PhaseStudy, dark: bool) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure]:
    """Both maps in the same colours, their difference, and both cuts."""
    own, second = PROJECTIONS[study.projection], PROJECTIONS[other.projection]
    maps = study.map, other.map
    known = np.concatenate([one.values[np.isfinite(one.values)] for one in maps])
    low, high = (0.0, 1.0) if maps[0].share or not known.size else np.percentile(known, (1, 99)).tolist()
    pair = [
        map_figure(one, dark, limits=(low, high), title=text, height=330)
        for one, text in zip(maps, (own, second), strict=True)
    ]
    better = "less" if maps[0].brighter < 0 else "more"
    title = f"Where it has {better}: {own} (orange), {second} (blue)"
    curves = study.cut(own, color("rbo"))[0], other.cut(second, color("sgd"))[0]
    return (
        pair[0],
        pair[1],
        difference_figure(*maps, dark, label=maps[0].label, title=title),
        cut_figure(curves, study.reading, dark, axes=study.axes),
    )


def _finer(study: PhaseStudy, pace: float) -> Finer | None:
    """The three curves as far as they are rolled; returned where more is to come, which the page does last."""
    surface = study.surface
    if surface.name not in FINER:
        st.caption(f"{surface.title} has no wrinkle width that one could halve; try the wrinkled bowl or the corduroy.")
        return None
    st.caption(
        f"The map above with wrinkles w, w/2 and w/4 of one shape, at {study.row}; ρ is measured in wrinkle widths. "
        "The finer the wrinkles beside the whole curve, the more wrinkles a ball meets, and the sharper the transition."
    )
    shown = toggle("compute three curves", "finer")
    progress = st.empty()
    try:
        wanted = finer_of(study, progress)
    except ValueError as error:
        if shown:
            show_error(error)
        return None
    growing = wanted.stored < wanted.cells
    if growing:
        progress.caption(f"About {told(wanted.seconds(pace))}, seen as they grow.")
    if not shown:
        return None
    curves, notes = curves_of(wanted)
    if curves:
        figure = cut_figure(curves, study.reading, is_dark(), axes=Axes("radius ρ / w"))
        plots.show([figure], key="finer_curves")
    if not growing:
        st.caption(". ".join(notes) + "." if notes else "None of the three has a clear jump.")
    return wanted if growing else None


def _downloads(study: PhaseStudy) -> None:
    spec, values = study.spec, study.values
    with st.container(horizontal=True):
        cells, balls = (lambda: export.cells_table(spec, values)), (lambda: export.balls_table(spec, values))
        download("Cells as CSV", cells, f"phases_{spec.id}_cells.csv", "cells_csv")
        download("Balls as CSV", balls, f"phases_{spec.id}_balls.csv", "balls_csv")
        download("Balls as Parquet", balls, f"phases_{spec.id}_balls.parquet", "balls_parquet")
        download("Sweep as JSON", lambda: sweep.dumps(spec), f"sweep_{spec.id}.json", "sweep_json")
    st.caption(f"The same sweep from the command line: `python -m rbo_core sweep sweep_{spec.id}.json`")
