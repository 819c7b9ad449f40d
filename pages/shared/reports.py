"""What a browser reports of a control is what the visitor wants, unless the page has set that control meanwhile.

A browser sends the values of all its controls with whatever a hand does. A hand that is quicker than the server's
answer sends an old value of each control that the server has just set (a number whose slider was moved, the start after
a click, what a story or another surface sets), and Streamlit takes it for a wish. A wish comes alone: a hand changes
one control at a time. So an old value that comes with another change is put right, before the page draws its controls.
What comes with a part of the page that renews itself by the clock is no wish at all: a hand asks for the whole page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_SHOWN, _HEARD, _SET = "_shown", "_heard", "_set_by_hand"
LATE = 3.0
"""Seconds in which a browser may not have heard yet of a value that was sent."""


@dataclass(frozen=True)
class _Report:
    """What was reported of a control: old, if that is what it showed a moment ago; then: what a change of it does."""

    key: str
    value: Any
    old: bool
    then: Callable[[], None] | None


def heard(key: str, then: Callable[[], None] | None = None) -> Callable[[], None]:
    """The callback of a control, or of what else a hand can do. then: called where the visitor wants it."""

    def note() -> None:
        state = st.session_state
        value = state.get(key)
        if _by_the_clock():
            if known := _shown(key):
                state[key] = known[-1][0]
            return
        old = last_shown(key, value) != value
        state.setdefault(_HEARD, []).append(_Report(key, value, old, then))
        if then is not None and not old:
            then()

    return note


def set_by_hand(key: str) -> None:
    """Another control of the same value sets it: what its own reports is no wish of its own."""
    st.session_state.setdefault(_SET, set()).add(key)


def shown(key: str, value: Any) -> None:
    """A control was drawn with this value."""
    before = _shown(key)
    if before and before[-1][0] == value:
        return
    now = time.monotonic()
    recent = [(old, until if until < float("inf") else now + LATE) for old, until in before]
    st.session_state.setdefault(_SHOWN, {})[key] = [*(one for one in recent if one[1] > now), (value, float("inf"))]


def last_shown(key: str, value: Any) -> Any:
    """What a control showed last, where it reports an older value; else what it reports."""
    before = _shown(key)
    return before[-1][0] if any(value == old for old, until in before[:-1] if until > time.monotonic()) else value


def put_right() -> None:
    """Give controls that reported an old value what they were given; before they are drawn."""
    state = st.session_state
    reports: list[_Report] = state.pop(_HEARD, [])
    by_hand: set[str] = state.pop(_SET, set())
    for report in (one for one in reports if one.old and one.key not in by_hand):
        if state.get(report.key) != report.value:
            continue  # it was set again, by what else the visitor did
        if len(reports) > 1:
            state[report.key] = _shown(report.key)[-1][0]
        elif report.then is not None:
            report.then()


def forget() -> None:
    """Another page has controls of its own."""
    for name in (_SHOWN, _HEARD, _SET):
        st.session_state.pop(name, None)


def _by_the_clock() -> bool:
    """Whether only a part of the page runs, as a job's progress does every second."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def _shown(key: str) -> list[tuple[Any, float]]:
    """What a control showed, the present value last, and until when the browser may still report it."""
    known: dict[str, list[tuple[Any, float]]] = st.session_state.get(_SHOWN, {})
    return known.get(key, [])
