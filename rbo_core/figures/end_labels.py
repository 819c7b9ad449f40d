"""Names at the ends of curves, moved apart where the ends lie close, so that nobody has to look them up in a legend."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from rbo_core.figures.style import palette

LINE = 17.0
"""Pixels of a line of a label, with the room round it."""
LETTER = 6.9
"""Pixels of a letter, on average."""
WIDEST = 17
"""Letters in a line of a label: it must leave room for the curves on a phone."""
MOST_LINES = 3
REACH = 1.06
"""Where the labels stand, in lengths of the longest curve."""


@dataclass(frozen=True)
class Ending:
    """A curve's end. label: its name; x, y: in data; color: of its line; strong: set in bold."""

    label: str
    x: float
    y: float
    color: str
    strong: bool = False

    @property
    def lines(self) -> list[str]:
        """The name, broken into lines that a phone has room for."""
        return textwrap.wrap(self.label, WIDEST, max_lines=MOST_LINES, placeholder=" …") or [""]


def apart(wanted: ArrayLike, sizes: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Places of intervals that do not overlap and stay inside [low, high], as near as can be to where they are wanted.

    The sum of the squared distances is least: subtracting what lies below each turns it into an isotonic regression.

    Args:
        wanted, sizes: (n,) centres and lengths.

    Raises:
        ValueError: they are longer together than the room there is.
    """
    centre, size = np.asarray(wanted, dtype=float), np.asarray(sizes, dtype=float)
    if size.sum() > high - low + 1e-9:
        raise ValueError(f"intervals of {size.sum():g} in all do not fit into {high - low:g}")
    order = np.argsort(centre, kind="stable")
    below = np.cumsum(size[order]) - size[order] / 2
    level = isotonic_regression(centre[order] - below).x
    placed = np.empty_like(centre)
    placed[order] = np.clip(level, low, high - size.sum()) + below
    return placed


def name_ends(fig: go.Figure, endings: Sequence[Ending], span: tuple[float, float], pixels: float, dark: bool) -> bool:
    """Write the names to the right of the plot, each with a thin line to its curve's end; False where they do not fit.

    Args:
        span: lowest and highest value of the y axis, in its own units (log10 where it is logarithmic).
        pixels: height of the plot between them.
    """
    sizes = [LINE * len(one.lines) for one in endings]
    if not endings or sum(sizes) > pixels:
        return False
    log = fig.layout.yaxis.type == "log"
    scale = pixels / (span[1] - span[0])
    ends = np.array([np.log10(one.y) if log else one.y for one in endings])
    places = apart((ends - span[0]) * scale, sizes, 0.0, pixels) / scale + span[0]
    far = REACH * max(one.x for one in endings)
    for one, place in zip(endings, places, strict=True):
        text = "<br>".join(one.lines)
        fig.add_annotation(
            text=f"<b>{text}</b>" if one.strong else text, x=1, xref="paper", xanchor="left", xshift=4, align="left",
            y=float(place), yref="y", yanchor="middle", showarrow=False, font={"color": palette(dark).ink},
        )  # fmt: skip
        fig.add_scatter(
            x=[one.x, far], y=[one.y, float(10**place if log else place)], mode="lines", hoverinfo="skip",
            showlegend=False, line={"color": one.color, "width": 1}, opacity=0.8, name="",
        )  # fmt: skip
    letters = max(len(line) + (1 if one.strong else 0) for one in endings for line in one.lines)
    fig.update_layout(showlegend=False, margin_r=round(8 + LETTER * letters))
    fig.update_xaxes(range=[0, far])
    return True
