"""The fast batched step equals the slow one-ball twin over 100 steps, on every surface and projection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, trace
from rbo_core.reference import explain_step
from tests.core.surfaces import Paraboloid

# A height map is nothing outside its window, where these tests look: it has its own.
EVERY = [(name, dim) for dim in (1, 2) for name in landscapes.names(dim) if name != "map"]
STEPS = 100

LOCAL = {
    "newton": RBO(radius=0.3, learning_rate=0.01, momentum=0.5),
    "newton, K = 5, unit speed": RBO(radius=0.3, learning_rate=0.01, n_projection_steps=5, unit_speed=True),
    "gradient": RBO(radius=0.3, learning_rate=0.01, projection="gradient", n_projection_steps=10),
    "newton, momentum on the step": RBO(radius=0.3, learning_rate=0.01, momentum=0.6, momentum_on="step", trust=2.0),
    "newton, K = 3, every third step": RBO(
        radius=0.3, learning_rate=0.01, n_projection_steps=3, interval=3, momentum=0.3
    ),
}
RIGID = {
    "rigid": RBO(radius=0.3, learning_rate=0.01, projection="rigid"),
    "rigid, momentum": RBO(radius=0.3, learning_rate=0.01, projection="rigid", momentum=0.7),
}


def _compare(ball: RBO, name: str, dim: int, tolerance: float, every: int = 1) -> None:
    """Step by step along the fast path: on a fractal two paths part at any difference in rounding."""
    surface = landscapes.get(name, dim=dim)
    fast = trace(ball, surface, surface.start, steps=STEPS)
    rigid = ball.projection == "rigid"
    velocity = None
    for t in range(0, int(fast.stopped_at[0]), every):
        place = fast.center[t, 0, :-1] if rigid else fast.position[t, 0]
        if rigid and t > 0:
            velocity = np.append((fast.center[t - 1, 0, :-1] - place) / ball.learning_rate, 0.0)
        slow = explain_step(ball, surface, place, velocity, taken=t)
        velocity = slow.velocity
        np.testing.assert_allclose(fast.center[t + 1, 0], slow.new_center, rtol=0, atol=tolerance, err_msg=f"step {t}")


@pytest.mark.parametrize(("name", "dim"), EVERY)
@pytest.mark.parametrize("kind", LOCAL)
def test_local_projections(kind: str, name: str, dim: int) -> None:
    ball = LOCAL[kind]
    if kind == "gradient":
        # γ < 2/(1 + |∇f|²): beyond that the iteration multiplies rounding errors until nothing can be compared.
        surface = landscapes.get(name, dim=dim)
        axes = np.meshgrid(*[np.linspace(low, high, 20_001 if dim == 1 else 201) for low, high in surface.bounds])
        steepest = np.abs(surface.value_and_grad(np.stack([a.ravel() for a in axes], axis=1))[1]).max()
        ball = replace(ball, projection_step_size=0.2 / (1 + dim * steepest**2))
    _compare(ball, name, dim, tolerance=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dim"), EVERY)
@pytest.mark.parametrize("kind", RIGID)
def test_rigid(kind: str, name: str, dim: int) -> None:
    # The twin searches a whole lattice at each call: on a surface every tenth step is enough to look at.
    _compare(RIGID[kind], name, dim, tolerance=1e-4 * 0.3, every=1 if dim == 1 else 10)


def test_a_step_to_where_the_ground_is_not_finite_is_refused() -> None:
    ball = RBO(radius=0.5, learning_rate=1e200, projection="rigid")
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=r"no ground of finite height .* a shorter step"):
        explain_step(ball, Paraboloid(1.0), np.array([1.0]))
