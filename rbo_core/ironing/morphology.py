"""Ironing: what a ball of radius ρ sees of a height field.

The centre surface ``h(θ) = max over |u| ≤ ρ of f(θ+u) + sqrt(ρ² − |u|²)`` is the grey-scale dilation of f by a
hemisphere; ``h − ρ`` is the ironed landscape; the closing ``min over |u| ≤ ρ of h(θ+u) − sqrt(ρ² − |u|²)`` is the
underside of the ball's sweep (Sternberg 1986; Serra 1982). Heights and horizontal axes share one unit: scale the loss
first (λf) when they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.contacts import sweep_of_ball
from rbo_core.ironing.dilation import dilate_curve
from rbo_core.ironing.envelope import dilate_row
from rbo_core.ironing.field import Array, Heights, check_radius, checked_heights, crop, sample
from rbo_core.ironing.holes import concerns_of, with_holes
from rbo_core.ironing.touch import touched


@dataclass(frozen=True, eq=False)
class Ironed:
    """One height field ironed at one radius. Every array has the shape of `heights`, (N,) or (N, M).

    heights: f on the grid, NaN in holes (no data), as everything else is there: no ball touches a hole and no share
    counts it. center: height h of the ball's centre above each sample. ironed: ``center − radius``.
    closing: underside of the sweep, ``closing ≥ heights``. reachable: True where a ball can touch the sample, whether
    or not its centre is then above a grid point: decided exactly on a curve, to grid error on a surface (see
    `touch.touched`). So where the ground bends upward, closing may exceed heights by that grid error at reachable
    samples. known, pad: where there was ground, the window and `pad` samples beyond it on every side. concerns: what a
    reader should be told: no-data values found, a ball that is a flat disc or does nothing, units that differ.

    Relatives: `closing` is the morphological closing of surface metrology (ISO 16610-41), `reachable` the certainty map
    of scanning-probe microscopy, ``-iron(-f).ironed`` the "rolling ball" background of image processing. No conformity
    with any standard is claimed.
    """

    heights: Array
    spacing: tuple[float, ...]
    radius: float
    center: Array
    ironed: Array
    closing: Array
    reachable: NDArray[np.bool_]
    axes: tuple[Array, ...]
    known: NDArray[np.bool_]
    pad: tuple[int, ...]
    concerns: tuple[str, ...] = ()

    @property
    def unreachable_share(self) -> float:
        """Share of the samples of the ground that no ball of this radius can touch, 0 to 1."""
        ground = np.isfinite(self.heights)
        return float(1.0 - self.reachable[ground].mean())

    @cached_property
    def end_zone(self) -> NDArray[np.bool_]:
        """Samples within ρ of where nothing is known: there `center` and `ironed` are lower bounds."""
        return self._near_nothing(self.radius)

    @cached_property
    def closing_end_zone(self) -> NDArray[np.bool_]:
        """Samples within 2ρ of where nothing is known: there `closing` may be too high or too low."""
        return self._near_nothing(2.0 * self.radius)

    def _near_nothing(self, distance: float) -> NDArray[np.bool_]:
        from scipy.ndimage import distance_transform_edt

        # One sample of nothing round what is known; where the surface was looked at beyond the window, that is far out.
        wide = np.pad(self.known, 1)
        away = distance_transform_edt(wide, sampling=self.spacing)
        return crop(away, tuple(p + 1 for p in self.pad)) <= distance * (1 + 1e-9)


def iron(
    heights: ArrayLike,
    spacing: float | Sequence[float],
    radius: float,
    *,
    no_data: float | None = None,
    units: tuple[str, str] | None = None,
) -> Ironed:
    """Iron bare heights (N,) or (N, M) given on a regular grid; spacing is one number or one per axis, in the unit of
    the heights.

    Nothing is there beyond the array: outside counts as −∞, and the ball's centre stays above the grid. So within ρ of
    an edge (`Ironed.end_zone`) the centre is a lower bound, because a wall beyond might have held the ball up; within
    2ρ (`Ironed.closing_end_zone`) the closing is no bound either way, because centres beyond might have lowered it as
    well. `iron_landscape` evaluates the surface out there instead. Holes are treated alike: NaN, ``no_data``, and the
    values by which files mark them (−9999, −32768, ±3.4e38); ``no_data=nan`` takes those as heights. Ground farther
    from a hole than ρ (the closing: 2ρ) is as without it.

    units: of spacing and of heights, such as ("m", "m"); where they differ `Ironed.concerns` says so.

    Raises ValueError for infinite heights, heights that are not 1-D or 2-D, spacing ≤ 0, radius ≤ 0, a radius larger
    than the window, or more than 4096² samples. Warns when the radius is below one spacing: then no neighbour is in
    reach and nothing is ironed.
    """
    ground, said = with_holes(heights, no_data)
    f, steps = checked_heights(ground, spacing, holes=True)
    check_radius(radius, f.shape, steps)
    axes = tuple(np.arange(n) * s for n, s in zip(f.shape, steps, strict=True))
    found = iron_grid(f, steps, float(radius), tuple(0 for _ in steps), axes)
    return replace(found, concerns=(*said, *concerns_of(found, units)))


def iron_landscape(surface: Heights, radius: float, n: int | None = None, loss_scale: float = 1.0) -> Ironed:
    """Iron a landscape on its own window, sampled n times along each axis (default 2,001 in one dimension, 256 in two).

    The surface is evaluated beyond the window as far as the result can depend on it: the closing looks at centres up to
    ρ outside, and those at the surface up to 2ρ outside. Where it is not finite (a logarithm's wall, the end of an
    uploaded map, a hole in it) nothing is there. Heights are λf for the loss scale λ.
    """
    field = sample(surface, n, loss_scale, margin=radius)
    check_radius(radius, field.shape, field.spacing)
    found = iron_grid(field.extended, field.spacing, float(radius), field.pad, field.axes)
    return replace(found, concerns=concerns_of(found))


def iron_grid(
    f: Array, spacing: tuple[float, ...], radius: float, pad: tuple[int, ...], axes: tuple[Array, ...]
) -> Ironed:
    """Iron checked heights f, −inf where nothing is there, on the window that leaves `pad` samples out on every
    side."""
    half = tuple(p // 2 for p in pad)  # centres are needed this far beyond the window
    heights = crop(f, pad).copy()  # it receives NaN, f stays
    hole = heights == -np.inf
    if f.ndim == 1:
        wide, index, between = dilate_row(f, spacing[0], radius, half[0])
        closing = -dilate_curve(wide, spacing[0], radius, half[0], sign=-1.0)
        reachable = crop(touched_arcs(index, between, f.size, spacing[0], half[0]), pad)
    else:
        steps, cut, out = (spacing[0], spacing[1]), (half[0], half[1]), (pad[0], pad[1])
        wide, closing, contact = sweep_of_ball(f, steps, radius, cut)
        gap = np.where(hole, 0.0, np.maximum(closing, heights) - np.where(hole, 0.0, heights))
        reachable = touched(f, contact, gap, steps, radius, out, cut)
    closing = np.maximum(closing, heights)  # where the ball touches they are equal, and rounding may fall an ulp short
    center = np.ascontiguousarray(crop(wide, half))
    if hole.any():
        for values in (heights, center, closing):
            values[hole] = np.nan
        reachable = reachable & ~hole
    return Ironed(heights, spacing, radius, center, center - radius, closing, reachable, axes, f > -np.inf, pad)


def touched_arcs(index: NDArray[np.int64], between: Array, n: int, spacing: float, crop_: int) -> NDArray[np.bool_]:
    """Samples whose arc is on the envelope somewhere above the centres' domain, samples crop .. n − crop."""
    touched = np.zeros(n, bool)
    slack = 1e-9 * spacing
    on = (between[1:] >= spacing * crop_ - slack) & (between[:-1] <= spacing * (n - 1 - crop_) + slack)
    touched[index[on]] = True
    return touched


def sampling_error(ironed: Ironed) -> float:
    """How far the centre's height would fall if only every other sample were known, largest over the samples, height
    units: about how much the samples in hand still miss."""
    every = tuple(slice(None, None, 2) for _ in ironed.spacing)
    coarse = iron(ironed.heights[every], [2 * s for s in ironed.spacing], ironed.radius)
    fine = iron(ironed.heights, ironed.spacing, ironed.radius)
    return float(np.nanmax(fine.center[every] - coarse.center))
