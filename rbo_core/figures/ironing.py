"""Pictures of ironing: the curve and its ironed twin, the surface pair, the map of what a ball can touch, small
multiples.

Pure Plotly builders, usable from a notebook. Lengths are parameter units; heights are λf, so that both axes have one
unit and a ball is round.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.style import COLORS, COLORSCALE, fade, layout, palette
from rbo_core.ironing import Grooves, Ironed, Sweep, largest_slope

Array = NDArray[np.float64]

#: A curve taller than this share of its width is not drawn at true scale: it would shrink to a thread.
TRUE_SCALE = 0.8
#: More dots than this would hide the curve.
MOST_GROOVES = 400


@dataclass(frozen=True)
class Inks:
    """The colours of ironing in one theme (CSS colours): what the ball sees, and what it cannot touch."""

    ironed: str
    unreachable: str
    unreachable_fill: str
    blur: str


def inks(dark: bool) -> Inks:
    """Violet for the ironed landscape as on the page Roll, red for what no ball touches, green for a blur."""
    if dark:
        return Inks("#B9A3FF", "#E5697A", "rgba(229,105,122,0.26)", "#3DC79B")
    return Inks("#6A4BC4", "#B3243F", "rgba(179,36,63,0.17)", "#008A66")


def single(values: Array) -> NDArray[np.float32]:
    """float32: half the bytes on the wire, far finer than a pixel."""
    return np.asarray(values, np.float32)


def drawn(heights: Array, most: int = 8000) -> NDArray[np.int64]:
    """Indices at which to draw a curve (N,): all of them, or the lowest and the highest of every one of most / 2 parts,
    so that no wrinkle is lost; 0 and N − 1 are always among them."""
    if heights.size <= most:
        return np.arange(heights.size)
    parts = np.linspace(0, heights.size, most // 2 + 1).astype(np.int64)
    picked = [a + f(heights[a:b]) for a, b in pairwise(parts.tolist()) for f in (np.argmin, np.argmax)]
    return np.unique([0, heights.size - 1, *picked])


def is_true_scale(ironed: Ironed) -> bool:
    """Whether the curve is drawn with one scale for both axes."""
    top = float(max(np.nanmax(ironed.heights), np.nanmax(ironed.ironed)))
    return top - float(np.nanmin(ironed.heights)) <= TRUE_SCALE * float(np.ptp(ironed.axes[0]))


def resting_ball(ironed: Ironed) -> tuple[float, float]:
    """Centre (x, height) of a ball that covers the deepest place of a curve no ball can touch."""
    x = ironed.axes[0]
    where = int(np.nanargmax(ironed.closing - ironed.heights))
    squared = ironed.radius**2 - (x - x[where]) ** 2
    under = np.where(squared >= 0, ironed.center - np.sqrt(np.maximum(squared, 0.0)), np.inf)
    best = int(np.nanargmin(under))
    return float(x[best]), float(ironed.center[best])


@dataclass(frozen=True, eq=False)
class CurveMarks:
    """What is drawn into a curve beside what the ball sees of it.

    last_touched (N,): largest radius that touches each sample, for the hover. grooves: marked at their floors with the
    radius at which each vanished. blurred (N,): a Gaussian blur to compare with. closing: the underside of the sweep.
    """

    last_touched: Array | None = None
    grooves: Grooves | None = None
    blurred: Array | None = None
    closing: bool = True


NO_MARKS = CurveMarks()


def curve_figure(ironed: Ironed, dark: bool, marks: CurveMarks = NO_MARKS, *, height: int = 500) -> go.Figure:
    """A curve, the ironed curve, the underside of the sweep, and the stretches no ball can touch."""
    p = palette(dark)
    keep = drawn(ironed.heights)
    x, f = single(ironed.axes[0][keep]), single(ironed.heights[keep])
    low, high = float(np.nanmin(f)), max(float(np.nanmax(f)), float(np.nanmax(ironed.ironed)))
    room = 0.08 * (high - low)
    fig = go.Figure()
    quiet: dict[str, Any] = {"hoverinfo": "skip", "showlegend": False}
    fig.add_scatter(x=x, y=np.full_like(f, low - 3 * room), line={"width": 0}, mode="lines", **quiet)
    fig.add_scatter(x=x, y=f, fill="tonexty", fillcolor=p.ground, line={"width": 0}, mode="lines", **quiet)
    _add_unreachable(fig, ironed, keep, dark)
    _add_curves(fig, ironed, keep, marks, dark)
    if marks.grooves is not None:
        _add_grooves(fig, ironed, marks.grooves, dark)
    _add_ball(fig, ironed, dark)
    margin = {"l": 8, "r": 8, "t": 34, "b": 8}
    layout(fig, dark, height=height, uirevision="iron", margin=margin, legend={"traceorder": "normal"})
    fig.update_xaxes(title_text="x (parameter)", range=[float(x[0]), float(x[-1])], showgrid=False)
    fig.update_yaxes(title_text="height λf (same unit)", range=[low - room, high + 1.5 * room])
    if is_true_scale(ironed):
        fig.update_yaxes(scaleanchor="x", scaleratio=1)
    else:
        fig.add_annotation(
            text="Heights are squeezed to fit: the ball is round, it only looks flat.",
            x=0.995, y=0.995, xref="paper", yref="paper", xanchor="right", yanchor="top",
            showarrow=False, font={"size": 12, "color": p.muted},
        )  # fmt: skip
    return fig


def _add_unreachable(fig: go.Figure, ironed: Ironed, keep: Any, dark: bool) -> None:
    x, f = single(ironed.axes[0][keep]), single(ironed.heights[keep])
    # Underside and ground run together where the ball touches, so the filled area is exactly the unreachable one.
    closed = single(np.where(ironed.reachable, ironed.heights, ironed.closing)[keep])
    fig.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([closed, f[::-1]]), fill="toself",
        fillcolor=inks(dark).unreachable_fill, line={"width": 0}, mode="lines", name="no ball touches",
        hoverinfo="skip", legendrank=4,
    )  # fmt: skip


def _add_curves(fig: go.Figure, ironed: Ironed, keep: Any, marks: CurveMarks, dark: bool) -> None:
    """The landscape, the underside, the ironed curve and a blur, each with its hover."""
    ink, x = inks(dark), single(ironed.axes[0][keep])
    touched = None if marks.last_touched is None else single(marks.last_touched[keep])
    told = "" if touched is None else "<br>touched by balls up to ρ = %{customdata:.3g}"

    def add(heights: Array, name: str, word: str, rank: int, line: dict[str, Any], **more: Any) -> None:
        hover = f"x = %{{x:.4g}}<br>{word} = %{{y:.4g}}{more.pop('told', '')}<extra></extra>"
        fig.add_scatter(
            x=x, y=single(heights[keep]), mode="lines", name=name, line=line, hovertemplate=hover, legendrank=rank,
            **more,
        )  # fmt: skip

    ridge = {"color": palette(dark).ridge, "width": 1.6}
    add(ironed.heights, "landscape λf", "λf", 1, ridge, customdata=touched, told=told)
    if marks.closing:
        underside = {"color": ink.unreachable, "width": 1.3, "dash": "dot"}
        add(ironed.closing, "underside of the sweep", "underside", 3, underside)
    seen = {"color": ink.ironed, "width": 3}
    add(ironed.ironed, "ironed h − ρ", "ironed", 2, seen, meta={"carries": True})
    if marks.blurred is not None:
        add(marks.blurred, "Gaussian blur", "blurred", 5, {"color": ink.blur, "width": 2.2, "dash": "dash"})


def _add_grooves(fig: go.Figure, ironed: Ironed, grooves: Grooves, dark: bool) -> None:
    if not 0 < grooves.floor.size <= MOST_GROOVES:
        return
    fig.add_scatter(
        x=single(ironed.axes[0][grooves.floor]), y=single(ironed.heights[grooves.floor]), mode="markers",
        marker={"size": 5, "color": inks(dark).unreachable, "line": {"width": 0}},
        text=[_groove_text(grooves, k) for k in range(grooves.floor.size)],
        hovertemplate="%{text}<extra></extra>", name="floor of a groove", showlegend=False,
    )  # fmt: skip


def _add_ball(fig: go.Figure, ironed: Ironed, dark: bool) -> None:
    if ironed.reachable.all():
        return
    x, y = resting_ball(ironed)
    t = np.linspace(0, 2 * np.pi, 121)
    fig.add_scatter(
        x=single(x + ironed.radius * np.sin(t)),
        y=single(y + ironed.radius * np.cos(t)),
        mode="lines",
        line={"color": COLORS["rbo"], "width": 2},
        fill="toself",
        fillcolor=fade(COLORS["rbo"], 0.13 if not dark else 0.2),
        name="ball over the deepest gap",
        meta={"ball": ironed.radius},  # a page lets it follow the pointer
        hoverinfo="skip",
        showlegend=False,
    )


def _groove_text(grooves: Grooves, k: int) -> str:
    untouched, vanished, predicted = grooves.untouched_from[k], grooves.vanished_from[k], grooves.predicted[k]
    lines = [f"<b>Groove, {grooves.depth[k]:.3g} deep</b>"]
    lines.append(
        f"its floor is out of reach from ρ = {untouched:.3g}" if np.isfinite(untouched) else "its floor stays in reach"
    )
    lines.append(
        f"ironed away at ρ = {vanished:.3g}" if np.isfinite(vanished) else "not ironed away by any radius here"
    )
    if np.isfinite(predicted):
        lines.append(f"theory, from its crests' lifetimes: ρ = {predicted:.3g}")
    return "<br>".join(lines)


def surface_figure(
    ironed: Ironed, dark: bool, *, seen: bool = False, height: int = 480, samples: int = 128
) -> go.Figure:
    """The surface, or with seen=True what the ball sees of it; both on the same axes and colour scale, to stand side by
    side.

    Heights are at true scale unless that would make a needle or a pancake.
    """
    stride = tuple(slice(None, None, max(1, -(-n // samples))) for n in ironed.heights.shape)
    x, y = single(ironed.axes[0][stride[0]]), single(ironed.axes[1][stride[1]])
    low, high = float(np.nanmin(ironed.heights)), float(max(np.nanmax(ironed.heights), np.nanmax(ironed.ironed)))
    name = "ironed" if seen else "λf"
    fig = go.Figure(
        go.Surface(
            x=x,
            y=y,
            z=single((ironed.ironed if seen else ironed.heights)[stride]).T,
            colorscale=COLORSCALE,
            cmin=low,
            cmax=high,
            showscale=False,
            lighting={"ambient": 0.55, "diffuse": 0.75, "specular": 0.15, "roughness": 0.7},
            hovertemplate=f"x₁ = %{{x:.3g}}<br>x₂ = %{{y:.3g}}<br>{name} = %{{z:.4g}}<extra></extra>",
        )
    )
    spans = np.array([np.ptp(ironed.axes[0]), np.ptp(ironed.axes[1]), max(high - low, 1e-12)])
    ratio = spans / spans[:2].max()
    ratio[2] = min(max(ratio[2], 0.15), 0.7)
    title = f"what a ball of radius {ironed.radius:.3g} sees" if seen else "the surface"
    layout(
        fig,
        dark,
        height=height,
        uirevision="iron",
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={"text": title, "x": 0.5, "xanchor": "center", "y": 0.99, "yanchor": "top", "font": {"size": 14}},
        scene={
            "aspectmode": "manual",
            "aspectratio": {"x": float(ratio[0]), "y": float(ratio[1]), "z": float(ratio[2])},
            "camera": {"eye": {"x": -0.95, "y": -1.15, "z": 0.95}, "center": {"x": 0, "y": 0, "z": -0.12}},
            "xaxis": {"title": {"text": "x₁"}, "nticks": 5},
            "yaxis": {"title": {"text": "x₂"}, "nticks": 5},
            "zaxis": {"title": {"text": "λf"}, "nticks": 4, "range": [low, high]},
        },
    )
    return fig


def multiple_figures(swept: Sweep, dark: bool) -> list[go.Figure]:
    """Small multiples: one figure a radius of the sweep (six, for a page), all on the same axes."""
    ink, p = inks(dark), palette(dark)
    low, high = float(np.nanmin(swept.heights)), float(max(np.nanmax(swept.heights), np.nanmax(swept.ironed)))
    steep = largest_slope(swept.heights, swept.spacing) / 2
    figures = []
    for radius, ironed, reachable in zip(swept.radii, swept.ironed, swept.reachable, strict=True):
        fig = go.Figure()
        if swept.heights.ndim == 1:
            stride = max(1, swept.heights.size // 2500)
            x, f = single(swept.axes[0][::stride]), single(swept.heights[::stride])
            gone = single(np.where(reachable[::stride], np.nan, f))
            for values, name, line in (
                (f, "λf", {"color": p.faint, "width": 1}),
                (gone, "no ball touches", {"color": ink.unreachable, "width": 1.4}),
                (single(ironed[::stride]), "ironed", {"color": ink.ironed, "width": 2.2}),
            ):
                fig.add_scatter(x=x, y=values, mode="lines", line=line, name=name, showlegend=False)
            fig.update_xaxes(showgrid=False, title_text="x (parameter)")
            fig.update_yaxes(range=[low - 0.05 * (high - low), high + 0.05 * (high - low)], title_text="height λf")
        else:
            step = max(1, swept.heights.shape[0] // 128)
            fig.add_heatmap(
                x=single(swept.axes[0][::step]),
                y=single(swept.axes[1][::step]),
                z=single(ironed[::step, ::step]).T,
                zmin=low,
                zmax=high,
                colorscale=COLORSCALE,
                colorbar={"thickness": 9, "outlinewidth": 0, "tickfont": {"color": p.muted, "size": 11}},
                hovertemplate="x₁ = %{x:.3g}<br>x₂ = %{y:.3g}<br>ironed = %{z:.4g}<extra></extra>",
            )
            fig.add_heatmap(
                x=single(swept.axes[0][::step]),
                y=single(swept.axes[1][::step]),
                z=single(_relief(ironed, swept.spacing, steep)[::step, ::step]).T,
                zmin=-1,
                zmax=1,
                colorscale=[[0, "rgba(0,0,0,0.7)"], [0.5, "rgba(128,128,128,0)"], [1, "rgba(255,255,255,0.55)"]],
                showscale=False,
                hoverinfo="skip",
            )
            fig.update_xaxes(showgrid=False, title_text="x₁", constrain="domain")
            fig.update_yaxes(showgrid=False, title_text="x₂", constrain="domain", scaleanchor="x")
        layout(fig, dark, height=250, margin={"l": 8, "r": 8, "t": 30, "b": 8}, hovermode="closest")
        fig.update_layout(title={"text": f"ρ = {radius:.3g}", "font": {"size": 13}})
        figures.append(fig)
    return figures


def _relief(heights: Array, spacing: tuple[float, ...], steep: float) -> Array:
    """Light from the upper left on a surface (n, m): 0 on level ground, ±1 where it faces the light or away from it at
    slope `steep` or more.
    """
    along, up = np.gradient(heights, *spacing)
    return np.clip((along - up) / (np.sqrt(2) * max(steep, 1e-300)), -1, 1)


def section_figure(
    x: Array, heights: Array, ironed: Array, blurred: Array, dark: bool, label: str = "x (parameter)"
) -> go.Figure:
    """A curve or a cut through a surface: the landscape, the ball's view, and a blur of equal strength."""
    ink, p = inks(dark), palette(dark)
    fig = go.Figure()
    lines = (
        (heights, "landscape λf", {"color": p.ridge, "width": 1.3}),
        (ironed, "ball: ironed h − ρ", {"color": ink.ironed, "width": 3}),
        (blurred, "Gaussian blur of equal strength", {"color": ink.blur, "width": 2.4, "dash": "dash"}),
    )
    keep = drawn(heights)
    for values, name, line in lines:
        fig.add_scatter(x=single(x[keep]), y=single(values[keep]), name=name, line=line, mode="lines")
    layout(fig, dark, height=400, hovermode="x unified", margin={"l": 8, "r": 8, "t": 34, "b": 8})
    fig.update_xaxes(title_text=label, showgrid=False)
    fig.update_yaxes(title_text="height λf")
    return fig
