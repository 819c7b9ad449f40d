"""How the page Network landscape shows a view: two planes beside each other, a ball that rolls, a plane that grows."""

from __future__ import annotations

import streamlit as st

import pages.player as film
from pages.network_landscape import view
from pages.network_landscape.controls import PlaneLook
from pages.shared import plots
from pages.shared.page import readouts, sentence
from rbo_core.figures.network_landscape import PLACES
from rbo_core.training.landscape import PlaneResult

FROM_ABOVE = (1.0, 1.6)  # widths of the map that a ball is started from, and of nothing beside it


def show(look: PlaneLook, seen: view.Seen) -> None:
    """The sentence and the view's pictures and numbers; a place that was chosen on a map begins the run again."""
    sentence(seen.sentence, view=look.view)
    if seen.scene is not None:
        click = film.player(seen.scene, key="plane_player", height=460)
        if click is not None:
            view.start_at(click.x)
            st.rerun()
    columns = st.columns(view.PAIR if seen.scene is None else FROM_ABOVE)
    for column, panel in zip(columns, seen.panels, strict=False):
        with column:
            st.html(f'<p class="plane-head">{panel.head}</p>')
            _panel(panel, look.result)
    if seen.below is not None:
        plots.show([seen.below], "plane_study")
    if seen.numbers:
        readouts(seen.numbers, "plane", "8.4rem")


def growing(result: PlaneResult, dark: bool) -> None:
    """A plane of which some points are still missing."""
    seen = view.unfinished(result, dark)
    sentence(seen.sentence, points=str(int(result.share_known * result.own.size)))
    (panel,) = seen.panels
    with st.container(key="plane_plot"):
        st.html(f'<p class="plane-head">{panel.head}</p>')
        plots.show([panel.figure], f"plane_{panel.name}")
        readouts(seen.numbers, "plane", "8.4rem")


def _panel(panel: view.Panel, result: PlaneResult) -> None:
    if not panel.places:
        plots.show([panel.figure], f"plane_{panel.name}")
        return
    click = plots.show([panel.figure], f"plane_{panel.name}", clicks=PLACES, selected=view.start_of(result))
    if click is not None:
        view.start_at((click["x"], click["y"]))
        st.rerun()
