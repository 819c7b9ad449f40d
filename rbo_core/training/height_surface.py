"""A grid of heights as a smooth surface that a ball can roll on: what lies between the points is a bicubic spline."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeightSurface:
    """The interpolating bicubic spline through heights (N, M) at x (N,), y (M,); nothing is beyond the grid (NaN).

    Two surfaces of equal content are equal and hash alike.

    Raises:
        ValueError: fewer than 4 points an axis, axes that do not rise, or heights that are not finite.
    """

    x: Floats
    y: Floats
    heights: Floats
    name: str = "network_plane"
    _digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = (len(self.x), len(self.y))
        if np.shape(self.heights) != shape or min(shape) < 4:
            raise ValueError(
                f"heights must have shape {shape} of at least 4 points an axis, got {np.shape(self.heights)}"
            )
        if not np.isfinite(self.heights).all():
            raise ValueError("heights must be finite; choose a smaller window, where the loss has not overflowed")
        if (np.diff(self.x) <= 0).any() or (np.diff(self.y) <= 0).any():
            raise ValueError("x and y must rise")
        parts = (np.ascontiguousarray(a, dtype=float).tobytes() for a in (self.x, self.y, self.heights))
        object.__setattr__(self, "_digest", hashlib.sha256(b"|".join(parts)).hexdigest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeightSurface) and other._digest == self._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    @property
    def dim(self) -> int:
        """Two parameters."""
        return 2

    @property
    def bounds(self) -> Floats:
        """(2, 2), parameter units."""
        return np.array([[self.x[0], self.x[-1]], [self.y[0], self.y[-1]]], dtype=float)

    @property
    def finest_scale(self) -> float:
        """The shortest wavelength that the grid can hold."""
        return 2.0 * float(min(np.diff(self.x).min(), np.diff(self.y).min()))

    @cached_property
    def _spline(self) -> RectBivariateSpline:
        return RectBivariateSpline(self.x, self.y, self.heights, kx=3, ky=3, s=0)

    def value(self, x: Floats) -> Floats:
        """x (B, 2) -> heights (B,)."""
        return np.where(self._inside(x), self._spline.ev(x[:, 0], x[:, 1]), np.nan)

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        """x (B, 2) -> heights (B,), gradients (B, 2)."""
        spline, a, b = self._spline, x[:, 0], x[:, 1]
        g = np.stack([spline.ev(a, b, dx=1), spline.ev(a, b, dy=1)], axis=1)
        inside = self._inside(x)
        return np.where(inside, spline.ev(a, b), np.nan), np.where(inside[:, None], g, np.nan)

    def _inside(self, x: Floats) -> NDArray[np.bool_]:
        bounds, slack = self.bounds, 1e-9 * (self.x[-1] - self.x[0])
        inside: NDArray[np.bool_] = ((x >= bounds[:, 0] - slack) & (x <= bounds[:, 1] + slack)).all(axis=1)
        return inside
