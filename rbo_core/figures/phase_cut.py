"""A cut through a phase map along ρ: the order parameter with intervals, theory, transitions and regimes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.phases import NO_NOTES, PLAIN, Axes, Notes, RadiusCurve, Reading, log_axis
from rbo_core.figures.style import COLORS, Palette, fade, layout, palette


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
    log_axis(fig, "x", ends, axes.radius, axes.units[0])
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 30, "b": 8})
    fig.update_yaxes(title_text=reading.label, rangemode="tozero" if reading.share or reading.percent else "normal")
    if reading.percent:
        fig.update_yaxes(tickformat=".0%")
    if reading.share:
        fig.update_yaxes(range=[-0.03, 1.05], tickformat=".0%")
    if len(curves) > 1:
        fig.update_layout(legend={"y": 1.09})
    return fig


def shown_at(radius: float, dark: bool) -> dict[str, Any]:
    """A fine line at the shown run's radius in a cut: a shape."""
    line = {"color": palette(dark).faint, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": radius, "x1": radius, "y0": 0, "y1": 1, "yref": "paper", "line": line}


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
