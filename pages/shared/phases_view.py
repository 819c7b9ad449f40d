"""The parts of the page Phases: its controls, the map that can be clicked, the refinement, and the tabs below."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

import landscapes
from pages.shared import background, phases_data
from pages.shared.controls import choice, number, short, toggle
from pages.shared.page import show_error
from pages.shared.widgets import set_controls
from rbo_core import sweep
from rbo_core.figures.phases import CLICKS, Curve, Jump, Mark, PhaseMap, Span, cut_figure, difference_figure, map_figure
from rbo_core.figures.style import color
from rbo_core.sweep import export, order, theory
from rbo_core.sweep.transitions import transition, width

PROJECTIONS = {"rigid": "Rigid (exact)", "newton": "Newton", "gradient": "Gradient (paper)"}
FINER = {
    "wrinkled_bowl": ("wavelength", "amplitude", "detail"),
    "corduroy": ("width", "depth"),
    "spectral_noise": ("wavelength", "amplitude"),
    "value_noise": ("cell", "amplitude"),
}
"""Parameters to scale so that the wrinkles of a surface become finer and keep their shape."""
FACTORS = (1.0, 0.5, 0.25)
REDRAW_SECONDS = 2.5
PLAIN_CHART: dict[str, Any] = {"displayModeBar": False}


def shared_settings() -> dict[str, float]:
    """Settings that all projections share."""
    return {
        "momentum": number("momentum", "momentum", 0.0, 0.0, 0.99, help="Inertia of the centre."),
        "loss_scale": number("loss scale λ", "loss_scale", 1.0, 0.01, 100.0, log=True, help="The ball rolls on λ f."),
    }


def own_settings(projection: str, places: Sequence[Any] | None = None) -> dict[str, Any]:
    """Settings that belong to one projection; each keeps its own, here and in the URL. places: a container for each."""
    room = iter(places if places is not None else [st.container() for _ in range(3)])
    values: dict[str, Any] = {}
    if projection != "rigid":
        usual = 20 if projection == "gradient" else 2
        with next(room):
            key = f"{projection}_n_projection_steps"
            values["n_projection_steps"] = int(
                number("projection steps K", key, usual, 1, 100, integer=True, help="K gradients a step.")
            )
    if projection == "gradient":
        with next(room):
            key = "gradient_projection_step_size"
            values["projection_step_size"] = number("projection step γ", key, 0.01, 1e-4, 1.0, log=True)
    with next(room):
        values["unit_speed"] = toggle(
            "unit speed",
            f"{projection}_unit_speed",
            projection == "rigid",
            help="Divide the step by the tangent's length, so that η is a length.",
        )
    return values


def restore(values: Mapping[str, Any]) -> None:
    """Give the controls a job's settings and write them into the address, which then holds the picture by itself."""
    if any(name in st.session_state for name in values):
        set_controls(values)
    for name, value in values.items():
        st.query_params[name] = str(value).lower() if isinstance(value, bool) else str(value)
    st.rerun()


def range_problems(radius_low: float, radius_high: float, rate_low: float, rate_high: float) -> list[str]:
    """What is wrong with the map's ranges."""
    return [
        f"The range of {name} must run upwards, got {short(low)} to {short(high)}: raise its end or lower its start."
        for name, low, high in (("ρ", radius_low, radius_high), ("η", rate_low, rate_high))
        if not low < high
    ]


def title_of(spec: sweep.Sweep, surface: landscapes.Landscape) -> str:
    """A sweep in a few words, for the queue."""
    projection = PROJECTIONS.get(str(dict(spec.settings).get("projection")), spec.method)
    return f"{surface.title}, {projection}: {spec.shape[0]} × {spec.shape[1]} cells of {spec.balls} balls"


def clickable_map(figure: Any, key: str) -> None:
    """Show a map; a click on a cell makes it the shown run."""
    figure.update_layout(dragmode=False)
    event = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points", width="stretch", config=PLAIN_CHART, theme=None
    )
    names = [trace.name for trace in figure.data]
    picked = [
        (float(point["x"]), float(point["y"]))
        for point in event.selection.points
        if names[point["curve_number"]] == CLICKS
    ]
    seen = f"_seen_{key}"
    # The chart reports its selection again on every run: only a new one is a click.
    if picked and st.session_state.get(seen) != picked[-1]:
        st.session_state[seen] = picked[-1]
        st.session_state["_picked"] = picked[-1]
        st.rerun()


