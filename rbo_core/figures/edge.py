"""Predicted against measured sharpness of networks trained to the edge of stability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rbo_core.figures.style import COLORS, layout, palette


def edge_figure(table: pd.DataFrame, dark: bool, height: int = 400) -> go.Figure:
    """One dot a network: theory's sharpness across, the measured one (± its spread) up, both on log axes.

    table: columns radius, rate, predicted, measured, spread, gradients, and twin_of ("ρ,η" of the ball as flat as this
    point, or empty). Rings are such twins.
    """
    p = palette(dark)
    known = table[np.isfinite(table["measured"].astype(float))]
    twin = known["twin_of"].fillna("").astype(str) != ""
    ends = np.array([known["predicted"].min() / 1.15, known["predicted"].max() * 1.15])
    fig = go.Figure()
    fig.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": p.faint, "width": 1.2}, hoverinfo="skip", showlegend=False
    )
    groups = (
        ("ball, two gradients a step", known[(known["radius"] > 0) & ~twin], COLORS["rbo"], "circle"),
        ("gradient descent", known[(known["radius"] == 0) & ~twin], COLORS["sgd"], "circle"),
        ("gradient descent as flat as a ball, at half the price", known[twin], COLORS["sgd"], "circle-open"),
    )
    for name, rows, color, symbol in groups:
        fig.add_scatter(
            x=rows["predicted"], y=rows["measured"], mode="markers", name=name,
            error_y={"type": "data", "array": rows["spread"], "thickness": 1, "width": 0, "color": color},
            marker={"color": color, "size": 11, "symbol": symbol, "line": {"width": 2, "color": color}},
            customdata=np.stack([rows["radius"], rows["rate"], rows["gradients"], rows["twin_of"].fillna("")], axis=1),
            hovertemplate="ρ = %{customdata[0]:.3g}, η = %{customdata[1]:.3g}, %{customdata[2]:,} gradients<br>"
            "theory κ = %{x:.4g}, measured %{y:.4g}<extra></extra>",
        )  # fmt: skip
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 46, "b": 8})
    ticks = [2, 5, 10, 20, 50]
    common = {"type": "log", "tickvals": ticks, "ticktext": [str(t) for t in ticks]}
    fig.update_xaxes(title_text="sharpness κ at which ηκ(1 + min(ρκ, trust)) = 2", **common)
    fig.update_yaxes(title_text="measured sharpness κ", **common)
    return fig
