"""The radius strip of Home, Roll and Race, its runs from the cache: only what is not the radius makes them anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import streamlit as st

import landscapes
from pages.player import radius_strip
from pages.shared.page import cached
from pages.shared.scenes import Key, key_of
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.radii import HIGH, LOW, Roll, radius_range, rolled, strip_of
from rbo_core.figures.player.scene import RadiusRange
from rbo_core.figures.player.track import Track


def radius_offered(surface: landscapes.Landscape, roll: Roll) -> RadiusRange:
    """The strip's range, for the scene of the run."""
    return radius_range(roll, _batch(surface, roll))


def set_radius(radius: float) -> None:
    """Give the ball's control this radius; in a callback, before it is drawn."""
    st.session_state["radius"] = min(max(radius, LOW), HIGH)


def show_strip(
    surface: landscapes.Landscape, roll: Roll, rivals: Sequence[Entry], tell: Callable[[Track], str], player: str
) -> None:
    """Roll the ball at every radius and hand the runs to the player with that key.

    Call it last on a page: the picture need not wait for the other radii. tell: as `strip_of` takes it.
    """
    runs = _rolled(surface, key_of(surface), roll.whatever_radius)
    radius_strip(strip_of(surface, runs, rivals, _batch(surface, roll), tell), key=player)


@cached
def _rolled(_surface: landscapes.Landscape, key: Key, roll: Roll) -> tuple[Track, ...]:
    return rolled(_surface, roll)


def _batch(surface: landscapes.Landscape, roll: Roll) -> str:
    return hashlib.sha256(repr((key_of(surface), roll.whatever_radius)).encode()).hexdigest()[:16]
