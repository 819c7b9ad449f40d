"""One look for every figure: colours with a meaning, quiet axes, the same type in light and dark.

The colours are Okabe and Ito's, safe for colour-blind eyes; a method has the same colour on every page. Surfaces use
cividis, which is quiet enough for the racers to stand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go

from rbo_core.method import BatchedMethod
from rbo_core.methods import METHODS

COLORS: dict[str, str] = {name: method.color for name, method in METHODS.items()}
DASHES: dict[str, str] = {name: method.dash for name, method in METHODS.items()}
COLORWAY = tuple(COLORS[name] for name in ("rbo", "sgd", "momentum", "sam", "entropy_sgd", "adam"))
COLORSCALE = "Cividis"
FONT = '"Source Sans", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True)
class Palette:
    """The neutral colours of one theme (CSS colours)."""

    ink: str
    muted: str
    faint: str
    grid: str
    ground: str
    ridge: str
    paper: str


LIGHT = Palette("#1F2430", "#5E6675", "#98A0AE", "#E6E8EC", "rgba(31,36,48,0.07)", "#39414F", "#FFFFFF")
DARK = Palette("#E8EAF0", "#A3ABBA", "#6C7484", "#262C37", "rgba(232,234,240,0.08)", "#C3C9D4", "#12151C")


def palette(dark: bool) -> Palette:
    """The neutral colours of the light or the dark theme."""
    return DARK if dark else LIGHT


def color(method: str) -> str:
    """The colour of a method, by its name (`method.name`); grey for one that has none."""
    return METHODS[method].color if method in METHODS else BatchedMethod.color


def label(method: str) -> str:
    """What people call a method, by its name."""
    return METHODS[method].label if method in METHODS else method.replace("_", " ")


def shape(method: str) -> str:
    """How the player draws a method's place, by its name."""
    return METHODS[method].shape if method in METHODS else BatchedMethod.shape


def fade(hex_color: str, alpha: float) -> str:
    """`#RRGGBB` as `rgba(r,g,b,alpha)`.

    Raises:
        ValueError: when hex_color is not of the form #RRGGBB.
    """
    digits = hex_color.removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"a colour must look like #RRGGBB, got {hex_color!r}") from None
    return f"rgba({red},{green},{blue},{alpha:g})"


def layout(fig: go.Figure, dark: bool, **changes: Any) -> go.Figure:
    """Give a figure the shared look and return it; `changes` go to `update_layout`, so they win, as does whatever the
    figure says about itself.

    Transparent paper (the page shows through), thin grid, no zero line, legend along the top, units left to the caller.
    """
    fig.layout.template = _template(dark)
    if changes:
        fig.update_layout(**changes)
    return fig


@cache
def _template(dark: bool) -> go.layout.Template:
    """The look as a Plotly template: checked once a theme, where the same settings on every figure cost 20 ms each."""
    p = palette(dark)
    axis = {
        "gridcolor": p.grid,
        "linecolor": p.faint,
        "tickcolor": p.faint,
        "zeroline": False,
        "showline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickfont": {"color": p.muted, "size": 12},
        "title": {"font": {"color": p.muted, "size": 13}, "standoff": 6},
        "automargin": True,
    }
    scene_axis = {
        "gridcolor": p.grid,
        "color": p.muted,
        "zeroline": False,
        "showbackground": False,
        "tickfont": {"size": 11},
    }
    look = go.Layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": p.ink},
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        title={"font": {"size": 15, "color": p.ink}, "x": 0, "xanchor": "left"},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "xanchor": "left",
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"color": p.ink, "size": 13},
        },
        hoverlabel={"font": {"family": FONT, "size": 13, "color": p.ink}, "bgcolor": p.paper, "bordercolor": p.faint},
        colorway=list(COLORWAY),
        hovermode="closest",
        xaxis=axis,
        yaxis=axis,
        scene={"xaxis": scene_axis, "yaxis": scene_axis, "zaxis": scene_axis, "bgcolor": "rgba(0,0,0,0)"},
    )
    return go.layout.Template(layout=look)
