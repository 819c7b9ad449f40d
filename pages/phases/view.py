"""The upper half of the page Phases: the map and its sentence, and the shown run with its links."""

from __future__ import annotations

import plotly.graph_objects as go

import landscapes
from pages.phases.asked import ShownRun
from pages.phases.controls import PROJECTIONS
from pages.phases.study import PhaseStudy
from pages.shared import plots
from pages.shared.controls import get_surface, link_query, short
from pages.shared.page import link
from pages.shared.scenes import scene
from pages.shared.tracks import run_on
from rbo_core.figures.phase_map import map_figure, rings
from rbo_core.figures.phases import Notes, PhaseMap
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.scene import Scene
from rbo_core.figures.player.track import Track


def map_picture(study: PhaseStudy, dark: bool) -> plots.Picture:
    """The map with theory and detected jumps, drawn once for all who look at it; only the shown run's rings are one's
    own."""
    notes = Notes(study.marks, study.drawn_jumps, frontier=study.frontier)
    picture = plots.remembered(_still_map, study.map, dark, notes)
    return picture.with_shapes(*rings(study.radius, study.rate))


def _still_map(shown: PhaseMap, dark: bool, notes: Notes) -> go.Figure:
    return map_figure(shown, dark, notes, height=500).update_layout(dragmode=False)


def notes_of(study: PhaseStudy) -> Notes:
    """What is drawn into a map to take along."""
    return Notes(study.marks, study.drawn_jumps, radius=study.radius, rate=study.rate, frontier=study.frontier)


def what_the_map_says(study: PhaseStudy) -> str:
    """The map in a sentence: where it jumps at the shown run's learning rate, beside what theory says."""
    shown, rate = study.map, study.row_rate
    here = next((jump for jump in study.jumps if jump.rate == rate), None)
    if here is None:
        said = f"At {study.row} the {shown.label} has no clear jump or crossover along ρ."
    else:
        verb = "jumps" if here.abrupt else "crosses over"
        spread = "" if here.abrupt else f", from a quarter to three quarters while ρ grows {short(here.factor)}-fold"
        said = (
            f"At {study.row} the {shown.label} {verb} at <b>ρ = {short(here.radius)}</b> "
            f"(95 % between {short(here.low)} and {short(here.high)}{spread})."
        )
    inside = [mark for mark in study.marks if shown.radii[0] <= mark.radius <= shown.radii[-1]]
    if inside:
        said += " Theory: " + ", ".join(f"{mark.label} from ρ = {short(mark.radius)}" for mark in inside) + "."
    return said


def title_of(study: PhaseStudy) -> str:
    """A sweep in a few words, for the queue."""
    spec = study.spec
    sizes = f"{spec.shape[0]} × {spec.shape[1]} cells of {spec.balls} balls"
    return f"{study.surface.title}, {PROJECTIONS[study.projection]}: {sizes}"


def played(shown: ShownRun, steps: int) -> tuple[Track, Scene]:
    """The shown run, and its scene.

    Raises:
        ValueError: as `trace` does.
    """
    flat = shown.surface.dim == 1
    track = run_on(shown.surface, shown.method, shown.start, steps, depths=None if flat else 0)
    return track, scene(shown.surface, entries([track]), Look(ironed=flat, contour=False, loss_panel=False))


def run_links(shown: ShownRun, count: int) -> None:
    """Links that open the shown run on the pages Roll and Race."""
    surface, method, start = shown.surface, shown.method, shown.start
    steps = min(max(count, 10), 5000)
    if surface.dim == 1:
        link("Roll", "Open this run on Roll", link_query(surface, method, start, steps=steps))
        if surface.name in landscapes.names(2):
            plane = get_surface(surface.name, 2)
            link("Race", "The same ball on Race", link_query(plane, method, plane.start, steps=steps, radii=""))
    else:
        link("Race", "Open this run on Race", link_query(surface, method, start, steps=steps, radii=""))
