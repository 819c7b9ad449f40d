"""The rivals: SGD, momentum, Adam(W), SAM, LookSAM and Entropy-SGD as batched steps with the ball's interface.

Every step starts with the loss and gradient at ``state.x (B, d)`` and returns the new state and that loss (B,).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rbo_core.arrays import Namespace
from rbo_core.checks import Number, column
from rbo_core.fused import copied, drawn, drawn_from, kept, moved, moved_from, pushed, taken_where, usable
from rbo_core.method import BatchedMethod, Floats
from rbo_core.objective import Array, Objective
from rbo_core.settings import setting

TINY = 1e-12
"""SAM's own guard against a vanishing gradient."""
ROUNDING = 1e-6
"""Of a gradient's length: what is shorter is not looked at."""


def rate(networks: tuple[float, float, float] = (0.1, 1e-4, 10.0), **changes: Any) -> Any:
    """The field of a learning rate η; networks: (default, low, high) of its range on networks."""
    usual = {"default": 0.01, "low": 1e-4, "high": 1.0}
    return setting(label="learning rate η", log=True, above=0, networks=networks, **{**usual, **changes})


def beta(default: float) -> Any:
    """The field of a momentum β."""
    return setting(default, label="momentum", low=0.0, high=0.99, at_least=0, below=1)


class PointState(NamedTuple):
    """State of a point method. x, first and second: (B, d); taken: steps taken."""

    x: Array
    first: Array | None = None
    second: Array | None = None
    taken: int = 0

    @property
    def place(self) -> Array:
        """(B, d) the point."""
        return self.x

    @property
    def record(self) -> Mapping[str, Floats]:
        """Nothing but the point."""
        return {}


@dataclass(frozen=True, kw_only=True)
class PointMethod(BatchedMethod[PointState]):
    """What all point methods share: a learning rate (η) and the deviation of seeded gradient noise."""

    learning_rate: Number = rate()

    def init(self, objective: Objective, x: Array) -> PointState:
        """State before the first step; spends nothing."""
        return PointState(x)


@dataclass(frozen=True, kw_only=True)
class SGD(PointMethod):
    """Gradient descent, x ← x − η ∇f(x), with seeded noise on the gradient if ``gradient_noise`` > 0."""

    name = "sgd"
    label = "SGD"
    color = "#0072B2"
    shape = "circle"

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        lr = column(self.learning_rate)
        return PointState(moved(objective.xp, state.x, -lr, g)), f


@dataclass(frozen=True, kw_only=True)
class Momentum(PointMethod):
    """Heavy ball (Polyak 1964) or Nesterov momentum in the form of torch.optim.SGD: v ← βv + g, x ← x − ηv."""

    learning_rate: Number = rate((0.05, 1e-4, 10.0))
    momentum: Number = beta(0.9)
    nesterov: bool = setting(False, label="Nesterov", help="Look ahead before taking the gradient.")

    name = "momentum"
    label = "Momentum"
    color = "#56B4E9"
    shape = "square"

    @property
    def inertia(self) -> Number:
        return self.momentum

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        velocity, direction = _heavy_ball(objective.xp, state.first, g, self.momentum, self.nesterov)
        lr = column(self.learning_rate)
        return PointState(moved(objective.xp, state.x, -lr, direction), velocity), f


