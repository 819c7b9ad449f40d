"""What one takes along of a lesson, once it is told."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pages.lessons.lesson import Lesson, Rolled
from pages.shared.controls import get_surface
from pages.shared.take_away import Takings, figure_takings, run_takings
from rbo_core.figures.code import Start, radii_code, run_code
from rbo_core.figures.ironing import multiple_figures
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.offline import Words


def takings(lesson: Lesson, said: str) -> Takings:
    """The lesson's picture as a page, and the script that computes it. said: what the run answers, as HTML."""
    picture = lesson.picture
    if isinstance(picture, Rolled):
        methods = [one.method for one in picture.cast]
        code = run_code(picture.ground, methods, Start((picture.begin,), picture.steps, budget=picture.budget))
        return run_takings(picture.ground, picture.raced(), code, Look(loss_panel=False, readouts=False))
    surface = get_surface(picture.surface, 1)

    def figures(dark: bool) -> Sequence[go.Figure]:
        return multiple_figures(picture.swept(), dark)

    code = radii_code(surface, picture.radii, picture.samples)
    return figure_takings("lesson", figures, Words(lesson.title, said, (surface.latex,), code))
