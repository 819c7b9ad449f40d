"""Further balls in the race, as a visitor types their radii."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

import landscapes
from pages.shared.addresses import remember
from pages.shared.links import URL
from pages.shared.page import show_error
from rbo_core.figures.player.racers import MAX_BALLS, first_radii
from rbo_core.figures.words import short


def second(surface: landscapes.Landscape) -> str:
    """What the control says at first on this surface: one smaller ball."""
    return f"{first_radii(surface)[1]:g}"


def more_balls(surface: landscapes.Landscape) -> tuple[float, ...]:
    """The control, and the radii it holds; none while they cannot be read, which is said."""
    label, first = "more balls of radius", second(surface)
    remember("radii", first, label)
    typed = st.text_input(label, first, key="radii", bind=URL, help="Radii with commas between them: 0.1, 1.6")
    try:
        return parse_radii(typed)
    except ValueError as error:
        show_error(error)
        return ()


def _with_points(text: str) -> str:
    """The same with decimal commas as points: a comma between digits is one where no point shows otherwise."""
    words = re.split(r"[;\s]+|,\s+", text)
    if "." in text or any(word.count(",") > 1 for word in words):
        return text
    if re.fullmatch(r"[1-9]\d*,\d+", text):
        one, two = text.replace(",", "."), text.replace(",", "; ")
        raise ValueError(f"{text!r} may be one radius or two: write {one} for one ball, or {two} for two")
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


def parse_radii(text: str) -> tuple[float, ...]:
    """Radii from what a visitor typed ("0.1, 1.6" or "0,1; 1,6"), one fewer than MAX_BALLS at most.

    Raises:
        ValueError: when a part is no positive number, when a comma may be a decimal one or not, or there are too many.
    """
    parts = [part for part in re.split(r"[,;\s]+", _with_points(text.strip())) if part]
    radii = []
    for part in parts:
        try:
            value = float(part)
        except ValueError:
            raise ValueError(f"a radius must be a positive number, got {part[:20]!r}; write them as 0.1, 1.6") from None
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"radius must be positive, got {short(value)}")
        radii.append(value)
    if len(radii) >= MAX_BALLS:
        raise ValueError(f"at most {MAX_BALLS} balls race at once, got {len(radii) + 1}; leave some radii out")
    return tuple(radii)
