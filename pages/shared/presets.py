"""Runs worth seeing, as links: each opens the page with its settings in the address."""

from __future__ import annotations

import streamlit as st

from pages.shared.page import LINK_VERSION, link

# Values as in the URL; what is left out keeps its default.
ROLL: dict[str, dict[str, str]] = {
    "The default": {},
    "A small ball sticks": {"radius": "0.2"},
    "…unless it has momentum": {"radius": "0.2", "momentum": "0.8"},
    "A large ball arrives": {"radius": "1.6", "steps": "2000"},
    "The published ball sinks": {
        "surface": "weierstrass_like",
        "projection": "gradient",
        "learning_rate": "0.001",
        "n_projection_steps": "20",
        "projection_step_size": "0.05",
    },
    "A diverging run": {"projection": "newton", "surface": "rosenbrock", "learning_rate": "1"},
}


def preset_row() -> None:
    """One line of links under the sentence."""
    with st.container(horizontal=True, key="presets"):
        st.caption("Try")
        for title, query in ROLL.items():
            link("Roll", title, {"v": LINK_VERSION, **query})
