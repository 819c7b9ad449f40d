"""The views of the page Network landscape: the plane with its paths, a ball that rolls on it, label noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.network_landscape.controls import PlaneLook
from pages.network_landscape.plane import ironed_plane, study_of
from pages.network_landscape.rolling import default_start, pair, rolled, scene
from pages.shared.page import show_error
from rbo_core.figures.network_landscape import (
    Frame,
    Heights,
    add_places,
    log_limits,
    noise_figure,
    plane_figure,
)
from rbo_core.figures.player.scene import Scene
from rbo_core.figures.player.track import Track
from rbo_core.figures.style import color, label
from rbo_core.figures.words import dotted, short
from rbo_core.ironing import Ironed
from rbo_core.training.landscape import Path2D, PlaneResult
from rbo_core.training.plane_reading import GONE, MATTERS, NoiseStudy

PAIR = (1.0, 1.17)  # widths of two panels of one size, the second with the colour bar of both
START = "start"
"""In the address: where ball and point begin, "x,y"."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One of two panels: its head, its figure, and its name; places: whether one can choose a start on it."""

    head: str
    figure: go.Figure
    name: str
    places: bool = False


@dataclass(frozen=True, eq=False)
class Seen:
    """A view, ready to draw: its sentence (HTML), with two panels, a figure and numbers below, or a scene."""

    sentence: str
    panels: tuple[Panel, ...] = ()
    below: go.Figure | None = None
    numbers: tuple[tuple[str, str, str], ...] = ()
    scene: Scene | None = None


def seen(look: PlaneLook, dark: bool) -> Seen:
    """The view that was chosen."""
    if look.view == "roll":
        return _roll(look, dark)
    return _noise(look, dark) if look.view == "noise" else _paths(look, dark)


def unfinished(result: PlaneResult, dark: bool) -> Seen:
    """A plane of which some points are still missing: what is there, and what will come."""
    own, known = result.own, result.known
    frame = Frame(log_limits(own[np.isfinite(own)]), _axes(result))
    figure = plane_figure(Heights(result.x, result.y, own), dark, frame, paths=result.paths, known=known)
    points = f"{int(result.share_known * own.size):,} of {own.size:,} points"
    return Seen(
        f"So far, {points}: pale where a point stands for its neighbours. What a ball sees of it comes with the last.",
        (Panel("The loss, as far as it is computed", figure, "loss"),),
        numbers=_shares(result),
    )


def _shares(result: PlaneResult) -> tuple[tuple[str, str, str], ...]:
    return (
        ("variance in the plane", _percent(sum(result.share)), ""),
        *((f"of {_called(p.method)}'s path", _percent(p.held), "") for p in result.paths[:4]),
    )


def _paths(look: PlaneLook, dark: bool) -> Seen:
    result, own = look.result, look.result.own
    ironed = ironed_plane(own, result.spacing, look.radius, look.scale)
    smooth = np.maximum(ironed.ironed / look.scale, own.min())
    limits = log_limits(own, smooth)
    start = start_of(result)
    raw = plane_figure(
        Heights(result.x, result.y, own), dark, Frame(limits, _axes(result), colorbar=False), paths=result.paths
    )
    add_places(raw, Heights(result.x, result.y, own), ironed.reachable, start)
    ball = plane_figure(
        Heights(result.x, result.y, smooth), dark, Frame(limits, _axes(result)), radius=look.radius,
        unreachable=~ironed.reachable,
    )  # fmt: skip
    head = f"As a ball of ρ = {short(look.radius)} sees it (λ = {short(look.scale)})"
    return Seen(
        _what_the_paths_say(look, ironed),
        (Panel("The loss, and who went where", raw, "loss", places=True), Panel(head, ball, "ironed")),
        numbers=(
            *_shares(result),
            ("out of the ball's reach", _percent(ironed.unreachable_share), ""),
            ("at the ring", short(float(f"{_loss_at(result, start):.3g}")), "loss"),
        ),
    )


def _loss_at(result: PlaneResult, place: tuple[float, float]) -> float:
    """The loss of the grid's point next to a place."""
    i, j = int(np.abs(result.x - place[0]).argmin()), int(np.abs(result.y - place[1]).argmin())
    return float(result.own[i, j])


def whether_the_radius_matters(look: PlaneLook, share: float) -> str:
    """The headline (HTML): the radius from which on balls cannot touch much of the plane, and what the chosen one does.

    share: of the plane, out of the chosen ball's reach.
    """
    reach, here = look.reach, f"ρ = {short(look.radius)}"
    if reach.matters is None:
        return (
            f"<b>On this plane the radius hardly matters:</b> even a ball half as wide as it, "
            f"ρ = {short(float(reach.radii[-1]))}, can touch {_touched(float(reach.out[-1]))} it."
        )
    if share >= MATTERS:
        return (
            f"<b>Here the radius matters:</b> a ball of {here} cannot touch {_percent(share)} of this plane "
            f"(λ = {short(look.scale)}), one of ρ = {short(float(reach.radii[0]))} can touch "
            f"{_touched(float(reach.out[0]))} it."
        )
    return (
        f"<b>At {here} the radius hardly matters:</b> the ball can touch {_touched(share)} this plane "
        f"(λ = {short(look.scale)}). It matters from about ρ = {short(reach.matters)} on."
    )


