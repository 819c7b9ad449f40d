"""The row under a picture: the page that plays offline, the vector still, the Python behind it, and how to cite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.shared.downloads import download

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
