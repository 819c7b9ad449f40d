"""What a phase map and its cuts show, and how their axes are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RADIUS = "radius ρ (parameter units)"


@dataclass(frozen=True)
class Axes:
    """How the axes of a map or a cut are written.

    radius, vertical: titles; symbol: of the vertical axis; units: factors from ρ and from the vertical setting to what
    the ticks count (κ, for dimensionless axes), which leave the picture as it is.
    """

    radius: str = RADIUS
    vertical: str = "learning rate η"
    symbol: str = "η"
    units: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Mark:
    """A radius marked on a figure, with the words beside it."""

    radius: float
    label: str


@dataclass(frozen=True)
class Jump:
    """A detected transition in one row of the map: at a learning rate, a radius and its 95 % interval.

    abrupt: a jump, or else a crossover in which the radius grows by `factor` between a quarter and three quarters.
    """

    rate: float
    radius: float
    low: float
    high: float
    abrupt: bool = True
    factor: float = 1.0

    @property
    def without_interval(self) -> Jump:
        """The same jump where no error bar is drawn."""
        return replace(self, low=self.radius, high=self.radius)


@dataclass(frozen=True, eq=False)
class Region:
    """Cells (n, m) of a map that are one thing: its name, and how they are hatched (a pattern's shape, as Plotly has
    it)."""

    name: str
    cells: NDArray[np.bool_]
    hatching: str = "/"


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """What a phase map shows.

    radii: (n,), rates: (m,), increasing; values: (n, m), NaN where nothing is known; diverged: (n, m) share of balls
    that diverged, NaN where not computed yet. brighter: +1 if more is better, −1 if less is; better is brighter.
    share: the values are shares of the balls, from 0 to 1; percent: they read as percentages of something else. rates:
    of the vertical axis, whatever `axes` says that is. held: the shares say who is held and who gets free, and so the
    two regions of the map have names. named: regions that are hatched and named as given, in place of the hatching
    where most diverged. gaps: cells that are not computed stay empty, instead of taking the nearest one's colour.
    """

    radii: Floats
    rates: Floats
    values: Floats
    diverged: Floats
    label: str
    brighter: int = 1
    share: bool = False
    percent: bool = False
    axes: Axes = Axes()
    held: bool = False
    named: tuple[Region, ...] = ()
    gaps: bool = False


@dataclass(frozen=True)
class Span:
    """A named stretch of radii."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Frontier:
    """η_c(ρ): the learning rate from which a step does not settle on a bowl of curvature κ. radii, rates: (n,)."""

    radii: Floats
    rates: Floats
    curvature: float

    @property
    def label(self) -> str:
        """What it says."""
        return f"settles below, κ = {self.curvature:.3g}"


@dataclass(frozen=True)
class Notes:
    """What is drawn into a map or a cut: theory, detected jumps, regimes by name (a cut only), and the shown run; into
    a map the frontier of stability as well."""

    theory: Sequence[Mark] = ()
    jumps: Sequence[Jump] = ()
    spans: Sequence[Span] = ()
    radius: float | None = None
    rate: float | None = None
    frontier: Frontier | None = None


@dataclass(frozen=True)
class Reading:
    """How an order parameter is written: its label with its unit; as a share of the balls, or as a percentage."""

    label: str
    share: bool = False
    percent: bool = False


@dataclass(frozen=True, eq=False)
class RadiusCurve:
    """An order parameter along ρ with its interval: radii (n,), middle, low, high (n,)."""

    name: str
    color: str
    radii: Floats
    middle: Floats
    low: Floats
    high: Floats
    dash: str = "solid"

    @property
    def without_interval(self) -> RadiusCurve:
        """The same curve where no band is drawn."""
        return replace(self, low=self.middle, high=self.middle)

    @property
    def has_interval(self) -> bool:
        """Whether there is a band to draw."""
        return not np.array_equal(self.low, self.high, equal_nan=True)


NO_NOTES = Notes()
PLAIN = Axes()


def edges(centers: Floats) -> Floats:
    """(n + 1,) edges between log-spaced centres (n,)."""
    if len(centers) == 1:
        return np.array([centers[0] / 1.2, centers[0] * 1.2])
    middle = np.sqrt(centers[1:] * centers[:-1])
    return np.concatenate([[centers[0] ** 2 / middle[0]], middle, [centers[-1] ** 2 / middle[-1]]])


def log_axis(fig: go.Figure, which: str, values: Floats, title: str, unit: float = 1.0) -> None:
    """unit: what the ticks count of one unit of the values."""
    low, high = edges(values)[[0, -1]] if len(values) > 2 else (values[0] / 1.05, values[-1] * 1.05)
    steps = [m * 10.0**e for e in range(-9, 9) for m in (1, 2, 5)]
    ticks = [t for t in steps if low * unit <= t <= high * unit]
    if len(ticks) > 7:
        ticks = [t for t in ticks if f"{t:e}"[0] == "1"]
    getattr(fig, f"update_{which}axes")(
        type="log", range=[np.log10(low), np.log10(high)], tickvals=[t / unit for t in ticks],
        ticktext=[f"{t:g}" for t in ticks], title_text=title, showgrid=False,
    )  # fmt: skip
