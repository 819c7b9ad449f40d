"""The Rolling Ball Optimizer (arXiv 2505.19527): a rigid ball of radius ρ rolls on the graph of a loss.

With p = (θ, f(θ)) the contact and g = ∇f(θ), everything in units of the scaled loss λf:

    ν = (−g, 1)/√(1 + |g|²)        upward unit normal
    τ = (g, |g|²)                  tangent of steepest ascent
    c = p + ρ ν                    centre of the ball
    c̃ = c − η τ                    the centre after the descent step
    p⁺ = argmin over p ∈ Γ |p − c̃|²  the new contact, its footpoint

Three projections find the new contact: ``gradient`` (the paper's Eq. 4), ``newton`` (ours, two gradients a step) and
``rigid`` (ours, 1 or 2 parameters: an exact global contact, so the ball never penetrates; see ``ball/rigid.py``).
The step is written once over the array API, for NumPy on analytic surfaces and for torch on networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from rbo_core.checks import Number, column
from rbo_core.footpoint import Tangent, gradient_projection, newton_projection, scaled
from rbo_core.fused import moved, pushed
from rbo_core.objective import Array, Objective
from rbo_core.settings import Value, check_settings, gradient_noise, setting

if TYPE_CHECKING:
    from rbo_core.ball.rigid import RigidState
    from rbo_core.objective import SurfaceObjective


@dataclass(frozen=True)
class Projection:
    """A way to find the new contact.

    Attributes:
        title: what people read. says: what is particular to it, in a few words.
        own: the settings it reads beside those all share, each with the value its control offers first.
        most_parameters: the highest dimension in which it exists; None for any.
    """

    title: str
    says: str
    own: Mapping[str, Value]
    most_parameters: int | None = None


PROJECTIONS: dict[str, Projection] = {
    "rigid": Projection("Rigid (exact)", "never enters the ground", {"unit_speed": True}, most_parameters=2),
    "newton": Projection(
        "Newton", "two gradients a step", {"n_projection_steps": 2, "trust": 0.5, "unit_speed": False}
    ),
    "gradient": Projection(
        "Gradient (paper)", "as published",
        {"n_projection_steps": 20, "projection_step_size": 0.01, "unit_speed": False},
    ),
}  # fmt: skip

LOCAL = {name: one.title for name, one in PROJECTIONS.items() if one.most_parameters is None}
"""Those that exist in any dimension, hence on networks, with their titles."""
OWN = frozenset(name for one in PROJECTIONS.values() for name in one.own)
"""Settings of which each projection that reads them keeps its own value."""


class BallState(NamedTuple):
    """State of a batch of balls under a local projection.

    x: (B, d) contact; velocity: (B, d) parameter part of the centre's velocity v, None without momentum. v lies in the
    tangent plane, so its height is g·v.
    """

    x: Array
    velocity: Array | None = None


@dataclass(frozen=True, kw_only=True)
class RBO:
    """Settings of the ball. Every number may also be an array (B,), one value a ball.

    Attributes:
        radius: ρ > 0, in units of the parameters.
        learning_rate: η > 0.
        projection: "newton", "rigid" (1 or 2 parameters only) or "gradient" (as in the paper).
        n_projection_steps: K, the gradients spent by a newton or gradient projection.
        projection_step_size: γ of the gradient projection.
        loss_scale: λ, which turns a loss into a length.
        momentum: β of a heavy ball, v ← β v + τ in the tangent plane; the centre moves by −η v.
        unit_speed: divide the tangent by √(1 + |g|²), so that no step is longer than η along the parameters,
            however steep the surface.
        trust: a later Newton move is at most this many times as long as the first.
        gradient_noise: standard deviation of seeded noise on each gradient component (unused by "rigid").
    """

    radius: Number = setting(
        0.4, label="radius ρ", unit="parameter units", low=0.01, high=10.0, log=True, above=0,
        help="Wrinkles narrower than the ball cannot hold it.", networks=(0.05, 0.001, 100.0),
    )  # fmt: skip
    learning_rate: Number = setting(
        0.01, label="learning rate η", low=1e-4, high=1.0, log=True, above=0,
        help="With unit speed, the length the centre moves in a step.", networks=(0.5, 1e-4, 10.0),
    )  # fmt: skip
    momentum: Number = setting(
        0.0, label="momentum", low=0.0, high=0.99, at_least=0, below=1,
        help="Inertia of the centre: 0 stops at every hold.",
    )  # fmt: skip
    projection: str = setting(
        "newton", label="projection",
        choices={name: one.title for name, one in PROJECTIONS.items()}, network_choices=LOCAL,
        help=" ".join(f"{name.capitalize()}: {one.says}." for name, one in PROJECTIONS.items()),
    )  # fmt: skip
    n_projection_steps: int = setting(
        2, label="projection steps K", low=1, high=100, advanced=True, help="K gradients a step."
    )
    projection_step_size: Number = setting(
        0.01, label="projection step γ", low=1e-4, high=1.0, log=True, above=0, advanced=True,
        help="Length of one of the K small steps towards the centre.",
    )  # fmt: skip
    trust: Number = setting(
        0.5, label="trust", low=0.05, high=1.0, above=0, advanced=True,
        help="How long a later Newton move may be beside the first.",
    )  # fmt: skip
    unit_speed: bool = setting(
        False, label="unit speed", advanced=True,
        help="Divide the step by the length of the tangent, so that η is a length.",
    )  # fmt: skip
    loss_scale: Number = setting(
        1.0, label="loss scale λ", low=0.01, high=100.0, log=True, above=0, advanced=True,
        help="The ball rolls on λ f.",
    )  # fmt: skip
    gradient_noise: Number = gradient_noise()

    name: ClassVar[str] = "rbo"
    label: ClassVar[str] = "Rolling ball"
    color: ClassVar[str] = "#D55E00"
    shape: ClassVar[str] = "ball"
    dash: ClassVar[str] = "solid"

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def gradients_per_step(self) -> int:
        """Gradient evaluations of one step; the rigid ball looks at heights alone."""
        return 0 if self.projection == "rigid" else self.n_projection_steps

    def init(self, objective: Objective, x: Array) -> BallState | RigidState:
        """Put the ball on the surface: at contact ``x (B, d)``, or, rigid, lowered with its centre over ``x``."""
        if self.projection != "rigid":
            return BallState(x)
        from rbo_core.ball import rigid

        if x.shape[1] > 2:
            raise ValueError(
                f'projection "rigid" needs 1 or 2 parameters, got {x.shape[1]}; use projection "newton" instead'
            )
        return rigid.lower_onto(self, cast("SurfaceObjective", objective), x)

    def step(self, objective: Objective, state: BallState | RigidState) -> tuple[BallState | RigidState, Array | None]:
        """Roll once; returns the new state and the loss (B,) at the start of the step (None for "rigid")."""
        if isinstance(state, BallState):
            return self._step_local(objective, state)
        from rbo_core.ball import rigid

        return rigid.roll(self, cast("SurfaceObjective", objective), state), None

    def _step_local(self, objective: Objective, state: BallState) -> tuple[BallState, Array]:
        xp = objective.xp
        theta = state.x
        loss, g = objective(theta)
        plane = Tangent(xp, *scaled((loss, g), self.loss_scale))
        del g
        norm = xp.sqrt(1.0 + plane.g2)

        # c = p + ρ ν
        lift = self.radius / norm
        height = plane.f + lift

        # c̃ = c − η v; here η v = rate·(direction, climb)
        if isinstance(self.momentum, float | int) and self.momentum == 0:
            # v = τ = (g, |g|²), or τ/√(1 + |g|²)
            rate = self.learning_rate / norm if self.unit_speed else self.learning_rate
            direction, climb, length = plane.g, plane.g2, xp.sqrt(plane.g2)
        else:
            # v ← β v + τ, with the old v laid into the new tangent plane: its height is g·v. Keeping the old height
            # instead lets a ball that leaves a steep slope turn height into speed, and it runs away.
            rate = self.learning_rate
            push = plane.g / column(norm) if self.unit_speed else plane.g
            direction = pushed(xp, state.velocity, column(self.momentum), push)
            del push
            climb, length = xp.vecdot(direction, plane.g), xp.sqrt(xp.vecdot(direction, direction))
            state = BallState(theta, direction)
        height = height - rate * climb
        back = column(-rate)

        # p⁺ = footpoint of c̃, warm-started at the old contact
        if self.projection == "newton":
            # c lies on the normal at p and v in the tangent plane, so the foot of c̃ on that plane is p − η v.
            theta = moved(xp, theta, back, direction)
            del direction
            theta = newton_projection(
                objective, theta, plane.take(), -lift, height,
                first_length=rate * length, trust=self.trust, steps=self.n_projection_steps,
                loss_scale=self.loss_scale,
            )  # fmt: skip
        else:
            offset = moved(xp, column(-lift) * plane.g, back, direction)
            del direction
            theta = gradient_projection(
                objective, theta, plane, offset, height,
                step_size=self.projection_step_size, steps=self.n_projection_steps, loss_scale=self.loss_scale,
            )  # fmt: skip
        return state._replace(x=theta), loss
