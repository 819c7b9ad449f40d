"""What theory expects along the radius, to be set beside what a sweep finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing import Crests, critical_radius, field_crests, guards, sample
from rbo_core.ironing.field import Field
from rbo_core.ironing.rests import rests
from rbo_core.sweep.spec import Sweep, Value


@dataclass(frozen=True)
class Expected:
    """A radius at which something should change: what, where, and the formula or method it comes from."""

    label: str
    radius: float
    source: str


_MARKS = 3  # guard crests marked on one map
_OPENS = 0.05  # a guard counts when the ground that rolls to the global rest changes by this share of the window


def expected(surface: Any, loss_scale: float = 1.0, samples: int = 4001) -> tuple[Expected, ...]:
    """Radii at which the behaviour of a rigid ball on ``surface`` should change, smallest first.

    Wells: the radius of curvature of each, above which the ball cannot touch its floor. Corduroy: the radius from which
    no pair of crests holds the ball. Other curves with a known minimum: the lifetimes of the crests that guard its
    basin, the three that change it most. Surfaces have no such marks: their crests are no fences.
    """
    parameters = dict(surface.parameters)
    made = []
    if surface.name == "sharp_flat_wells":
        flat = loss_scale * parameters["curvature"]
        sharp = flat * parameters["ratio"]
        made.append(Expected("too wide for the sharp well", 1.0 / sharp, "1/κ"))
        made.append(Expected("too wide for the flat well", 1.0 / flat, "1/κ"))
    elif surface.dim == 1:
        # Ground beyond the window ends crests too; farther than a third of it away it ends none that a map shows.
        field = sample(surface, samples, loss_scale, margin=float(np.ptp(surface.bounds)) / 3)
        found = field_crests(field)
        made = _corduroy(parameters, loss_scale, found) if surface.name == "corduroy" else _guarded(surface, found)
    return tuple(sorted(made, key=lambda one: one.radius))


def _corduroy(parameters: dict[str, float], loss_scale: float, found: Crests) -> list[Expected]:
    living = found.lifetime[np.isfinite(found.lifetime)]
    if living.size == 0:  # grooves too shallow for the slope: nothing holds any ball
        return []
    longest = float(living.max())
    closed = float(critical_radius(parameters["width"], loss_scale * parameters["slope"]))
    # The closed form is that of sharp crests over deep grooves; where it does not hold the lifetime still does.
    if abs(longest / closed - 1) < 0.01:
        return [Expected("no crest holds the ball", closed, "w(1 + s²)/(2s)")]
    return [Expected("no crest holds the ball", longest, "lifetime of the crests")]


def _guarded(surface: Any, found: Crests) -> list[Expected]:
    if surface.minimum is None:
        return []
    low, high = (float(v) for v in surface.bounds[0])
    before, made = 0.0, []
    for guard in guards(found, float(surface.minimum.x[0]), low, high):
        width = (guard.high - guard.low) / (high - low)
        what = "lets go" if guard.opens else "takes the global rest away"
        label = f"crest at x = {guard.position:.2f} {what}".replace("-", "−")
        if (change := abs(width - before)) >= _OPENS:
            made.append((change, Expected(label, guard.radius, "lifetime of a guard crest")))
        before = width
    return [one for _, one in sorted(made, key=lambda pair: -pair[0])[:_MARKS]]


def arrivals(
    surface: Any, radii: ArrayLike, starts: ArrayLike, near: float, loss_scale: float = 1.0, samples: int = 8001
) -> NDArray[np.bool_]:
    """Which slow rigid balls (radii (n,), starts (S,)) end near the global minimum of a curve: (n, S); none is rolled.

    A ball without momentum goes down the dilation into the rest between the two crests beside its start that live
    longest (`ironing.rests`); there its centre, or one of the two places where it touches, is within ``near`` or not.

    Raises:
        ValueError: a surface, one whose minimum is not known, or a radius beyond the window's width.
    """
    if surface.dim != 1 or surface.minimum is None:
        raise ValueError("only curves with a known minimum tell where slow balls end")
    rho, begun = np.asarray(radii, float), np.asarray(starts, float).ravel()
    field = sample(surface, samples, loss_scale, margin=float(rho.max()))
    listed, at = rests(field, rho), float(surface.minimum.x[0])
    out = np.zeros((rho.size, begun.size), bool)
    for i, radius in enumerate(rho.tolist()):
        here = listed.at(radius)
        for low, high, rest in zip(here.low, here.high, here.position, strict=True):
            within = (low <= begun) & (begun <= high)
            if within.any():
                places = np.array([rest, *_touched(field, rest, radius)])
                out[i, within] = np.abs(places - at).min() <= near
    return out


def _touched(field: Field, rest: float, radius: float) -> list[float]:
    """Where a ball at rest touches a sampled curve on either side of its foot, as far as samples tell a tie."""
    x = field.axes[0][0] + (np.arange(field.extended.size) - field.pad[0]) * field.spacing[0]
    inside = np.abs(x - rest) < radius
    y = x[inside]
    height = field.extended[inside] + np.sqrt(radius**2 - (y - rest) ** 2)
    sides = [(y[side], height[side]) for side in (y <= rest, y >= rest) if side.any()]
    return [float(p[h.argmax()]) for p, h in sides if h.max() >= height.max() - 2 * field.spacing[0]]


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
