"""Whose settings these are: a page owns its own, and its address holds them all.

Streamlit hands a control's value on to a control of the same name on another page. Here a page begins with what its own
address says and with nothing else; the menu leads to each page as it was left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import reports

_PAGE, _ADDRESSES, _DEFAULTS, _LABELS = "_page", "_addresses", "_defaults", "_labels"
_KEPT_OF_A_CONTROL = ("_good_", "_link_", "_sliders_")
_VIEW = ("hide", "projector", "at", "autoplay", "embed_options", "v")
"""What an address says of the view alone."""


def arrive(title: str) -> None:
    """Begin a run of a page: when another one was shown before, its settings are put away. Before any control."""
    state = st.session_state
    before = state.get(_PAGE)
    if before != title and before is not None:
        reports.forget()
        _leave(before)
        _take_whole_address()
    reports.put_right()
    state[_PAGE] = title
    addresses = state.setdefault(_ADDRESSES, {})
    addresses[title] = {name: st.query_params.get_all(name) for name in st.query_params if name not in _VIEW}


def last_address(title: str) -> dict[str, Any] | None:
    """The settings with which a page was left; None for one that was not visited, or left as it opens."""
    return st.session_state.get(_ADDRESSES, {}).get(title) or None


def remember(key: str, default: Any, label: str) -> None:
    """Keep what a control of this page is at first, and what people call it."""
    st.session_state.setdefault(_DEFAULTS, {})[key] = default
    st.session_state.setdefault(_LABELS, {})[key] = label


def label_of(name: str) -> str | None:
    """What this page's control of a setting is called; None where it has none. Of projections and methods that have
    each their own (`newton_rate_low`) it is that of the first."""
    labels: dict[str, str] = st.session_state.get(_LABELS, {})
    found = (label for key, label in labels.items() if key.endswith(f"_{name}"))
    return labels.get(name) or next(found, None)


def set_controls(values: Mapping[str, Any]) -> None:
    """Give controls these values and all others their defaults; call it in a callback, before they are drawn."""
    for key, default in st.session_state.get(_DEFAULTS, {}).items():
        st.session_state[key] = default
    for key, value in values.items():
        st.session_state[key] = value
    for key in [name for name in st.session_state if str(name).startswith(("_good_", "_link_"))]:
        del st.session_state[key]


def _take_whole_address() -> None:
    """Give the page all that its address says.

    Where a page is entered from another one, Streamlit takes from the address what the two have controls of the same
    name for, so that Back or a link from Iron would show Roll with another radius. It has no public way to say no.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        whole = context.query_string
        params.set_initial_query_params(whole)
        if set(params) != set(parse_qs(whole, keep_blank_values=True)):
            params.populate_from_query_string(whole)
            params.from_dict(params.to_dict() | {name: params.get_all(name) for name in params})


def take_address() -> None:
    """Give the controls that are still to be drawn what the address says now, put right by the page itself.

    Streamlit gives them what it said when the run began, and has no public way to say otherwise.
    """
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def _leave(title: str) -> None:
    state = st.session_state
    address = state.get(_ADDRESSES, {}).get(title, {})
    for name, default in state.get(_DEFAULTS, {}).items():
        if name not in state:
            continue  # a control that was not shown
        address.pop(name, None)
        value = state[name]
        if value is not None and value != default:
            address[name] = _texts(value)
        del state[name]
    state[_DEFAULTS], state[_LABELS] = {}, {}
    for name in [name for name in state if str(name).startswith(_KEPT_OF_A_CONTROL)]:
        del state[name]


def _texts(value: Any) -> list[str]:
    """A control's value as an address writes it."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return [f"{value:.10g}" if isinstance(value, float) else str(value)]
