"""Where a ball rests, from every start and at every radius: bifurcation diagram, basin strip and crest tree in one."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.ironing import inks, single
from rbo_core.figures.style import COLORS, COLORSCALE, fade, layout, palette
from rbo_core.ironing import Crests, Rests, follow

Floats = NDArray[np.float64]
CLICKS = "starts"
"""Name of the trace whose points can be clicked: (ρ, x)."""


def strip(listed: Rests, x: Floats) -> tuple[Floats, Floats]:
    """The height at which a ball from each x (M,) comes to rest at each of the listed radii (K,), NaN where it leaves:
    the radii, and (M, K)."""
    radii = np.unique(listed.radius)
    ends = np.full((x.size, radii.size), np.nan)
    column = np.searchsorted(radii, listed.radius)
    for k, low, high, height in zip(column, listed.low, listed.high, listed.height, strict=True):
        ends[(x >= low) & (x <= high), k] = height
    return radii, ends


def bifurcation_figure(
    listed: Rests, found: Crests, window: tuple[float, float], radius: float, start: float, dark: bool
) -> go.Figure:
    """Radius across (log), the curve's parameter up. Colour: how low a ball from there comes to rest. Dots: the rests.
    Lines: the crests, each as long as it lives, joined to the crest that outlives it.

    window: the curve's ends. radius: marked. start: of the ball that breathes, whose way up and back is drawn. Cells
    can be clicked (`CLICKS`).
    """
    p, ink = palette(dark), inks(dark)
    x = np.linspace(*window, 241)
    radii, ends = strip(listed, x)
    fig = go.Figure()
    fig.add_heatmap(
        x=single(radii), y=single(x), z=single(ends), colorscale=COLORSCALE, reversescale=True, hoverinfo="skip",
        colorbar={"title": {"text": "rests at height", "side": "right", "font": {"size": 12, "color": p.muted}},
                  "thickness": 10, "outlinewidth": 0, "tickfont": {"color": p.muted, "size": 11}},
    )  # fmt: skip
    fig.add_scatter(
        x=single(listed.radius), y=single(listed.position), mode="markers", name="where a ball rests",
        marker={"size": 3.2, "color": COLORS["rbo"]}, hoverinfo="skip",
    )  # fmt: skip
    lines_x, lines_y = _tree(found, float(radii[0]), float(radii[-1]))
    for color, width in ((fade("#000000", 0.55), 2.4), ("#FFFFFF", 1.0)):
        fig.add_scatter(x=lines_x, y=lines_y, mode="lines", line={"color": color, "width": width}, hoverinfo="skip",
                        showlegend=False, name="crest, as long as it lives")  # fmt: skip
    own = (found.lifetime >= radii[0]) & (found.lifetime <= radii[-1])
    fig.add_scatter(
        x=single(found.lifetime[own]), y=single(found.position[own]), mode="markers", showlegend=False,
        marker={"size": 6, "color": ink.ironed, "line": {"color": "#FFFFFF", "width": 1}}, name="lets go",
        hovertemplate="the crest at x = %{y:.3g} holds balls up to ρ = %{x:.3g}<extra></extra>",
    )  # fmt: skip
    cells = np.meshgrid(radii[:: max(1, radii.size // 48)], x[::6], indexing="ij")
    fig.add_scatter(
        x=single(cells[0].ravel()), y=single(cells[1].ravel()), mode="none", name=CLICKS, showlegend=False,
        hovertemplate="ρ = %{x:.3g}, from x = %{y:.3g}<extra></extra>",
    )  # fmt: skip
    _add_breath(fig, listed, radii, start)
    fig.add_vline(x=radius, line={"color": COLORS["rbo"], "width": 1.5})
    layout(fig, dark, height=520, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    fig.update_xaxes(type="log", title_text="radius ρ (parameter units)", showgrid=False,
                     range=[float(np.log10(radii[0])), float(np.log10(radii[-1]))])  # fmt: skip
    fig.update_yaxes(title_text="x (parameter)", range=list(window), showgrid=False)
    return fig


def _add_breath(fig: go.Figure, listed: Rests, radii: Floats, start: float) -> None:
    """A ball that grows slowly from the smallest radius to the largest, and shrinks again."""
    up = follow(listed, start, radii)
    known = up[np.isfinite(up)]
    down = follow(listed, float(known[-1]) if known.size else start, radii[::-1])
    for name, x, y, dash in (("grows", radii, up, "solid"), ("shrinks", radii[::-1], down, "dot")):
        fig.add_scatter(
            x=single(x), y=single(y), mode="lines", name=f"a ball that {name}", line_shape="hv", hoverinfo="skip",
            line={"color": "#E02B8A", "width": 2.6, "dash": dash},
        )  # fmt: skip


def _tree(found: Crests, first: float, last: float) -> tuple[list[float | None], list[float | None]]:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for k in np.flatnonzero(found.lifetime > first).tolist():
        end, place = min(float(found.lifetime[k]), last), float(found.position[k])
        xs += [first, end]
        ys += [place, place]
        parent = int(found.parent[k])
        if parent >= 0 and found.lifetime[k] <= last:
            xs.append(end)
            ys.append(float(found.position[parent]))
        xs.append(None)
        ys.append(None)
    return xs, ys


def lifetimes_figure(found: Crests, span: tuple[float, float], radius: float, dark: bool, most: int = 60) -> go.Figure:
    """Barcode of the crests: a bar runs from the sweep's first radius to the crest's lifetime, longest first."""
    p, ink = palette(dark), inks(dark)
    keep = np.flatnonzero(found.lifetime > span[0])[:most]
    level = np.arange(keep.size)
    end = np.minimum(found.lifetime[keep], span[1])
    fig = go.Figure()
    fig.add_scatter(
        x=np.stack([np.full(keep.size, span[0]), end, np.full(keep.size, np.nan)], axis=1).ravel(),
        y=np.stack([level, level, np.full(keep.size, np.nan)], axis=1).ravel(),
        mode="lines", line={"color": ink.ironed, "width": 3 if keep.size < 30 else 2}, hoverinfo="skip",
        name=f"{int(found.count(radius))} of {found.lifetime.size} crests hold a ball of ρ = {radius:.3g}",
        showlegend=True,
    )  # fmt: skip
    places = found.position[keep].reshape(keep.size, -1)
    texts = [", ".join(f"{value:.3g}" for value in place) for place in places]
    fig.add_scatter(
        x=end, y=level, mode="markers", marker={"size": 6, "color": ink.ironed}, text=texts, showlegend=False,
        customdata=found.lifetime[keep],
        hovertemplate="the crest at %{text} holds balls up to ρ = %{customdata:.3g}<extra></extra>",
    )  # fmt: skip
    fig.add_vline(x=radius, line={"color": COLORS["rbo"], "width": 1.5})
    layout(fig, dark, height=400, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    fig.update_xaxes(type="log", title_text="radius ρ (parameter units)", range=np.log10(span).tolist())
    fig.update_yaxes(title_text="crests, longest first", autorange="reversed", showticklabels=False, showgrid=False)
    fig.update_layout(legend={"font": {"color": p.muted}})
    return fig
