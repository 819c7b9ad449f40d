"""The exact footpoint: against closed forms, against a dense scan, and what it shows of the paper's definition."""

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, trace
from rbo_core.reference import explain_step


@pytest.mark.parametrize(
    ("name", "dim", "radius"),
    [("wrinkled_bowl", 1, 0.1), ("wrinkled_bowl", 1, 0.6), ("weierstrass_like", 1, 0.05), ("gaussian_pits", 1, 0.3),
     ("spectral_noise", 2, 0.3), ("fractional_brownian", 2, 0.2)],
)  # fmt: skip
def test_a_step_ends_at_the_nearest_point_of_the_graph(name, dim, radius):
    surface = landscapes.get(name, dim=dim)
    ball = RBO(projection="argmin", radius=radius, learning_rate=0.01)
    low, high = surface.bounds.T
    start = low + (high - low) * np.random.default_rng(1).uniform(0.2, 0.8, size=(4, dim))
    after = trace(ball, surface, start, 1).position[1]
    value = surface.value
    for x, z in zip(start, after, strict=True):
        step = explain_step(ball, surface, x)
        center = step.moved_center
        mine, twin = (
            float(np.hypot(np.linalg.norm(p - center[:dim]), value(p[None])[0] - center[dim]))
            for p in (z, step.new_contact[:dim])
        )
        # Lattices may settle in different hollows that are equally near; none may be farther than the other.
        assert mine == pytest.approx(twin, abs=2e-4 * radius)


def test_on_a_plane_the_footpoint_is_a_step_of_gradient_descent():
    plane = landscapes.get("plane", dim=2)
    slope = plane.value_and_grad(np.zeros((1, 2)))[1][0]
    run = trace(RBO(projection="argmin", radius=0.5, learning_rate=0.02), plane, [[0.0, 0.0]], 5)
    np.testing.assert_allclose(run.position[-1, 0], -5 * 0.02 * slope, atol=1e-6)


def test_small_balls_are_gradient_descent_only_for_small_steps():
    # On ½θ² from 1, η = 0.5, ρ → 0: the point of the graph nearest to (0.5, 0) has θ³/2 + θ = 0.5 …
    class Bowl:
        dim, bounds, finest_scale = 1, np.array([[-4.0, 4.0]]), 1.0

        def value_and_grad(self, x):
            return 0.5 * x[:, 0] ** 2, x

    run = trace(RBO(projection="argmin", radius=1e-8, learning_rate=0.5), Bowl(), [[1.0]], 1)
    root = next(r.real for r in np.roots([0.5, 0, 1, -0.5]) if abs(r.imag) < 1e-12)
    assert run.position[1, 0, 0] == pytest.approx(root, abs=1e-6)
    assert root == pytest.approx(0.45, abs=0.005)  # … where gradient descent is at 0.50


def test_the_definition_itself_sinks_in():
    surface = landscapes.get("wrinkled_bowl", dim=1)
    run = trace(RBO(projection="argmin", radius=0.1, learning_rate=0.002), surface, [[-2.6]], 300)
    # In 295 of the 300 steps, at worst by nine tenths of its radius.
    assert (run.penetration[1:, 0] > 1e-3).mean() == pytest.approx(0.983, abs=0.01)
    assert run.penetration.max() == pytest.approx(0.92, abs=0.01)
    rigid = trace(RBO(projection="rigid", radius=0.1, learning_rate=0.002), surface, [[-2.6]], 300)
    assert rigid.penetration.max() < 1e-3


def test_a_ball_does_not_depend_on_its_neighbours():
    surface = landscapes.get("value_noise", dim=1)
    start = np.linspace(-2, 2, 5)[:, None]
    radius = np.array([0.05, 0.2, 0.4, 0.8, 1.5])
    together = trace(RBO(projection="argmin", radius=radius, learning_rate=0.01), surface, start, 30)
    for k in range(5):
        alone = trace(RBO(projection="argmin", radius=float(radius[k]), learning_rate=0.01), surface, start[k], 30)
        np.testing.assert_array_equal(alone.position[:, 0], together.position[:, k])
        assert alone.evaluations[0] == together.evaluations[k] > 0
        assert alone.gradients[0] == together.gradients[k]


def test_three_parameters_are_refused():
    class Space:
        dim, bounds = 3, np.array([[-1.0, 1.0]] * 3)

        def value_and_grad(self, x):
            return (x**2).sum(axis=1), 2 * x

    with pytest.raises(ValueError, match=r"argmin.*1 or 2 parameters, got 3"):
        trace(RBO(projection="argmin"), Space(), [[0.1, 0.1, 0.1]], 1)
