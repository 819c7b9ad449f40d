"""The fold at the foot of the page Iron: the chosen one of the closer looks, computed when somebody unfolds it."""

from __future__ import annotations

import streamlit as st

from pages.iron.data import Ironing
from pages.iron.looks import look, looks
from pages.iron.view import Asked, roll_of
from pages.shared import plots
from pages.shared.controls import choice
from pages.shared.downloads import download
from pages.shared.page import link
from pages.shared.widgets import fold


def look_closer(at: Ironing, asked: Asked, dark: bool) -> None:
    """The fold and, where it is open, what is in it. An address that names a look opens it."""
    if "look" in st.query_params:
        st.session_state.setdefault("closer", True)
    place = fold("For researchers: look closer", "closer")
    if place.open:
        with place:
            _chosen(at, asked, dark)


def _chosen(at: Ironing, asked: Asked, dark: bool) -> None:
    titles = looks(at.where.dim, affine=at.where.name == "fractional_brownian")
    name = choice("Look closer", "look", titles, "measures" if at.where.dim == 1 else "map", kind="segmented")
    closer = look(name, at, dark)
    st.caption(closer.caption)
    click = plots.show(closer.figures, key=f"iron_{name}", columns=closer.columns, clicks=closer.clicks)
    if click is not None:
        st.session_state["_rest"] = float(click["x"]), float(click["y"])
    if closer.clicks and "_rest" in st.session_state:
        words, query = roll_of(asked, *st.session_state["_rest"])
        link("Roll", words, query)
    if name == "measures":
        download("Download CSV", at.study.measures.to_csv, f"iron_{asked.surface.name}.csv", "iron_csv")
    if closer.table:
        st.markdown(closer.table)
