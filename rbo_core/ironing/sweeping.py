"""Ironing at many radii: what one ball cannot touch no larger one can, so on a curve each starts from the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.dilation import dilate_curve
from rbo_core.ironing.envelope import dilate_arcs
from rbo_core.ironing.field import Array, Field, check_radius, checked_heights, crop
from rbo_core.ironing.holes import with_holes
from rbo_core.ironing.morphology import iron_grid, touched_arcs


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
            masks.append(crop(touched_arcs(index, between, f.size, field.spacing[0], half[0]), field.pad) & ~hole)
            if closing:
                under = -dilate_curve(wide, field.spacing[0], radius, half[0], sign=-1.0)
                closings.append(np.maximum(under, field.heights))
        else:
            one = iron_grid(f, field.spacing, radius, field.pad, field.axes)
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
