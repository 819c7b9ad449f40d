"""The radius strip of Home, Roll and Race, its runs from the cache: only what is not the radius makes them anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

import landscapes
from pages.player import radius_strip
from pages.shared.compiling import compile_first
from pages.shared.page import cached
from pages.shared.scenes import key_of
from pages.shared.tracks import COMPILING, out_of_patience
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.radii import HIGH, LOW, Roll, radius_range, rolled, strip_of
from rbo_core.figures.player.scene import RadiusRange
from rbo_core.figures.player.strip import pack_strip
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
    # or the strip would take too long because of it, and stay empty for an hour
    first = replace(roll.whatever_radius, steps=min(roll.steps, COMPILING["rigid"]))
    compile_first(lambda: rolled(surface, first), "strip", surface.dim, roll.ball.projection)
    packed = packed_strip(surface, roll, rivals, tell, player)
    if packed is not None:
        radius_strip(packed, key=player)


def packed_strip(
    surface: landscapes.Landscape, roll: Roll, rivals: Sequence[Entry], tell: Callable[[Track], str], player: str
) -> bytes | None:
    """What `show_strip` hands to the player; None where so many runs take too long."""
    # Where the ball's own radius moves, nothing of this changes: the bytes are made once, for all visitors.
    beside = [(entry.label, entry.color, entry.track.method) for entry in rivals]
    asked = hashlib.sha256(repr((key_of(surface), roll.whatever_radius, beside)).encode()).hexdigest()
    return _packed(asked, player, surface, roll, rivals, tell)


@cached
def _packed(
    asked: str,
    player: str,
    _surface: landscapes.Landscape,
    _roll: Roll,
    _rivals: Sequence[Entry],
    _tell: Callable[[Track], str],
) -> bytes | None:
    """None when so many runs take too long, so that this is remembered too."""
    runs = rolled(_surface, _roll.whatever_radius, out_of_patience())
    if not runs:
        return None
    return pack_strip(strip_of(_surface, runs, _rivals, _batch(_surface, _roll), _tell), player)


def _batch(surface: landscapes.Landscape, roll: Roll) -> str:
    return hashlib.sha256(repr((key_of(surface), roll.whatever_radius)).encode()).hexdigest()[:16]
