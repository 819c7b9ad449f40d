"""Finite size: how a radius phase transition sharpens as the wrinkles get fine beside the bowl.

The recipe is one experiment, named so that the page Phases, ``python -m rbo_core sweep finite-size`` and Python repeat
it alike. On the bowl ¼x² lie wrinkles ½w cos(2πx/w + φ) of one shape, ever finer, each at several phases φ: what the
disorder of a sample is elsewhere. Balls start on both slopes. Those of radius ρ arrive near the minimum once the
flattest crest outside, where the slope is s ≈ 0.15, lets go; the ball lets go of a pair of round crests w apart at

    ρ_c/w = (1 + s²)/2s − 1/(2π²)          (`ironing.round_crest_radius`: 3.36 for s = 0.15 and this shape),

the limit for w → 0. At a finite w the crest stands somewhere within a wrinkle of the edge, so ρ_c/w is smaller and
differs from phase to phase: both by a part that shrinks like w. Against ρ/w the curves collapse, and the spread
measures how far they are from the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing import field_crests, sample
from rbo_core.ironing.crests import round_crest_radius
from rbo_core.sweep.cells import Build
from rbo_core.sweep.order_parameters import interval, samples
from rbo_core.sweep.refine import Refinement, deepest, run_refined
from rbo_core.sweep.spec import Axis, Sweep, spread
from rbo_core.sweep.store import Store

Floats = NDArray[np.float64]

BOWL = "x²/4 + w/2 cos(2πx/w + p)"
HALF = 3.0  # the domain is −3 to 3
NEAR = 0.3  # a twentieth of the domain's width: how near the minimum counts
SLOPE = 0.5 * NEAR  # of the bowl, there
START = 1.4  # beyond every crest that decides
ROUNDING = 1 / (2 * np.pi**2)  # radius of curvature of the crests, in widths
LIMIT = float(round_crest_radius(1.0, SLOPE, ROUNDING))
"""ρ_c/w for w → 0."""
PER_WIDTH = 120  # samples of a wrinkle, for the lifetimes
HOW = Refinement("in_basin", rounds=3)
REFINED = 2.8
"""Cells that refinement makes of one: 456, 420 and 336 of 144 at the three widths of the recipe."""
PACE = 40
"""Steps of a ball in a wrinkle: a step of more than a small part of one carries it over the last crests before they
let go."""
DRAWS = 400


@dataclass(frozen=True)
class FiniteSize:
    """The experiment: widths w of the wrinkles, coarsest first; on how many of them balls roll, for what the fine ones
    cost lifetimes alone say; at how many phases; and radii, in widths, from which the grid is refined."""

    widths: tuple[float, ...] = (0.3, 0.15, 0.075, 0.0375, 0.01875)
    rolled: int = 3
    phases: int = 12
    radii: int = 12

    def __post_init__(self) -> None:
        if len(self.widths) < 3 or min(self.widths) <= 0 or list(self.widths) != sorted(self.widths, reverse=True):
            raise ValueError(f"widths must be three or more, positive and falling, got {list(self.widths)}")
        if not 3 <= self.rolled <= len(self.widths):
            raise ValueError(f"balls must roll on 3 to {len(self.widths)} of the widths, got {self.rolled}")
        if self.phases < 4:
            raise ValueError(f"phases must be at least 4, got {self.phases}: their spread is what is measured")

    @property
    def angles(self) -> tuple[float, ...]:
        """The phases φ, evenly spread, none of them at a symmetric place."""
        return tuple(float(f"{(k + 0.37) * 2 * np.pi / self.phases:.12g}") for k in range(self.phases))

    @property
    def sweeps(self) -> tuple[Sweep, ...]:
        """One sweep for every width that is rolled: radius × phase, two balls a cell."""
        return tuple(
            Sweep(
                surface="formula", dim=1,
                surface_parameters=(("bounds", f"{-HALF:g}:{HALF:g}"), ("expression", BOWL), ("w", width)),
                method="rbo",
                settings=(("learning_rate", width / PACE), ("projection", "rigid"), ("unit_speed", True)),
                grid=(Axis("radius", spread(1.1 * width, 3.6 * width, self.radii)), Axis("surface.p", self.angles)),
                starts=((-START,), (START,)), seeds=(0,), steps=round(9 * PACE / width), basin_radius=NEAR,
            )
            for width in self.widths[: self.rolled]
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its 95 % interval from drawing the phases anew."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class SizeCurve:
    """What was rolled at one width: radii ρ/w (n,), the share of balls near the minimum with its interval, (n,) each,
    and the ρ/w (phases,) from which on all balls of a phase arrive; NaN for a phase of which they never do."""

    width: float
    relative: Floats
    share: Floats
    low: Floats
    high: Floats
    critical: Floats


@dataclass(frozen=True, eq=False)
class FiniteSizeResult:
    """What lifetimes predict of ρ_c/w at every width and phase (W, phases), and what was rolled of it so far, the
    coarsest width first. complete: whether all was."""

    recipe: FiniteSize
    predicted: Floats
    curves: tuple[SizeCurve, ...] = ()
    complete: bool = False

    @property
    def measured(self) -> Floats | None:
        """(widths rolled so far, phases) ρ_c/w of the balls; None where none rolled yet."""
        return np.stack([one.critical for one in self.curves]) if self.curves else None

    @property
    def correction(self) -> Floats:
        """(W,) by how much ρ_c/w falls short of its limit, by the lifetimes: a factor of 1 at w = 0."""
        return _correction(np.array(self.recipe.widths), self.predicted, 2)

    def critical(self, values: Floats) -> tuple[Estimate, ...]:
        """ρ_c/w at each of the first widths: the mean over the phases of values (widths, phases)."""
        return tuple(_bootstrapped(row[None], lambda v: float(np.nanmean(v))) for row in values)

    def spread(self, values: Floats) -> tuple[Estimate, ...]:
        """How much ρ_c differs between phases, as a part of itself, at each of the first widths."""
        return tuple(_bootstrapped(row[None], _relative_spread) for row in values)

    def limit(self, values: Floats) -> Estimate:
        """ρ_c/w for w → 0: w/ρ_c is nearly linear in w, as a crest's slope is; its parabola is read at 0."""
        widths = self._widths(values)
        return _bootstrapped(values, lambda v: 1 / float(_inverse(widths, v)[-1]))

    def exponent(self, values: Floats) -> Estimate:
        """a of ρ_c ~ w^a once the correction that vanishes with w is taken out: 1 where ρ/w collapses the curves."""
        widths = self._widths(values)
        return _bootstrapped(
            values, lambda v: _power(widths, widths * np.nanmean(v, axis=1) * _correction(widths, v, 1))
        )

    def spread_exponent(self, values: Floats) -> Estimate:
        """b of spread ~ w^b, with the same correction: the transition sharpens like w where it is 1."""
        widths = self._widths(values)
        return _bootstrapped(
            values, lambda v: _power(widths, np.array([_relative_spread(row) for row in v]) * _correction(widths, v, 2))
        )

    def _widths(self, values: Floats) -> Floats:
        return np.array(self.recipe.widths[: len(values)])

    def summary(self) -> dict[str, Any]:
        """The findings as plain values, ready for JSON: of the lifetimes, and of the balls where they rolled."""
        found: dict[str, Any] = {"limit_closed_form": LIMIT}
        for name, values in (("lifetimes", self.predicted), ("balls", self.measured)):
            if values is None:
                continue
            rows = zip(self.recipe.widths, self.critical(values), self.spread(values), strict=False)
            found[f"widths_{name}"] = [
                {"w": w, "critical": c.value, "critical_low": c.low, "critical_high": c.high, "spread": s.value,
                 "spread_low": s.low, "spread_high": s.high}
                for w, c, s in rows
            ]  # fmt: skip
            found[f"limit_{name}"] = vars(self.limit(values))
            found[f"exponent_{name}"] = vars(self.exponent(values))
            found[f"spread_exponent_{name}"] = vars(self.spread_exponent(values))
        return found


