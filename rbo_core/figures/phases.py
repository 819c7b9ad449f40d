"""Figures of a sweep: the phase map over (ρ, η), a cut along ρ with intervals, a difference of maps, finer wrinkles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.style import COLORS, COLORSCALE, Palette, fade, layout, palette

Floats = NDArray[np.float64]

DIFFERENCE = [[0.0, "#0072B2"], [0.5, "#F2F2EE"], [1.0, "#D55E00"]]
DIFFERENCE_DARK = [[0.0, "#3FA0DC"], [0.5, "#20242C"], [1.0, "#F08A3C"]]
CLICKS = "cells"
"""Name of the invisible trace whose points are the map's cells, in row-major order (radius, rate)."""
SHRINK = 0.5
RADIUS = "radius ρ (parameter units)"


@dataclass(frozen=True)
class Axes:
    """How the axes of a map or a cut are written.

    radius, vertical: titles; symbol: of the vertical axis; units: factors from ρ and from the vertical setting to what
    the ticks count (κ, for dimensionless axes), which leave the picture as it is.
    """

    radius: str = RADIUS
    vertical: str = "learning rate η"
    symbol: str = "η"
    units: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Mark:
    """A radius marked on a figure, with the words beside it."""

    radius: float
    label: str


@dataclass(frozen=True)
class Jump:
    """A detected transition in one row of the map: at a learning rate, a radius and its 95 % interval.

    abrupt: a jump, or else a crossover in which the radius grows by `factor` between a quarter and three quarters.
    """

    rate: float
    radius: float
    low: float
    high: float
    abrupt: bool = True
    factor: float = 1.0

    @property
    def without_interval(self) -> Jump:
        """The same jump where no error bar is drawn."""
        return replace(self, low=self.radius, high=self.radius)


@dataclass(frozen=True, eq=False)
class Region:
    """Cells (n, m) of a map that are one thing: its name, and how they are hatched (a pattern's shape, as Plotly has
    it)."""

    name: str
    cells: NDArray[np.bool_]
    hatching: str = "/"


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """What a phase map shows.

    radii: (n,), rates: (m,), increasing; values: (n, m), NaN where nothing is known; diverged: (n, m) share of balls
    that diverged, NaN where not computed yet. brighter: +1 if more is better, −1 if less is; better is brighter.
    share: the values are shares of the balls, from 0 to 1; percent: they read as percentages of something else. rates:
    of the vertical axis, whatever `axes` says that is. held: the shares say who is held and who gets free, and so the
    two regions of the map have names. named: regions that are hatched and named as given, in place of the hatching
    where most diverged. gaps: cells that are not computed stay empty, instead of taking the nearest one's colour.
    """

    radii: Floats
    rates: Floats
    values: Floats
    diverged: Floats
    label: str
    brighter: int = 1
    share: bool = False
    percent: bool = False
    axes: Axes = Axes()
    held: bool = False
    named: tuple[Region, ...] = ()
    gaps: bool = False


