"""Runs worth seeing: a button gives the controls their values, and the page's address then holds the run to share."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.controls import first_radius, get_surface
from pages.shared.widgets import set_controls

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


def preset_row(presets: dict[str, dict[str, Any]]) -> DeltaGenerator:
    """One line of buttons; returns the line, for more to be put at its end."""
    row = st.container(horizontal=True, key="presets")
    with row:
        st.caption("Try")
        for title, values in presets.items():
            st.button(title, on_click=_apply, args=(values,), key=f"preset_{title}")
    return row


def _apply(values: dict[str, Any]) -> None:
    surface = get_surface(values.get("surface", "wrinkled_bowl"), 1)
    set_controls({"start": float(surface.start[0]), "radius": first_radius(surface), **values})
