"""One step of a rigid ball with every quantity of it, found as the rolling ball finds it: for pictures of the step.

`reference.explain_step` finds the same by a search of its own, to test this one. That search has no bound on its time:
up to minutes for a wide ball on rough ground.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.hull import smallest_elements
from rbo_core.ball.rigid import RigidState, lower_onto, roll
from rbo_core.objective import Loss, Surface, SurfaceObjective
from rbo_core.reference import StepExplanation
from rbo_core.rolling import RBO

Floats = NDArray[np.float64]

MARGIN = 3.0
"""Half-width of the ground that is searched, in radii, beside the step's length: the ball at both ends, and room."""


def explain_rigid_step(ball: RBO, surface: Surface, theta: Floats, length: float) -> StepExplanation:
    """One step of a ball at rest with its centre over ``theta (d,)``, as long as would move the centre by ``length``.

    The ball's learning rate is chosen for that length (kept where the ground is level and nothing moves); momentum has
    nothing to carry, and unit speed would only scale the step.

    Raises:
        ValueError: no ground of finite height lies under the ball, before the step or after it.
    """
    theta = np.asarray(theta, dtype=float)
    half = MARGIN * float(ball.radius) + length
    objective = SurfaceObjective(_Near(surface, np.stack([theta - half, theta + half], axis=1)), 1)
    before = lower_onto(ball, objective, theta[None, :])
    _check_ground(ball, before)
    rise = np.empty((1, theta.size))
    smallest_elements(before.slopes, np.zeros_like(rise), rise)
    tangent = np.append(rise, rise @ rise.T)
    size = float(np.linalg.norm(tangent))
    rate = length / size if size > 0 else float(ball.learning_rate)
    after = roll(replace(ball, learning_rate=rate, momentum=0.0, unit_speed=False), objective, before)
    _check_ground(ball, after)

    def lifted(points: Floats) -> Floats:
        return np.column_stack([points, ball.loss_scale * Loss(surface)(points)])

    center, new_center = (np.append(state.center[0], state.height[0]) for state in (before, after))
    contact, new_contact = lifted(before.x)[0], lifted(after.x)[0]
    velocity = after.velocity[0]
    return StepExplanation(
        contact=contact,
        normal=(center - contact) / ball.radius,
        tangent=tangent,
        center=center,
        moved_center=np.append(after.center[0], center[-1] - rate * float(velocity @ rise[0])),
        footpoints=lifted(after.points[0, ~np.isnan(after.points[0, :, 0])]),
        new_contact=new_contact,
        new_center=new_center,
        velocity=np.append(velocity, 0.0),
    )


@dataclass
class _Near:
    """The part of a surface round one step, whatever the surface's own window. Not hashable: its grid is not kept."""

    surface: Surface
    bounds: Floats

    @property
    def dim(self) -> int:
        return self.surface.dim

    @property
    def finest_scale(self) -> float:
        return float(getattr(self.surface, "finest_scale", np.inf))

    def value(self, x: Floats) -> Floats:
        return Loss(self.surface)(x)

    def value_and_grad(self, x: Floats) -> tuple[Floats, Floats]:
        return self.surface.value_and_grad(x)


def _check_ground(ball: RBO, state: RigidState) -> None:
    if not np.isfinite(state.height).all():
        raise ValueError(
            f"no ground of finite height lies under a ball of radius {float(ball.radius):g} at "
            f"{state.center[0].tolist()}; take a smaller radius or a shorter step"
        )
