"""The frontiers of stability, against balls that roll on either side of them."""

from dataclasses import replace

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SGD, trace
from rbo_core.frontiers import acting_share, amplification, curvature_at, frontier

SURFACES = {"paraboloid": {}, "spectral_noise": {}, "value_noise": {}, "wrinkled_bowl": {}}


def leaves(method, surface, tiny=1e-7, steps=40):
    """Whether a ball that starts tiny beside the floor is farther away after a while."""
    at = surface.minimum.x
    run = trace(method, surface, start=[at + tiny], steps=steps)
    away = np.abs(run.position[:, 0, 0] - at[0])
    return not away[-1] < away[0]


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize(
    "ball",
    [
        RBO(projection="newton"),
        RBO(projection="newton", trust=1.0),
        RBO(projection="newton", n_projection_steps=4, trust=0.3),
        RBO(projection="gradient", n_projection_steps=20, projection_step_size=0.05),
        RBO(projection="gradient", n_projection_steps=50, projection_step_size=0.01, loss_scale=0.5),
    ],
    ids=["newton", "trusting", "newton4", "published", "published50"],
)
def test_balls_settle_below_their_frontier_and_leave_above_it(ball, name):
    surface = landscapes.get(name, dim=1)
    curvature = curvature_at(surface, surface.minimum.x)
    for bend in (0.05, 0.4, 1.6):
        radius = bend / (curvature * float(ball.loss_scale))
        edge = float(frontier(ball, radius, curvature))
        for factor, gone in ((0.97, False), (1.03, True)):
            method = replace(ball, radius=radius, learning_rate=factor * edge)
            assert leaves(method, surface) is gone, (bend, factor)


def test_a_point_settles_below_two_over_the_curvature():
    surface = landscapes.get("wrinkled_bowl", dim=1)
    edge = 2 / curvature_at(surface, surface.minimum.x)
    assert not leaves(SGD(learning_rate=0.98 * edge), surface)
    assert leaves(SGD(learning_rate=1.02 * edge), surface)
    assert float(frontier(RBO(n_projection_steps=1), 0.7, 2.0)) == pytest.approx(1.0)


def test_a_rigid_ball_is_caught_however_long_its_step():
    surface = landscapes.get("paraboloid", dim=1)
    curvature = curvature_at(surface, surface.minimum.x)
    ball = RBO(projection="rigid", radius=0.3 / curvature, learning_rate=5 / curvature)
    assert np.isinf(frontier(ball, ball.radius, curvature))
    run = trace(ball, surface, start=[surface.minimum.x + 0.1], steps=20)
    assert abs(run.center[-1, 0, 0] - surface.minimum.x[0]) < 1e-3


def test_what_the_formulas_are_known_for():
    newton, published = RBO(), RBO(projection="gradient", n_projection_steps=20, projection_step_size=0.01)
    np.testing.assert_allclose(amplification(newton, [0.1, 0.5, 300.0], 1.0), [1.1, 1.5, 1.5])
    assert acting_share(published) == pytest.approx(1 - 0.99**20)
    assert 6 * acting_share(published) == pytest.approx(1.09, abs=0.005)
    # Where the bowl is as tight as the ball, the published iteration only creeps: m = γK.
    assert float(amplification(published, 1.0, 1.0)) == pytest.approx(0.2)
    assert float(amplification(published, 1.0 + 1e-6, 1.0)) == pytest.approx(0.2, rel=1e-4)
    with pytest.raises(ValueError, match="positive"):
        frontier(newton, 0.1, -1.0)


def test_curvature_of_a_known_bowl():
    bowl = landscapes.get("ravine", dim=2)
    h = 1e-4
    x = bowl.minimum.x + np.array([0.0, 0.0])
    along = [(bowl.value(x[None] + h * e) + bowl.value(x[None] - h * e) - 2 * bowl.value(x[None])) / h**2
             for e in np.eye(2)]  # fmt: skip
    assert curvature_at(bowl, x) >= max(float(a[0]) for a in along) * (1 - 1e-4)


@pytest.mark.parametrize("name", ["wrinkled_bowl", "spectral_noise", "gaussian_pits"])
def test_a_newton_step_is_descent_and_a_turn_of_the_normal(name):
    surface = landscapes.get(name, dim=2)
    x = surface.bounds[:, 0] + np.array([0.37, 0.61]) * np.ptp(surface.bounds, axis=1)
    g = surface.value_and_grad(x[None])[1][0]

    def tilted(y):
        slope = surface.value_and_grad(y[None])[1][0]
        return slope / np.sqrt(1 + slope @ slope)

    radius, misses = 0.02, []
    for rate in (1e-4, 5e-5):
        moved = trace(RBO(radius=radius, learning_rate=rate, trust=1e6), surface, [x], 1).position[1, 0]
        misses.append(np.linalg.norm(moved - (x - rate * g + radius * (tilted(x - rate * g) - tilted(x)))))
    assert misses[0] / misses[1] == pytest.approx(4, rel=0.3)  # what is left is O(η²)
