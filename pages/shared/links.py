"""What a link says of a control before that is drawn: read, put right, or refused with words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import streamlit as st

from pages.shared.addresses import take_address
from pages.shared.errors import escaped

URL: Literal["query-params"] = "query-params"


def note_bad_link(key: str, problem: Callable[[str], str | None]) -> None:
    """Remember what a link got wrong, and take it out of the address before the control is drawn.

    Streamlit itself would drop a bad value without a word, or, at an infinite whole number, stop with a traceback.
    """
    if key in st.session_state:
        return
    text = st.query_params.get(key)
    said = problem(text) if text is not None else None
    if said is not None:
        st.session_state[f"_link_{key}"] = said
        del st.query_params[key]
        take_address()


def show_bad_link(key: str, value: Any) -> None:
    """Say what the link got wrong, until the visitor changes this control."""
    said, seen = f"_link_{key}", f"_link_{key}_value"
    if said not in st.session_state:
        return
    if st.session_state.setdefault(seen, value) != value:
        del st.session_state[said], st.session_state[seen]
        return
    st.error(escaped(st.session_state[said]))


def translate_link(key: str, titles: Mapping[str, str]) -> None:
    """Let a link say the value (`wrinkled_bowl`) where Streamlit expects the shown text (`Wrinkled bowl`)."""
    if key in st.session_state:
        return
    raw = st.query_params.get_all(key)
    wanted = [titles.get(text, text) for text in raw]
    if wanted != raw:
        st.query_params[key] = wanted if len(wanted) > 1 else wanted[0]
        take_address()


def unknown(label: str, text: str, titles: Mapping[str, str]) -> str:
    """What is said of a choice that does not exist."""
    known = ", ".join(titles.values())
    return f"{label} {text[:40]!r} is unknown. Choose one of: {known}."
