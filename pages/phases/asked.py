"""What a visitor asks of the page Phases: a map, how it is read, and the run shown beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import landscapes
from pages.phases.axes import VERTICALS, Vertical
from rbo_core import RBO, sweep
from rbo_core.figures.words import short


@dataclass(frozen=True)
class MapAsked:
    """A map over ρ and another setting as the visitor asks for it.

    settings: the ball's, without those of the axes; radii, rates: the ends of the axes; cells: on each; budget:
    ("steps", n) or ("gradients", n); vertical: what is on the vertical axis. rounds: of refinement near jumps. seeds:
    how many, which differ where there is noise.
    """

    surface: landscapes.Landscape
    settings: Mapping[str, Any]
    radii: tuple[float, float]
    rates: tuple[float, float]
    cells: int
    starts: int
    budget: tuple[str, int]
    scattered: bool = False
    vertical: Vertical = VERTICALS["learning_rate"]
    rounds: int = 0
    seeds: int = 1

    @property
    def problems(self) -> list[str]:
        """What is wrong with its ranges."""
        return [
            f"The range of {name} must run upwards, got {short(low)} to {short(high)}: "
            "raise its end or lower its start."
            for name, (low, high) in (("ρ", self.radii), (self.vertical.symbol, self.rates))
            if not low < high
        ]

    def sweep(self) -> sweep.Sweep:
        """The sweep that fills it.

        Raises:
            ValueError: a setting is impossible.
        """
        unit, amount = self.budget
        return sweep.Sweep(
            surface=self.surface.name,
            dim=self.surface.dim,
            surface_parameters=tuple(sorted(self.surface.parameters.items())),
            method="rbo",
            settings=tuple(sorted(self.settings.items())),
            grid=(
                sweep.Axis("radius", sweep.spread(*self.radii, self.cells)),
                sweep.Axis(self.vertical.name, self.vertical.values(*self.rates, self.cells)),
            ),
            starts=self.starts,
            seeds=tuple(range(self.seeds)),
            steps=amount if unit == "steps" else None,
            gradients=amount if unit == "gradients" else None,
            random_starts=0 if self.scattered else None,
        )


@dataclass(frozen=True)
class ShownRun:
    """The run beside the map: a ball of the map's settings from one start."""

    surface: landscapes.Landscape
    method: RBO
    start: tuple[float, ...]
    vertical: Vertical = VERTICALS["learning_rate"]

    @property
    def cell(self) -> tuple[float, float]:
        """Its ρ and its value on the vertical axis."""
        return float(self.method.radius), float(getattr(self.method, self.vertical.name))


@dataclass(frozen=True)
class MapLook:
    """How a map is read: by which order parameter, whether its axes are dimensionless, and whether intervals and theory
    are drawn."""

    order: str
    in_curvatures: bool = False
    bars: bool = True
    theory: bool = True
