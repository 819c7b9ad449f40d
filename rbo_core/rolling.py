"""The Rolling Ball Optimizer (arXiv 2505.19527): a rigid ball of radius ρ rolls on the graph of a loss.

With p = (θ, f(θ)) the contact and g = ∇f(θ), everything in units of the scaled loss λf:

    ν = (−g, 1)/√(1 + |g|²)        upward unit normal
    τ = (g, |g|²)                  tangent of steepest ascent
    c = p + ρ ν                    centre of the ball
    c̃ = c − η τ                    the centre after the descent step
    p⁺ = argmin over p ∈ Γ |p − c̃|²  the new contact, its footpoint

Four projections find the new contact: ``gradient`` (the paper's Eq. 4), ``newton`` (ours, two gradients a step),
``argmin`` (the definition itself, 1 or 2 parameters; see ``nearest.py``) and ``rigid`` (ours, 1 or 2 parameters: an
exact global contact, so the ball never penetrates; see ``ball/rigid.py``).

Momentum β has two forms. On the tangent, the centre is a heavy ball that each minibatch's slope pushes,

    v ← β v + τ,  c̃ = c − η v;

on the step, each minibatch's ball rolls by itself from θ, and what it rolled pushes the heavy ball:

    e = (θ − θ⁺)/η,  v ← β v + e,  θ ← θ − η v.

The step is written once over the array API, for NumPy on analytic surfaces and for torch on networks. A run on a
surface with a compiled kernel records it and runs it as one compiled loop (``compiled/``), with the same bits.

Which arrays a step may overwrite says ``fused.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rbo_core.ball import rigid
from rbo_core.ball.heights import check_radius
from rbo_core.ball.march import marching
from rbo_core.checks import Number, column, per_ball
from rbo_core.footpoint import MovedCenter, Tangent, gradient_projection, newton_projection, scaled
from rbo_core.fused import kept, moved, moved_from, pushed
from rbo_core.method import BatchedMethod, Floats, Marching, Sphere, State
from rbo_core.nearest import nearest_projection
from rbo_core.objective import Array, Objective, Surface, SurfaceObjective
from rbo_core.projection import Projection, Seen
from rbo_core.settings import Value, replaced, setting


class BallState(NamedTuple):
    """State of a batch of balls under a local projection.

    x: (B, d) contact; velocity: (B, d) parameter part of the centre's velocity v, None without momentum. v lies in the
    tangent plane, so its height is g·v. taken: steps taken.
    """

    x: Array
    velocity: Array | None = None
    taken: int = 0

    @property
    def place(self) -> Array:
        """(B, d) the contact."""
        return self.x

    @property
    def record(self) -> Mapping[str, Floats]:
        """Nothing: the centre follows from contact and gradient."""
        return {}


Footpoint = Callable[["RBO", Seen, MovedCenter], Array]
"""``footpoint(ball, objective, c̃)`` gives the new contact's parameters (B, d)."""


def roll(ball: RBO, objective: Seen, state: BallState, footpoint: Footpoint[Seen]) -> tuple[BallState, Array]:
    """One step of balls that touch the ground at ``state.x``; returns the loss (B,) there, too."""
    xp = objective.xp
    c = MovedCenter()
    c.theta = state.x
    loss, g = objective(c.theta)
    c.plane = plane = Tangent(xp, *scaled((loss, g), ball.loss_scale))
    del g
    norm = xp.sqrt(1.0 + plane.g2)
    still = isinstance(ball.momentum, float | int) and ball.momentum == 0
    on_step = not still and ball.momentum_on == "step"
    start = kept(objective, c.theta) if on_step else None
    c.steps = ball.n_projection_steps if state.taken % ball.interval == 0 else 1
    state = state._replace(taken=state.taken + 1)

    # c = p + ρ ν
    c.lift = ball.radius / norm
    height = plane.f + c.lift

    # c̃ = c − η v; here η v = rate·(direction, climb)
    if still or on_step:
        # v = τ = (g, |g|²), or τ/√(1 + |g|²)
        c.rate = ball.learning_rate / norm if ball.unit_speed else ball.learning_rate
        c.direction, climb, c.length = plane.g, plane.g2, xp.sqrt(plane.g2)
    else:
        # v ← β v + τ, with the old v laid into the new tangent plane: its height is g·v. Keeping the old height
        # instead lets a ball that leaves a steep slope turn height into speed, and it runs away.
        c.rate = ball.learning_rate
        push = plane.g / column(norm) if ball.unit_speed else plane.g
        velocity = pushed(xp, state.velocity, column(ball.momentum), push)
        del push
        climb, c.length = xp.vecdot(velocity, plane.g), xp.sqrt(xp.vecdot(velocity, velocity))
        c.direction, state = velocity, state._replace(velocity=velocity)
        del velocity
    c.height = height - c.rate * climb

    # p⁺ = footpoint of c̃, warm-started at the old contact
    theta = footpoint(ball, objective, c)
    if start is not None:
        # e = (θ − θ⁺)/η,  v ← β v + e,  θ ← θ − η v
        eta = column(ball.learning_rate)
        velocity = pushed(xp, state.velocity, column(ball.momentum), (start - theta) / eta)
        return state._replace(x=moved_from(xp, start, -eta, velocity, into=theta), velocity=velocity), loss
    return state._replace(x=theta), loss


