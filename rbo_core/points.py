"""The rivals: SGD, momentum, Adam(W), SAM and Entropy-SGD as batched steps with the ball's interface.

Every step starts with the loss and gradient at ``state.x (B, d)`` and returns the new state and that loss (B,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from rbo_core.checks import Number, column, require, require_count
from rbo_core.fused import drawn, kept, moved, pushed
from rbo_core.objective import Array, Objective


class PointState(NamedTuple):
    """State of a point method. x, first and second: (B, d); taken: steps taken."""

    x: Array
    first: Array | None = None
    second: Array | None = None
    taken: int = 0


@dataclass(frozen=True, kw_only=True)
class PointMethod:
    """What all point methods share: a learning rate (η) and the deviation of seeded gradient noise."""

    learning_rate: Number = 0.01
    gradient_noise: Number = 0.0

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""

    def __post_init__(self) -> None:
        require("learning_rate", self.learning_rate, above=0)
        require("gradient_noise", self.gradient_noise, at_least=0)

    def init(self, objective: Objective, x: Array) -> PointState:
        """State before the first step; spends nothing."""
        return PointState(x)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        """One step of the method for all balls at once."""
        raise TypeError(f"{type(self).__name__} has no step; use SGD, Momentum, Adam, AdamW, SAM or EntropySGD")


@dataclass(frozen=True, kw_only=True)
class SGD(PointMethod):
    """Gradient descent, x ← x − η ∇f(x), with seeded noise on the gradient if ``gradient_noise`` > 0."""

    name = "sgd"
    label = "SGD"

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        lr = column(self.learning_rate)
        return PointState(moved(objective.xp, state.x, -lr, g)), f


@dataclass(frozen=True, kw_only=True)
class Momentum(PointMethod):
    """Heavy ball (Polyak 1964) or Nesterov momentum in the form of torch.optim.SGD: v ← βv + g, x ← x − ηv."""

    momentum: Number = 0.9
    nesterov: bool = False

    name = "momentum"
    label = "Momentum"

    def __post_init__(self) -> None:
        super().__post_init__()
        require("momentum", self.momentum, at_least=0, below=1)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        velocity, direction = _heavy_ball(objective.xp, state.first, g, self.momentum, self.nesterov)
        lr = column(self.learning_rate)
        return PointState(moved(objective.xp, state.x, -lr, direction), velocity), f


@dataclass(frozen=True, kw_only=True)
class Adam(PointMethod):
    """Adam (Kingma and Ba 2015, Algorithm 1) with bias-corrected moments."""

    beta1: Number = 0.9
    beta2: Number = 0.999
    epsilon: Number = 1e-8

    name = "adam"
    label = "Adam"

    def __post_init__(self) -> None:
        super().__post_init__()
        require("beta1", self.beta1, at_least=0, below=1)
        require("beta2", self.beta2, at_least=0, below=1)
        require("epsilon", self.epsilon, above=0)

    def init(self, objective: Objective, x: Array) -> PointState:
        zero = objective.xp.zeros_like(x)
        return PointState(x, zero, zero)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        return self._move(objective.xp, state, state.x, g), f

    def _move(self, xp: Any, state: PointState, x: Array, g: Array) -> PointState:
        lr = column(self.learning_rate)
        beta1 = column(self.beta1)
        beta2 = column(self.beta2)
        epsilon = column(self.epsilon)
        count = state.taken + 1
        first = beta1 * state.first + (1 - beta1) * g
        second = beta2 * state.second + (1 - beta2) * g * g
        x = x - lr * (first / (1 - beta1**count)) / (xp.sqrt(second / (1 - beta2**count)) + epsilon)
        return PointState(x, first, second, count)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): x ← (1 − ηλ) x before the Adam move."""

    weight_decay: Number = 0.01

    name = "adamw"
    label = "AdamW"

    def __post_init__(self) -> None:
        super().__post_init__()
        require("weight_decay", self.weight_decay, at_least=0)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        lr = column(self.learning_rate)
        decay = column(self.weight_decay)
        return self._move(objective.xp, state, state.x * (1 - lr * decay), g), f