@dataclass(frozen=True, kw_only=True)
class Adam(PointMethod):
    """Adam (Kingma and Ba 2015, Algorithm 1) with bias-corrected moments."""

    learning_rate: Number = rate((1e-3, 1e-5, 1.0))
    beta1: Number = setting(0.9, label="β₁", low=0.0, high=0.999, at_least=0, below=1)
    beta2: Number = setting(0.999, label="β₂", low=0.0, high=0.9999, at_least=0, below=1)
    epsilon: Number = setting(1e-8, label="ε", above=0, networks=False, help="Keeps a step finite where ∇f vanishes.")

    name = "adam"
    label = "Adam"
    color = "#E69F00"
    shape = "diamond"

    def init(self, objective: Objective, x: Array) -> PointState:
        zero = objective.xp.zeros_like(x)
        return PointState(x, zero, zero)

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        return self._move(objective.xp, state, state.x, g), f

    def _move(self, xp: Namespace, state: PointState, x: Array, g: Array) -> PointState:
        lr = column(self.learning_rate)
        beta1 = column(self.beta1)
        beta2 = column(self.beta2)
        epsilon = column(self.epsilon)
        count = state.taken + 1
        # m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  x ← x − η m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
        first = drawn_from(xp, state.first, 1 - beta1, g, into=xp.zeros_like(g))
        g *= g
        second = drawn_from(xp, state.second, 1 - beta2, g, into=g)
        root = xp.sqrt(second)
        root *= (1 - beta2**count) ** -0.5
        root += epsilon
        return PointState(moved(xp, x, -lr / (1 - beta1**count), first / root), first, second, count)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): x ← (1 − ηλ) x before the Adam move."""

    weight_decay: Number = setting(0.01, label="weight decay", low=0.0, high=1.0, at_least=0)

    name = "adamw"
    label = "AdamW"
    shape = "star"
    dash = "dash"  # it has Adam's colour

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        f, g = objective(state.x)
        lr = column(self.learning_rate)
        decay = column(self.weight_decay)
        return self._move(objective.xp, state, moved(objective.xp, state.x, -lr * decay, state.x), g), f


@dataclass(frozen=True, kw_only=True)
class SAM(PointMethod):
    """Sharpness-aware minimisation (Foret et al. 2021): the gradient is taken at x + r g/|g|. Two gradients a step.

    Adaptive (ASAM, Kwon et al. 2021): every parameter is perturbed in proportion to its size, at x + r T²g/|Tg| with
    T = diag|x|, so that a network whose layers are rescaled sees the same sharpness.
    On a network a step whose second gradient is not finite is skipped.
    """

    learning_rate: Number = rate((0.2, 1e-4, 10.0))
    perturbation_radius: Number = setting(
        0.05, label="perturbation ρ", unit="parameter units", low=0.001, high=2.0, log=True, at_least=0
    )
    momentum: Number = beta(0.0)
    adaptive: bool = setting(
        False, label="adaptive (ASAM)", later=True,
        help="Perturb each parameter in proportion to its size (Kwon et al. 2021).",
    )  # fmt: skip

    name = "sam"
    label = "SAM"
    color = "#009E73"
    shape = "triangle"

    @property
    def inertia(self) -> Number:
        return self.momentum

    @property
    def gradients_per_step(self) -> int:
        return 2

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        xp = objective.xp
        f, g = objective(state.x)
        if self.adaptive:
            g *= abs(state.x)
        scale = self.perturbation_radius / (xp.sqrt(xp.vecdot(g, g)) + TINY)
        start = kept(objective, state.x)
        if self.adaptive:
            g *= abs(start)
        raised = moved(xp, state.x, column(scale), g)
        del g
        _, g = objective(raised)
        velocity, direction = _heavy_ball(xp, state.first, g, self.momentum, nesterov=False)
        good = usable(objective, xp.vecdot(g, g))
        x = taken_where(xp, good, moved_from(xp, start, -column(self.learning_rate), direction, into=raised), start)
        return PointState(x, _unless(xp, good, velocity, state.first)), f


@dataclass(frozen=True, kw_only=True)
class LookSAM(PointMethod):
    """LookSAM (Liu et al. 2022): every n-th step is SAM's, with gradients g at x and g_s at x + r g/|g|; what g_s has
    across g,

        g_v = g_s − (g_s·g/|g|²) g,

    hardly changes from step to step, so the others use it again: v ← βv + g + α |g| g_v/|g_v|, x ← x − ηv.
    On a network a step whose second gradient is not finite is skipped.
    """

    learning_rate: Number = rate((0.2, 1e-4, 10.0))
    perturbation_radius: Number = setting(
        0.05, label="perturbation ρ", unit="parameter units", low=0.001, high=2.0, log=True, at_least=0
    )
    interval: int = setting(
        5, label="second gradient every n steps", low=1, high=20, help="(n + 1)/n gradients a step."
    )
    reuse: Number = setting(
        0.7, label="reuse α", low=0.0, high=1.0, at_least=0, help="Share of the kept direction in the steps between."
    )
    momentum: Number = beta(0.0)

    name = "looksam"
    label = "LookSAM"
    color = "#009E73"
    shape = "triangle"
    dash = "dash"  # it has SAM's colour

    @property
    def period(self) -> int:
        return self.interval

    @property
    def inertia(self) -> Number:
        return self.momentum

    @property
    def gradients_per_step(self) -> float:
        return 2 if self.interval == 1 else 1 + 1 / self.interval

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        xp = objective.xp
        f, g = objective(state.x)
        state = state._replace(taken=state.taken + 1)
        length = xp.sqrt(xp.vecdot(g, g))
        if (state.taken - 1) % self.interval != 0:
            # g + α |g| u, with u = g_v/|g_v|
            g = moved(xp, g, column(self.reuse * length), state.second)
            velocity, direction = _heavy_ball(xp, state.first, g, self.momentum, nesterov=False)
            return state._replace(x=moved(xp, state.x, -column(self.learning_rate), direction), first=velocity), f
        start = kept(objective, state.x)
        raised = moved(xp, state.x, column(self.perturbation_radius / (length + TINY)), g)
        _, raised_g = objective(raised)
        size2 = xp.vecdot(raised_g, raised_g)
        along = xp.vecdot(raised_g, g) / (length * length + TINY)
        across = moved_from(xp, raised_g, -column(along), g, into=g)
        # Where hardly anything lies across g, as with one parameter, rounding must not become a direction.
        unit = across * column(1 / (xp.sqrt(xp.vecdot(across, across)) + ROUNDING * xp.sqrt(size2) + TINY))
        velocity, direction = _heavy_ball(xp, state.first, raised_g, self.momentum, nesterov=False)
        good = usable(objective, size2)
        x = taken_where(xp, good, moved_from(xp, start, -column(self.learning_rate), direction, into=raised), start)
        return state._replace(
            x=x, first=_unless(xp, good, velocity, state.first), second=_unless(xp, good, unit, state.second)
        ), f


@dataclass(frozen=True, kw_only=True)
class EntropySGD(PointMethod):
    """Entropy-SGD (Chaudhari et al. 2017, Algorithm 1): follow the mean μ of a short Langevin walk round x.

    x' ← x' − η'[∇f(x') + γ(x' − x)] + √η' ε ξ;  μ ← (1 − α) μ + α x';  x ← x − η (x − μ).

    The noise ξ has mean 0 and variance 1: normal on surfaces, ±1 on networks. The local-entropy gradient is
    γ(x − μ); η here is the paper's ηγ, so η = 1 jumps to μ.
    ``n_langevin_steps`` gradients a step.
    """

    learning_rate: Number = rate((1.0, 0.01, 1.0), default=1.0, low=0.01, help="1 jumps to the walk's mean.")
    n_langevin_steps: int = setting(5, label="Langevin steps L", low=1, high=50, help="L gradients a step.")
    langevin_learning_rate: Number = setting(
        0.01, label="Langevin rate η′", low=1e-4, high=1.0, log=True, above=0, networks=(0.1, 1e-4, 10.0)
    )
    scope: Number = setting(
        1.0, label="scope γ", low=0.0, high=10.0, at_least=0, networks=(1e-2, 0.0, 10.0),
        help="How strongly the walk is held to its centre.",
    )  # fmt: skip
    thermal_noise: Number = setting(
        1e-3, label="thermal noise ε", low=0.0, high=1.0, at_least=0, networks=(1e-4, 0.0, 1.0),
        help="Noise of the walk itself.",
    )  # fmt: skip
    averaging: Number = setting(
        0.75, label="averaging α", low=0.0, high=1.0, at_least=0, at_most=1,
        help="Weight of the newest point in the mean.",
    )  # fmt: skip

    name = "entropy_sgd"
    label = "Entropy-SGD"
    color = "#CC79A7"
    shape = "cross"

    @property
    def gradients_per_step(self) -> int:
        return self.n_langevin_steps

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        lr = column(self.learning_rate)
        inner_lr = column(self.langevin_learning_rate)
        scope = column(self.scope)
        noise = column(self.thermal_noise)
        averaging = column(self.averaging)
        xp = objective.xp
        walker = state.x
        loss, g = objective(walker)
        start = kept(objective, walker)
        mean = copied(xp, start)
        for k in range(self.n_langevin_steps):
            if k > 0:  # the walk begins at x: nothing pulls it there
                _, g = objective(walker)
                walker = drawn(xp, walker, inner_lr * scope, start)
            walker = moved(xp, walker, -inner_lr, g)
            del g
            walker = moved(xp, walker, inner_lr**0.5 * noise, objective.noise(walker))
            mean = drawn(xp, mean, averaging, walker)
        # A network's walk that did not stay finite is not followed.
        good = usable(objective, xp.vecdot(mean, mean))
        return PointState(taken_where(xp, good, drawn_from(xp, start, lr, mean, into=walker), start)), loss


def _unless(xp: Namespace, good: Array, new: Array | None, old: Array | None) -> Array | None:
    """The memory ``new`` where the step was good, else ``old`` (None stands for zeros); None where there is none."""
    if new is None:
        return None
    return taken_where(xp, good, new, xp.zeros_like(new) if old is None else old)


def _heavy_ball(
    xp: Namespace, velocity: Array | None, g: Array, momentum: Number, nesterov: bool
) -> tuple[Array | None, Array]:
    """(velocity, direction) of torch.optim.SGD; without momentum no buffer is kept."""
    if isinstance(momentum, float | int) and momentum == 0:
        return None, g
    beta = column(momentum)
    velocity = pushed(xp, velocity, beta, g)
    return velocity, moved(xp, g, beta, velocity) if nesterov else velocity
