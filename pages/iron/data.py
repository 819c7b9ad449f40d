"""What the page Iron shows, as compact cached arrays: one radius at a time, and a sweep over radii per surface."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np

import landscapes
from pages.shared.controls import get_surface
from pages.shared.page import cached
from rbo_core.figures.ironing_measures import Theory
from rbo_core.ironing import (
    Basins,
    Blur,
    Crests,
    Field,
    Ironed,
    Measures,
    Rests,
    Sweep,
    basins,
    default_threshold,
    equal_blur,
    field_crests,
    grooves,
    iron_landscape,
    measure_sweep,
    paper_too_curved,
    rests,
    sample,
    sampling_error,
    sweep_field,
    too_curved,
    window_bound,
)
from rbo_core.ironing.exponents import CrestCounts, crest_counts
from rbo_core.ironing.family import Smoothing, three_smoothings

RADII = {1: 32, 2: 14}  # of the sweep behind the measures
SWEEP_SAMPLES_2D = 160
SAMPLES_A_WAVE = 8
SEEDS = 8  # of a random curve, for an exponent's interval
RESTS = 120  # radii of the bifurcation diagram
MOST_SAMPLES = 120_001  # of a curve, so that the sweep over radii takes about a second


@dataclass(frozen=True)
class Span:
    """The radii of the study, parameter units, and the share of the height range below which a basin is noise."""

    low: float
    high: float
    share: float


@dataclass(frozen=True)
class Sampling:
    """What is ironed: a surface by name and parameters, n samples an axis, and the loss scale λ. Hashes, so it is a
    cache key."""

    name: str
    dim: int
    parameters: tuple[tuple[str, float], ...]
    n: int
    loss_scale: float

    @property
    def surface(self) -> landscapes.Landscape:
        """The landscape, built once for everyone."""
        return get_surface(self.name, self.dim, **dict(self.parameters))


@dataclass(frozen=True, eq=False)
class RadiusStudy:
    """A surface against the radius: the sweep, what it measures, and what theory says at measures.radius[1:]."""

    swept: Sweep
    measures: Measures
    theory: Theory


def sampling(surface: landscapes.Landscape, loss_scale: float, samples: int = 256) -> Sampling:
    """How a surface is sampled: a curve eight times per finest wave, up to MOST_SAMPLES."""
    n = samples
    if surface.dim == 1:
        width = float(np.ptp(surface.bounds[0]))
        n = int(np.clip(math.ceil(SAMPLES_A_WAVE * width / surface.finest_scale / 1000) * 1000 + 1, 2001, MOST_SAMPLES))
    return Sampling(surface.name, surface.dim, tuple(sorted(surface.parameters.items())), n, loss_scale)


def radius_range(surface: landscapes.Landscape) -> tuple[float, float]:
    """The slider's range of ρ, parameter units: from a few hundredths of the finest that can be seen to a third (fifth)
    of the window."""
    width = float(np.ptp(surface.bounds, axis=1).max())
    low, high = (width / 400, width / 3) if surface.dim == 1 else (width / 200, width / 5)
    return float(f"{low:.1g}"), float(f"{high:.1g}")


@cached
def ironed_at(where: Sampling, radius: float) -> Ironed:
    """The surface ironed at one radius.

    Raises:
        ValueError: as iron_landscape does.
    """
    with warnings.catch_warnings():  # the page says it beside the slider
        warnings.simplefilter("ignore")
        return iron_landscape(where.surface, radius, n=where.n, loss_scale=where.loss_scale)


@cached
def sampling_note(where: Sampling, radius: float) -> str:
    """What the samples miss at this radius, in a sentence; nothing where that matters little."""
    ironed = ironed_at(where, radius)
    if radius < 2 * max(ironed.spacing):  # with half the samples nothing would be ironed
        return ""
    per_wave = where.surface.finest_scale / max(ironed.spacing)
    # Half of eight samples a wave miss much that eight do not.
    matters = 0.01 if per_wave < SAMPLES_A_WAVE else 0.1
    if (error := sampling_error(ironed)) < matters * radius:
        return ""
    return (
        f"Sampled {per_wave:.2g} times per finest wave and {radius / max(ironed.spacing):.2g} times per radius: with "
        f"half as many samples the ball's centre would stand up to {error / radius:.2g} ρ lower, and a part of that "
        "may still be missing here."
    )


@cached
def study(where: Sampling, span: Span) -> RadiusStudy:
    """Iron at the span's radii and measure."""
    n = where.n if where.dim == 1 else min(where.n, SWEEP_SAMPLES_2D)
    field = sample(where.surface, n, where.loss_scale, margin=span.high)
    radii = np.geomspace(span.low, span.high, RADII[where.dim])
    swept = sweep_field(field, radii)
    threshold = 1e3 * span.share * default_threshold(field.heights)
    return RadiusStudy(
        swept=swept,
        measures=measure_sweep(swept, threshold),
        theory=Theory(
            bound=np.array([window_bound(field.extended, field.pad, field.spacing, r) for r in radii]),
            curved=np.array([too_curved(field.heights, field.spacing, r).mean() for r in radii]),
            paper=np.array([paper_too_curved(field.heights, field.spacing, r).mean() for r in radii]),
            grooves=grooves(swept, max(threshold, 1e-12)) if where.dim == 1 else None,
        ),
    )


