"""Figures of a network's landscape: a plane with the paths of optimizers, and what is left of label noise against ρ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.phase_map import rings
from rbo_core.figures.style import COLORS, COLORSCALE, DASHES, Palette, color, fade, label, layout, palette
from rbo_core.training.landscape import Path2D
from rbo_core.training.plane_reading import GONE, NoiseStudy

Floats = NDArray[np.float64]
_DECADES = [m * 10.0**e for e in range(-6, 7) for m in (1, 3)]


def log_limits(*heights: Floats) -> tuple[float, float]:
    """One range of log10(loss) for several panels: from the lowest point to nearly the highest."""
    values = np.concatenate([h.ravel() for h in heights])
    low = float(np.log10(max(values.min(), 1e-4)))
    high = float(np.log10(max(np.percentile(values, 99.5), 1e-3)))
    return low, max(high, low + 0.1)


@dataclass(frozen=True, eq=False)
class Heights:
    """Positive losses values (N, M) at (x[i], y[j])."""

    x: Floats
    y: Floats
    values: Floats


@dataclass(frozen=True)
class Frame:
    """What is around a plane: the range of log10(loss), the axes' labels, whether it has a colour bar, its height in
    pixels."""

    limits: tuple[float, float]
    labels: tuple[str, str] = ("first axis (parameter units)", "second axis (parameter units)")
    colorbar: bool = True
    height: int = 440


def plane_figure(
    plane: Heights,
    dark: bool,
    frame: Frame,
    *,
    paths: Sequence[Path2D] = (),
    radius: float | None = None,
    unreachable: NDArray[np.bool_] | None = None,
    known: NDArray[np.bool_] | None = None,
) -> go.Figure:
    """Loss on a plane, seen from above and coloured by its logarithm, axes at one scale.

    Args:
        paths: drawn over it, from the ring to the dot. radius: a ball of this size is drawn into the corner.
        unreachable: (N, M), tinted: no ball of that size touches there.
        known: (N, M), the points that are computed; the others are pale, in the colour of the nearest one.
    """
    p = palette(dark)
    fig = go.Figure()
    x, y = plane.x, plane.y
    whole = known is None or bool(known.all())
    if known is not None and not whole:
        _add_guesses(fig, plane, known, frame)
    _add_loss(fig, plane, frame, p, whole)
    if unreachable is not None and unreachable.any():
        ink = "rgba(255,120,140,0.6)" if dark else "rgba(214,30,70,0.5)"
        fig.add_heatmap(
            x=x.astype(np.float32), y=y.astype(np.float32), z=np.where(unreachable, 1.0, np.nan).T.astype(np.float32),
            colorscale=[[0, ink], [1, ink]], showscale=False, hoverinfo="skip", name="out of the ball’s reach",
        )  # fmt: skip
    for path in paths:
        _add_path(fig, path)
    if radius is not None and 2 * radius < 0.9 * float(x[-1] - x[0]):
        _add_ball(fig, float(x[-1]), float(y[0]), radius)
    layout(
        fig, dark, height=frame.height, margin={"l": 8, "r": 8, "t": 40, "b": 8}, hoverdistance=20, uirevision="plane"
    )
    # The legend stays above the margin, so that panels with and without one stand at the same height.
    fig.update_layout(legend={"yref": "container", "y": 1.0, "yanchor": "top"})
    fig.update_xaxes(title_text=frame.labels[0], range=[float(x[0]), float(x[-1])], showgrid=False, constrain="domain")
    fig.update_yaxes(title_text=frame.labels[1], range=[float(y[0]), float(y[-1])], showgrid=False, constrain="domain",
                     scaleanchor="x", scaleratio=1, constraintoward="top")  # fmt: skip
    return fig


PLACES = "places"
"""Name of the invisible trace whose points can be chosen as a start, by a click or the arrow keys."""
_PLACES = 31  # an axis, at the most: a key press is a step one can see


def add_places(fig: go.Figure, plane: Heights, reachable: NDArray[np.bool_], start: tuple[float, float]) -> None:
    """Let a start be chosen on a plane, and ring the one that is. reachable: (N, M), where a ball touches."""
    rows, columns = (np.arange(0, len(axis), -(-len(axis) // _PLACES)) for axis in (plane.x, plane.y))
    i, j = (index.ravel() for index in np.meshgrid(rows, columns, indexing="ij"))
    texts = [
        f"{value:.3g}{'' if touched else ', out of the ball’s reach'}"
        for value, touched in zip(plane.values[i, j], reachable[i, j], strict=True)
    ]
    fig.add_scatter(
        x=plane.x[i], y=plane.y[j], mode="none", name=PLACES, showlegend=False, text=texts,
        meta={"x": "first axis", "y": "second axis", "what": "loss"},
        hovertemplate="(%{x:.3g}, %{y:.3g})<br>loss %{text}<extra></extra>",
    )  # fmt: skip
    for ring in rings(*start):
        fig.add_shape(ring)


def _add_loss(fig: go.Figure, plane: Heights, frame: Frame, p: Palette, whole: bool) -> None:
    """The loss in colour with its level lines. whole: no point is missing, so colours may blend.

    Plotly draws lines over all colours: were these the lines' own, they would cover what is tinted later.
    """
    low, high = frame.limits
    ticks = [t for t in _DECADES if low <= np.log10(t) <= high]
    at = {"x": plane.x.astype(np.float32), "y": plane.y.astype(np.float32)}
    z = np.log10(np.maximum(plane.values, 10.0**low)).T.astype(np.float32)
    fig.add_contour(
        **at, z=z, zmin=low, zmax=high, showscale=False, showlegend=False, customdata=plane.values.T.astype(np.float32),
        contours={"start": low, "end": high, "size": (high - low) / 16, "coloring": "none"},
        line={"width": 0.6, "color": "rgba(255,255,255,0.35)"},
        hovertemplate="(%{x:.3g}, %{y:.3g})<br>loss %{customdata:.3g}<extra></extra>",
    )  # fmt: skip
    fig.add_heatmap(
        **at, z=z, zmin=low, zmax=high, colorscale=COLORSCALE, showscale=frame.colorbar, hoverinfo="skip",
        zsmooth="best" if whole else False, name="loss",
        colorbar={
            "title": {"text": "loss", "side": "right", "font": {"size": 12, "color": p.muted}}, "thickness": 10,
            "outlinewidth": 0, "tickvals": np.log10(ticks).tolist(), "ticktext": [f"{t:g}" for t in ticks],
            "tickfont": {"size": 11, "color": p.muted},
            # As long as the panel is on a phone, where the axes' common scale makes it lower than the figure.
            "lenmode": "pixels", "len": 270, "y": 1, "yanchor": "top",
        },
    )  # fmt: skip


def _add_guesses(fig: go.Figure, plane: Heights, known: NDArray[np.bool_], frame: Frame) -> None:
    """Under the points that are computed: what is not, in the colour of the nearest one, pale."""
    from scipy.ndimage import distance_transform_edt  # only a plane that grows needs it

    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    low, high = frame.limits
    fig.add_heatmap(
        x=plane.x.astype(np.float32), y=plane.y.astype(np.float32), zmin=low, zmax=high, colorscale=COLORSCALE,
        z=np.log10(np.maximum(plane.values[tuple(nearest)], 10.0**low)).T.astype(np.float32), opacity=0.4,
        showscale=False, hoverinfo="skip", name="not computed yet",
    )  # fmt: skip


def _add_path(fig: go.Figure, path: Path2D) -> None:
    x, y = path.coordinates.T
    name = path.method
    # White under the colour: a path must show on dark and on bright ground.
    fig.add_scatter(
        x=x, y=y, mode="lines", line={"color": "rgba(255,255,255,0.85)", "width": 4.5}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    fig.add_scatter(
        x=x, y=y, mode="lines+markers", name=label(name), customdata=np.stack([path.epochs, path.off], axis=1),
        line={"color": color(name), "width": 2.4, "dash": DASHES.get(name, "solid")},
        marker={
            "size": [9] + [4] * max(len(x) - 2, 0) + [12] * (len(x) > 1), "color": color(name), "opacity": 1,
            "symbol": ["circle-open"] + ["circle"] * (len(x) - 1),
            "line": {"width": [1.5] + [0] * max(len(x) - 2, 0) + [1.5] * (len(x) > 1), "color": "#FFFFFF"},
        },
        hovertemplate=f"<b>{label(name)}</b>, epoch %{{customdata[0]:.0f}}<br>%{{customdata[1]:.3g}} off the plane"
        "<extra></extra>",
    )  # fmt: skip


def _add_ball(fig: go.Figure, right: float, bottom: float, radius: float) -> None:
    fig.add_shape(
        type="circle", x0=right - 2.2 * radius, x1=right - 0.2 * radius, y0=bottom + 0.2 * radius,
        y1=bottom + 2.2 * radius,
        line={"color": COLORS["rbo"], "width": 2}, fillcolor=fade(COLORS["rbo"], 0.35),
    )  # fmt: skip


def noise_figure(study: NoiseStudy, radius: float, dark: bool, height: int = 260) -> go.Figure:
    """Share of the noise's mark on the plane that a ball still sees, against its radius; the chosen one is marked."""
    p = palette(dark)
    fig = go.Figure()
    x = study.radii[1:]
    fig.add_scatter(
        x=x, y=study.left[1:], mode="lines+markers", line={"color": COLORS["rbo"], "width": 2.4}, marker={"size": 5},
        name="left of the noise", showlegend=False, hovertemplate="ρ = %{x:.3g}<br>%{y:.0%} left<extra></extra>",
    )  # fmt: skip
    fig.add_hline(y=GONE, line={"color": p.faint, "width": 1, "dash": "dot"})
    fig.add_annotation(x=0, xref="paper", y=GONE, text=f"gone: {100 * GONE:.0f} %", showarrow=False, xanchor="left",
                       yanchor="bottom", font={"size": 12, "color": p.muted})  # fmt: skip
    fig.add_vline(x=radius, line={"color": p.muted, "width": 1.4, "dash": "dash"})
    if study.vanished is not None and study.vanished > 0:
        fig.add_vline(x=study.vanished, line={"color": COLORS["rbo"], "width": 1.6})
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 16, "b": 8})
    top = max(1.05, 1.1 * float(study.left.max()))
    ticks = [m * 10.0**e for e in range(-4, 4) for m in (1, 2, 5) if x[0] <= m * 10.0**e <= x[-1]]
    fig.update_xaxes(
        type="log", title_text="radius ρ (parameter units)", showgrid=False, tickvals=ticks,
        ticktext=[f"{t:g}" for t in ticks],
    )  # fmt: skip
    fig.update_yaxes(title_text="noise still seen", tickformat=".0%", range=[0, top])
    return fig
