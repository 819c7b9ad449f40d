"""What a projection of the ball is: how it begins, steps and takes a new radius, and where it exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from rbo_core.method import Marching, State
from rbo_core.objective import Array, Objective, Surface
from rbo_core.settings import Value

if TYPE_CHECKING:
    from rbo_core.rolling import RBO

S = TypeVar("S", bound=State)
Seen = TypeVar("Seen", bound=Objective)


@dataclass(frozen=True)
class Projection(Generic[Seen, S]):
    """A way to find the new contact; to add one is to add it to ``rolling.PROJECTIONS``.

    Attributes:
        title: what people read. says: what is particular to it, in a few words.
        own: the settings it reads beside those all share, each with the value its control offers first.
        init: (ball, objective, x (B, d)) to the state that starts there.
        step: (ball, objective, state) to the new state and the loss (B,) where the step began, if it was evaluated.
        check_surface: (ball, surface) raises ValueError where the ball cannot roll.
        gradients_per_step: None where that is the ball's own K.
        most_parameters: the highest dimension in which it exists; None for any.
        resize: (ball, objective, state) to the state of a ball that has just got another radius. A local projection
            has nothing to do: the ball swells about its contact.
        marching: (ball, objective, state) to what takes many of its steps at once, None where nothing does; a local
            projection is recorded instead (``compiled``).
    """

    title: str
    says: str
    own: Mapping[str, Value]
    init: Callable[[RBO, Seen, Array], S]
    step: Callable[[RBO, Seen, S], tuple[S, Array | None]]
    check_surface: Callable[[RBO, Surface], None] = lambda ball, surface: None
    gradients_per_step: int | None = None
    most_parameters: int | None = None
    resize: Callable[[RBO, Seen, S], S] = lambda ball, objective, state: state
    marching: Callable[[RBO, Seen, S], Marching | None] = lambda ball, objective, state: None

    def check_dimension(self, name: str, dim: int) -> None:
        """Raise ``ValueError``, under the projection's name, where it does not exist in so many parameters."""
        most = self.most_parameters
        if most is not None and dim > most:
            raise ValueError(
                f'projection "{name}" needs {" or ".join(map(str, range(1, most + 1)))} parameters, '
                f'got {dim}; use projection "newton" instead'
            )