@dataclass(frozen=True)
class Span:
    """A named stretch of radii."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Frontier:
    """η_c(ρ): the learning rate from which a step does not settle on a bowl of curvature κ. radii, rates: (n,)."""

    radii: Floats
    rates: Floats
    curvature: float

    @property
    def label(self) -> str:
        """What it says."""
        return f"settles below, κ = {self.curvature:.3g}"


@dataclass(frozen=True)
class Notes:
    """What is drawn into a map or a cut: theory, detected jumps, regimes by name (a cut only), and the shown run; into
    a map the frontier of stability as well."""

    theory: Sequence[Mark] = ()
    jumps: Sequence[Jump] = ()
    spans: Sequence[Span] = ()
    radius: float | None = None
    rate: float | None = None
    frontier: Frontier | None = None


@dataclass(frozen=True)
class Reading:
    """How an order parameter is written: its label with its unit; as a share of the balls, or as a percentage."""

    label: str
    share: bool = False
    percent: bool = False


NO_NOTES = Notes()
PLAIN = Axes()


def map_figure(
    shown: PhaseMap,
    dark: bool,
    notes: Notes = NO_NOTES,
    *,
    limits: tuple[float, float] | None = None,
    title: str = "",
    height: int = 470,
) -> go.Figure:
    """The map: colour for the order parameter, hatching where more than half of the balls diverged, theory and detected
    transition drawn in, the shown run's cell ringed. Points of the trace `CLICKS` can be clicked."""
    p = palette(dark)
    fig = go.Figure()
    low, high = limits if limits is not None else _limits(shown)
    fig.add_heatmap(
        x=_edges(shown.radii),
        y=_edges(shown.rates),
        z=(shown.values if shown.gaps else _filled(shown.values, shown.diverged)).T.astype(np.float32),
        zmin=low,
        zmax=high,
        colorscale=COLORSCALE,
        reversescale=shown.brighter < 0,
        hoverinfo="skip",
        colorbar=_colorbar(shown.label, dark, shown.share or shown.percent),
    )
    for region in shown.named or (Region("most diverged", shown.diverged > SHRINK),):
        _add_hatching(fig, shown, region, dark)
    if not title:  # small maps side by side have no room for words
        _add_regions(fig, shown)
    for mark in notes.theory:
        if shown.radii[0] <= mark.radius <= shown.radii[-1]:
            _add_theory(fig, shown, mark)
    if notes.frontier is not None:
        _add_frontier(fig, notes.frontier, shown)
    if notes.jumps:
        _add_detected(fig, notes.jumps, dark)
    if notes.radius is not None and notes.rate is not None:
        for ring in rings(notes.radius, notes.rate):
            fig.add_shape(ring)
    _add_clicks(fig, shown)
    _map_axes(fig, shown)
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 46 if title else 30, "b": 8}, hoverdistance=40)
    if title:
        fig.update_layout(title={"text": title, "y": 0.985, "yanchor": "top"})
    fig.update_layout(legend={"font": {"size": 12, "color": p.muted}})
    return fig


def rings(radius: float, rate: float) -> tuple[dict[str, Any], ...]:
    """Two rings round the shown run's place in a map, one white and one black, to be seen on every colour: shapes."""
    return tuple(
        {
            "type": "circle", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": radius, "yanchor": rate,
            "x0": -half, "x1": half, "y0": -half, "y1": half, "line": {"color": ink, "width": width},
        }
        for half, ink, width in ((7.5, "#FFFFFF", 2.5), (9.0, "#000000", 1.2))
    )  # fmt: skip


def shown_at(radius: float, dark: bool) -> dict[str, Any]:
    """A fine line at the shown run's radius in a cut: a shape."""
    line = {"color": palette(dark).faint, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": radius, "x1": radius, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def difference_figure(
    first: PhaseMap, second: PhaseMap, dark: bool, *, label: str, title: str = "", height: int = 330
) -> go.Figure:
    """How much better the first is than the second: orange where it is, blue where the second is."""
    sign = first.brighter or 1
    both = sign * (_filled(first.values, first.diverged) - _filled(second.values, second.diverged))
    reach = float(np.nanmax(np.abs(both))) if np.isfinite(both).any() else 1.0
    reach = max(reach, 1e-12)
    fig = go.Figure()
    fig.add_heatmap(
        x=_edges(first.radii),
        y=_edges(first.rates),
        z=both.T.astype(np.float32),
        zmin=-reach,
        zmax=reach,
        colorscale=DIFFERENCE_DARK if dark else DIFFERENCE,
        colorbar=_colorbar(label, dark, first.share or first.percent),
        hovertemplate=f"ρ = %{{x:.3g}}, {first.axes.symbol} = %{{y:.3g}}<br>%{{z:.3g}}<extra></extra>",
    )
    _map_axes(fig, first)
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 46, "b": 8})
    fig.update_layout(title={"text": title, "y": 0.985, "yanchor": "top"})
    return fig


