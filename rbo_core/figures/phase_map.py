"""The phase map over (ρ, η): colour for the order parameter, what is known drawn in; and the difference of two maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.phase_marks import add_detected, add_frontier, add_regions, add_theory, filled
from rbo_core.figures.phases import NO_NOTES, Notes, PhaseMap, Region, edges, log_axis
from rbo_core.figures.style import COLORSCALE, layout, palette

DIFFERENCE = [[0.0, "#0072B2"], [0.5, "#F2F2EE"], [1.0, "#D55E00"]]
DIFFERENCE_DARK = [[0.0, "#3FA0DC"], [0.5, "#20242C"], [1.0, "#F08A3C"]]
CLICKS = "cells"
"""Name of the invisible trace whose points are the map's cells, in row-major order (radius, rate)."""
SHRINK = 0.5


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
        x=edges(shown.radii),
        y=edges(shown.rates),
        z=(shown.values if shown.gaps else filled(shown.values, shown.diverged)).T.astype(np.float32),
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
        add_regions(fig, shown)
    for mark in notes.theory:
        if shown.radii[0] <= mark.radius <= shown.radii[-1]:
            add_theory(fig, shown, mark)
    if notes.frontier is not None:
        add_frontier(fig, notes.frontier, shown)
    if notes.jumps:
        add_detected(fig, notes.jumps, dark)
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


def difference_figure(
    first: PhaseMap, second: PhaseMap, dark: bool, *, label: str, title: str = "", height: int = 330
) -> go.Figure:
    """How much better the first is than the second: orange where it is, blue where the second is."""
    sign = first.brighter or 1
    both = sign * (filled(first.values, first.diverged) - filled(second.values, second.diverged))
    reach = float(np.nanmax(np.abs(both))) if np.isfinite(both).any() else 1.0
    reach = max(reach, 1e-12)
    fig = go.Figure()
    fig.add_heatmap(
        x=edges(first.radii),
        y=edges(first.rates),
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


def _add_hatching(fig: go.Figure, shown: PhaseMap, region: Region, dark: bool) -> None:
    x, y = edges(shown.radii), edges(shown.rates)
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


def _add_clicks(fig: go.Figure, shown: PhaseMap) -> None:
    rho, eta = np.meshgrid(shown.radii, shown.rates, indexing="ij")
    texts: list[str] = []
    for value, lost in zip(shown.values.ravel(), shown.diverged.ravel(), strict=True):
        said = "not computed yet" if not np.isfinite(lost) else "none counts" if not np.isfinite(value) else ""
        said = said or (f"{value:.0%}" if shown.share or shown.percent else f"{value:.3g}")
        told = "".join(f", {region.name}" for region in shown.named if region.cells.ravel()[len(texts)])
        texts.append(said + (f", {lost:.0%} diverged" if np.isfinite(lost) and lost > 0 else "") + told)
    fig.add_scatter(
        x=rho.ravel(), y=eta.ravel(), mode="none", name=CLICKS, showlegend=False, text=texts,
        meta={"what": shown.label, "y": shown.axes.symbol},
        hovertemplate=f"ρ = %{{x:.3g}}, {shown.axes.symbol} = %{{y:.3g}}<br>{shown.label}: %{{text}}<extra></extra>",
    )  # fmt: skip


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
    log_axis(fig, "x", shown.radii, shown.axes.radius, shown.axes.units[0])
    log_axis(fig, "y", shown.rates, shown.axes.vertical, shown.axes.units[1])
