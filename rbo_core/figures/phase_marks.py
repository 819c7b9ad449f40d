"""What is drawn into a phase map: names of its regions, theory, the frontier of stability, detected transitions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.phases import Floats, Frontier, Jump, Mark, PhaseMap, edges
from rbo_core.figures.style import COLORS, fade


def regions(shown: PhaseMap) -> tuple[tuple[str, float, float], ...]:
    """Name and place (radius, rate) of the regions of a map: those that are given, and of a map of shares the two where
    most are held and where most get free.

    A region that is less than a twelfth of the map has no name, of the given ones less than a thirtieth.
    """
    values = filled(shown.values, shown.diverged)  # while a map is computed, as it is drawn
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


def add_regions(fig: go.Figure, shown: PhaseMap) -> None:
    """The regions' names, in the map."""
    for name, radius, rate in regions(shown):
        fig.add_annotation(
            x=np.log10(radius), y=np.log10(rate), text=f"<b>{name}</b>", showarrow=False, borderpad=3,
            bgcolor="rgba(255,255,255,0.72)", font={"size": 15, "color": "#1F2430"},
        )  # fmt: skip


def add_theory(fig: go.Figure, shown: PhaseMap, mark: Mark) -> None:
    fig.add_vline(x=mark.radius, line={"color": "rgba(0,0,0,0.65)", "width": 4})
    fig.add_vline(x=mark.radius, line={"color": "#FFFFFF", "width": 2, "dash": "dash"})
    # Along its own line: above the map, two marks or a mark and the legend would collide.
    left = mark.radius > np.sqrt(shown.radii[0] * shown.radii[-1])
    fig.add_annotation(
        x=np.log10(mark.radius), y=0.015, yref="paper", yanchor="bottom", textangle=-90, text=f"theory: {mark.label}",
        xanchor="right" if left else "left", xshift=-4 if left else 4, showarrow=False, borderpad=2,
        bgcolor="rgba(255,255,255,0.82)", font={"size": 12, "color": "#1F2430"},
    )  # fmt: skip


def add_frontier(fig: go.Figure, frontier: Frontier, shown: PhaseMap) -> None:
    """The frontier where it crosses the map, with its words at its left end."""
    low, high = edges(shown.rates)[[0, -1]]
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


def add_detected(fig: go.Figure, detected: Sequence[Jump], dark: bool) -> None:
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


def filled(values: Floats, diverged: Floats) -> Floats:
    """Cells not computed yet take the nearest computed one's value, so that a coarse picture covers the whole map."""
    todo = np.isnan(diverged)
    if not todo.any() or todo.all():
        return values
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(todo, return_distances=False, return_indices=True)
    filled: Floats = values[tuple(nearest)]
    return filled
