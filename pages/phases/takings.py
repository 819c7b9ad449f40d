"""What one takes along from the page Phases."""

from __future__ import annotations

from pages.phases.study import PhaseStudy
from pages.shared.take_away import Takings
from rbo_core import sweep
from rbo_core.figures.code import sweep_code


def takings(study: PhaseStudy, title: str) -> Takings:
    """The map as a still, and the script that computes it."""

    def svg() -> bytes:
        from rbo_core.figures.still import as_svg, phase_still  # Matplotlib, for who wants it

        shown, words = study.map, ("radius ρ", study.vertical.title)
        return as_svg(phase_still(shown.radii, shown.rates, shown.values.T, title, words))

    code = sweep_code(sweep.dumps(study.spec), study.order)
    return Takings(f"phases_{study.surface.name}", code, svg=svg)
