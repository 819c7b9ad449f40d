"""Figures of the page "Race": which minimum each of many starts ends in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.style import layout, palette

STARTS = "starts"
"""Name of the traces of a stack whose cells can be clicked."""


@dataclass(frozen=True, eq=False)
class BasinMap:
    """What became of many starts under one method.

    start: (B, 2) a lattice of parameters, the first running fastest; end: (B, 2). basin: (B,) label of the minimum each
    ended in, −1 for none; reached: (B,) whether it ended in the flooded basin. rolled: (B,) whether that start's run
    is known yet.
    """

    label: str
    color: str
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    basin: NDArray[np.int64]
    reached: NDArray[np.bool_]
    rolled: NDArray[np.bool_]

    @property
    def fraction(self) -> float:
        """Share of the starts rolled so far that reached the flooded basin, 0 to 1."""
        return float(self.reached[self.rolled].mean()) if self.rolled.any() else 0.0

    @classmethod
    def unknown(cls, like: BasinMap, start: NDArray[np.float64]) -> BasinMap:
        """The map of the method of another map before anything has rolled from start (B, 2)."""
        count = len(start)
        nowhere = np.full((count, 2), np.nan)
        no = np.zeros(count, bool)
        return cls(like.label, like.color, start, nowhere, np.full(count, -1), no, no)

    def with_part(self, part: NDArray[np.int64], piece: BasinMap) -> BasinMap:
        """The same with what became of the starts of these indices; piece: their own map."""
        made = {name: getattr(self, name).copy() for name in ("end", "basin", "reached", "rolled")}
        for name, values in made.items():
            values[part] = getattr(piece, name)
        return replace(self, **made)


def basin_stack(
    maps: Sequence[BasinMap],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    flooded: NDArray[np.bool_],
    minimum: NDArray[np.float64],
    dark: bool = False,
) -> go.Figure:
    """As `basin_map`, of several maps from the same starts: trace k shows the map k, the first of them at first.

    The starts can be clicked (`STARTS`).
    """
    first = basin_map(maps[0], x, y, flooded, minimum, dark)
    heatmaps = [_squares(one, dark).update(visible=k == 0, name=STARTS) for k, one in enumerate(maps)]
    stack = go.Figure([*heatmaps, *first.data[1:]], first.layout)
    return stack.update_layout(title=None, margin={"l": 44, "r": 8, "t": 8, "b": 44}, height=420)


def _shades(count: int, dark: bool) -> list[str]:
    """Quiet greys with a hint of blue, far enough apart for neighbouring basins."""
    tones = np.linspace(0.30, 0.62, count) if dark else np.linspace(0.56, 0.9, count)
    return [f"rgb({round(238 * t)},{round(243 * t)},{round(255 * t)})" for t in tones]


def _squares(made: BasinMap, dark: bool) -> go.Heatmap:
    """Every start as a square, coloured where it reached the flooded basin."""
    colours = [*_shades(7, dark), made.color]
    steps = [[(k + side) / 8, colour] for k, colour in enumerate(colours) for side in (0, 1)]
    sides = [np.unique(made.start[:, k]) for k in (0, 1)]
    shape = (len(sides[1]), len(sides[0]))
    shade = np.where(made.rolled, np.where(made.reached, 7, made.basin * 2654435761 % 7), np.nan)
    return go.Heatmap(
        x=sides[0], y=sides[1], z=shade.reshape(shape), zmin=-0.5, zmax=7.5, colorscale=steps, showscale=False,
        xgap=1, ygap=1, customdata=made.end.reshape(*shape, 2),
        hovertemplate="start (%{x:.2f}, %{y:.2f})<br>"
        "end (%{customdata[0]:.2f}, %{customdata[1]:.2f})<extra></extra>",
    )  # fmt: skip


def basin_map(
    made: BasinMap,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    flooded: NDArray[np.bool_],
    minimum: NDArray[np.float64],
    dark: bool = False,
) -> go.Figure:
    """Every start of one method as a square, coloured where it reached the flooded basin.

    x: (N,), y: (M,), flooded: (M, N) True in the flooded basin, whose rim is drawn; minimum: (2,). Starts that ended
    in the same other minimum share a grey.
    """
    p = palette(dark)
    figure = go.Figure(
        [
            _squares(made, dark),
            go.Contour(
                x=x, y=y, z=flooded.astype(float), showscale=False, showlegend=False, hoverinfo="skip",
                contours={"coloring": "none", "start": 0.5, "end": 0.5, "size": 1}, line={"width": 1.6, "color": p.ink},
            ),
            go.Scatter(
                x=[minimum[0]], y=[minimum[1]], mode="markers", hoverinfo="skip", showlegend=False,
                marker={"symbol": "star", "size": 13, "color": p.ink, "line": {"color": p.paper, "width": 1.5}},
            ),
        ]
    )  # fmt: skip
    title = f"<b>{made.label}</b>  {100 * made.fraction:.0f} % reached the flooded basin"
    layout(figure, dark, height=380, showlegend=False, margin={"l": 44, "r": 8, "t": 36, "b": 44})
    figure.update_layout(
        title={"text": title, "font": {"size": 14, "color": p.ink, "weight": 400}, "x": 0.5, "xanchor": "center"}
    )
    figure.update_xaxes(title={"text": "θ₁", "standoff": 4}, range=[x[0], x[-1]], showgrid=False, constrain="domain")
    figure.update_yaxes(title={"text": "θ₂", "standoff": 4}, range=[y[0], y[-1]], showgrid=False, constrain="domain")
    figure.update_yaxes(scaleanchor="x", scaleratio=1, constraintoward="top")
    return figure
