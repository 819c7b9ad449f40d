"""Small surfaces with closed forms, written in plain NumPy so that tests depend on nothing under test."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """f(x) = slope · x."""

    slope: tuple[float, ...] = (0.5,)

    @property
    def dim(self) -> int:
        return len(self.slope)

    @property
    def bounds(self) -> Floats:
        return np.array([[-20.0, 20.0]] * self.dim)

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        slope = np.array(self.slope)
        # A product and a sum, row by row: the value of a ball must not depend on its neighbours.
        return (x * slope).sum(axis=1), np.broadcast_to(slope, x.shape).copy()


@dataclass(frozen=True)
class Paraboloid:
    """f(x) = ½ κ |x|²; a dome for κ < 0."""

    curvature: float = 1.0
    dim: int = 1

    @property
    def bounds(self) -> Floats:
        return np.array([[-2.0, 2.0]] * self.dim)

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        return 0.5 * self.curvature * (x * x).sum(axis=1), self.curvature * x


@dataclass(frozen=True)
class Smooth:
    """A smooth curve or surface with curvature that varies: Σ cos(1.3 x_i + i) + 0.1 x_i²."""

    dim: int = 2
    scale: float = 1.0

    @property
    def bounds(self) -> Floats:
        return np.array([[-4.0, 4.0]] * self.dim)

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        phase = 1.3 * x + np.arange(self.dim)
        f = (np.cos(phase) + 0.1 * x * x).sum(axis=1)
        return self.scale * f, self.scale * (-1.3 * np.sin(phase) + 0.2 * x)


@dataclass(frozen=True)
class Crests:
    """Two equal cusped crests at x = ±half: f(x) = −depth |sin(π (x − half)/(2 half))| on a level base."""

    half: float = 0.5
    depth: float = 3.0
    dim: int = field(default=1, init=False)
    finest_scale: float = 1.0

    @property
    def bounds(self) -> Floats:
        return np.array([[-3.0, 3.0]])

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        phase = np.pi * (x[:, 0] - self.half) / (2 * self.half)
        f = -self.depth * np.abs(np.sin(phase))
        slope = -self.depth * np.sign(np.sin(phase)) * np.cos(phase) * np.pi / (2 * self.half)
        return f, slope[:, None]


@dataclass(frozen=True)
class Explosive:
    """f(x) = −x² to the left of 0 (balls run away), +x² to the right, non-finite beyond x = 1.5."""

    dim: int = field(default=1, init=False)

    @property
    def bounds(self) -> Floats:
        return np.array([[-3.0, 3.0]])

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        f = np.where(x[:, 0] < 0, -(x[:, 0] ** 2), x[:, 0] ** 2)
        g = np.where(x < 0, -2 * x, 2 * x)
        beyond = x[:, 0] > 1.5
        return np.where(beyond, np.nan, f), np.where(beyond[:, None], np.nan, g)
