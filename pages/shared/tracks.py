"""Runs from the cache: a page asks for a run by its settings and draws the track that comes back."""

from __future__ import annotations

from typing import Any

import streamlit as st

import landscapes
import rbo_core
from pages.shared.page import cached
from rbo_core.figures.player.track import Track, track_of

_COMPILED: set[tuple[Any, ...]] = set()


def run_on(
    surface: landscapes.Landscape,
    method: Any,
    start: tuple[float, ...],
    steps: int,
    seed: int = 0,
    depths: int | None = None,
) -> Track:
    """Run one method from one start (d,), from the cache when the same run was asked for before.

    depths: at how many steps the penetration is measured, as `track_of` takes it.

    Raises:
        ValueError: for a start outside the domain, or steps or seed that `trace` refuses.
    """
    key = (surface.name, surface.dim, tuple(sorted(surface.parameters.items())))
    kernels = (*key[:2], method.name, getattr(method, "projection", ""))
    if kernels not in _COMPILED:  # the first call of a kernel compiles it, which is no part of the method's cost
        with st.spinner("Compiling the ball for this machine: some ten seconds, the first time only"):
            rbo_core.trace(method, surface, [list(start)], 1, seed=seed)
        _COMPILED.add(kernels)
    return _run(surface, key, method, (start, steps, seed, depths))


@cached
def _run(
    _surface: landscapes.Landscape,
    key: tuple[Any, ...],
    method: Any,
    asked: tuple[tuple[float, ...], int, int, int | None],
) -> Track:
    # `key` identifies the surface for the cache; a landscape itself is left out of Streamlit's hash by its underscore.
    start, steps, seed, depths = asked
    return track_of(rbo_core.trace(method, _surface, [list(start)], steps, seed=seed), depths=depths)
