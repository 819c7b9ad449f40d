"""Maps of an ironed surface: what a ball of one radius cannot touch, and at which radius each pit went out of reach."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.ironing import inks, single
from rbo_core.figures.style import fade, layout, palette
from rbo_core.ironing import Ironed, Sweep, basins


def mask_figure(ironed: Ironed, dark: bool) -> go.Figure:
    """Map of a surface: red where no ball of this radius can touch, over contours of what the ball sees."""
    ink, p = inks(dark), palette(dark)
    x, y = (single(a) for a in ironed.axes)
    clear = "rgba(128,128,128,0.0)"
    red = fade(ink.unreachable, 0.62 if dark else 0.5)
    stride = max(1, ironed.heights.shape[0] // 96)
    fig = go.Figure()
    fig.add_heatmap(
        x=x,
        y=y,
        z=_ground_only(ironed.reachable.T.astype(np.uint8), ironed.heights.T),
        zmin=0,
        zmax=1,
        colorscale=[[0, red], [0.5, red], [0.5, clear], [1, clear]],
        showscale=False,
        hovertemplate="x₁ = %{x:.3g}<br>x₂ = %{y:.3g}<br>in reach: %{z} (1 yes, 0 no)<extra></extra>",
    )
    fig.add_contour(
        x=x[::stride],
        y=y[::stride],
        z=single(ironed.ironed[::stride, ::stride]).T,
        contours={"coloring": "none"},
        line={"color": p.ridge, "width": 0.8},
        ncontours=14,
        hoverinfo="skip",
        showscale=False,
    )
    return _map(fig, dark, f"red: out of reach of ρ = {ironed.radius:.3g}; contours: what the ball sees")


def touched_figure(swept: Sweep, threshold: float, dark: bool, most: int = 120) -> go.Figure:
    """Map of the largest radius of a sweep with which a ball still touches each place; log colours.

    Dots mark the floors of the `most` deepest pits (deeper than threshold); their hover says how deep a pit is and at
    which radius it went out of reach.
    """
    p = palette(dark)
    radii, last = swept.radii, swept.last_touched
    lowest = float(radii[0])
    log = np.log10(np.maximum(last, lowest / 1.5))
    ticks = np.unique(np.round(np.linspace(log.min(), log.max(), 5), 2))
    after = np.append(radii, np.inf)[np.searchsorted(radii, last, side="right")]
    fig = go.Figure()
    fig.add_heatmap(
        x=single(swept.axes[0]),
        y=single(swept.axes[1]),
        z=_ground_only(single(log), swept.heights).T,
        customdata=single(last).T,
        colorscale="Viridis",
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": ticks,
            "ticktext": [f"{10**t:.2g}" for t in ticks],
            "tickfont": {"color": p.muted, "size": 12},
            "title": {"text": "ρ", "font": {"color": p.muted}},
        },
        hovertemplate="x₁ = %{x:.3g}<br>x₂ = %{y:.3g}<br>largest ball that touches: ρ = %{customdata:.3g}"
        + f" of {lowest:.3g} … {float(radii[-1]):.3g} (0: none)<extra></extra>",
    )
    found = basins(swept.heights)
    keep = np.flatnonzero((found.depth > threshold) & ~found.on_border)[:most]
    floor = found.floor[keep]
    row, column = np.unravel_index(floor, swept.heights.shape)
    texts = [
        f"<b>Pit, {'the deepest' if np.isinf(depth) else f'{depth:.3g} deep'}</b><br>its floor is {gone_text(a, b)}"
        for depth, a, b in zip(found.depth[keep], last.ravel()[floor], after.ravel()[floor], strict=True)
    ]
    fig.add_scatter(
        x=single(swept.axes[0][row]),
        y=single(swept.axes[1][column]),
        mode="markers",
        name="floor of a pit",
        marker={"size": 5, "color": "#FFFFFF", "line": {"width": 1, "color": "#1F2430"}},
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    return _map(fig, dark, "touched by balls up to this radius; dots: deepest pits")


def gone_text(last: float, following: float) -> str:
    """When a place went out of reach: `last` is the largest radius that touched it (0: none), `following` the next."""
    if last <= 0:
        return f"out of reach from ρ = {following:.3g} or less"
    if not np.isfinite(following):
        return f"in reach up to ρ = {last:.3g}, the largest ball here"
    return f"out of reach from ρ = {following:.3g} (in reach at {last:.3g})"


def _map(fig: go.Figure, dark: bool, title: str) -> go.Figure:
    layout(fig, dark, height=420, margin={"l": 8, "r": 8, "t": 36, "b": 8}, uirevision="iron")
    fig.update_layout(title={"text": title, "font": {"size": 13}})
    fig.update_xaxes(title_text="x₁ (parameter)", showgrid=False, constrain="domain")
    fig.update_yaxes(title_text="x₂ (parameter)", showgrid=False, constrain="domain", scaleanchor="x")
    return fig


def _ground_only(values: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """The values, NaN in holes where there are any."""
    hole = np.isnan(heights)
    return np.where(hole, np.float32(np.nan), values) if hole.any() else values
