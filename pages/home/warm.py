"""The kernels behind the other pages, compiled while Home is read."""

from __future__ import annotations

import threading

import streamlit as st

AFTER = 1.0
"""Seconds before the first kernel: the browser fetches the player's modules from this process meanwhile."""


@st.cache_resource(show_spinner=False)
def warm() -> threading.Thread:
    """Start compiling, once for the whole server; the thread ends by itself."""
    thread = threading.Thread(target=_compile, name="warm", daemon=True)
    thread.start()
    return thread


def _compile() -> None:
    threading.Event().wait(AFTER)
    from pages.home.kernels import STEPS  # numba, SciPy and the surfaces too are loaded behind Home

    for step in STEPS:
        step()
