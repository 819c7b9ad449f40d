"""Scenes of runs on a surface: the picture of the pages Roll, Race and Home, for a notebook or the command line too.

run = rbo_core.trace(RBO(radius=0.4, projection="rigid"), surface, surface.start, 900)
scene = run_scene(surface, entries([track_of(run)]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import landscapes
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.scene import Ground, Racer, RadiusRange, Readout, Scene
from rbo_core.figures.player.story import status_words
from rbo_core.figures.player.track import Floats, Track, moving_steps
from rbo_core.figures.style import shape
from rbo_core.ironing import iron, iron_landscape
from rbo_core.rolling import RBO

AXES = {"step": "step", "gradients": "gradient evaluations", "milliseconds": "ms of compute"}
"""What the lower panel's curves are drawn against, as its axis says it."""
CURVES = {"loss": "loss", "distance": "distance to the minimum", "penetration": "penetration, % of ρ"}
"""What they show, as its axis says it."""
CURVE_SAMPLES = 2400
TALLEST_GRID, SMALLEST_GRID = 136, 72  # samples a side of a surface: as fine as the payload allows, as coarse as reads


@dataclass(frozen=True)
class Look:
    """What a scene shows beside the ground and who moves on it.

    axis: one of AXES; curve: one of CURVES. ironed: draw what the first ball's centre sees, h − ρ. contour: a map from
    above beside a surface. loss_panel, readouts, clickable: whether there are curves, live numbers, and whether a click
    on the ground is told. radius: offers the
    first ball's radius under the picture. story: a film of another number plays from its beginning.
    """

    axis: str = "step"
    curve: str = "loss"
    ironed: bool = False
    contour: bool = True
    loss_panel: bool = True
    readouts: bool = True
    clickable: bool = True
    radius: RadiusRange | None = None
    story: int = 0


def run_scene(
    surface: landscapes.Landscape, raced: Sequence[Entry], look: Look | None = None, ground: Ground | None = None
) -> Scene:
    """The runs on a surface of one or two parameters, as the player shows them.

    Heights are λ f with the first ball's λ, so that balls are truly round. ground: the surface as `ground_of` samples
    it, for who keeps it.
    """
    look = Look() if look is None else look
    tracks = [entry.track for entry in raced]
    scale = loss_scale(tracks)
    shown = shown_steps(tracks, float(np.ptp(surface.bounds[0])))
    lowest = surface.minimum
    names = ", ".join(entry.label for entry in raced) or "Nothing"
    return Scene(
        ground=ground_of(surface, tracks, look) if ground is None else ground,
        racers=tuple(_racer(entry, scale, look, shown, surface.finest_scale) for entry in raced),
        bounds=surface.bounds,
        x_label="θ" if surface.dim == 1 else "θ₁",
        minimum=np.array([*np.atleast_1d(lowest.x), scale * float(lowest.value)]),
        height_label="loss" if scale == 1.0 else f"λ × loss, λ = {scale:g}",
        loss_panel=look.loss_panel,
        loss_x_label=AXES.get(look.axis, "step"),
        loss_label=CURVES[look.curve],
        contour=look.contour,
        clickable=look.clickable,
        radius=look.radius,
        story=look.story,
        step_numbers=shown,
        title=f"{names} on the {'curve' if surface.dim == 1 else 'surface'} {surface.title}",
    )


def shown_steps(tracks: Sequence[Track], width: float) -> NDArray[np.int64]:
    """(F,) numbers of the steps that make the film, on a domain of this width.

    Frames after the last visible movement would only make the visitor wait, so they are left out but for the last one:
    what is told of the end is what the film ends with.
    """
    longest = max((len(track.loss) for track in tracks), default=1)
    moving = max(round(1.08 * moving_steps(tracks, width)), *(_breathing_steps(track) for track in tracks), 0) + 12
    if moving >= 0.9 * longest:
        return np.arange(longest)
    return np.append(np.arange(moving), longest - 1)


def _breathing_steps(track: Track) -> int:
    """After how many steps a ball keeps its radius."""
    changes = np.flatnonzero(np.diff(track.radius)) if track.radius is not None else np.empty(0)
    return int(changes[-1]) + 1 if changes.size else 0


def first_ball(tracks: Sequence[Track]) -> RBO | None:
    """The settings of the first ball among the tracks: it decides the heights' scale and what is ironed."""
    return next((track.method for track in tracks if track.center is not None), None)


def loss_scale(tracks: Sequence[Track]) -> float:
    """λ, the height of a unit of loss in the picture."""
    ball = first_ball(tracks)
    return float(ball.loss_scale) if ball is not None else 1.0


def ground_of(surface: landscapes.Landscape, tracks: Sequence[Track], look: Look) -> Ground:
    """The surface as the picture shows it, sampled and, if wanted, ironed for the first ball."""
    ball = first_ball(tracks)
    heights = sampled_heights(surface)
    if not look.ironed or ball is None:
        return ground_from(heights, loss_scale(tracks))
    if surface.dim == 1:
        return ground_from(heights, float(ball.loss_scale), float(ball.radius), breathes=tracks_breathe(tracks))
    sheet = ironed_sheet(surface, float(ball.radius), float(ball.loss_scale), len(heights[0]))
    return ground_from(heights, float(ball.loss_scale), sheet=sheet)


