"""The visitor's own drawing: a curve drawn in the picture, kept as a short text in the address."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

import landscapes
from landscapes.drawing import DEFAULT, PAPER
from pages.shared.errors import escaped
from pages.shared.widgets import text
from rbo_core.figures.player.payload import height_scale
from rbo_core.figures.player.scene import Drawing, Scene

_KNOTS, _DRAFT, _GOOD = "drawing_knots", "_draft", "_good_drawing"
_ROOM = 0.25  # the picture grows above the paper in such steps, so that it holds still while one draws


def drawing_picker() -> landscapes.Landscape:
    """The drawing's text and equation, and its surface; the last good one while the text is none."""
    with st.expander("Its equation and text"):
        said = st.empty()
        knots = text("Knots", _KNOTS, DEFAULT, most=4 * PAPER.most, help="Four characters a knot; copy it to keep it.")
    try:
        surface = landscapes.get("drawing", knots=knots)
        st.session_state[_GOOD] = knots
    except ValueError as error:
        problem = str(error)
        st.error(f"{escaped(problem[0].upper() + problem[1:])}. Until then the picture shows the last curve.")
        surface = landscapes.get("drawing", knots=st.session_state.get(_GOOD, DEFAULT))
    with said.container():
        st.latex(surface.latex)
        st.caption(surface.summary)
    return surface


def set_drawing(knots: str, done: bool) -> None:
    """Give the page this curve; in a callback, before it is drawn. done: the hand has let go of it."""
    st.session_state[_KNOTS] = knots
    st.session_state[_DRAFT] = not done


def take_draft() -> bool:
    """Whether this run of the page answers a curve that is still being drawn: then it leaves out what can wait."""
    return bool(st.session_state.pop(_DRAFT, False))


def drawable(scene: Scene, surface: landscapes.Landscape, live: bool, draft: bool, loss_scale: float = 1.0) -> Scene:
    """The scene, with its ground offered to the visitor's hand where it is a drawing.

    live: whether the page rolls on curves while they are drawn. loss_scale: λ, by which the scene draws heights.
    """
    if surface.name != "drawing":
        return scene
    tops = [np.max(r.center[:, -1]) + r.radius for r in scene.racers if r.center is not None and r.radius is not None]
    low, high = loss_scale * PAPER.bottom, loss_scale * PAPER.top
    step = _ROOM * loss_scale
    needed = np.ceil(max((top for top in tops if np.isfinite(top)), default=high) / step) * step
    bounds = low - 0.05 * loss_scale, float(np.clip(needed, high, 3 * high))
    paper = replace(scene.ground, x=np.array([PAPER.left, PAPER.right]), heights=np.array([low, high]), ironed=None,
                    reachable=None)  # fmt: skip
    return replace(
        scene,
        drawing=Drawing(str(surface.parameters["knots"]), loss_scale, live, draft),
        height_range=bounds,
        height_scale=height_scale(replace(scene, ground=paper)),
    )
