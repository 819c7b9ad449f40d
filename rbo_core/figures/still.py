"""Stills for slides and papers: true vector pictures, their text as text, drawn by Matplotlib.

Each function returns a Matplotlib figure; :func:`as_svg` makes the file of it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

import landscapes
from rbo_core.figures.phases import NO_NOTES, Notes, PhaseMap
from rbo_core.figures.player.build import Look, contacts_on_ball, ground_of, loss_scale
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.scene import Ground
from rbo_core.figures.style import color, palette, shape
from rbo_core.figures.words import short
from rbo_core.ironing import Ironed, Measures

Floats = NDArray[np.float64]

WIDTH = 9.0
"""Inches; a slide is 10 wide."""
MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "X", "star": "*"}
UNREACHABLE = "#B3243F"
# Letters stay letters: they can be searched, and edited in a drawing program.
mpl.rcParams["svg.fonttype"] = "none"


def roll_still(
    surface: landscapes.Landscape, who: Sequence[Entry], look: Look | None = None, dark: bool = False
) -> Figure:
    """Runs on a curve at their end, at true scale: the ground, who moved on it, and the ways they came."""
    look = look or Look()
    tracks = [entry.track for entry in who]
    scale = loss_scale(tracks)
    figure, axes = _page(dark, "θ", "loss" if scale == 1 else f"λ × loss, λ = {scale:g}")
    ground = ground_of(surface, tracks, look)
    _draw_ground(axes, ground, dark)
    points = [entry for entry in who if entry.track.center is None]
    width = float(np.ptp(surface.bounds[0]))
    for entry, place in zip(points, _above(points, scale, 0.1 * width), strict=True):
        _draw_point(axes, entry, scale, place)
    for entry in who:
        if entry.track.center is not None:
            _draw_ball(axes, entry, scale)
    if surface.minimum is not None:
        lowest = np.asarray(surface.minimum.x, dtype=float).reshape(1, -1)
        at = float(lowest[0, 0]), scale * float(surface.value(lowest)[0])
        axes.annotate("★", at, (0, -5), textcoords="offset points", color=palette(dark).ink, ha="center", va="top")
    axes.set_aspect("equal")
    axes.set_xlim(*(float(v) for v in surface.bounds[0]))
    return figure


def iron_still(ironed: Ironed, dark: bool = False) -> Figure:
    """A curve, what a ball of this radius sees of it, and the underside of the ball's sweep."""
    if ironed.heights.ndim != 1:
        raise ValueError("iron_still draws curves; a surface has surface_figure of rbo_core.figures.ironing")
    figure, axes = _page(dark, "θ", "height")
    x = ironed.axes[0]
    _draw_ground(axes, Ground(x, ironed.heights, ironed=ironed.ironed, reachable=ironed.reachable), dark)
    axes.plot(x, ironed.closing, color=palette(dark).muted, lw=0.8, label="underside of the sweep")
    axes.set_aspect("equal")
    axes.set_xlim(x[0], x[-1])
    axes.legend(frameon=False, labelcolor=palette(dark).ink, loc="upper center", ncols=4, bbox_to_anchor=(0.5, 1.12))
    return figure