def sampled_heights(surface: landscapes.Landscape) -> tuple[Floats, ...]:
    """x (N,) and f (N,) of a curve; x (N,), y (N,) and f (N, N), rows along y, of a surface.

    A surface's samples are as fine as its wrinkles, as far as the payload allows.
    """
    if surface.dim == 1:
        low, high = (float(value) for value in surface.bounds[0])
        x = np.linspace(low, high, CURVE_SAMPLES)
        return x, np.asarray(surface.value(x[:, None]))
    (a, b), (c, d) = surface.bounds
    samples = int(np.clip(np.ceil(3 * (b - a) / surface.finest_scale), SMALLEST_GRID, TALLEST_GRID))
    x, y = np.linspace(a, b, samples), np.linspace(c, d, samples)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return x, y, np.asarray(surface.value(points)).reshape(samples, samples)


def widest_ironed(surface: landscapes.Landscape) -> float:
    """The largest radius for which what a ball sees can be drawn: the window's longest side."""
    return float(np.ptp(surface.bounds, axis=1).max())


def ironed_sheet(surface: landscapes.Landscape, radius: float, scale: float, samples: int) -> Floats:
    """(N, N) what the centre of a ball of this radius sees of a surface, h − ρ, rows along the second parameter."""
    return iron_landscape(surface, radius, samples, scale).ironed.T


def tracks_breathe(tracks: Sequence[Track]) -> bool:
    """Whether a ball among them changes its radius."""
    return any(track.breathes for track in tracks)


def ground_from(
    heights: tuple[Floats, ...],
    scale: float,
    radius: float | None = None,
    sheet: Floats | None = None,
    breathes: bool = False,
) -> Ground:
    """The ground from `sampled_heights`. radius: iron a curve for this ball; sheet: a surface's ironed heights.

    breathes: the player irons the curve anew at each frame, and what is out of reach is not marked.
    """
    *axes, f = heights
    if len(axes) == 2:
        return Ground(axes[0], scale * f, axes[1], ironed=sheet)
    (x,), height = axes, scale * f
    if radius is None:
        return Ground(x, height, ironed_label="what the ball sees")
    seen = iron(height, float(x[1] - x[0]), radius)
    return Ground(
        x, height, ironed=seen.ironed, ironed_label="what the ball sees", reachable=None if breathes else seen.reachable
    )


def _racer(entry: Entry, scale: float, look: Look, cut: NDArray[np.int64], finest: float) -> Racer:
    track = entry.track
    cut = cut[cut < len(track.loss)]
    ball = track.center is not None
    contacts = contacts_on_ball(track)
    return Racer(
        name=track.name,
        label=entry.label,
        color=entry.color,
        position=np.column_stack([track.position[cut], scale * track.loss[cut]]),
        center=None if track.center is None else track.center[cut],
        radius=float(track.method.radius) if ball else None,
        radii=track.radius[cut] if track.radius is not None and track.breathes else None,
        contacts=None if contacts is None else contacts[cut],
        status=status_words(track, finest),
        stopped_at=min(int(np.searchsorted(cut, track.stopped_at)), len(cut) - 1),
        shape=shape(track.name),
        loss=series(track, look.curve)[cut],
        loss_x=spent(track, look.axis)[cut],
        loss_is=look.curve,
        loss_x_is=look.axis,
        readouts=_readouts(track, cut) if look.readouts else (),
    )


def _readouts(track: Track, cut: NDArray[np.int64]) -> tuple[Readout, ...]:
    shown = [
        Readout("to the minimum", track.distance[cut]),
        Readout("gradients", track.gradients[cut].astype(float), "integer"),
    ]
    depth = []
    if track.penetration is not None:
        depth = [Readout("penetration", np.maximum(track.penetration[cut], 0.0), "percent")]
    if track.radius is not None and track.breathes:
        depth = [Readout("radius ρ", track.radius[cut]), *depth]
    if track.position.shape[1] == 1:
        return (*depth, *shown)
    return (Readout("loss", track.loss[cut]), *shown, *depth)


def contacts_on_ball(track: Track) -> Floats | None:
    """(T+1, C, d+1) contacts of a rigid ball: all lie on the ball, so their heights follow from its centre."""
    if track.contacts is None or track.center is None or track.radius is None:
        return None
    center = track.center[:, None, :]
    below = track.radius[:, None] ** 2 - np.sum((track.contacts - center[..., :-1]) ** 2, axis=-1)
    height = center[..., -1] - np.sqrt(np.maximum(below, 0.0))
    return np.concatenate([track.contacts, height[..., None]], axis=-1)


def series(track: Track, curve: str) -> Floats:
    """(T+1,) what the lower panel shows of a track; NaN where a point has no such thing."""
    if curve == "distance":
        return track.distance
    if curve == "penetration":
        if track.penetration is None:
            return np.full(len(track.loss), np.nan)
        return 100 * np.maximum(track.penetration, 0.0)
    return track.loss


def spent(track: Track, axis: str) -> Floats:
    """(T+1,) what a track had cost up to each step: steps, gradient evaluations or milliseconds (spread evenly)."""
    if axis == "gradients":
        return track.gradients.astype(float)
    if axis == "milliseconds":
        step = np.minimum(np.arange(len(track.loss)), track.stopped_at).astype(float)
        return step * (1000 * track.seconds / max(track.stopped_at, 1))
    return np.arange(len(track.loss), dtype=float)
