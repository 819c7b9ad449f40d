"""Scenes of runs with the surface from the cache: sampled once, and ironed once for each ball."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

import landscapes
from pages.shared import shipped
from pages.shared.controls import get_surface, short
from pages.shared.page import cached
from rbo_core.figures.player.build import (
    Look,
    first_ball,
    ground_from,
    ironed_sheet,
    loss_scale,
    run_scene,
    sampled_heights,
    tracks_breathe,
    widest_ironed,
)
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.scene import Ground, Scene
from rbo_core.figures.player.track import Track

Key = tuple[str, int, tuple[tuple[str, Any], ...]]
"""What tells surfaces apart: name, dimension, parameters."""


def scene(surface: landscapes.Landscape, raced: Sequence[Entry], look: Look | None = None) -> Scene:
    """`run_scene` of the entries."""
    look = Look() if look is None else look
    return run_scene(surface, raced, look, _ground(surface, [entry.track for entry in raced], look))


def key_of(surface: landscapes.Landscape) -> Key:
    """The surface's place in a cache."""
    return surface.name, surface.dim, tuple(sorted(surface.parameters.items()))


def _ground(surface: landscapes.Landscape, tracks: Sequence[Track], look: Look) -> Ground:
    heights, scale = _heights(key_of(surface)), loss_scale(tracks)
    ball = first_ball(tracks)
    if not look.ironed or ball is None:
        return ground_from(heights, scale)
    radius = float(ball.radius)
    if radius > (widest := widest_ironed(surface)):
        st.info(
            f"A ball of radius {short(radius)} is wider than the window: what it sees is drawn up to {short(widest)}."
        )
        return ground_from(heights, scale)
    if surface.dim == 1:
        return ground_from(heights, scale, radius, breathes=tracks_breathe(tracks))
    if radius < (apart := float(np.ptp(heights[0])) / (len(heights[0]) - 1)):
        st.info(
            f"What a ball of radius {short(radius)} sees is the surface, to the grid of the picture ({short(apart)})."
        )
        return ground_from(heights, scale)
    return ground_from(heights, scale, sheet=_sheet(key_of(surface), radius, scale, len(heights[0])))


@cached
def _heights(key: Key) -> tuple[np.ndarray, ...]:
    name, dim, parameters = key
    surface = get_surface(name, dim, **dict(parameters))
    return shipped.heights(surface) or sampled_heights(surface)


@cached
def _sheet(key: Key, radius: float, scale: float, samples: int) -> np.ndarray:
    name, dim, parameters = key
    return ironed_sheet(get_surface(name, dim, **dict(parameters)), radius, scale, samples)