@dataclass(frozen=True, kw_only=True)
class SAM(PointMethod):
    """Sharpness-aware minimisation (Foret et al. 2021): the gradient is taken at x + r g/|g|. Two gradients a step."""

    perturbation_radius: Number = 0.05
    momentum: Number = 0.0

    name = "sam"
    label = "SAM"

    def __post_init__(self) -> None:
        super().__post_init__()
        require("perturbation_radius", self.perturbation_radius, at_least=0)
        require("momentum", self.momentum, at_least=0, below=1)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        xp = objective.xp
        f, g = objective(state.x)
        # The small constant is SAM's own guard against a vanishing gradient.
        scale = self.perturbation_radius / (xp.sqrt(xp.vecdot(g, g)) + 1e-12)
        start = kept(xp, state.x)
        raised = moved(xp, state.x, column(scale), g)
        del g
        _, g = objective(raised)
        velocity, direction = _heavy_ball(xp, state.first, g, self.momentum, nesterov=False)
        lr = column(self.learning_rate)
        return PointState(moved(xp, start, -lr, direction), velocity), f


@dataclass(frozen=True, kw_only=True)
class EntropySGD(PointMethod):
    """Entropy-SGD (Chaudhari et al. 2017, Algorithm 1): follow the mean μ of a short Langevin walk round x.

    x' ← x' − η'[∇f(x') + γ(x' − x)] + √η' ε ξ;  μ ← (1 − α) μ + α x';  x ← x − η (x − μ).

    The noise ξ has mean 0 and variance 1: normal on surfaces, ±1 on networks. The local-entropy gradient is
    γ(x − μ); η here is the paper's ηγ, so η = 1 jumps to μ.
    ``n_langevin_steps`` gradients a step.
    """

    learning_rate: Number = 1.0
    n_langevin_steps: int = 5
    langevin_learning_rate: Number = 0.01
    scope: Number = 1.0
    thermal_noise: Number = 1e-3
    averaging: Number = 0.75

    name = "entropy_sgd"
    label = "Entropy-SGD"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_count("n_langevin_steps", self.n_langevin_steps)
        require("langevin_learning_rate", self.langevin_learning_rate, above=0)
        require("scope", self.scope, at_least=0)
        require("thermal_noise", self.thermal_noise, at_least=0)
        require("averaging", self.averaging, at_least=0)
        if not _all_at_most_one(self.averaging):
            raise ValueError(f"averaging must be between 0 and 1, got {self.averaging!r}")

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        lr = column(self.learning_rate)
        inner_lr = column(self.langevin_learning_rate)
        scope = column(self.scope)
        noise = column(self.thermal_noise)
        averaging = column(self.averaging)
        xp = objective.xp
        start, mean, walker = kept(xp, state.x), kept(xp, state.x), state.x
        loss = None
        for k in range(self.n_langevin_steps):
            f, g = objective(walker)
            loss = f if loss is None else loss
            if k > 0:  # the walk begins at x: nothing pulls it there
                walker = drawn(xp, walker, inner_lr * scope, start)
            walker = moved(xp, walker, -inner_lr, g)
            del g
            walker = moved(xp, walker, inner_lr**0.5 * noise, objective.noise(walker))
            mean = drawn(xp, mean, averaging, walker)
        return PointState(drawn(xp, start, lr, mean)), loss


def _heavy_ball(
    xp: Any, velocity: Array | None, g: Array, momentum: Number, nesterov: bool
) -> tuple[Array | None, Array]:
    """(velocity, direction) of torch.optim.SGD; without momentum no buffer is kept."""
    if isinstance(momentum, float | int) and momentum == 0:
        return None, g
    beta = column(momentum)
    velocity = pushed(xp, velocity, beta, g)
    return velocity, moved(xp, g, beta, velocity) if nesterov else velocity


def _all_at_most_one(value: Number) -> bool:
    return bool(value <= 1) if isinstance(value, float | int) else bool((value <= 1).all())
