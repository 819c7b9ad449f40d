"""The same order parameter over wrinkles of one width, half and a quarter of it, with ρ measured in widths."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import landscapes
from pages.phases import compute
from pages.phases.study import PhaseStudy
from pages.shared import turns
from pages.shared.page import show_error
from pages.shared.tracks import out_of_patience, too_long
from rbo_core import sweep
from rbo_core.figures.phases import RadiusCurve
from rbo_core.figures.words import short
from rbo_core.sweep import order_parameters, theory
from rbo_core.sweep.cells import steps
from rbo_core.sweep.engine import check
from rbo_core.sweep.transitions import transition, width

FINER = {
    "wrinkled_bowl": ("wavelength", "amplitude", "detail"),
    "corduroy": ("width", "depth"),
    "spectral_noise": ("wavelength", "amplitude"),
    "value_noise": ("cell", "amplitude"),
}
"""Parameters to scale so that the wrinkles of a surface become finer and keep their shape; the first is their width."""
FACTORS = (1.0, 0.5, 0.25)
SHADES = ("#F0B48C", "#D55E00", "#7A3600")
LEAST_BALLS = 16
PATIENCE = 10.0
"""Seconds of computing for the three curves, after which one has to ask again."""
PARTS = 4
"""Parts in which each curve grows."""


@dataclass(frozen=True, eq=False)
class Finer:
    """The three sweeps, coarsest wrinkles first, how they are read, and the place of their progress.

    unit: width of the coarsest wrinkles.
    """

    sweeps: tuple[sweep.Sweep, ...]
    study: PhaseStudy
    unit: float
    place: DeltaGenerator

    @property
    def work(self) -> tuple[str, ...]:
        """Equal for equal sweeps."""
        return tuple(one.id for one in self.sweeps)

    @property
    def cells(self) -> int:
        """Radii of all three."""
        return sum(one.cells for one in self.sweeps)

    @property
    def stored(self) -> int:
        """How many radii of all three are rolled."""
        return sum(compute.store().count(one.id) for one in self.sweeps)

    def seconds(self, pace: float) -> float:
        """That the rest takes. pace: cells of the map a second."""
        spec, one = self.study.spec, self.sweeps[0]
        price = one.balls * steps(one, landscapes.get) / (spec.balls * steps(spec, landscapes.get))
        return (self.cells - self.stored) * price / pace


def finer_of(study: PhaseStudy, place: DeltaGenerator) -> Finer:
    """The sweeps at the row's learning rate.

    Raises:
        ValueError: w/4 leaves the surface's range.
    """
    parameters = {name: float(study.surface.parameters[name]) for name in FINER[study.surface.name]}
    made = theory.finer(_at_one_rate(study), parameters, FACTORS)
    try:
        for one in made:
            check(one, landscapes.get)
    except ValueError as error:
        raise ValueError(f"{error}: w/4 leaves this surface's range; start from wider wrinkles") from error
    return Finer(made, study, next(iter(parameters.values())), place)


def curves_of(wanted: Finer) -> tuple[list[RadiusCurve], list[str]]:
    """The curves as far as they are rolled, and where each that is whole has its jump, in words."""
    study = wanted.study
    curves: list[RadiusCurve] = []
    notes: list[str] = []
    for factor, shade, one in zip(FACTORS, SHADES, wanted.sweeps, strict=True):
        if compute.store().count(one.id) == 0:
            continue
        found = compute.store().data(one)
        known = np.isfinite(found[:, 0, 0])
        name = f"w = {short(factor * wanted.unit)}"
        samples = order_parameters.along(one, found, study.order, "radius", (0,))[known]
        relative = np.array(one.axis("radius").values, dtype=float)[known] / (factor * wanted.unit)
        middle, low, high = order_parameters.interval(samples, share=order_parameters.is_share(study.order))
        curve = RadiusCurve(name, shade, relative, middle, low, high)
        curves.append(curve if study.bars else curve.without_interval)
        jump = transition(relative.tolist(), samples) if known.all() else None
        if jump is not None:
            sharpness = width(relative.tolist(), samples, jump)
            notes.append(
                f"{name}: jump at ρ = {short(jump.at)} w, a quarter to three quarters within a factor {sharpness:.2f}"
            )
    return curves, notes


def grow(wanted: Finer) -> None:
    """Roll further radii of the three curves in turn, and run the page again to draw them.

    Whatever the visitor does meanwhile ends this; the radii that were done are kept.
    """
    going = turns.goes_on("finer", wanted.work)
    spent: float = st.session_state.get("_finer_spent", 0.0) if going else 0.0
    turn, begin, late = turns.Turn("finer", wanted.work), time.thread_time(), out_of_patience(PATIENCE - spent)
    while wanted.stored < wanted.cells and not (turn.over or late(0, 1)):
        one = min(wanted.sweeps, key=lambda one: compute.store().count(one.id))
        _a_part(one, wanted, late)
    st.session_state["_finer_spent"] = spent + time.thread_time() - begin
    if wanted.stored < wanted.cells and late(0, 1):
        with wanted.place:
            show_error(too_long("These curves", "take fewer steps, starts or cells", PATIENCE))
        return
    turn.again()


def _a_part(one: sweep.Sweep, wanted: Finer, late: Callable[[int, int], bool]) -> None:
    """Roll a part of one sweep's missing radii, or none of them where it gets too late."""
    before, all_done = compute.store().count(one.id), wanted.stored

    def enough(done: int, total: int) -> bool:
        now = all_done + done - before
        wanted.place.progress(now / wanted.cells, text=f"{now} of {wanted.cells} radii of the three curves")
        return done > before or late(0, 1)

    part = math.ceil(one.cells / PARTS) * one.balls
    with contextlib.suppress(sweep.Cancelled):
        sweep.run(one, compute.store(), landscapes.get, progress=enough, chunk_balls=part)


def _at_one_rate(study: PhaseStudy) -> sweep.Sweep:
    spec = study.spec
    return sweep.Sweep(
        **{
            **vars(spec),
            "grid": (spec.axis("radius"),),
            "settings": tuple(
                sorted(
                    {**dict(spec.settings), study.vertical.name: study.spec.grid[1].values[study.rate_index]}.items()
                )
            ),
            "starts": max(LEAST_BALLS, spec.balls),
        }
    )