def refinement(
    spec: sweep.Sweep, stored: int, pace: float, title: str, slot: str = "first", job_id: str | None = None
) -> None:
    """Let the rest of a sweep be computed in the background, by itself when that is quick, and show how far it is.

    slot: the place on the page; what it showed before is no longer computed. job_id: the job that the address names.
    """
    if pace:
        st.session_state.setdefault("_pace", {})[spec.id] = pace
    key = f"sweep:{spec.id}"
    active = next((job for job in background.queue().jobs(states=("queued", "running")) if job.key == key), None)
    linked = background.find(job_id)
    if linked is not None and linked.key != key and "job" in st.query_params:
        # The address names a job only while the page shows that job's sweep.
        del st.query_params["job"]
    if stored == spec.cells:
        if linked is not None and linked.key == key:
            background.show(linked.id)
        else:
            st.caption(f"{spec.cells:,} cells of {spec.balls} balls: complete.")
        return
    active = active or _start(spec, stored, title, slot)
    if active is None:
        return
    drawn = time.monotonic()

    def live() -> None:
        job = background.show(active.id)
        have = phases_data.store().count(spec.id)
        late = time.monotonic() - drawn > REDRAW_SECONDS
        if job is None or not job.active or (have > stored and late):
            st.rerun()

    st.fragment(live, run_every=1.0)()


def _start(spec: sweep.Sweep, stored: int, title: str, slot: str) -> Any:
    """Start the refinement if it is quick or asked for."""
    pace = st.session_state.get("_pace", {}).get(spec.id) or phases_data.usual_pace(spec)
    left = (spec.cells - stored) / pace
    tried = st.session_state.setdefault("_tried", set())
    quick = left < phases_data.AUTOMATIC_SECONDS and spec.id not in tried
    asked = False
    if not quick:
        one, two = st.columns([3, 2], vertical_alignment="center")
        one.caption(f"A first look: {stored:,} of {spec.cells:,} cells.")
        words = f"Compute the rest, about {background.clock(left)}"
        asked = two.button(words, key=f"compute_{slot}", width="stretch")
    if not (quick or asked):
        return None
    tried.add(spec.id)
    automatic = st.session_state.setdefault("_automatic", {})
    if automatic.get(slot):
        background.queue().cancel(automatic[slot])
    try:
        job = phases_data.refine(spec, title)
    except ValueError as error:
        show_error(error)
        return None
    automatic[slot] = job.id if quick else None
    if asked:
        st.session_state["_job_loaded"] = st.query_params["job"] = job.id
    return job


def what_the_map_says(shown: PhaseMap, jumps: Sequence[Jump], marks: Sequence[Mark], rate_index: int) -> str:
    """The map in a sentence: where it jumps at the shown run's learning rate, beside what theory says."""
    rate = float(shown.rates[rate_index])
    here = next((jump for jump in jumps if jump.rate == rate), None)
    if here is None:
        said = f"At η = {short(rate)} the {shown.label} has no clear jump along ρ."
    else:
        said = (
            f"At η = {short(rate)} the {shown.label} jumps at <b>ρ = {short(here.radius)}</b> "
            f"(95 % between {short(here.low)} and {short(here.high)})."
        )
    inside = [mark for mark in marks if shown.radii[0] <= mark.radius <= shown.radii[-1]]
    if inside:
        said += " Theory: " + ", ".join(f"{mark.label} from ρ = {short(mark.radius)}" for mark in inside) + "."
    return said


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
        _cut(spec, name, rate_index, curve, jumps, spans, marks, radius, dark)
    with compare_tab:
        _compare(spec, values, name, projection, shared, rate_index, dark)
    with finer_tab:
        _finer(spec, name, surface, rate_index, dark)
    with data_tab:
        _downloads(spec, values)


