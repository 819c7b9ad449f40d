"""Runs from the cache: a page asks for a run by its settings and draws the track that comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import landscapes
import rbo_core
from pages.shared import shipped
from pages.shared.compiling import compile_first, compiled
from pages.shared.page import cached
from rbo_core import RadiusSchedule
from rbo_core.figures.player.track import Track, track_of
from rbo_core.figures.style import label

PATIENCE = 4.0
"""Seconds of computing for one run, or for all the runs of the radius strip."""
COMPILING = {"rigid": 1000}
"""Steps after which all kernels of a projection were called, where 60 are too few: some are needed once a ball has
several contacts."""
_Asked = tuple[tuple[float, ...], int, int, int | None, RadiusSchedule | None]


def run_on(
    surface: landscapes.Landscape,
    method: Any,
    start: tuple[float, ...],
    steps: int,
    seed: int = 0,
    depths: int | None = None,
    radius: RadiusSchedule | None = None,
) -> Track:
    """Run one method from one start (d,), from the cache when the same run was asked for before.

    depths: at how many steps the penetration is measured, as `track_of` takes it. radius: schedule of a ball's radius.

    Raises:
        ValueError: for a start outside the domain, steps or seed that `trace` refuses, or a run that takes too long.
    """
    if (made := shipped.track(surface, method, start, steps, seed, depths)) is not None:
        return made
    key = (surface.name, surface.dim, tuple(sorted(surface.parameters.items())))
    prepare(surface, method, start, steps, seed)
    run = _run_drawn if surface.name == "drawing" else _run
    made = run(surface, key, method, (start, steps, seed, depths, radius))
    if made is None:
        raise too_long(f"{steps:,} steps of {label(method.name)}", "take fewer steps, or fewer projection steps")
    return made


def prepare(surface: landscapes.Landscape, method: Any, start: tuple[float, ...], steps: int, seed: int = 0) -> None:
    """Compile what a method calls on a surface, where nobody has yet and no run of it is shipped.

    That is no part of the method's cost, nor of the time that a page gives its runs.

    Raises:
        ValueError: as `trace` does.
    """
    kernels = (surface.name, surface.dim, method.name, getattr(method, "projection", ""))
    if compiled(*kernels) or shipped.track(surface, method, start, steps, seed, None) is not None:
        return
    first = min(steps, COMPILING.get(kernels[-1], 60))
    compile_first(lambda: rbo_core.trace(method, surface, [list(start)], first, seed=seed), *kernels)


@cached
def _run(_surface: landscapes.Landscape, key: tuple[Any, ...], method: Any, asked: _Asked) -> Track | None:
    """None when it takes too long, so that this is remembered too."""
    # `key` identifies the surface for the cache; a landscape itself is left out of Streamlit's hash by its underscore.
    return _rolled(_surface, method, asked)


@cached
def _run_drawn(_surface: landscapes.Landscape, key: tuple[Any, ...], method: Any, asked: _Asked) -> Track | None:
    """As `_run`, remembered apart: a curve that is being drawn changes many times a second."""
    return _rolled(_surface, method, asked)


def _rolled(surface: landscapes.Landscape, method: Any, asked: _Asked) -> Track | None:
    start, steps, seed, depths, radius = asked
    done = rbo_core.trace(method, surface, [list(start)], steps, seed=seed, progress=out_of_patience(), radius=radius)
    return None if done.cancelled else track_of(done, depths=depths)


def out_of_patience(seconds: float | None = None) -> Callable[[int, int], bool]:
    """A `progress` that ends work after so many seconds (None: PATIENCE) of this thread's own computing, whatever
    others do."""
    begin, most = time.thread_time(), PATIENCE if seconds is None else seconds
    return lambda done, total: done < total and time.thread_time() - begin > most


def too_long(what: str, remedy: str, seconds: float | None = None) -> ValueError:
    """What is said when a request took longer than the seconds (None: PATIENCE) that a page gives it."""
    most = PATIENCE if seconds is None else seconds
    return ValueError(
        f"{what} take more than the {most:g} s of computing that a page gives them, for everybody waits meanwhile; "
        f"{remedy}"
    )
