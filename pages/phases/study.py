"""What the page Phases looks at: a sweep, what is stored of it, and how it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import landscapes
from pages.phases.asked import MapLook
from pages.phases.axes import VERTICALS, Vertical, axes_of
from pages.shared.controls import get_surface
from pages.shared.page import cached
from rbo_core import sweep
from rbo_core.figures.phases import Axes, Frontier, Jump, Mark, PhaseMap, RadiusCurve, Reading, Span
from rbo_core.figures.phases_page import clearest_jumps, map_of, reading
from rbo_core.figures.words import short
from rbo_core.frontiers import curvature_at, frontier
from rbo_core.sweep import measure, order_parameters, theory
from rbo_core.sweep.cells import build_method, starts
from rbo_core.sweep.transitions import regimes, transitions


@dataclass(frozen=True, eq=False)
class PhaseStudy:
    """A sweep over ρ and a vertical axis, read by one order parameter, and the cell that is looked at.

    values: (cells, balls, columns) of what is stored so far. order: the order parameter's name. radius, rate: the shown
    run's, on the vertical axis; rate_index: the row of the map nearest to it, among those whose radii are computed
    best. axes: how they are written. bars, theory: whether its pictures show intervals, and what theory says.
    """

    surface: landscapes.Landscape
    spec: sweep.Sweep
    values: np.ndarray
    order: str
    radius: float
    rate: float
    rate_index: int
    axes: Axes
    bars: bool = True
    theory: bool = True

    @classmethod
    def of(
        cls, surface: landscapes.Landscape, spec: sweep.Sweep, values: np.ndarray, look: MapLook,
        cell: tuple[float, float],
    ) -> PhaseStudy:  # fmt: skip
        """The study of what is stored. cell: the shown run's ρ and its value on the vertical axis."""
        axes = axes_of(surface, spec, look.in_curvatures)
        row = nearest_row(spec, values, cell[1])
        return cls(surface, spec, values, look.order, *cell, row, axes, look.bars, look.theory)

    @property
    def projection(self) -> str:
        """How the sweep's balls find their contact."""
        return str(dict(self.spec.settings)["projection"])

    @property
    def vertical(self) -> Vertical:
        """What is on the vertical axis."""
        return VERTICALS[self.spec.grid[1].name]

    @property
    def row_rate(self) -> float:
        """The row's value on the vertical axis."""
        return float(self.spec.grid[1].values[self.rate_index])

    @property
    def row(self) -> str:
        """The row in words."""
        return f"{self.vertical.symbol} = {short(self.row_rate)}"

    @property
    def stored(self) -> int:
        """How many cells are computed."""
        return int(np.isfinite(self.values[:, 0, 0]).sum())

    @property
    def reading(self) -> Reading:
        """How the order parameter is written, with its unit."""
        return reading(self.order)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What theory says, as marks along ρ; none where every row of the map has a loss scale of its own."""
        if not self.theory or self.vertical.name == "loss_scale":
            return ()
        scale = float(dict(self.spec.settings)["loss_scale"])
        return _expected(self.surface.name, self.surface.dim, self.spec.surface_parameters, scale)

    @property
    def frontier(self) -> Frontier | None:
        """Where a step stops settling at the global minimum; None where that is not known, for the rigid ball, and on
        another vertical axis than η."""
        known = self.theory and self.surface.minimum is not None
        if not known or self.projection == "rigid" or self.vertical.name != "learning_rate":
            return None
        curvature = curvature_at(self.surface, self.surface.minimum.x)
        if not curvature > 0:
            return None
        values = self.spec.axis("radius").values
        radii = np.geomspace(float(values[0]), float(values[-1]), 121)
        method = build_method(self.spec, dict(self.spec.settings))
        return Frontier(radii, frontier(method, radii, curvature), curvature)

    @property
    def map(self) -> PhaseMap:
        """The order parameter over (ρ, η)."""
        return replace(map_of(self.spec, self.values, self.order), axes=self.axes)

    @property
    def jumps(self) -> tuple[Jump, ...]:
        """The clearest transition along ρ at every learning rate that has one; 5 % that any of them is chance."""
        key = hashlib.sha256(np.ascontiguousarray(self.values).tobytes()).hexdigest()
        return _jumps_of(self.spec, key, self.values, self.order)

    @property
    def drawn_jumps(self) -> tuple[Jump, ...]:
        """The same as they are drawn: with their intervals where error bars are wanted."""
        return self.jumps if self.bars else tuple(jump.without_interval for jump in self.jumps)

    @property
    def slow(self) -> RadiusCurve | None:
        """The share of infinitely slow balls near the minimum, by lifetimes; None for what lifetimes say nothing of."""
        settings = dict(self.spec.settings)
        known = self.order == "in_basin" and self.surface.dim == 1 and self.surface.minimum is not None and self.theory
        if not known or self.projection != "rigid" or settings["momentum"] or self.vertical.name == "loss_scale":
            return None
        return _slow_of(self.spec)

    def cut(self, label: str, color: str) -> tuple[RadiusCurve, tuple[Jump, ...], tuple[Span, ...]]:
        """The order parameter along ρ in the row: its curve with intervals, its jumps, and the regimes."""
        radii = np.array(self.spec.axis("radius").values, dtype=float)
        samples = order_parameters.along(self.spec, self.values, self.order, "radius", (0, self.rate_index))
        middle, low, high = order_parameters.interval(samples, share=order_parameters.is_share(self.order))
        found = transitions(radii.tolist(), samples)
        named = regimes(radii.tolist(), samples, order_parameters.order(self.order).better, found)
        curve = RadiusCurve(label, color, radii, middle, low, high)
        jumps = (Jump(self.row_rate, one.at, one.low, one.high, one.abrupt, one.factor) for one in found)
        return (
            curve if self.bars else curve.without_interval,
            tuple(jump if self.bars else jump.without_interval for jump in jumps),
            tuple(Span(one.name, one.low, one.high) for one in named),
        )


def nearest_row(spec: sweep.Sweep, values: np.ndarray, rate: float) -> int:
    """Index of the learning rate nearest to ``rate`` among those whose radii are computed best so far."""
    stored = np.isfinite(values[:, 0, 0]).reshape(spec.shape).sum(axis=0)
    rates = np.array(spec.grid[1].values, dtype=float)
    return int(np.argmin(np.where(stored == stored.max(), np.abs(np.log(rates / rate)), np.inf)))


@cached
def _jumps_of(spec: sweep.Sweep, key: str, _values: np.ndarray, order: str) -> tuple[Jump, ...]:
    return clearest_jumps(spec, _values, order)


@cached
def _slow_of(spec: sweep.Sweep) -> RadiusCurve:
    parameters: dict[str, Any] = dict(spec.surface_parameters)
    surface = get_surface(spec.surface, spec.dim, **parameters)
    low, high = spec.axis("radius").values[0], spec.axis("radius").values[-1]
    radii = np.geomspace(float(low), min(float(high), float(np.ptp(surface.bounds))), 241)
    near = measure.basin_radius(surface, spec.basin_radius)
    scale = float(dict(spec.settings)["loss_scale"])
    told = theory.arrivals(surface, radii, starts(spec, surface), near, scale).mean(axis=1)
    return RadiusCurve("slow balls, by lifetimes", "#7A8292", radii, told, told, told, "dot")


@cached
def _expected(name: str, dim: int, parameters: tuple[tuple[str, Any], ...], loss_scale: float) -> tuple[Mark, ...]:
    found = theory.expected(get_surface(name, dim, **dict(parameters)), loss_scale)
    return tuple(Mark(one.radius, one.label) for one in found)
