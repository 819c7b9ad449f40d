"""Maps of (ρ, η) whose cells can be clicked."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.shared import plots
from rbo_core.figures.phase_map import CLICKS

_PICKED = "_picked"


def clickable_map(figure: go.Figure | plots.Picture, key: str, selected: tuple[float, float] | None = None) -> None:
    """Show a map; a click on a cell, or the arrow keys, begin the page's run again, in which `picked` tells the cell.

    selected: (ρ, η) from which the arrow keys go on.
    """
    if isinstance(figure, go.Figure):
        figure.update_layout(dragmode=False)
    click = plots.show([figure], key=key, clicks=CLICKS, selected=selected)
    if click is not None:
        st.session_state[_PICKED] = (float(click["x"]), float(click["y"]))
        st.rerun()


def picked() -> tuple[float, float] | None:
    """(ρ, η) of the cell that was just clicked, once; None when none was."""
    found: tuple[float, float] | None = st.session_state.pop(_PICKED, None)
    return found