def newton(ball: RBO, objective: Objective, c: MovedCenter) -> Array:
    """The nearest point of the tangent plane, K times."""
    # c lies on the normal at p and v in the tangent plane, so the foot of c̃ on that plane is p − η v.
    z = moved(objective.xp, c.theta, column(-c.rate), c.take())
    return newton_projection(objective, c, z, trust=ball.trust, loss_scale=ball.loss_scale)


def gradient(ball: RBO, objective: Objective, c: MovedCenter) -> Array:
    """K steps of size γ down ½|p − c̃|² along the graph (the paper's Eq. 4)."""
    # θ̃ − θ, from c = p + ρ ν and c̃ = c − η v
    offset = moved(objective.xp, column(-c.lift) * c.plane.g, column(-c.rate), c.take())
    return gradient_projection(objective, c, offset, step_size=ball.projection_step_size, loss_scale=ball.loss_scale)


def argmin(ball: RBO, objective: SurfaceObjective, c: MovedCenter) -> Array:
    """The nearest point of all, as the paper defines it."""
    offset = moved(objective.xp, column(-c.lift) * c.plane.g, column(-c.rate), c.take())
    return nearest_projection(objective, c.theta, c.plane.f, offset, c.height, ball.loss_scale)


def local(
    title: str,
    says: str,
    own: Mapping[str, Value],
    footpoint: Footpoint[Seen],
    *,
    gradients_per_step: int | None = None,
    most_parameters: int | None = None,
) -> Projection[Seen, BallState]:
    """A projection that rolls as :func:`roll` does and differs in where it looks for the footpoint."""
    return Projection(
        title, says, own,
        init=lambda ball, objective, x: BallState(x),
        step=lambda ball, objective, state: roll(ball, objective, state, footpoint),
        gradients_per_step=gradients_per_step, most_parameters=most_parameters,
    )  # fmt: skip


def _roll_rigidly(
    ball: RBO, objective: SurfaceObjective, state: rigid.RigidState
) -> tuple[rigid.RigidState, Array | None]:
    return rigid.roll(ball, objective, state), None


PROJECTIONS: dict[str, Projection[Any, Any]] = {
    "rigid": Projection(
        "Rigid (exact)", "never enters the ground", {"unit_speed": True},
        init=rigid.lower_onto, step=_roll_rigidly, gradients_per_step=0, most_parameters=2, resize=rigid.resize,
        marching=marching,
        check_surface=lambda ball, surface: check_radius(surface, np.asarray(ball.radius)),
    ),
    "newton": local(
        "Newton", "two gradients a step",
        {"n_projection_steps": 2, "interval": 1, "trust": 0.5, "unit_speed": False, "momentum_on": "tangent"}, newton,
    ),
    "gradient": local(
        "Gradient (paper)", "as published",
        {"n_projection_steps": 20, "projection_step_size": 0.01, "unit_speed": False, "momentum_on": "tangent"},
        gradient,
    ),
    "argmin": local(
        "Exact argmin", "the nearest point of all, as the paper defines it",
        {"unit_speed": False, "momentum_on": "tangent"}, argmin,
        gradients_per_step=1, most_parameters=2,
    ),
}  # fmt: skip

LOCAL = {name: one.title for name, one in PROJECTIONS.items() if one.most_parameters is None}
"""Those that exist in any dimension, hence on networks, with their titles."""
OWN = frozenset(name for one in PROJECTIONS.values() for name in one.own)
"""Settings of which each projection that reads them keeps its own value."""