def _what_the_paths_say(look: PlaneLook, ironed: Ironed) -> str:
    result = look.result
    held = _percent(sum(result.share))
    kinds = {"principal": "The principal plane", "hessian": "The plane of the two largest curvatures"}
    kind = kinds.get(result.config.kind, "This random plane")
    lowest = min(result.paths, key=lambda p: p.off[-1])
    furthest = max(result.paths, key=lambda p: float(np.linalg.norm(np.append(p.coordinates[-1], p.off[-1]))))
    said = f"{kind} holds <b>{held}</b> of all the paths' variance"
    if len(result.paths) > 1:
        far = float(np.linalg.norm(np.append(furthest.coordinates[-1], furthest.off[-1])))
        said += f"; {_name(furthest.method)} ends {short(round(far, 1))} away from {_name(lowest.method)}"
    return f"{whether_the_radius_matters(look, ironed.unreachable_share)} {said}."


def _roll(look: PlaneLook, dark: bool) -> Seen:
    result = look.result
    start = start_of(result)
    tracks = []
    for method in pair(result, look.radius, look.scale, look.projection):
        try:
            tracks.append(rolled(result, method, start, look.steps))
        except ValueError as error:
            show_error(error)
    ironed = ironed_plane(result.own, result.spacing, look.radius, look.scale)
    plane = Heights(result.x, result.y, result.own)
    frame = Frame(log_limits(result.own), ("", ""), colorbar=False, height=330)
    above = plane_figure(plane, dark, frame, paths=[_seen_from_above(track) for track in tracks])
    add_places(above, plane, ironed.reachable, start)
    return Seen(
        _what_rolled(tracks, float(result.own.min())),
        (Panel("From above: click or arrow keys move the start", above, "start", places=True),),
        scene=scene(result, ironed, tracks, look.scale),
    )


def _seen_from_above(track: Track) -> Path2D:
    """A run on the plane as a path over it: every so many steps, so that its dots stay apart."""
    last = track.stopped_at
    steps = np.unique(np.linspace(0, last, min(last + 1, 24)).astype(int))
    return Path2D("", track.name, track.position[steps], np.zeros(len(steps)), steps, 1.0)


def _what_rolled(tracks: Sequence[Track], lowest: float) -> str:
    told = []
    for track in tracks:
        name = "The ball" if track.center is not None else "SGD on the plane"
        end = short(float(track.loss[track.stopped_at]))
        told.append(f"{dotted(name, color(track.name))} ends at a loss of {end}")
    return " and ".join(told) + f"; the lowest point of this plane has {short(lowest)}."


def start_of(result: PlaneResult) -> tuple[float, float]:
    """Where ball and point begin: where the address says (a click or the keys put it there), else the default."""
    try:
        x, y = (float(part) for part in st.query_params.get(START, "").split(","))
    except ValueError:
        return default_start(result)
    inside = result.x[0] <= x <= result.x[-1] and result.y[0] <= y <= result.y[-1]
    return (x, y) if inside else default_start(result)


def start_at(place: Sequence[float] | np.ndarray) -> None:
    """From the next run on, ball and point begin at a place (2,) of the plane."""
    st.query_params[START] = "{:.5g},{:.5g}".format(*place)


def _noise(look: PlaneLook, dark: bool) -> Seen:
    result, limits = look.result, log_limits(look.result.clean, look.result.noisy)
    panels = []
    kinds = {"clean": (result.clean, "True labels"), "noisy": (result.noisy, f"{_percent(result.noise)} random labels")}
    for name, (heights, words) in kinds.items():
        ironed = ironed_plane(heights, result.spacing, look.radius, look.scale)
        smooth = np.maximum(ironed.ironed / look.scale, heights.min())
        frame = Frame(limits, _axes(result), colorbar=name == "noisy", height=370)
        figure = plane_figure(Heights(result.x, result.y, smooth), dark, frame, radius=look.radius)
        panels.append(Panel(f"{words}, as a ball of ρ = {short(look.radius)} sees them", figure, name))
    radii = 2 * max(result.spacing), 0.5 * look.width
    study = study_of(result.clean, result.noisy, result.spacing, look.scale, radii)
    below = noise_figure(study, look.radius, dark, height=190)
    return Seen(_what_noise_does(look, study), tuple(panels), below)


def _what_noise_does(look: PlaneLook, study: NoiseStudy) -> str:
    result, radius = look.result, look.radius
    here = float(np.interp(np.log(radius), np.log(study.radii[1:]), study.left[1:]))
    raised = short(float(f"{(result.noisy - result.clean).mean():.3g}"))
    share = _percent(result.noise)
    text = f"With {share} random labels the mean loss on this plane is {raised} higher. "
    if study.vanished is not None:
        return (
            text
            + f"Their mark on the shape is gone (under {_percent(GONE)}) from <b>ρ = {short(study.vanished)}</b> on."
        )
    return text + (
        f"A ball of ρ = {short(radius)} still sees <b>{_percent(here)}</b> of their mark on the shape, and no radius "
        f"up to {float(study.radii[-1]):.3g} removes it: noise bends this landscape as a whole, it does not wrinkle it."
    )


def _axes(result: PlaneResult) -> tuple[str, str]:
    if result.config.kind == "random":
        return "random direction 1 (parameter units)", "random direction 2"
    if result.config.kind == "hessian":
        return "direction of largest curvature (parameter units)", "of second largest"
    first, second = (_percent(share) for share in result.share)
    return f"component 1 ({first} of variance)", f"component 2 ({second} of variance)"


def _name(method: str) -> str:
    return dotted(_called(method), color(method))


def _called(method: str) -> str:
    return "the ball" if method == "rbo" else label(method)


def _touched(out: float) -> str:
    """What a ball can touch when so much is out of its reach: "all of", "all but 2 % of"."""
    return "all of" if out == 0 else f"all but {_percent(out)} of"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 or share == 0 else f"{100 * share:.2g} %"