@dataclass(frozen=True, eq=False)
class RadiusCurve:
    """An order parameter along ρ with its interval: radii (n,), middle, low, high (n,)."""

    name: str
    color: str
    radii: Floats
    middle: Floats
    low: Floats
    high: Floats
    dash: str = "solid"

    @property
    def without_interval(self) -> RadiusCurve:
        """The same curve where no band is drawn."""
        return replace(self, low=self.middle, high=self.middle)

    @property
    def has_interval(self) -> bool:
        """Whether there is a band to draw."""
        return not np.array_equal(self.low, self.high, equal_nan=True)


def cut_figure(
    curves: Sequence[RadiusCurve],
    reading: Reading,
    dark: bool,
    notes: Notes = NO_NOTES,
    *,
    height: int = 330,
    axes: Axes = PLAIN,
) -> go.Figure:
    """Order parameter along ρ with 95 % bands; theory, detected transitions with intervals, regimes by name."""
    p = palette(dark)
    fig = go.Figure()
    for curve in curves:
        known = np.isfinite(curve.middle)
        x, low, high = curve.radii[known], curve.low[known], curve.high[known]
        if curve.has_interval:
            fig.add_scatter(
                x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself", mode="lines",
                line={"width": 0}, fillcolor=fade(curve.color, 0.18), hoverinfo="skip", showlegend=False,
                name=curve.name,
            )  # fmt: skip
        between = " (%{customdata[0]:.3g} to %{customdata[1]:.3g})" if curve.has_interval else ""
        fig.add_scatter(
            x=x, y=curve.middle[known], mode="lines" if curve.dash == "dot" else "lines+markers", name=curve.name,
            line={"color": curve.color, "width": 2.2, "dash": curve.dash}, marker={"size": 5},
            showlegend=len(curves) > 1, customdata=np.stack([low, high], axis=1),
            hovertemplate=f"ρ = %{{x:.3g}}<br>%{{y:.3g}}{between}<extra></extra>",
        )  # fmt: skip
    for i, jump in enumerate(notes.jumps):
        # The interval as a bar on the floor: a shaded stretch would read as part of the curve's own band.
        fig.add_shape(type="line", x0=jump.low, x1=jump.high, y0=0.012, y1=0.012, yref="paper",
                      line={"color": fade(COLORS["rbo"], 0.55), "width": 5})  # fmt: skip
        fig.add_vline(x=jump.radius, line={"color": COLORS["rbo"], "width": 1.6})
        if i == 0:
            words = "detected, 95 %" if jump.low < jump.high else "detected"
            _say(fig, jump.radius, 0.03, words, (COLORS["rbo"], p), _side(curves, jump.radius))
    for mark in notes.theory:
        if curves and curves[0].radii[0] <= mark.radius <= curves[0].radii[-1]:
            fig.add_vline(x=mark.radius, line={"color": p.ink, "width": 1.4, "dash": "dash"})
            _say(fig, mark.radius, 0.14, mark.label, (p.ink, p), _side(curves, mark.radius))
    for span in notes.spans:
        at_the_end = span.high == curves[0].radii[-1]
        fig.add_annotation(
            x=np.log10(span.high) if at_the_end else 0.5 * (np.log10(span.low) + np.log10(span.high)),
            xanchor="right" if at_the_end else "center", y=1.0, yref="paper", yanchor="bottom", text=span.name,
            showarrow=False, font={"color": p.muted, "size": 12},
        )  # fmt: skip
    if notes.radius is not None:
        fig.add_shape(shown_at(notes.radius, dark))
    ends = np.array([curves[0].radii[0], curves[0].radii[-1]]) if curves else np.array([0.1, 1.0])
    _log_axis(fig, "x", ends, axes.radius, axes.units[0])
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 30, "b": 8})
    fig.update_yaxes(title_text=reading.label, rangemode="tozero" if reading.share or reading.percent else "normal")
    if reading.percent:
        fig.update_yaxes(tickformat=".0%")
    if reading.share:
        fig.update_yaxes(range=[-0.03, 1.05], tickformat=".0%")
    if len(curves) > 1:
        fig.update_layout(legend={"y": 1.09})
    return fig


