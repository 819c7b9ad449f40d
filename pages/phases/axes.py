"""The vertical axis of the page's map: the learning rate, or another number of the ball; and dimensionless axes."""

from __future__ import annotations

from dataclasses import dataclass

import landscapes
from pages.shared.controls import Scale, number, short
from rbo_core import RBO, rolling, sweep
from rbo_core.figures.phases import Axes
from rbo_core.frontiers import curvature_at
from rbo_core.settings import Value, settings_of

_KNOWN = {one.name: one for one in settings_of(RBO)}


@dataclass(frozen=True)
class Vertical:
    """A setting of the ball that may be the map's vertical axis.

    name: the setting; symbol, title: how it is written; low, high: where its range begins at first; keys: of the two
    controls of its range, in the address.
    """

    name: str
    symbol: str
    title: str
    low: float
    high: float
    keys: tuple[str, str]

    def control(self, projection: str) -> str:
        """The control of the shown run that a click sets."""
        return f"{projection}_{self.name}" if self.name in rolling.OWN else self.name

    @property
    def scale(self) -> Scale:
        """What its range may be."""
        if self.name == "learning_rate":
            return Scale(1e-4, 10.0, log=True)
        one = _KNOWN[self.name]
        assert one.low is not None and one.high is not None
        return Scale(one.low, one.high, log=True, integer=one.integer)

    def ask(self) -> tuple[float, float]:
        """The controls of its range."""
        low = number(f"{self.symbol} from", self.keys[0], self.low, self.scale)
        return low, number(f"{self.symbol} to", self.keys[1], self.high, self.scale)

    def values(self, low: float, high: float, count: int) -> tuple[Value, ...]:
        """At most ``count`` values from low to high, evenly spaced on a log axis; whole ones of a whole number."""
        spread = sweep.spread(low, high, count)
        return tuple(dict.fromkeys(round(v) for v in spread)) if _KNOWN[self.name].integer else spread


VERTICALS = {
    one.name: one
    for one in (
        Vertical("learning_rate", "η", "learning rate η", 0.003, 1.0, ("rate_low", "rate_high")),
        Vertical("loss_scale", "λ", "loss scale λ", 0.1, 10.0, ("scale_low", "scale_high")),
        Vertical("projection_step_size", "γ", "projection step γ", 0.001, 0.1, ("gamma_low", "gamma_high")),
        Vertical("n_projection_steps", "K", "projection steps K", 1, 50, ("k_low", "k_high")),
    )
}


def vertical_of(name: str, projection: str) -> Vertical | None:
    """The axis called ``name``, or None where this projection does not read it."""
    own = name in rolling.OWN
    return None if own and name not in rolling.PROJECTIONS[projection].own else VERTICALS[name]


def axes_of(surface: landscapes.Landscape, spec: sweep.Sweep, in_curvatures: bool) -> Axes:
    """How the axes of a sweep's map are written: dimensionless where that is wanted, and λκ the same all over it.

    κ is the curvature at the global minimum, as for the frontier of stability: a ball of ρλκ = 1 just fits there.
    """
    vertical = VERTICALS[spec.grid[1].name]
    plain = Axes(vertical=vertical.title, symbol=vertical.symbol)
    if not in_curvatures or surface.minimum is None or vertical.name == "loss_scale":
        return plain
    curvature = curvature_at(surface, surface.minimum.x) * float(dict(spec.settings)["loss_scale"])
    if not curvature > 0:
        return plain
    of = f"λκ = {short(curvature)}"
    radius = f"ρλκ (radius in radii of curvature; {of})"
    if vertical.name != "learning_rate":
        return Axes(radius, vertical.title, vertical.symbol, units=(curvature, 1.0))
    return Axes(radius, f"ηλκ (learning rate; {of})", "η", units=(curvature, curvature))