def map_still(shown: PhaseMap, notes: Notes = NO_NOTES, title: str = "", dark: bool = False) -> Figure:
    """A map over (ρ, η) with what is noted in it: theory, detected transitions, the shown run.

    Where nothing is known it is left blank; where more than half of the balls diverged it is hatched.
    """
    figure, axes = _page(dark, shown.axes.radius, shown.axes.vertical)
    shown, notes = _counted(shown, notes)
    values = np.where(shown.diverged > 0.5, np.nan, shown.values).T
    colors = "cividis_r" if shown.brighter < 0 else "cividis"
    limits = (0.0, 1.0) if shown.share else (None, None)
    mesh = axes.pcolormesh(
        shown.radii, shown.rates, values, cmap=colors, shading="nearest", vmin=limits[0], vmax=limits[1],
        edgecolors="face", linewidth=0.3,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    bar = figure.colorbar(mesh, ax=axes, pad=0.02)
    if bar.solids is not None:
        bar.solids.set_rasterized(False)
        bar.solids.set_edgecolor("face")
    bar.ax.tick_params(colors=palette(dark).muted)
    bar.outline.set_visible(False)
    bar.set_label(shown.label, color=palette(dark).muted)
    axes.set_title(title, color=palette(dark).ink, loc="left", fontsize=11, pad=30 if notes.theory else 8)
    _note(axes, shown, notes, dark)
    return figure


def _counted(shown: PhaseMap, notes: Notes) -> tuple[PhaseMap, Notes]:
    """Both in what the axes count."""
    across, up = shown.axes.units
    shown = replace(shown, radii=across * shown.radii, rates=up * shown.rates)
    edge, radius, rate = notes.frontier, notes.radius, notes.rate
    return shown, Notes(
        [replace(mark, radius=across * mark.radius) for mark in notes.theory],
        [
            replace(one, rate=up * one.rate, radius=across * one.radius, low=across * one.low, high=across * one.high)
            for one in notes.jumps
        ],
        radius=None if radius is None else across * radius,
        rate=None if rate is None else up * rate,
        frontier=None if edge is None else replace(edge, radii=across * edge.radii, rates=up * edge.rates),
    )


def _note(axes: Axes, shown: PhaseMap, notes: Notes, dark: bool) -> None:
    colors = palette(dark)
    seam = [withStroke(linewidth=2.8, foreground="#6a6a6a")]  # white lines are seen where the map is blank, too
    lost = np.ma.masked_where(~(shown.diverged.T > 0.5), np.ones(shown.diverged.T.shape))
    if lost.count():
        axes.contourf(shown.radii, shown.rates, lost.filled(0.0), levels=[0.5, 1.5], colors="none", hatches=["///"])
    limits = axes.get_xlim(), axes.get_ylim()
    inside = [mark for mark in notes.theory if shown.radii[0] <= mark.radius <= shown.radii[-1]]
    for place, mark in enumerate(inside):
        axes.axvline(mark.radius, color="white", lw=1.4, ls="--", path_effects=seam)
        axes.annotate(mark.label, (mark.radius, 1.0), (0, 3 + 12 * (place % 2)), xycoords=("data", "axes fraction"),
                      ha="center", textcoords="offset points", color=colors.muted, fontsize=9)  # fmt: skip
    if notes.frontier is not None:
        axes.plot(notes.frontier.radii, notes.frontier.rates, color="white", lw=1.4, ls=":", path_effects=seam)
    for jump in notes.jumps:
        axes.plot([jump.low, jump.high], [jump.rate, jump.rate], color=color("rbo"), lw=1.6)
        axes.plot(jump.radius, jump.rate, "o" if jump.abrupt else "s", color=color("rbo"), mec="white", mew=0.6, ms=5)
    if notes.radius is not None and notes.rate is not None:
        axes.plot(notes.radius, notes.rate, "o", mfc="none", mec="black", mew=3.2, ms=12)
        axes.plot(notes.radius, notes.rate, "o", mfc="none", mec="white", mew=1.8, ms=12)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])


def measures_still(measures: Measures, radius: float, dark: bool = False) -> Figure:
    """Every measure of smoothness against the radius, small multiples; a line marks the radius that is shown."""
    columns = {name: values for name, values in measures.columns().items() if name != "radius"}
    radii = measures.radius
    across = 3
    down = -(-len(columns) // across)
    seen = radii[radii > 0]
    digits = (1, 2, 5) if seen.max() < 30 * seen.min() else (1,)
    colors = palette(dark)
    figure = Figure(figsize=(WIDTH, 1.9 * down), facecolor=colors.paper, layout="constrained")
    for place, (name, values) in enumerate(columns.items()):
        axes = figure.add_subplot(down, across, place + 1)
        _dress(axes, dark)
        axes.plot(radii[radii > 0], values[radii > 0], color=color("rbo"), lw=1.4)
        axes.axvline(radius, color=colors.faint, lw=0.8)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=digits))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_title(name.replace("_", " "), color=colors.ink, loc="left", fontsize=9)
        if place >= len(columns) - across:
            axes.set_xlabel("radius ρ", color=colors.muted, fontsize=9)
    return figure


