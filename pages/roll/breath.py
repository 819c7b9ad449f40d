"""The breathing ball: its controls, what it did in a sentence, and its loop against ρ."""

from __future__ import annotations

import streamlit as st

import landscapes
from pages.roll.crest import crests_of
from pages.shared import plots
from pages.shared.asked import Asked
from pages.shared.controls import Scale, number, toggle
from pages.shared.page import show_error
from rbo_core import RadiusSchedule
from rbo_core.figures.hysteresis import (
    Leap,
    hysteresis_caption,
    hysteresis_figures,
    hysteresis_words,
    leaps,
)
from rbo_core.figures.player.radii import HIGH, LOW
from rbo_core.figures.player.track import Track

_STEPS = Scale(10, 5000, integer=True, log=True)


def controls(asked: Asked) -> RadiusSchedule | None:
    """The schedule of a ball that breathes; None for one that keeps its radius."""
    if not toggle("breathing ball", "breathe", help="Its radius ρ grows, and shrinks back: what is let go stays out."):
        return None
    large = number("grows to ρ", "breath_radius", 0.8, Scale(LOW, HIGH, log=True))
    grow = int(number("growing, steps", "breath_grow", 600, _STEPS))
    shrink = int(number("shrinking, steps", "breath_shrink", 300, _STEPS))
    try:
        return RadiusSchedule.breathing(float(asked.ball.radius), large, grow, shrink)
    except ValueError as error:
        show_error(error)
        return None


def told(track: Track, surface: landscapes.Landscape) -> str:
    """What the breathing did, in words; nothing for a ball that kept its radius."""
    return " " + hysteresis_words(track, _leaps(track, surface), surface.finest_scale) if track.breathes else ""


def show_loop(track: Track, surface: landscapes.Landscape, dark: bool) -> None:
    """Place and loss against ρ, as it grows and as it shrinks."""
    let_go = _leaps(track, surface)
    plots.show(hysteresis_figures(track, let_go or (), dark), key="roll_loop", columns=2)
    st.caption(hysteresis_caption(let_go or ()))


def _leaps(track: Track, surface: landscapes.Landscape) -> tuple[Leap, ...] | None:
    """None where crests' lifetimes say nothing: of a ball that is not rigid."""
    return leaps(track, crests_of(surface, float(track.method.loss_scale))) if track.contacts is not None else None
