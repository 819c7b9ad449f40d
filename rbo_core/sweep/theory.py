"""What theory expects along the radius, to be set beside what a sweep finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rbo_core.ironing import basins, critical_radius, iron_landscape
from rbo_core.sweep.spec import Sweep, Value


@dataclass(frozen=True)
class Expected:
    """A radius at which something should change: what, where, and the formula or method it comes from."""

    label: str
    radius: float
    source: str


def expected(surface: Any, loss_scale: float = 1.0, samples: int = 4001) -> tuple[Expected, ...]:
    """Radii at which the behaviour of a rigid ball on ``surface`` should change, smallest first.

    Corduroy: the radius from which no pair of crests holds the ball. Wells: the radius of curvature of each, above
    which the ball cannot touch its floor. Other curves: the radius at which the ironed curve has one basin left, by
    persistence.
    """
    parameters = dict(surface.parameters)
    made = []
    if surface.name == "corduroy":
        radius = float(critical_radius(parameters["width"], loss_scale * parameters["slope"]))
        made.append(Expected("no crest holds the ball", radius, "w(1 + s²)/(2s)"))
    elif surface.name == "sharp_flat_wells":
        flat = loss_scale * parameters["curvature"]
        sharp = flat * parameters["ratio"]
        made.append(Expected("too wide for the sharp well", 1.0 / sharp, "1/κ"))
        made.append(Expected("too wide for the flat well", 1.0 / flat, "1/κ"))
    elif surface.dim == 1:
        merged = merging_radius(surface, loss_scale, samples)
        if merged is not None:
            made.append(Expected("one basin left", merged, "persistence of the ironed curve"))
    return tuple(sorted(made, key=lambda one: one.radius))


def merging_radius(surface: Any, loss_scale: float = 1.0, samples: int = 4001, threshold: float = 1e-4) -> float | None:
    """Smallest radius at which the ironed curve has a single basin; None when it has one already, or never.

    Basins shallower than ``threshold`` times the curve's height range do not count (the samples' own error). Found by
    bisection on a log scale: basins only merge as the radius grows.
    """
    span = float(np.max(surface.bounds[:, 1] - surface.bounds[:, 0]))
    low, high = 4 * span / samples, span

    def count(radius: float) -> int:
        heights = iron_landscape(surface, radius, samples, loss_scale).ironed
        return basins(heights).count(threshold * float(np.ptp(heights)))

    if count(low) <= 1 or count(high) > 1:
        return None
    for _ in range(18):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if count(middle) > 1 else (low, middle)
    return float(np.sqrt(low * high))


def finer(sweep: Sweep, scaled: dict[str, float], factors: tuple[float, ...] = (1.0, 0.5, 0.25)) -> tuple[Sweep, ...]:
    """The same sweep on ever finer wrinkles: the surface parameters in ``scaled`` (name to value), and the radii, are
    multiplied by each factor, so that the wrinkles keep their shape."""
    made = []
    for factor in factors:
        parameters: dict[str, Value] = {**dict(sweep.surface_parameters), **{k: factor * v for k, v in scaled.items()}}
        grid = tuple(
            replace(axis, values=tuple(float(f"{factor * float(v):.12g}") for v in axis.values))
            if axis.name == "radius"
            else axis
            for axis in sweep.grid
        )
        made.append(replace(sweep, surface_parameters=tuple(sorted(parameters.items())), grid=grid))
    return tuple(made)
