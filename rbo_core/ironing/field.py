"""A landscape's heights on a regular grid, and what makes a grid that can be ironed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
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