def predict(recipe: FiniteSize, build: Build) -> FiniteSizeResult:
    """What the crests' lifetimes say of the experiment; no ball rolls."""
    rows = [[_last_crest(_surface(build, width, angle)) / width for angle in recipe.angles] for width in recipe.widths]
    return FiniteSizeResult(recipe, np.array(rows))


def run_finite_size(
    recipe: FiniteSize,
    store: Store,
    build: Build,
    executor: Executor | None = None,
    *,
    progress: Callable[[int, int, int], Any] | None = None,
) -> FiniteSizeResult:
    """Roll the experiment's balls; sweeps that are stored are not rolled again.

    progress: called with (widths done, cells of the next one done, all its cells); a true answer ends the work.

    Raises:
        ValueError, Cancelled, StoreFull: as `rbo_core.sweep.run`.
    """
    curves = []
    for k, sweep in enumerate(recipe.sweeps):
        told = None if progress is None else partial(progress, k)
        fine, data = run_refined(sweep, store, build, HOW, executor, progress=told)
        curves.append(_curve(fine, data))
    return FiniteSizeResult(recipe, predict(recipe, build).predicted, tuple(curves), complete=True)


def stored_finite_size(
    recipe: FiniteSize, store: Store, build: Build, expected: FiniteSizeResult | None = None
) -> FiniteSizeResult:
    """As far as it was rolled: beside what is predicted the curves of the widths whose first grid of radii is stored.

    expected: what `predict` says, where that is known.
    """
    curves, complete = [], True
    for sweep in recipe.sweeps:
        fine, whole = deepest(sweep, store, HOW)
        complete = complete and whole
        if store.count(sweep.id) < sweep.cells:
            break
        curves.append(_curve(fine, store.data(fine)))
    expected = predict(recipe, build) if expected is None else expected
    return FiniteSizeResult(recipe, expected.predicted, tuple(curves), complete)


