"""What a method is to those who run it: settings that take steps, and a few answers about itself.

The driver (``trajectory.py``) knows no algorithm. It asks the method whether a surface suits it, at what scale it is at
rest, and the method's state where it is and what is worth recording.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rbo_core.checks import Number
from rbo_core.objective import Array, Objective, Surface
from rbo_core.settings import check_settings, gradient_noise

if TYPE_CHECKING:
    from rbo_core.record import Record
    from rbo_core.watch import Watch

Floats = NDArray[np.float64]


class State(Protocol):
    """Where a batch of B balls or points stands: a named tuple, every array of which has the batch as its first axis.

    x: (B, d) the contact, or the point.
    """

    @property
    def x(self) -> Array: ...

    @property
    def place(self) -> Array:
        """(B, d) what must stay in the domain and comes to rest: the point, or the ball's centre seen from above."""
        ...

    @property
    def record(self) -> Mapping[str, Floats]:
        """What a trajectory keeps of it besides x, by the trajectory's names; empty for most."""
        ...


class Marching(Protocol):
    """A run that takes many steps at once in a compiled loop of its own, and records and watches them itself."""

    def on(self, taken: int, last: int, watch: Watch, record: Record, /) -> None:
        """Take the steps after ``taken`` up to ``last``."""
        ...


S = TypeVar("S", bound=State)


class Sphere(NamedTuple):
    """A ball's size. radius: ρ, parameter units; loss_scale: λ. Each one number or (B,)."""

    radius: Number
    loss_scale: Number


@dataclass(frozen=True, kw_only=True)
class BatchedMethod(ABC, Generic[S]):
    """A method, a frozen dataclass of its settings (see :func:`rbo_core.settings.setting`).

    Attributes:
        name: in addresses, files and on the command line. label: what people call it.
        color: #RRGGBB, the same in every picture. shape, dash: how a point and a line of it are drawn.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    color: ClassVar[str] = "#7A8190"
    shape: ClassVar[str] = "cross"
    dash: ClassVar[str] = "solid"

    gradient_noise: Number = gradient_noise()

    def __post_init__(self) -> None:
        check_settings(self)

    @abstractmethod
    def init(self, objective: Objective, x: Array) -> S:
        """The state before the first step, from starts ``x (B, d)``."""

    @abstractmethod
    def step(self, objective: Objective, state: S) -> tuple[S, Array | None]:
        """One step for all balls at once: the new state, and the loss (B,) where the step began if it was evaluated.

        Which arrays a step may overwrite says ``fused.py`` at its top.
        """

    @property
    def gradients_per_step(self) -> float:
        """Gradient evaluations of one step, on average; an ``int`` where all steps spend as many."""
        return 1

    @property
    def period(self) -> int:
        """Steps of which each may do something else, by ``state.taken`` modulo this many."""
        return 1

    @property
    def inertia(self) -> Number:
        """β, the share of a move that goes on in the next one; 0 without momentum."""
        return 0.0

    @property
    def sphere(self) -> Sphere | None:
        """The ball that rolls; None for a point."""
        return None

    def check_surface(self, surface: Surface) -> None:
        """Raise ``ValueError`` when the method cannot run on a surface."""

    def rest_scale(self, width: float) -> Number:
        """The length beside which a move counts as none: the radius, or the width of the domain for a point."""
        return width if self.sphere is None else self.sphere.radius

    def resized(self, radius: Number) -> Self:
        """The same ball with another radius, which was checked before."""
        raise ValueError(f"a radius schedule is for a ball, and {self.label} has no radius to roll on; take rbo")

    def refitted(self, objective: Objective, state: S) -> S:
        """The state after the radius has changed; spends what finding the new contacts takes."""
        return state

    def marching(self, objective: Objective, state: S) -> Marching | None:
        """What takes the rest of the steps, from ``state`` on; None where they are recorded, or taken one by one."""
        return None

    def center(self, x: Floats, loss: Floats, gradient: Floats) -> Floats | None:
        """(..., B, d+1) where a ball that touches at ``x (..., B, d)`` has its centre; None for a point."""
        return None
