"""Long work of a page in turns: it computes for a while, runs once more to draw what is there, and goes on.

Whatever the visitor does meanwhile ends the turn, and with it the work; who presses again goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Hashable

import streamlit as st

from pages.shared.background import clock

TURN = 1.0
"""Seconds of computing between two pictures, at the least."""
DRAWING = 0.25
"""Share of the time that pictures may take."""


def goes_on(place: str, work: Hashable) -> bool:
    """Whether this run of the page was asked for by the turn before, for the same work."""
    return bool(st.session_state.pop(f"_turn_{place}", None) == work)


def end(place: str) -> None:
    """Let no further turn begin, as a press on Cancel does."""
    st.session_state.pop(f"_turn_{place}", None)


def told(seconds: float) -> str:
    """How long work takes in turns, as people say it. seconds: of computing."""
    return clock(seconds / (1 - DRAWING) + TURN)


class Turn:
    """The work's time in this run of the page, which begins now."""

    def __init__(self, place: str, work: Hashable) -> None:
        """place: of the work on the page. work: equal for equal work."""
        self.place, self.work, self.begin = place, work, time.monotonic()
        drawing = self.begin - st.session_state.pop(f"_turn_{place}_ended", self.begin)
        self.seconds = max(TURN, drawing * (1 - DRAWING) / DRAWING)

    @property
    def over(self) -> bool:
        """Whether it is time to draw what is there."""
        return time.monotonic() - self.begin > self.seconds

    def again(self) -> None:
        """Run the page once more, which draws and takes another turn."""
        st.session_state[f"_turn_{self.place}"] = self.work
        st.session_state[f"_turn_{self.place}_ended"] = time.monotonic()
        st.rerun()
