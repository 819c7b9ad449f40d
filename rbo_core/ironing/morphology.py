"""Ironing: what a ball of radius ρ sees of a height field.

The centre surface ``h(θ) = max over |u| ≤ ρ of f(θ+u) + sqrt(ρ² − |u|²)`` is the grey-scale dilation of f by a
hemisphere; ``h − ρ`` is the ironed landscape; the closing ``min over |u| ≤ ρ of h(θ+u) − sqrt(ρ² − |u|²)`` is the
underside of the ball's sweep (Sternberg 1986; Serra 1982). Heights and horizontal axes share one unit: scale the loss
first (λf) when they do not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.dilation import (
    Array,
    dilate_arcs,
    dilate_curve,
    dilate_grid,
    dilate_grid_with_contacts,
    dilate_row,
)
from rbo_core.ironing.holes import concerns_of, with_holes
from rbo_core.ironing.touch import touched

T = TypeVar("T", bound=np.generic)

MAX_SAMPLES = 4096**2
MAX_HEIGHT = 1e100
_BYTES_PER_SAMPLE = 8 * 8  # heights, centre, ironed, closing, mask, and an accumulator a thread


class Heights(Protocol):
    """A surface that knows its heights over a window: all that ironing needs (``landscapes.Landscape`` has it)."""

    @property
    def bounds(self) -> NDArray[np.float64]:
        """(d, 2), parameter units."""

    def value(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """x (B, d) -> heights (B,)."""


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
    found = _iron(f, steps, float(radius), tuple(0 for _ in steps), axes)
    return replace(found, concerns=(*said, *concerns_of(found, units)))


def iron_landscape(surface: Heights, radius: float, n: int | None = None, loss_scale: float = 1.0) -> Ironed:
    """Iron a landscape on its own window, sampled n times along each axis (default 2,001 in one dimension, 256 in two).

    The surface is evaluated beyond the window as far as the result can depend on it: the closing looks at centres up to
    ρ outside, and those at the surface up to 2ρ outside. Where it is not finite (a logarithm's wall, the end of an
    uploaded map, a hole in it) nothing is there. Heights are λf for the loss scale λ.
    """
    field = sample(surface, n, loss_scale, margin=radius)
    check_radius(radius, field.shape, field.spacing)
    found = _iron(field.extended, field.spacing, float(radius), field.pad, field.axes)
    return replace(found, concerns=concerns_of(found))


@dataclass(frozen=True, eq=False)
class Field:
    """A landscape sampled on its window and `pad` samples beyond it on every side.

    extended: (N + 2 pad,) or (N + 2 pad_y, M + 2 pad_x), −inf where nothing is there. axes: the window's coordinates,
    (N,) each; on a surface axis 0 is the first parameter. finest: the ground's shortest wavelength, parameter units, 0
    where it is not known.
    """

    extended: Array
    pad: tuple[int, ...]
    spacing: tuple[float, ...]
    axes: tuple[Array, ...]
    finest: float = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the window."""
        return tuple(a.size for a in self.axes)

    @property
    def heights(self) -> Array:
        """The window's heights, NaN in holes."""
        heights = crop(self.extended, self.pad)
        return np.where(heights > -np.inf, heights, np.nan)


def sample(surface: Heights, n: int | None = None, loss_scale: float = 1.0, margin: float = 0.0) -> Field:
    """Sample a landscape on its window, n points an axis, and beyond it by 2·margin (see iron_landscape)."""
    bounds = np.asarray(surface.bounds, float)
    dim = bounds.shape[0]
    if dim not in (1, 2):
        raise ValueError(f"surface must have 1 or 2 dimensions to be ironed, got {dim}")
    if n is None:
        n = 2001 if dim == 1 else 256
    if n < 2:
        raise ValueError(f"n must be at least 2 samples an axis, got {n}")
    if not np.isfinite(margin) or margin < 0:
        raise ValueError(f"radius must be positive and finite, got {margin}")
    if not np.isfinite(loss_scale) or loss_scale <= 0:
        raise ValueError(f"loss_scale must be positive, got {loss_scale}")
    if margin > (longest := float(np.ptp(bounds, axis=1).max())):
        raise ValueError(f"radius must be at most the window's longest side, {longest:g}, got {margin:g}")
    spacing = tuple(float(high - low) / (n - 1) for low, high in bounds)
    pad = tuple(2 * int(np.ceil(margin / s - 1e-9)) for s in spacing)
    _check_memory(tuple(n + 2 * p for p in pad))
    wide = [low + (np.arange(-p, n + p)) * s for (low, _), s, p in zip(bounds, spacing, pad, strict=True)]
    points = np.stack([g.ravel() for g in np.meshgrid(*wide, indexing="ij")], axis=1)
    with np.errstate(all="ignore"):
        f = loss_scale * np.asarray(surface.value(points), float).reshape([a.size for a in wide])
    inside = crop(f, pad)
    inside = inside[np.isfinite(inside)]
    if inside.size == 0:
        raise ValueError("surface must be a number somewhere on its window, but is nowhere; choose another window")
    if (highest := float(np.abs(inside).max())) > MAX_HEIGHT:
        raise ValueError(f"heights must stay below {MAX_HEIGHT:g}, got {highest:.3g}; use a smaller loss_scale")
    f = np.where(np.isfinite(f), f, -np.inf)
    axes = tuple(a[p : a.size - p] for a, p in zip(wide, pad, strict=True))
    return Field(f, pad, spacing, axes, float(getattr(surface, "finest_scale", 0.0)))


