"""Runs in a notebook: the pages' player, live through anywidget where it is installed, else as an offline page."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import landscapes
from rbo_core import Trajectory
from rbo_core.figures.code import Start, run_code
from rbo_core.figures.player.build import Look, run_scene
from rbo_core.figures.player.offline import Words, offline_page
from rbo_core.figures.player.racers import Entry, entries
from rbo_core.figures.player.story import race_story, story
from rbo_core.figures.player.track import track_of
from rbo_core.figures.words import listed

if TYPE_CHECKING:
    from rbo_core.figures.player.widget import PlayerWidget


@dataclass(frozen=True)
class OfflinePage:
    """A picture as one HTML file; a notebook shows it in a frame."""

    html: str
    height: int

    def save(self, path: str | Path) -> Path:
        """Write the file; it opens by double click, without a network."""
        Path(path).write_text(self.html, encoding="utf-8")
        return Path(path)

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" width="100%" height="{self.height + 420}" '
            'style="border: 0" title="Rolling-ball lab"></iframe>'
        )


def play(
    runs: Trajectory | Sequence[Trajectory], *, look: Look | None = None, height: int = 520, offline: bool | None = None
) -> PlayerWidget | OfflinePage:
    """Show runs on one surface in the player.

    Args:
        runs: trajectories that ``rbo_core.trace`` returned, of one surface; every ball of a batch takes part.
        look: what is shown beside ground and racers.
        height: pixels of the plot.
        offline: whether to return the page that needs no kernel; None takes it where anywidget is not installed.

    Returns:
        A widget with ``.frame`` and ``.start``, or an :class:`OfflinePage`.

    Raises:
        ValueError: no run, runs on different surfaces, or on more than two parameters.
    """
    together = [runs] if isinstance(runs, Trajectory) else list(runs)
    _check(together)
    if offline is None:
        offline = importlib.util.find_spec("anywidget") is None
    if offline:
        return page_of(together, look=look, height=height)
    from rbo_core.figures.player.widget import PlayerWidget

    return PlayerWidget(together, look or Look(), height)


def raced(runs: Sequence[Trajectory]) -> tuple[Entry, ...]:
    """Every ball and point of the runs, with its name and colour."""
    return entries([track_of(run, ball) for run in runs for ball in range(run.position.shape[1])])


def page_of(runs: Sequence[Trajectory], *, look: Look | None = None, height: int = 520) -> OfflinePage:
    """The runs as an offline page, with the sentence, the equation and the code."""
    return page_from(landscape_of(runs[0]), raced(runs), code_of(runs), look=look, height=height)


def page_from(
    surface: landscapes.Landscape, who: Sequence[Entry], code: str, *, look: Look | None = None, height: int = 520
) -> OfflinePage:
    """As :func:`page_of`, from tracks that have their names and colours, and the script that makes them."""
    names = listed(list(dict.fromkeys(one.label for one in who))) if who else "Nobody"
    words = Words(
        heading=f"{names} on the {'curve' if surface.dim == 1 else 'surface'} {surface.title}",
        said=said(who, surface),
        latex=(surface.latex,),
        code=code,
    )
    scene = run_scene(surface, who, replace(look or Look(), clickable=False, radius=None))
    return OfflinePage(offline_page(scene, words, height), height)


def said(who: Sequence[Entry], surface: landscapes.Landscape) -> str:
    """What happened, in one HTML sentence."""
    if surface.dim == 1:
        return story([one.track for one in who], surface.finest_scale)
    return race_story(who, surface.finest_scale)


def code_of(runs: Sequence[Trajectory]) -> str:
    """The script that makes the runs again, or "" when no single one does: several starts, lengths, seeds or
    radius schedules."""
    first = runs[0]
    if not all(
        run.position.shape[1] == 1
        and run.steps == first.steps
        and np.array_equal(run.start, first.start)
        and np.array_equal(run.seed, first.seed)
        for run in runs
    ):
        return ""
    schedules = {run.schedule for run in runs if run.radius is not None}
    if len(schedules) > 1:
        return ""
    start = Start(tuple(float(x) for x in first.start[0]), first.steps, int(first.seed[0]), *schedules)
    return run_code(landscape_of(first), [run.method for run in runs], start)


def _check(runs: Sequence[Trajectory]) -> None:
    if not runs:
        raise ValueError("play needs at least one run, got none: pass what rbo_core.trace returned")
    for run in runs:
        if not isinstance(run, Trajectory):
            raise ValueError(f"play takes what rbo_core.trace returned, got {type(run).__name__}")
        if run.surface != runs[0].surface:
            raise ValueError(f"the runs must share one surface, got {runs[0].surface!r} and {run.surface!r}")
    landscape_of(runs[0])


def landscape_of(run: Trajectory) -> landscapes.Landscape:
    """The surface of a run; ``ValueError`` when it is none of the lab's."""
    if not isinstance(run.surface, landscapes.Landscape):
        raise ValueError(f"play shows surfaces of landscapes.get, got {run.surface!r}")
    return run.surface