def _side(curves: Sequence[RadiusCurve], radius: float) -> str:
    """Which end of a text stands at the radius, so that the text stays inside the picture."""
    low, high = np.log(curves[0].radii[[0, -1]])
    return "left" if np.log(radius) < 0.5 * (low + high) else "right"


def _say(fig: go.Figure, radius: float, y: float, text: str, inks: tuple[str, Palette], anchor: str) -> None:
    ink, p = inks
    fig.add_annotation(
        x=np.log10(radius), y=y, yref="paper", yanchor="bottom", xanchor=anchor, xshift=5 if anchor == "left" else -5,
        text=text, showarrow=False, font={"color": ink, "size": 12}, bgcolor=fade(p.paper, 0.8), borderpad=1,
    )  # fmt: skip


def _add_hatching(fig: go.Figure, shown: PhaseMap, region: Region, dark: bool) -> None:
    x, y = _edges(shown.radii), _edges(shown.rates)
    outline_x: list[float | None] = []
    outline_y: list[float | None] = []
    for i, j in np.argwhere(region.cells):
        outline_x += [x[i], x[i + 1], x[i + 1], x[i], x[i], None]
        outline_y += [y[j], y[j], y[j + 1], y[j + 1], y[j], None]
    if not outline_x:
        return
    ink = "rgba(255,255,255,0.75)" if dark else "rgba(20,24,32,0.7)"
    if region.hatching == ".":  # dots: fewer and further apart than lines
        pattern = {"size": 9, "solidity": 0.12, "bgcolor": "rgba(0,0,0,0)", "fgcolor": "rgba(255,255,255,0.8)"}
    else:
        pattern = {"size": 7, "solidity": 0.18, "bgcolor": "rgba(128,128,128,0.25)", "fgcolor": ink}
    fig.add_scatter(
        x=outline_x, y=outline_y, mode="lines", line={"width": 0, "color": ink}, fill="toself", hoverinfo="skip",
        fillcolor="rgba(0,0,0,0)", name=region.name, fillpattern={"shape": region.hatching, **pattern},
    )  # fmt: skip


def _add_theory(fig: go.Figure, shown: PhaseMap, mark: Mark) -> None:
    fig.add_vline(x=mark.radius, line={"color": "rgba(0,0,0,0.65)", "width": 4})
    fig.add_vline(x=mark.radius, line={"color": "#FFFFFF", "width": 2, "dash": "dash"})
    # Along its own line: above the map, two marks or a mark and the legend would collide.
    left = mark.radius > np.sqrt(shown.radii[0] * shown.radii[-1])
    fig.add_annotation(
        x=np.log10(mark.radius), y=0.015, yref="paper", yanchor="bottom", textangle=-90, text=f"theory: {mark.label}",
        xanchor="right" if left else "left", xshift=-4 if left else 4, showarrow=False, borderpad=2,
        bgcolor="rgba(255,255,255,0.82)", font={"size": 12, "color": "#1F2430"},
    )  # fmt: skip


def regions(shown: PhaseMap) -> tuple[tuple[str, float, float], ...]:
    """Name and place (radius, rate) of the regions of a map: those that are given, and of a map of shares the two where
    most are held and where most get free.

    A region that is less than a twelfth of the map has no name, of the given ones less than a thirtieth.
    """
    values = _filled(shown.values, shown.diverged)  # while a map is computed, as it is drawn
    known = np.isfinite(values)
    good = (values >= 0.5) == (shown.brighter > 0)
    halves = (("stuck", known & ~good, 12), ("free", known & good, 12)) if shown.held else ()
    found = []
    for name, part, least in (*halves, *((region.name, region.cells, 30) for region in shown.named)):
        if (place := _innermost(part, part.size / least)) is not None:
            found.append((name, float(shown.radii[place[0]]), float(shown.rates[place[1]])))
    return tuple(found)