def crop(f: NDArray[T], pad: Sequence[int]) -> NDArray[T]:
    """Leave pad samples out on every side of each axis."""
    return f[tuple(slice(p, n - p) for p, n in zip(pad, f.shape, strict=True))]


def _iron(f: Array, spacing: tuple[float, ...], radius: float, pad: tuple[int, ...], axes: tuple[Array, ...]) -> Ironed:
    half = tuple(p // 2 for p in pad)  # centres are needed this far beyond the window
    heights = np.ascontiguousarray(crop(f, pad))
    hole = heights == -np.inf
    if f.ndim == 1:
        wide, index, between = dilate_row(f, spacing[0], radius, half[0])
        closing = -dilate_curve(wide, spacing[0], radius, half[0], sign=-1.0)
        reachable = _touched(index, between, f.size, spacing[0], half[0])[pad[0] : f.size - pad[0]]
    else:
        steps, cut = (spacing[0], spacing[1]), (half[0], half[1])
        wide, contact = dilate_grid_with_contacts(f, steps, radius, cut)
        closing = -dilate_grid(wide, steps, radius, cut, sign=-1.0)
        gap = np.where(hole, 0.0, np.maximum(closing, heights) - np.where(hole, 0.0, heights))
        reachable = touched(f, contact, gap, steps, radius, (pad[0], pad[1]), cut)
    closing = np.maximum(closing, heights)  # where the ball touches they are equal, and rounding may fall an ulp short
    center = np.ascontiguousarray(crop(wide, half))
    for values in (heights, center, closing):
        values[hole] = np.nan
    reachable = reachable & ~hole
    return Ironed(heights, spacing, radius, center, center - radius, closing, reachable, axes, f > -np.inf, pad)


def _touched(index: NDArray[np.int64], between: Array, n: int, spacing: float, crop_: int) -> NDArray[np.bool_]:
    """Samples whose arc is on the envelope somewhere above the centres' domain, samples crop .. n − crop."""
    touched = np.zeros(n, bool)
    slack = 1e-9 * spacing
    on = (between[1:] >= spacing * crop_ - slack) & (between[:-1] <= spacing * (n - 1 - crop_) + slack)
    touched[index[on]] = True
    return touched


@dataclass(frozen=True, eq=False)
class Sweep:
    """The same field ironed at K ascending radii.

    radii (K,); ironed and closing (K, *window); reachable (K, *window) bool; last_touched (*window): the largest of the
    radii at which a ball still touches the sample, 0 when none does. closing is None when it was not asked for. finest:
    as in Field.
    """

    heights: Array
    spacing: tuple[float, ...]
    axes: tuple[Array, ...]
    radii: Array
    ironed: Array
    reachable: NDArray[np.bool_]
    closing: Array | None
    finest: float = 0.0

    @property
    def last_touched(self) -> Array:
        """Largest radius of the sweep that still touches each sample; 0 where the smallest did not."""
        shape = (-1,) + (1,) * self.heights.ndim
        return np.where(self.reachable, self.radii.reshape(shape), 0.0).max(axis=0)


def iron_sweep(
    heights: ArrayLike,
    spacing: float | Sequence[float],
    radii: ArrayLike,
    *,
    closing: bool = False,
    progress: Callable[[int, int], Any] | None = None,
) -> Sweep:
    """Iron bare heights at every radius of `radii` (taken in ascending order); a curve's later radii start from the
    arcs that are left.

    On a curve `closing` may be left out to save half the time; on a surface the mask needs it, so it is computed
    anyway. progress(done, total) may return True to stop early with the radii done so far.
    """
    f, steps = checked_heights(with_holes(heights)[0], spacing, holes=True)
    axes = tuple(np.arange(n) * s for n, s in zip(f.shape, steps, strict=True))
    return sweep_field(Field(f, tuple(0 for _ in steps), steps, axes), radii, closing=closing, progress=progress)


def sweep_field(
    field: Field, radii: ArrayLike, *, closing: bool = False, progress: Callable[[int, int], Any] | None = None
) -> Sweep:
    """As iron_sweep, on a sampled landscape; sample it with margin ≥ the largest radius."""
    ordered = np.unique(np.asarray(radii, float).ravel())
    if ordered.size == 0:
        raise ValueError("radii must hold at least one radius, got none")
    for radius in ordered[[0, -1]]:
        check_radius(float(radius), field.shape, field.spacing, warn=False)
    dim = len(field.shape)
    half = tuple(p // 2 for p in field.pad)
    ironed, masks, closings = [], [], []
    f, hole = field.extended, np.isnan(field.heights)
    index = np.flatnonzero(f > -np.inf) if dim == 1 else np.empty(0, int)
    arcs = f[index] if dim == 1 else np.empty(0)
    for done, radius in enumerate(ordered.tolist()):
        if dim == 1:
            wide, index, between = dilate_arcs(index, arcs, f.size, field.spacing[0], radius, half[0])
            arcs = f[index]
            ironed.append(np.where(hole, np.nan, crop(wide, half) - radius))
            masks.append(crop(_touched(index, between, f.size, field.spacing[0], half[0]), field.pad) & ~hole)
            if closing:
                under = -dilate_curve(wide, field.spacing[0], radius, half[0], sign=-1.0)
                closings.append(np.maximum(under, field.heights))
        else:
            one = _iron(f, field.spacing, radius, field.pad, field.axes)
            ironed.append(one.ironed)
            masks.append(one.reachable)
            if closing:
                closings.append(one.closing)
        if progress is not None and progress(done + 1, ordered.size):
            break
    return Sweep(
        np.ascontiguousarray(field.heights),
        field.spacing,
        field.axes,
        ordered[: len(ironed)],
        np.stack(ironed),
        np.stack(masks),
        np.stack(closings) if closing else None,
        field.finest,
    )


def sampling_error(ironed: Ironed) -> float:
    """How far the centre's height would fall if only every other sample were known, largest over the samples, height
    units: about how much the samples in hand still miss."""
    every = tuple(slice(None, None, 2) for _ in ironed.spacing)
    coarse = iron(ironed.heights[every], [2 * s for s in ironed.spacing], ironed.radius)
    fine = iron(ironed.heights, ironed.spacing, ironed.radius)
    return float(np.nanmax(fine.center[every] - coarse.center))


def checked_heights(
    heights: ArrayLike, spacing: float | Sequence[float], holes: bool = False
) -> tuple[Array, tuple[float, ...]]:
    """Heights as a float64 grid and the spacing per axis, or a ValueError that names what is wrong.

    holes: NaN is allowed, and becomes −∞: nothing is there.
    """
    f = np.asarray(heights)
    if f.ndim not in (1, 2) or min(f.shape, default=0) < 1 or f.size < 2:
        raise ValueError(f"heights must be a curve (N,) or a surface (N, M) of at least 2 samples, got shape {f.shape}")
    _check_memory(f.shape)
    f = f.astype(float)
    hole = np.isnan(f)
    if holes and hole.all():
        raise ValueError("heights must hold at least one number, got only holes (NaN or no data)")
    bad = np.isinf(f) | (hole & (not holes))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"heights must be finite, got {f[where]} at index {where}; crop the window or fill the gap")
    f[hole] = -np.inf
    given: Iterable[float] = [spacing] * f.ndim if np.ndim(spacing) == 0 else np.asarray(spacing, float).ravel()  # type: ignore[list-item]
    steps = tuple(float(s) for s in given)
    if len(steps) != f.ndim:
        raise ValueError(f"spacing must be one number or one per axis ({f.ndim}), got {len(steps)} numbers")
    for s in steps:
        if not np.isfinite(s) or s <= 0:
            raise ValueError(f"spacing must be positive and finite, got {s}")
    return np.ascontiguousarray(f), steps


def check_radius(radius: float, shape: tuple[int, ...], spacing: tuple[float, ...], warn: bool = True) -> None:
    """ValueError for a radius ≤ 0 or larger than the window; UserWarning for one below a grid step."""
    if not np.isfinite(radius) or radius <= 0:
        raise ValueError(f"radius must be positive and finite, got {radius}")
    longest = max((n - 1) * s for n, s in zip(shape, spacing, strict=True))
    if radius > longest * (1 + 1e-9):
        raise ValueError(
            f"radius must be at most the window's longest side, {longest:g}, got {radius:g}: "
            "use a smaller radius or a wider window"
        )
    if warn and radius < min(spacing) * (1 - 1e-9):
        warnings.warn(
            f"radius {radius:g} is below one grid spacing ({min(spacing):g}): nothing is ironed; "
            "use a larger radius or a finer grid",
            stacklevel=3,
        )


def _check_memory(shape: tuple[int, ...]) -> None:
    samples = int(np.prod([int(n) for n in shape], dtype=object))
    if samples > MAX_SAMPLES:
        gigabytes = samples * _BYTES_PER_SAMPLE / 1e9
        raise ValueError(
            f"grid must have at most 4096² = {MAX_SAMPLES:,} samples, got {' × '.join(map(str, shape))} "
            f"(margin of the ball included), which would take about {gigabytes:.1f} GB: "
            "use fewer samples or a smaller radius"
        )