@dataclass(frozen=True, kw_only=True)
class RBO(BatchedMethod[State]):
    """Settings of the ball. Every number may also be an array (B,), one value a ball.

    Attributes:
        radius: ρ > 0, in units of the parameters.
        learning_rate: η > 0.
        projection: "newton", "gradient" (as in the paper), or, with 1 or 2 parameters only, "rigid" and "argmin".
        n_projection_steps: K, the gradients spent by a newton or gradient projection.
        projection_step_size: γ of the gradient projection.
        loss_scale: λ, which turns a loss into a length.
        momentum: β of a heavy ball, v ← β v + τ in the tangent plane; the centre moves by −η v.
        momentum_on: "tangent", or "step": v ← β v + (θ − θ⁺)/η of this minibatch's own roll, which moves θ by −η v.
        interval: of the Newton projection: only every so-manieth step spends K gradients, the others one.
        unit_speed: divide the tangent by √(1 + |g|²), so that no step is longer than η along the parameters,
            however steep the surface.
        trust: a later Newton move is at most this many times as long as the first.
        gradient_noise: standard deviation of seeded noise on each gradient component (unused by "rigid").
    """

    radius: Number = setting(
        0.4, label="radius ρ", unit="parameter units", low=0.01, high=10.0, log=True, above=0,
        help="It cannot enter wrinkles narrower than itself; whether two crests hold it is ρ against their lifetime.",
        networks=(0.05, 0.001, 100.0),
    )  # fmt: skip
    learning_rate: Number = setting(
        0.01, label="learning rate η", low=1e-4, high=1.0, log=True, above=0,
        help="With unit speed, the length the centre moves in a step.", networks=(0.5, 1e-4, 10.0),
    )  # fmt: skip
    momentum: Number = setting(
        0.0, label="momentum", low=0.0, high=0.99, at_least=0, below=1,
        help="Inertia of the centre: 0 stops at every hold.",
    )  # fmt: skip
    momentum_on: str = setting(
        "tangent", label="momentum acts on", advanced=True, later=True,
        choices={"tangent": "the tangent of the centre", "step": "the step that was rolled"},
        help="Tangent: the slope pushes the centre. Step: each minibatch's own roll pushes it.",
    )  # fmt: skip
    projection: str = setting(
        "newton", label="projection",
        choices={name: one.title for name, one in PROJECTIONS.items()}, network_choices=LOCAL,
        help=" ".join(f"{name.capitalize()}: {one.says}." for name, one in PROJECTIONS.items()),
    )  # fmt: skip
    n_projection_steps: int = setting(
        2, label="projection steps K", low=1, high=100, advanced=True, help="K gradients a step."
    )
    interval: int = setting(
        1, label="projection every n steps", low=1, high=20, advanced=True, later=True,
        help="The steps between spend one gradient: plain descent.",
    )  # fmt: skip
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

    name = "rbo"
    label = "Rolling ball"
    color = "#D55E00"
    shape = "ball"

    def __post_init__(self) -> None:
        super().__post_init__()
        own = PROJECTIONS[self.projection].own
        for name, plain in (("momentum_on", "tangent"), ("interval", 1)):
            if name not in own and getattr(self, name) != plain:
                able = " or ".join(f'"{known}"' for known, one in PROJECTIONS.items() if name in one.own)
                raise ValueError(
                    f'{name} must be {plain!r} under projection "{self.projection}", got {getattr(self, name)!r}; '
                    f"use projection {able}"
                )

    @property
    def gradients_per_step(self) -> float:
        """K, where the projection does not say otherwise; less with an interval."""
        own = PROJECTIONS[self.projection].gradients_per_step
        if own is not None or self.interval == 1:
            return self.n_projection_steps if own is None else own
        return 1 + (self.n_projection_steps - 1) / self.interval

    @property
    def period(self) -> int:
        return self.interval

    @property
    def inertia(self) -> Number:
        return self.momentum

    @property
    def sphere(self) -> Sphere:
        return Sphere(self.radius, self.loss_scale)

    def init(self, objective: Objective, x: Array) -> State:
        """Put the ball on the surface: at contact ``x (B, d)``, or, rigid, lowered with its centre over ``x``."""
        PROJECTIONS[self.projection].check_dimension(self.projection, x.shape[1])
        return PROJECTIONS[self.projection].init(self, objective, x)

    def step(self, objective: Objective, state: State) -> tuple[State, Array | None]:
        """Roll once; returns the new state and the loss (B,) at the start of the step (None for "rigid")."""
        return PROJECTIONS[self.projection].step(self, objective, state)

    def check_surface(self, surface: Surface) -> None:
        PROJECTIONS[self.projection].check_dimension(self.projection, surface.dim)
        PROJECTIONS[self.projection].check_surface(self, surface)

    def resized(self, radius: Number) -> RBO:
        changed: RBO = replaced(self, radius=radius)
        return changed

    def refitted(self, objective: Objective, state: State) -> State:
        return PROJECTIONS[self.projection].resize(self, objective, state)

    def marching(self, objective: Objective, state: State) -> Marching | None:
        return PROJECTIONS[self.projection].marching(self, objective, state)

    def center(self, x: Floats, loss: Floats, gradient: Floats) -> Floats:
        """(..., B, d+1) p + ρ ν, where the contact p is at ``x (..., B, d)``."""
        scale = per_ball(self.loss_scale, x.shape[-2])
        slope = scale[:, None] * gradient
        lift = np.asarray(self.radius, dtype=float) / np.sqrt(1.0 + np.sum(slope * slope, axis=-1))
        return np.concatenate([x - lift[..., None] * slope, (scale * loss + lift)[..., None]], axis=-1)