@cached
def multiples(where: Sampling, span: Span) -> Sweep:
    """The surface ironed at six radii."""
    n = min(where.n, 4001) if where.dim == 1 else min(where.n, 128)
    return sweep_field(
        sample(where.surface, n, where.loss_scale, margin=span.high), np.geomspace(span.low, span.high, 6)
    )


@cached
def crests_of(where: Sampling, span: Span) -> Crests:
    """The crests of the surface and their lifetimes."""
    return field_crests(sample(where.surface, where.n, where.loss_scale, margin=span.high))


@cached
def rests_of(where: Sampling, span: Span) -> Rests:
    """Every rest on a curve, at RESTS radii."""
    field = sample(where.surface, min(where.n, 16_001), where.loss_scale, margin=span.high)
    return rests(field, np.geomspace(span.low, span.high, RESTS))


@cached
def smoothings_of(where: Sampling, radius: float) -> tuple[np.ndarray, np.ndarray, tuple[Smoothing, ...]]:
    """A curve's axis and heights, and the three smoothings at this radius."""
    field = sample(where.surface, min(where.n, 8001), where.loss_scale, margin=radius)
    return field.axes[0], np.ascontiguousarray(field.heights), three_smoothings(field, radius)


@cached
def exponents_of(where: Sampling) -> dict[str, CrestCounts]:
    """Crest counts of SEEDS seeds of a random curve, on gentle and steep ground and at the scale it has."""
    parameters = dict(where.parameters)
    surfaces = [get_surface(where.name, 1, **{**parameters, "seed": seed}) for seed in range(1, SEEDS + 1)]
    own = f"as it is, λ = {where.loss_scale:g}"
    scales = {"gentle, λ = 0.01": 0.01, own: where.loss_scale, "steep, λ = 100": 100.0}
    return {title: crest_counts(surfaces, scale) for title, scale in scales.items()}


@cached
def blur_of(where: Sampling, radius: float) -> Blur:
    """The Gaussian blur that leaves as much total variation as the ball of this radius."""
    margin = min(radius, float(np.ptp(where.surface.bounds, axis=1).max()))
    field: Field = sample(where.surface, where.n, where.loss_scale, margin=margin)
    return equal_blur(field, ironed_at(where, radius).ironed)


@dataclass(frozen=True, eq=False)
class Ironing:
    """One radius of a surface and all that the page says of it."""

    where: Sampling
    span: Span
    radius: float
    ironed: Ironed
    study: RadiusStudy
    before: Basins
    after: Basins

    @classmethod
    def of(cls, where: Sampling, span: Span, radius: float) -> Ironing:
        """Iron the surface at this radius and at those of the span.

        Raises:
            ValueError: as iron_landscape does.
        """
        ironed, found = ironed_at(where, radius), study(where, span)
        return cls(where, span, radius, ironed, found, basins(ironed.heights), basins(ironed.ironed))

    @property
    def threshold(self) -> float:
        """Depth at which a basin begins to count, height units."""
        return self.study.measures.threshold

    @property
    def counts(self) -> tuple[int, int]:
        """Basins that count, before and after ironing."""
        return self.before.count(self.threshold), self.after.count(self.threshold)
