"""Figures of ironing's family: three smoothings side by side, and the two exponents of self-affine ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.ironing import drawn, inks, single
from rbo_core.figures.style import COLORS, fade, layout, palette
from rbo_core.ironing.exponents import CrestCounts, gentle_exponent
from rbo_core.ironing.family import Smoothing
from rbo_core.ironing.field import Array


def smoothing_figures(x: Array, heights: Array, found: Sequence[Smoothing], dark: bool) -> list[go.Figure]:
    """One figure a smoothing, all on the same axes, over the landscape itself."""
    p = palette(dark)
    colors = (inks(dark).ironed, COLORS["sam"], COLORS["entropy_sgd"])
    keep = drawn(heights, 3000)
    low = min(float(heights.min()), *(float(one.heights.min()) for one in found))
    high = max(float(heights.max()), *(float(one.heights.max()) for one in found))
    figures = []
    for one, color in zip(found, colors, strict=True):
        fig = go.Figure()
        fig.add_scatter(x=single(x[keep]), y=single(heights[keep]), mode="lines", name="landscape",
                        line={"color": p.faint, "width": 1}, hoverinfo="skip")  # fmt: skip
        fig.add_scatter(
            x=single(x[keep]), y=single(one.heights[keep]), mode="lines", name=one.name,
            line={"color": color, "width": 2.6}, hovertemplate="x = %{x:.3g}<br>%{y:.4g}<extra></extra>",
        )  # fmt: skip
        layout(fig, dark, height=300, margin={"l": 8, "r": 8, "t": 34, "b": 8})
        symbol = "σ" if "entropy" in one.name else "ρ"
        fig.update_layout(
            title={"text": f"{one.name}, {symbol} = {one.scale:.3g}", "font": {"size": 13}}, showlegend=False
        )
        fig.update_xaxes(title_text="x (parameter)", showgrid=False)
        margin = 0.04 * (high - low)
        fig.update_yaxes(title_text="height λf", range=[low - margin, high + margin])
        figures.append(fig)
    return figures


def exponent_figures(counted: dict[str, CrestCounts], hurst: float, dark: bool) -> list[go.Figure]:
    """Number of crests against the radius, one figure a title: thin lines the surfaces, dots their mean, dashed the two
    laws of theory through the mean's middle."""
    ink, p = inks(dark), palette(dark)
    figures = []
    for title, one in counted.items():
        fig = go.Figure()
        for row in one.counts:
            fig.add_scatter(x=one.radii, y=np.where(row > 0, row, np.nan), mode="lines", hoverinfo="skip",
                            line={"color": fade(ink.ironed, 0.3), "width": 1}, showlegend=False)  # fmt: skip
        mean = one.counts.mean(axis=0)
        fig.add_scatter(x=one.radii, y=mean, mode="markers", marker={"color": ink.ironed, "size": 6}, showlegend=False,
                        hovertemplate="ρ = %{x:.3g}<br>%{y:.3g} crests<extra></extra>")  # fmt: skip
        middle = one.radii.size // 2
        for exponent, dash in ((gentle_exponent(hurst), "dash"), (-1.0, "dot")):
            y = mean[middle] * (one.radii / one.radii[middle]) ** exponent
            fig.add_scatter(x=one.radii, y=y, mode="lines", line={"color": p.ink, "width": 1.3, "dash": dash},
                            name=f"∝ ρ^{exponent:.2f}".replace("-", "−"), hoverinfo="skip")  # fmt: skip
        layout(fig, dark, height=320, margin={"l": 8, "r": 8, "t": 62, "b": 8}, legend={"y": 1.01})
        fit = f"{one.exponent:.2f} ({one.low:.2f} to {one.high:.2f})".replace("-", "−")
        fig.update_layout(title={"text": f"{title}: exponent {fit}", "font": {"size": 13}, "y": 0.98, "yanchor": "top"})
        fig.update_xaxes(type="log", title_text="radius ρ (parameter units)")
        fig.update_yaxes(type="log", title_text="crests that hold the ball", dtick=1)
        figures.append(fig)
    return figures
