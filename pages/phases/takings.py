"""What one takes along from the page Phases."""

from __future__ import annotations

from dataclasses import replace

from pages.phases.study import PhaseStudy
from pages.phases.view import notes_of
from pages.shared.take_away import Takings
from rbo_core import sweep
from rbo_core.figures.code import sweep_code
from rbo_core.figures.phases_page import phases_page
from rbo_core.figures.player.offline import Words
from rbo_core.figures.player.scene import Scene


def takings(study: PhaseStudy, words: Words, scene: Scene) -> Takings:
    """The map beside its shown run as a page, the map as a still, and the script that computes it.

    words: heading and sentence. scene: of the shown run.
    """
    code = sweep_code(sweep.dumps(study.spec), study.order)

    def page() -> str:
        told = replace(words, latex=(study.surface.latex,), code=code)
        return phases_page(study.map, notes_of(study), replace(scene, clickable=False), told)

    def svg() -> bytes:
        from rbo_core.figures.still import as_svg, map_still  # Matplotlib, for who wants it

        return as_svg(map_still(study.map, notes_of(study), words.heading))

    return Takings(f"phases_{study.surface.name}", code, page, svg)