def _innermost(part: NDArray[np.bool_], least: float) -> tuple[int, int] | None:
    """The place inside the largest piece that is farthest from its edge; None where that is smaller than `least`."""
    from scipy import ndimage  # only a map needs it

    pieces, count = ndimage.label(part)
    sizes = ndimage.sum_labels(part, pieces, np.arange(1, count + 1)) if count else np.zeros(0)
    if not sizes.size or sizes.max() < least:
        return None
    inner = ndimage.distance_transform_edt(np.pad(pieces == 1 + int(sizes.argmax()), 1))[1:-1, 1:-1]
    deepest = np.argwhere(inner == inner.max())
    i, j = deepest[np.linalg.norm(deepest - deepest.mean(axis=0), axis=1).argmin()]  # the middle one of equals
    return int(i), int(j)


def _add_regions(fig: go.Figure, shown: PhaseMap) -> None:
    """The regions' names, in the map."""
    for name, radius, rate in regions(shown):
        fig.add_annotation(
            x=np.log10(radius), y=np.log10(rate), text=f"<b>{name}</b>", showarrow=False, borderpad=3,
            bgcolor="rgba(255,255,255,0.72)", font={"size": 15, "color": "#1F2430"},
        )  # fmt: skip


def _add_frontier(fig: go.Figure, frontier: Frontier, shown: PhaseMap) -> None:
    """The frontier where it crosses the map, with its words at its left end."""
    low, high = _edges(shown.rates)[[0, -1]]
    inside = np.isfinite(frontier.rates) & (frontier.rates >= low) & (frontier.rates <= high)
    if not inside.any():
        return
    y = np.where(inside, frontier.rates, np.nan)
    for ink, width in (("rgba(0,0,0,0.65)", 4.5), ("#FFFFFF", 2.2)):
        fig.add_scatter(
            x=frontier.radii, y=y, mode="lines", hoverinfo="skip", showlegend=False, name="frontier of stability",
            line={"color": ink, "width": width, "dash": "dot"},
        )  # fmt: skip
    k = int(np.flatnonzero(inside)[0])
    low_half = frontier.rates[k] < np.sqrt(low * high)
    fig.add_annotation(
        x=np.log10(frontier.radii[k]), y=np.log10(frontier.rates[k]), xanchor="left", xshift=6,
        yanchor="bottom" if low_half else "top", yshift=5 if low_half else -5, text=frontier.label, showarrow=False,
        borderpad=2, bgcolor="rgba(255,255,255,0.82)", font={"size": 12, "color": "#1F2430"},
    )  # fmt: skip


def _add_detected(fig: go.Figure, detected: Sequence[Jump], dark: bool) -> None:
    rates = [jump.rate for jump in detected]
    radii = [jump.radius for jump in detected]
    spread = {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": fade(COLORS["rbo"], 0.7),
        "array": [jump.high - jump.radius for jump in detected],
        "arrayminus": [jump.radius - jump.low for jump in detected],
    }  # fmt: skip
    name = "detected jump, 95 %" if any(jump.low < jump.high for jump in detected) else "detected jump"
    fig.add_scatter(
        x=radii, y=rates, mode="markers", name=name, error_x=spread, hoverinfo="skip",
        marker={"color": COLORS["rbo"], "size": 6.5, "line": {"color": "#FFFFFF", "width": 1}},
    )  # fmt: skip


