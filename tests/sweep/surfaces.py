"""Small surfaces for the sweep's tests, importable by name so that worker processes find them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Bowl:
    """f(x) = curvature |x|²/2 + Σ A cos(2π x_i / w) in ``dim`` parameters."""

    dim: int = 1
    curvature: float = 0.5
    amplitude: float = 0.1
    width: float = 0.5
    pause: float = 0.0

    @property
    def bounds(self) -> np.ndarray:
        return np.array([[-3.0, 3.0]] * self.dim)

    @property
    def finest_scale(self) -> float:
        return self.width

    @property
    def minimum(self) -> Any:
        return SimpleNamespace(x=np.full(self.dim, 0.0), value=0.0)

    def value_and_grad(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.pause:
            time.sleep(self.pause)
        k = 2 * np.pi / self.width
        f = np.sum(0.5 * self.curvature * x * x + self.amplitude * np.cos(k * x), axis=1)
        return f, self.curvature * x - self.amplitude * k * np.sin(k * x)

    def value(self, x: np.ndarray) -> np.ndarray:
        return self.value_and_grad(x)[0]


def build(name: str, dim: int = 1, **parameters: float) -> Bowl:
    """The test's stand-in for ``landscapes.get``."""
    if name != "bowl":
        raise ValueError(f"surface.name must be bowl, got {name!r}")
    try:
        return Bowl(dim=dim, **parameters)
    except TypeError as problem:
        raise ValueError(f"surface.parameters: {problem}") from None
