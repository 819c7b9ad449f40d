"""Maps of (ρ, η) whose cells can be clicked."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.shared import plots
from rbo_core.figures.phase_map import CLICKS

_PICKED = "_picked"


def clickable_map(figure: go.Figure | plots.Picture, key: str, selected: tuple[float, float] | None = None) -> None:
    """Show a map; of a click on a cell, or the arrow keys, the run of the page that follows asks `picked`.

    selected: (ρ, η) from which the arrow keys go on.
    """
    if isinstance(figure, go.Figure):
        figure.update_layout(dragmode=False)

    def clicked() -> None:
        click = st.session_state[key].get("click")
        if click:
            st.session_state[_PICKED] = (float(click["x"]), float(click["y"]))

    plots.show([figure], key=key, clicks=CLICKS, selected=selected, on_click=clicked)


def picked() -> tuple[float, float] | None:
    """(ρ, η) of the cell that was just clicked, once; None when none was."""
    found: tuple[float, float] | None = st.session_state.pop(_PICKED, None)
    return found