def ball_steps_left(recipe: FiniteSize, store: Store) -> float:
    """How many steps of balls are still to roll; about, for refinement chooses its radii by what it finds."""
    left = 0.0
    for sweep in recipe.sweeps:
        fine, whole = deepest(sweep, store, HOW)
        if not whole:
            cells = max(REFINED * sweep.cells, fine.cells) - store.count(fine.id)
            left += cells * sweep.balls * float(sweep.steps or 0)
    return left


def _surface(build: Build, width: float, angle: float) -> Any:
    return build("formula", dim=1, expression=BOWL, bounds=f"{-HALF:g}:{HALF:g}", w=width, p=angle)


def _last_crest(surface: Any) -> float:
    """The radius from which no crest farther than NEAR from the minimum holds a ball."""
    width = surface.parameters["w"]
    found = field_crests(sample(surface, round(2 * HALF / width * PER_WIDTH) + 1, 1.0, margin=1.0))
    away = np.abs(found.position - float(surface.minimum.x[0]))
    return float(found.lifetime[(away > NEAR) & (np.abs(found.position) < START)].max())


def _curve(sweep: Sweep, data: Floats) -> SizeCurve:
    """The curve of the radii that are stored at every phase."""
    width = float(dict(sweep.surface_parameters)["w"])
    whole = np.asarray(np.isfinite(data[:, 0, 0]).reshape(sweep.shape).all(axis=1))
    relative = np.array(sweep.axis("radius").values, dtype=float)[whole] / width
    arrived = samples(data, "in_basin").reshape(len(whole), -1, sweep.balls)[whole]
    middle, low, high = interval(arrived.reshape(len(relative), -1), share=True)
    return SizeCurve(width, relative, middle, low, high, np.array([_from_on(relative, v) for v in _all(arrived).T]))


def _all(arrived: Floats) -> NDArray[np.bool_]:
    return np.asarray((arrived == 1).all(axis=2))


def _from_on(relative: Floats, arrived: NDArray[np.bool_]) -> float:
    """The place between two radii from which on a phase's balls all arrive."""
    failing = np.flatnonzero(~arrived)
    last = int(failing[-1]) if failing.size else -1
    if last in (-1, len(relative) - 1):
        return float("nan")
    return float(np.sqrt(relative[last] * relative[last + 1]))


def _relative_spread(values: Floats) -> float:
    return float(np.nanstd(values) / np.nanmean(values))


def _inverse(widths: Floats, values: Floats, degree: int = 2) -> Floats:
    """Coefficients of w/ρ_c as a polynomial of w, the highest first; a line where there are three widths only."""
    return np.polyfit(widths, 1 / np.nanmean(values, axis=1), min(degree, len(widths) - 2))


def _correction(widths: Floats, values: Floats, degree: int) -> Floats:
    """By how much ρ_c/w (W,) falls short of its limit, a factor of 1 at w = 0."""
    fit = _inverse(widths, values, degree)
    return np.asarray(np.polyval(fit, widths) / fit[-1])


def _power(widths: Floats, values: Floats) -> float:
    if not (values > 0).all():  # widths so coarse that their line misses the limit altogether
        return float("nan")
    return float(np.polyfit(np.log(widths), np.log(values), 1)[0])


def _bootstrapped(values: Floats, of: Any, seed: int = 0) -> Estimate:
    """``of(values (W, phases))`` with the interval that drawing the phases anew, at every width by itself, gives."""
    rng = np.random.default_rng(seed)
    many = values.shape[1]
    draws = [of(np.take_along_axis(values, rng.integers(0, many, size=values.shape), axis=1)) for _ in range(DRAWS)]
    known = [one for one in draws if np.isfinite(one)]
    low, high = np.percentile(known, (2.5, 97.5)) if known else (np.nan, np.nan)
    return Estimate(of(values), float(low), float(high))
