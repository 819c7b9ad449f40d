"""What a method sees of a surface: values and gradients, counted, with optional seeded gradient noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rbo_core.arrays import Array, Namespace, plain
from rbo_core.compiled.surface import kernel_of
from rbo_core.noise import standard_normal

__all__ = ["Array", "Loss", "Objective", "Surface", "SurfaceObjective", "into"]


class Surface(Protocol):
    """The part of an analytic surface the core relies on (``landscapes.Landscape`` has it)."""

    @property
    def dim(self) -> int: ...

    @property
    def bounds(self) -> NDArray[np.float64]: ...

    def value_and_grad(self, x: NDArray[np.float64], /) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...


class Loss:
    """A surface's own loss (P, d) → (P,), without a gradient where the surface can do that.

    kernel: the surface's compiled kernel, for loops that are compiled themselves; None where it has none.
    """

    def __init__(self, surface: Surface) -> None:
        own = getattr(surface, "value", None)
        self._value = own if own is not None else lambda x: surface.value_and_grad(x)[0]
        self.kernel = kernel_of(surface)

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._value(x)


MANY = 50_000
"""Points from which a surface itself is asked, which cuts them among threads."""
_NO_GRADIENT = np.empty((0, 0))


def into(value: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Callable[..., None]:
    """``evaluate(x (P, d), out (P,))`` of a loss.

    The kernel itself where there is one: a ball asks for few points at a time, thousands of times.
    """
    kernel = getattr(value, "kernel", None)

    def evaluate(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        if kernel is None or len(x) > MANY:
            out[:] = value(x)
        else:
            kernel.call(x, kernel.p, kernel.t, out, _NO_GRADIENT, False)

    return evaluate


class Objective(Protocol):
    """What one batched step may ask for; ``xp`` is the array namespace, resolved once per run.

    Attributes:
        start: (d,) the step's first point where the objective keeps it (a network's, to undo a step), else None.
        left_out: None, or what is told which balls' later evaluations were finite (a network's): a step then leaves the
            others out. On a surface trouble shows as it is.
    """

    @property
    def xp(self) -> Namespace: ...

    @property
    def start(self) -> Array | None: ...

    @property
    def left_out(self) -> Callable[[Array], object] | None: ...

    def __call__(self, x: Array, /) -> tuple[Array, Array]:
        """Loss ``(B,)`` and gradient ``(B, d)`` at ``x (B, d)``; costs one gradient evaluation a ball."""
        ...

    def noise(self, like: Array, /) -> Array:
        """Independent draws of mean 0 and variance 1, shaped like ``like``, from the run's own seeded stream."""
        ...


class SurfaceObjective:
    """A surface as an objective: counts what each active ball spends and adds seeded gradient noise.

    Attributes:
        gradients: (B,) gradient evaluations spent by each ball.
        evaluations: (B,) value-only evaluations spent by each ball (the rigid contact search uses these).
        active: (B,) mask; balls that have stopped spend nothing.
        seed, gradient_noise: as given; draws: how often noise was drawn.
    """

    xp: Namespace = plain(np)
    start: None = None
    left_out: None = None

    def __init__(
        self,
        surface: Surface,
        batch: int,
        seed: int | NDArray[np.int64] = 0,
        gradient_noise: float | NDArray[np.float64] = 0.0,
    ) -> None:
        self.surface = surface
        self.value = Loss(surface)
        self.gradients = np.zeros(batch, dtype=np.int64)
        self.evaluations = np.zeros(batch, dtype=np.int64)
        self.active = np.ones(batch, dtype=bool)
        self.seed = np.broadcast_to(np.asarray(seed, dtype=np.int64), (batch,))
        self.gradient_noise = gradient_noise
        self.draws = 0
        self._noise: Any = np.asarray(gradient_noise, dtype=float)[..., None] if np.any(gradient_noise) else None

    def __call__(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        self.gradients += self.active
        f, g = self.evaluated(x)
        if self._noise is not None:
            g = g + self._noise * self.noise(g)
        return f, g

    def evaluated(self, x: Any) -> tuple[Any, Any]:
        """The surface's own loss and gradient."""
        return self.surface.value_and_grad(x)

    def noise(self, like: NDArray[np.float64]) -> NDArray[np.float64]:
        """(B, d) standard normal draws: a ball's stream depends on its seed alone, never on its neighbours."""
        self.draws += 1
        return standard_normal(self.seed, np.array([self.draws]), like.shape[1])[0]
