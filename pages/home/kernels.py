"""What is compiled behind Home, in the order in which one is likely to ask for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pages.shared.controls import get_surface
from pages.shared.shipped import BALL, RIVALS, SURFACE
from pages.shared.tracks import COMPILING
from rbo_core import RBO, trace
from rbo_core.figures.player.radii import Roll, rolled
from rbo_core.ironing import basins, field_crests, iron_landscape, measure_sweep, rests, sample, sweep_field
from rbo_core.ironing.catchment import catchment


def _roll(dim: int) -> Callable[[], None]:
    def compile_it() -> None:
        surface = get_surface(SURFACE, dim)
        for method in (BALL, *RIVALS, RBO(radius=0.4, learning_rate=0.01, projection="newton")):
            run = trace(method, surface, [list(surface.start)], COMPILING["rigid"])
            run.penetration_at(np.array([[1]]))
        rolled(surface, Roll(BALL, tuple(surface.start), 10))

    return compile_it


def _iron_curve() -> None:
    field = sample(get_surface(SURFACE, 1), 1001, 1.0, margin=0.4)
    measure_sweep(sweep_field(field, np.array([0.1, 0.4])), 0.01)
    rests(field, np.array([0.1, 0.4]))
    field_crests(field)


def _iron_surface() -> None:
    surface = get_surface(SURFACE, 2)
    ironed = iron_landscape(surface, 0.4, n=64)
    basins(ironed.heights)
    catchment(surface)


STEPS = (_roll(1), _iron_curve, _roll(2), _iron_surface)
