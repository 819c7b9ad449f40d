"""Runs worth seeing: a button gives the controls their values, and the page's address then holds the run to share."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from pages.shared.addresses import set_controls
from pages.shared.controls import first_radius, get_surface
from pages.shared.reports import heard

# What is left out gets its default.
ROLL: dict[str, dict[str, Any]] = {
    "The default": {},
    "Small ball sticks": {"radius": 0.2},
    "…with momentum: free": {"radius": 0.2, "momentum": 0.8},
    "Large ball arrives": {"radius": 1.6},
    "Held by two crests": {"surface": "corduroy", "radius": 1.2, "start": 2.9, "steps": 2000},
    "Just too large": {"surface": "corduroy", "radius": 1.3, "start": 2.9, "steps": 2000},
    "It breathes": {
        "radius": 0.2,
        "breathe": True,
        "breath_radius": 0.5,
        "breath_grow": 1200,
        "breath_shrink": 300,
        "steps": 1600,
    },
    "As published: sinks": {
        "surface": "weierstrass_like",
        "projection": "gradient",
        "learning_rate": 0.001,
        "gradient_projection_step_size": 0.05,
        "radius": 0.3,
    },
    "Too fast": {"projection": "newton", "learning_rate": 1.0},
}


_STORY = "_story"


def preset_row(presets: dict[str, dict[str, Any]]) -> None:
    """One line of buttons; each tells a story, which plays from its beginning whenever it is asked for."""
    with st.container(horizontal=True, key="presets"):
        st.caption("Stories")
        for title, values in presets.items():
            st.button(title, on_click=heard(f"preset_{title}", partial(_apply, values)), key=f"preset_{title}")


def story_asked() -> int:
    """How often a story was asked for: the film of another number plays from its beginning."""
    return int(st.session_state.get(_STORY, 0))


def _apply(values: dict[str, Any]) -> None:
    st.session_state[_STORY] = story_asked() + 1
    surface = get_surface(values.get("surface", "wrinkled_bowl"), 1)
    set_controls({"start": float(surface.start[0]), "radius": first_radius(surface), **values})
