"""Home's picture, computed: a ball of any radius beside its rivals, and the strip of all radii."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import landscapes
from pages.home.opening import HEIGHT, KEY, Opening, Picture
from pages.shared import shipped
from pages.shared.controls import get_surface
from pages.shared.radius import packed_strip, radius_offered
from pages.shared.scenes import scene
from pages.shared.take_away import run_takings
from pages.shared.tracks import run_on
from rbo_core.figures.code import Start, run_code
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.payload import pack
from rbo_core.figures.player.racers import Entry, entries
from rbo_core.figures.player.radii import HIGH, LOW, Roll
from rbo_core.figures.player.story import story


def picture(radius: float) -> Picture:
    """The picture of a ball of this radius.

    Raises:
        ValueError: for a run that is refused or takes too long.
    """
    surface, roll, raced = raced_at(radius)
    look = Look(loss_panel=False, readouts=False, clickable=False, radius=radius_offered(surface, roll))
    code = run_code(surface, [entry.track.method for entry in raced], Start(roll.start, roll.steps))
    message = pack(scene(surface, raced, look), HEIGHT, name=KEY)
    said = story([entry.track for entry in raced], surface.finest_scale)
    return Picture(message, said, run_takings(surface, raced, code, look))


def opening() -> Opening:
    """What the lab opens with: `python -m pages.home.opening` ships it."""
    surface, roll, raced = raced_at(shipped.BALL.radius)
    shown = picture(float(shipped.BALL.radius))
    rivals = [entry.track for entry in raced[1:]]
    strip = packed_strip(surface, roll, raced[1:], lambda run: story([run, *rivals], surface.finest_scale), KEY)
    if strip is None:
        raise ValueError("the strip of the opening picture took too long; try again on an idle machine")
    takings = shown.takings
    return Opening(float(roll.ball.radius), (LOW, HIGH), shown.message, strip, shown.said, takings.stem, takings.code)


def raced_at(radius: Any) -> tuple[landscapes.Landscape, Roll, tuple[Entry, ...]]:
    """The surface, the ball's run and who moves beside it, the ball first."""
    surface = get_surface(shipped.SURFACE, 1)
    ball = replace(shipped.BALL, radius=radius)
    start = (float(surface.start[0]),)
    tracks = [run_on(surface, method, start, shipped.STEPS, depths=0) for method in (ball, *shipped.RIVALS)]
    return surface, Roll(ball, start, shipped.STEPS), entries(tracks)
