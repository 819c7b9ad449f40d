"""The same order parameter over wrinkles of one width, half and a quarter of it, with ρ measured in widths."""

from __future__ import annotations

import numpy as np
import streamlit as st

import landscapes
from pages.phases import compute
from pages.phases.study import PhaseStudy
from pages.shared.tracks import out_of_patience, too_long
from rbo_core import sweep
from rbo_core.figures.phases import RadiusCurve
from rbo_core.figures.words import short
from rbo_core.sweep import order_parameters, theory
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
"""Seconds of computing for the three curves in one run of the page."""


def curves_of(study: PhaseStudy) -> tuple[list[RadiusCurve], list[str]]:
    """Compute the three curves at the row's learning rate; returns them and where each has its jump, in words.

    Raises:
        ValueError: w/4 leaves the surface's range, or the curves take too long; what was finished of them is kept.
    """
    late = out_of_patience(PATIENCE)
    parameters = {name: float(study.surface.parameters[name]) for name in FINER[study.surface.name]}
    unit = next(iter(parameters.values()))
    curves: list[RadiusCurve] = []
    notes: list[str] = []
    made = theory.finer(_at_one_rate(study), parameters, FACTORS)
    for factor, shade, one in zip(FACTORS, SHADES, made, strict=True):
        name = f"w = {short(factor * unit)}"
        with st.spinner(name):
            try:
                found = sweep.run(one, compute.store(), landscapes.get, progress=late)
            except sweep.Cancelled:
                raise too_long("These curves", "take fewer steps, starts or cells", PATIENCE) from None
            except ValueError as error:
                raise ValueError(f"{error}: w/4 leaves this surface's range; start from wider wrinkles") from error
        samples = order_parameters.along(one, found, study.order, "radius", (0,))
        relative = np.array(one.axis("radius").values, dtype=float) / (factor * unit)
        middle, low, high = order_parameters.interval(samples, share=order_parameters.is_share(study.order))
        curve = RadiusCurve(name, shade, relative, middle, low, high)
        curves.append(curve if study.bars else curve.without_interval)
        jump = transition(relative.tolist(), samples)
        if jump is not None:
            sharpness = width(relative.tolist(), samples, jump)
            notes.append(
                f"{name}: jump at ρ = {short(jump.at)} w, a quarter to three quarters within a factor {sharpness:.2f}"
            )
    return curves, notes


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