def _cut(
    spec: sweep.Sweep, name: str, rate_index: int, curve: Curve, jumps: Sequence[Jump], spans: Sequence[Span],
    marks: Sequence[Mark], radius: float, dark: bool,
) -> None:  # fmt: skip
    chosen = order.order(name)
    rate = float(spec.axis("learning_rate").values[rate_index])
    figure = cut_figure(
        (curve,), _with_unit(chosen), dark, theory=marks, jumps=jumps, spans=spans, selected=radius,
        **phases_data.kind_of(name),
    )  # fmt: skip
    st.plotly_chart(figure, key="cut", width="stretch", config=PLAIN_CHART, theme=None)
    kind = "Wilson" if order.is_share(name) else "bootstrap"
    st.caption(f"At η = {short(rate)}, {spec.balls} balls a radius; band: 95 % ({kind}).")


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
            st.plotly_chart(figure, key=key, width="stretch", config=PLAIN_CHART, theme=None)
    one, two = st.columns(2)
    with one:
        better = "less" if maps[0].brighter < 0 else "more"
        title = f"Where it has {better}: {PROJECTIONS[projection]} (orange), {PROJECTIONS[other]} (blue)"
        figure = difference_figure(*maps, dark, label=maps[0].label, title=title)
        st.plotly_chart(figure, key="difference", width="stretch", config=PLAIN_CHART, theme=None)
    with two:
        chosen = order.order(name)
        curves = [
            phases_data.cut(spec, values, name, rate_index, PROJECTIONS[projection], color("rbo"))[0],
            phases_data.cut(second, theirs, name, rate_index, PROJECTIONS[other], color("sgd"))[0],
        ]
        figure = cut_figure(curves, _with_unit(chosen), dark, **phases_data.kind_of(name))
        st.plotly_chart(figure, key="cut_both", width="stretch", config=PLAIN_CHART, theme=None)
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
            samples = order.along(one, found, name, "radius", (0,))
            relative = np.array(one.axis("radius").values, dtype=float) / (factor * unit)
            middle, low, high = order.interval(samples, share=order.is_share(name))
            curves.append(Curve(f"w = {short(factor * unit)}", SHADES[len(curves)], relative, middle, low, high))
            jump = transition(relative.tolist(), samples)
            if jump is not None:
                notes.append(
                    f"w = {short(factor * unit)}: jump at ρ = {short(jump.at)} w, a quarter to three quarters within a "
                    f"factor {width(relative.tolist(), samples, jump):.2f}"
                )
    except ValueError as error:
        show_error(error)
        return
    figure = cut_figure(
        curves, _with_unit(order.order(name)), dark, **phases_data.kind_of(name), x_label="radius ρ / w"
    )
    st.plotly_chart(figure, key="finer_curves", width="stretch", config=PLAIN_CHART, theme=None)
    st.caption(". ".join(notes) + "." if notes else "None of the three has a clear jump.")


SHADES = ("#F0B48C", "#D55E00", "#7A3600")


def _downloads(spec: sweep.Sweep, values: np.ndarray) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Cells as CSV",
            data=lambda: export.cells_table(spec, values).to_csv(index=False).encode(),
            file_name=f"phases_{spec.id}_cells.csv",
            mime="text/csv",
            on_click="ignore",
        )
        st.download_button(
            "Balls as CSV",
            data=lambda: export.balls_table(spec, values).to_csv(index=False).encode(),
            file_name=f"phases_{spec.id}_balls.csv",
            mime="text/csv",
            on_click="ignore",
        )
        st.download_button(
            "Balls as Parquet",
            data=lambda: export.balls_table(spec, values).to_parquet(index=False),
            file_name=f"phases_{spec.id}_balls.parquet",
            on_click="ignore",
        )
        st.download_button(
            "Sweep as JSON", data=sweep.dumps(spec), file_name=f"sweep_{spec.id}.json", on_click="ignore"
        )
    st.caption(f"The same sweep from the command line: `python -m rbo_core sweep sweep_{spec.id}.json`")


def _with_unit(chosen: order.Order) -> str:
    units = {"x": " (parameter units)", "loss": "", "steps": "", "of ρ": " (of ρ)"}
    return chosen.label + units.get(chosen.unit, "")
