"""The row under a picture: the page that plays offline, the vector still, the Python behind it, and how to cite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.downloads import download

if TYPE_CHECKING:  # what makes the files is loaded when a button is pressed
    import plotly.graph_objects as go

    import landscapes
    from rbo_core.figures.player.build import Look
    from rbo_core.figures.player.offline import Words
    from rbo_core.figures.player.racers import Entry

BIBTEX = """@misc{belgoumri2025rollingball,
  title  = {Rolling Ball Optimizer: Learning by ironing out loss landscape wrinkles},
  author = {Belgoumri, Mohammed Djameleddine and Bouadjenek, Mohamed Reda and Hacid, Hakim and Razzak, Imran
            and Aryal, Sunil},
  year   = {2025},
  eprint = {2505.19527},
  archivePrefix = {arXiv},
  note   = {Preprint}
}

@software{rollingballlab,
  title   = {Rolling-ball lab},
  author  = {{The rolling-ball lab developers}},
  version = {0.1.0}
}
"""


@dataclass(frozen=True)
class Takings:
    """What a page offers. stem: of the files' names. code: the script with exactly this state. page, svg: made when
    the button is pressed; None where there is none."""

    stem: str
    code: str
    page: Callable[[], str] | None = None
    svg: Callable[[], bytes] | None = None


def run_takings(surface: landscapes.Landscape, raced: Sequence[Entry], code: str, look: Look) -> Takings:
    """Of runs on a surface, with the script that repeats them."""

    def page() -> str:
        from rbo_core.figures.playing import page_from

        return page_from(surface, raced, code, look=look).html

    def svg() -> bytes:
        from rbo_core.figures.still import as_svg, roll_still  # Matplotlib, for who wants it

        return as_svg(roll_still(surface, raced, look))

    flat = surface.dim == 1
    return Takings(f"{'roll' if flat else 'race'}_{surface.name}", code, page, svg if flat else None)


def figure_takings(
    stem: str, figures: Callable[[bool], Sequence[go.Figure]], words: Words, heads: Sequence[str] = ()
) -> Takings:
    """Of Plotly figures.

    figures: makes them, for the dark theme or the light one. words: what stands round them, with the script. heads: as
    `figures_page` takes them.
    """

    def page() -> str:
        from rbo_core.figures.figures_page import figures_page

        return figures_page(figures(False), figures(True), words, heads)

    return Takings(stem, words.code, page)


def take_away(takings: Takings) -> None:
    """The buttons, one line; call it inside the container that holds them."""
    if takings.page is not None:
        download("Offline page", takings.page, f"{takings.stem}.html", "take_page")
    if takings.svg is not None:
        download("SVG", takings.svg, f"{takings.stem}.svg", "take_svg")
    with st.popover("Python"):
        st.caption("This script repeats what you see, number for number.")
        st.code(takings.code, language="python")
    with st.popover("Cite"):
        st.code(BIBTEX, language="bibtex")