def _add_clicks(fig: go.Figure, shown: PhaseMap) -> None:
    rho, eta = np.meshgrid(shown.radii, shown.rates, indexing="ij")
    texts: list[str] = []
    for value, lost in zip(shown.values.ravel(), shown.diverged.ravel(), strict=True):
        said = "not computed yet" if not np.isfinite(lost) else "none counts" if not np.isfinite(value) else ""
        said = said or (f"{value:.0%}" if shown.share or shown.percent else f"{value:.3g}")
        told = "".join(f", {region.name}" for region in shown.named if region.cells.ravel()[len(texts)])
        texts.append(said + (f", {lost:.0%} diverged" if np.isfinite(lost) and lost > 0 else "") + told)
    fig.add_scatter(
        x=rho.ravel(), y=eta.ravel(), mode="markers", name=CLICKS, showlegend=False, text=texts,
        marker={"symbol": "square", "size": 12, "opacity": 0}, meta={"what": shown.label, "y": shown.axes.symbol},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        hovertemplate=f"ρ = %{{x:.3g}}, {shown.axes.symbol} = %{{y:.3g}}<br>{shown.label}: %{{text}}<extra></extra>",
    )  # fmt: skip


def _filled(values: Floats, diverged: Floats) -> Floats:
    """Cells not computed yet take the nearest computed one's value, so that a coarse picture covers the whole map."""
    todo = np.isnan(diverged)
    if not todo.any() or todo.all():
        return values
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(todo, return_distances=False, return_indices=True)
    filled: Floats = values[tuple(nearest)]
    return filled


def _limits(shown: PhaseMap) -> tuple[float, float]:
    known = shown.values[np.isfinite(shown.values)]
    if shown.share:
        return 0.0, 1.0
    if known.size == 0:
        return 0.0, 1.0
    if shown.percent:
        return 0.0, max(0.05, float(np.percentile(known, 98)))
    # The worst eighth saturates: a few hopeless cells must not hide the differences between the others.
    low, high = (float(v) for v in np.percentile(known, (0, 87.5) if shown.brighter < 0 else (12.5, 100)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _edges(centers: Floats) -> Floats:
    """(n + 1,) edges between log-spaced centres (n,)."""
    if len(centers) == 1:
        return np.array([centers[0] / 1.2, centers[0] * 1.2])
    middle = np.sqrt(centers[1:] * centers[:-1])
    return np.concatenate([[centers[0] ** 2 / middle[0]], middle, [centers[-1] ** 2 / middle[-1]]])


def _colorbar(label: str, dark: bool, share: bool) -> dict[str, object]:
    p = palette(dark)
    return {
        "title": {"text": label, "side": "right", "font": {"size": 12, "color": p.muted}},
        "thickness": 11,
        "outlinewidth": 0,
        "tickfont": {"size": 11, "color": p.muted},
        "tickformat": ".0%" if share else ".3~g",
        "len": 1.0,
    }


def _map_axes(fig: go.Figure, shown: PhaseMap) -> None:
    _log_axis(fig, "x", shown.radii, shown.axes.radius, shown.axes.units[0])
    _log_axis(fig, "y", shown.rates, shown.axes.vertical, shown.axes.units[1])


def _log_axis(fig: go.Figure, which: str, values: Floats, title: str, unit: float = 1.0) -> None:
    """unit: what the ticks count of one unit of the values."""
    low, high = _edges(values)[[0, -1]] if len(values) > 2 else (values[0] / 1.05, values[-1] * 1.05)
    steps = [m * 10.0**e for e in range(-9, 9) for m in (1, 2, 5)]
    ticks = [t for t in steps if low * unit <= t <= high * unit]
    if len(ticks) > 7:
        ticks = [t for t in ticks if f"{t:e}"[0] == "1"]
    getattr(fig, f"update_{which}axes")(
        type="log", range=[np.log10(low), np.log10(high)], tickvals=[t / unit for t in ticks],
        ticktext=[f"{t:g}" for t in ticks], title_text=title, showgrid=False,
    )  # fmt: skip
