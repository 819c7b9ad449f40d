"""A ball and a point that roll over the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import rbo_core
from pages.shared.page import cached
from pages.shared.tracks import out_of_patience, too_long
from rbo_core import RBO, SGD
from rbo_core.figures.player.scene import Ground, Racer, Readout, Scene
from rbo_core.figures.player.story import status_words
from rbo_core.figures.player.track import Track, track_of
from rbo_core.figures.style import color, label
from rbo_core.figures.words import short
from rbo_core.ironing import Ironed
from rbo_core.training.height_surface import HeightSurface
from rbo_core.training.landscape import PlaneResult

MOST_MARGIN = 0.05  # a start nearer to the window's rim than this share of its width is not used


def pair(result: PlaneResult, radius: float, scale: float, projection: str) -> tuple[RBO, SGD]:
    """A ball and a point that differ by their size alone: one step of both is gradient descent at the same rate."""
    slope = np.hypot(*np.gradient(result.own, *result.spacing))
    rate = float(result.x[-1] - result.x[0]) / 150 / max(float(np.percentile(slope, 75)), 1e-9)
    ball = RBO(radius=radius, learning_rate=rate / scale, projection=projection, loss_scale=scale)
    return ball, SGD(learning_rate=rate)


def rolled(result: PlaneResult, method: Any, start: tuple[float, float], steps: int) -> Track:
    """One run of a method on the plane, from the cache.

    Raises:
        ValueError: as `trace` does, and for a run that takes too long.
    """
    made = _rolled((result.x, result.y, result.own), method, repr(method), start, steps)
    if made is None:
        raise too_long(f"{steps:,} steps of {label(method.name)}", "take fewer steps, or a smaller radius")
    return made


@cached
def _rolled(
    plane: tuple[np.ndarray, np.ndarray, np.ndarray],
    _method: Any,
    settings: str,
    start: tuple[float, float],
    steps: int,
) -> Track | None:
    # `settings` is the method for the cache. None when it takes too long, so that this is remembered too.
    x, y, heights = plane
    done = rbo_core.trace(_method, HeightSurface(x, y, heights), [list(start)], steps, progress=out_of_patience())
    if done.cancelled:
        return None
    lowest = np.unravel_index(int(heights.argmin()), heights.shape)
    rigid = getattr(_method, "projection", "") == "rigid"
    return track_of(done, minimum=(x[lowest[0]], y[lowest[1]]), depths=0 if rigid else None)


def default_start(result: PlaneResult) -> tuple[float, float]:
    """Where the runs began, if that is inside the window; else near a corner."""
    first = result.paths[0].coordinates[0]
    low, high = np.array([result.x[0], result.y[0]]), np.array([result.x[-1], result.y[-1]])
    margin = MOST_MARGIN * (high - low)
    inside = ((first > low + margin) & (first < high - margin)).all()
    chosen = first if inside and result.config.kind == "principal" else low + 0.15 * (high - low)
    return float(chosen[0]), float(chosen[1])


def scene(result: PlaneResult, ironed: Ironed, tracks: Sequence[Track], scale: float) -> Scene:
    """Ball and point on the plane; heights are λ times the loss, so that the ball is round in the plane's own unit."""
    heights = result.own
    lowest = np.unravel_index(int(heights.argmin()), heights.shape)
    height = float(np.ptp(scale * heights)) / float(result.x[-1] - result.x[0])
    return Scene(
        ground=Ground(result.x, scale * heights.T, result.y, ironed=ironed.ironed.T),
        racers=tuple(_racer(track, scale) for track in tracks),
        bounds=np.array([[result.x[0], result.x[-1]], [result.y[0], result.y[-1]]]),
        x_label="first axis",
        y_label="second axis",
        height_label="loss" if scale == 1.0 else f"λ × loss, λ = {short(scale)}",
        minimum=np.array([result.x[lowest[0]], result.y[lowest[1]], scale * heights[lowest]]),
        height_scale=None if height < 1.25 else 0.6 / height,
        title="A ball and a point on the loss plane of a network",
    )


def _racer(track: Track, scale: float) -> Racer:
    last = track.stopped_at + 1
    cut = slice(0, last)
    ball = track.center is not None
    return Racer(
        name=track.name,
        label="Ball" if ball else label(track.name),
        color=color(track.name),
        position=np.column_stack([track.position[cut], scale * track.loss[cut]]),
        center=track.center[cut] if track.center is not None else None,
        radius=float(track.method.radius) if ball else None,
        status=status_words(track),
        stopped_at=last - 1,
        shape="ball" if ball else "circle",
        loss=track.loss[cut],
        readouts=(Readout("loss", track.loss[cut]), Readout("to the lowest point", track.distance[cut])),
    )