def as_svg(figure: Figure) -> bytes:
    """The figure as an SVG file."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", bbox_inches="tight", facecolor=figure.get_facecolor())
    return out.getvalue()


def _page(dark: bool, x: str, y: str) -> tuple[Figure, Axes]:
    colors = palette(dark)
    figure = Figure(figsize=(WIDTH, 0.62 * WIDTH), facecolor=colors.paper)
    axes = figure.add_subplot()
    _dress(axes, dark)
    axes.set_xlabel(x, color=colors.muted)
    axes.set_ylabel(y, color=colors.muted)
    return figure, axes


def _dress(axes: Axes, dark: bool) -> None:
    colors = palette(dark)
    axes.set_facecolor(colors.paper)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(colors.faint)
    axes.tick_params(which="both", colors=colors.muted, labelsize=9)
    axes.grid(axis="y", color=colors.grid, lw=0.6)
    axes.set_axisbelow(True)


def _draw_ground(axes: Axes, ground: Ground, dark: bool) -> None:
    colors = palette(dark)
    low = float(np.nanmin(ground.heights))
    depth = 0.06 * float(np.nanmax(ground.heights) - low)
    axes.fill_between(ground.x, ground.heights, low - depth, color=to_rgba(colors.ridge, 0.12), lw=0)
    axes.plot(ground.x, ground.heights, color=colors.ridge, lw=1.1, label="ground")
    axes.set_ylim(bottom=low - depth)
    if ground.ironed is not None:
        axes.plot(ground.x, ground.ironed, color="#6A4BC4" if not dark else "#B9A3FF", lw=1.1, ls="--",
                  label="what the ball sees")  # fmt: skip
    if ground.reachable is not None:
        out_of_reach = np.where(ground.reachable, np.nan, ground.heights)
        axes.plot(ground.x, out_of_reach, color=UNREACHABLE, lw=1.4, label="out of its reach")


def _end(entry: Entry, scale: float) -> tuple[float, float]:
    """Where a point is at last, as it is drawn."""
    track = entry.track
    return float(track.position[track.stopped_at, 0]), scale * float(track.loss[track.stopped_at])


def _above(points: Sequence[Entry], scale: float, near: float) -> list[tuple[float, int]]:
    """Where the points' names stand, or they would lie on each other: above the highest of those that are near, in the
    order of their heights. Returns for each the height and the number of names below."""
    ends = [_end(entry, scale) for entry in points]
    places = []
    for x, y in ends:
        crowd = sorted(other for other in (end[::-1] for end in ends) if abs(other[1] - x) < near)
        places.append((crowd[-1][0], crowd.index((y, x))))
    return places


_NAME: dict[str, Any] = {"fontweight": "bold", "ha": "center", "va": "bottom", "fontsize": 10}


def _draw_point(axes: Axes, entry: Entry, scale: float, place: tuple[float, int]) -> None:
    track, last = entry.track, entry.track.stopped_at
    x, y = _end(entry, scale)
    axes.plot(track.position[: last + 1, 0], scale * track.loss[: last + 1], color=to_rgba(entry.color, 0.45), lw=1)
    axes.plot(x, y, MARKERS.get(shape(track.name), "X"), color=entry.color, mec="white", mew=0.8, ms=8)
    top, below = place
    axes.annotate(
        entry.label, (x, top), (0, 7 + 13 * below), textcoords="offset points", color=entry.color, **_NAME
    )  # fmt: skip


def _draw_ball(axes: Axes, entry: Entry, scale: float) -> None:
    track, last = entry.track, entry.track.stopped_at
    if track.center is None:
        return
    radius = float(track.method.radius if track.radius is None else track.radius[last])
    x, y = (float(v) for v in track.center[last])
    axes.plot(track.center[: last + 1, 0], track.center[: last + 1, 1], color=to_rgba(entry.color, 0.45), lw=1)
    axes.add_patch(Circle((x, y), radius, facecolor=to_rgba(entry.color, 0.85), edgecolor=entry.color, lw=1))
    touched = np.array([[track.position[last, 0], scale * track.loss[last]]])
    if (contacts := contacts_on_ball(track)) is not None:
        touched = np.concatenate([touched, contacts[last]])
    axes.plot(*touched[np.isfinite(touched).all(axis=1)].T, "o", color=palette(False).ink, ms=3.5)
    axes.annotate(entry.label, (x, y + radius), (0, 3), textcoords="offset points", color=entry.color, **_NAME)
