"""The parts of the page Phases: its controls, the map that can be clicked, the refinement, and the tabs below."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

import landscapes
from pages import player as player_module
from pages.phases import data as phases_data
from pages.shared import background
from pages.shared.asked import start_from
from pages.shared.controls import draw, get_surface, link_query, short
from pages.shared.page import link, show_error
from pages.shared.scenes import scene
from pages.shared.tracks import run_on
from pages.shared.widgets import set_controls
from rbo_core import RBO, rolling, sweep
from rbo_core.figures.phases import Jump, Mark, PhaseMap
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.track import Track
from rbo_core.settings import Value, settings_of
from rbo_core.sweep import measure

PROJECTIONS = {name: one.title for name, one in rolling.PROJECTIONS.items()}
REDRAW_SECONDS = 2.5


def play(surface: landscapes.Landscape, method: Any, start: tuple[float, ...], count: int) -> Track:
    """The shown run in the player; returns it. A click on the ground begins it there."""
    track = run_on(surface, method, start, count, depths=None if surface.dim == 1 else 0)
    look = Look(ironed=surface.dim == 1, contour=False, loss_panel=False)
    shown = scene(surface, entries([track]), look)
    player_module.player(shown, key=f"phases_player_{surface.dim}", height=400, on_click=start_from(surface))
    return track


def run_links(surface: landscapes.Landscape, method: Any, start: tuple[float, ...], count: int) -> None:
    """Links that open the shown run on the pages Roll and Race."""
    steps = min(max(count, 10), 5000)
    if surface.dim == 1:
        link("Roll", "Open this run on Roll", link_query(surface, method, start, steps=steps))
        if surface.name in landscapes.names(2):
            plane = get_surface(surface.name, 2)
            link("Race", "The same ball on Race", link_query(plane, method, plane.start, steps=steps, radii=""))
    else:
        link("Race", "Open this run on Race", link_query(surface, method, start, steps=steps, radii=""))


_KNOWN = {one.name: one for one in settings_of(RBO)}
_OFFERED = ("n_projection_steps", "projection_step_size", "unit_speed")
"""What of a projection's own settings is offered; a sweep's name is made of them, so more would lose what is stored."""


def _own(projection: str) -> dict[str, Value]:
    own = rolling.PROJECTIONS[projection].own
    return {name: own[name] for name in _OFFERED if name in own}


OWN_NUMBERS = {name: len(_own(name)) - 1 for name in PROJECTIONS}
"""How many numbers are a projection's own, besides unit speed."""


def shared_settings(plain: Any, advanced: Any) -> dict[str, float]:
    """Settings that all projections share, drawn into two containers."""
    with plain:
        momentum = draw(_KNOWN["momentum"], "momentum")
    with advanced:
        scale = draw(_KNOWN["loss_scale"], "loss_scale")
    return {"momentum": momentum, "loss_scale": scale}


def own_settings(projection: str, places: Sequence[Any]) -> dict[str, Any]:
    """Settings that belong to one projection; each keeps its own, here and in the URL. places: a container for each,
    the last for unit speed."""
    values: dict[str, Any] = {}
    for (name, first), place in zip(_own(projection).items(), places, strict=False):
        with place:
            values[name] = draw(_KNOWN[name], f"{projection}_{name}", first)
    return values


def restore(values: Mapping[str, Any]) -> None:
    """Give the controls a job's settings and write them into the address, which then holds the picture by itself."""
    if any(name in st.session_state for name in values):
        set_controls(values)
    for name, value in values.items():
        st.query_params[name] = str(value).lower() if isinstance(value, bool) else str(value)
    st.rerun()


def basin_words(surface: landscapes.Landscape) -> str:
    """What "in the global basin" means in a sweep over this surface."""
    near = short(measure.basin_radius(surface, None))
    return f"In the global basin: within {near} (a twentieth of the domain's width) of the global minimum."


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
