"""The ball against closed forms: planes, paraboloids, limits in ρ and η, and laws of scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbo_core import RBO, SGD, Status, trace
from tests.core.surfaces import Crests, Paraboloid, Plane, Smooth

LOCAL = [
    RBO(radius=0.7, learning_rate=0.05, projection="newton"),
    RBO(radius=0.7, learning_rate=0.05, projection="gradient", n_projection_steps=400, projection_step_size=0.4),
]


@pytest.mark.parametrize("ball", [*LOCAL, RBO(radius=0.7, learning_rate=0.05, projection="rigid")])
@pytest.mark.parametrize("slope", [(0.5,), (-1.2,), (0.6, -0.3)])
def test_on_a_plane_the_contact_moves_by_minus_eta_g(ball: RBO, slope: tuple[float, ...]) -> None:
    run = trace(ball, Plane(slope), [[0.5] * len(slope)], steps=8)
    moves = np.diff(run.position[:, 0], axis=0)
    np.testing.assert_allclose(moves, np.tile(-0.05 * np.array(slope), (8, 1)), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize(("curvature", "radius"), [(1.0, 0.5), (2.0, 0.4), (-1.0, 0.5), (-2.0, 1.5)])
def test_contact_and_centre_move_in_the_ratio_of_their_circles(dim: int, curvature: float, radius: float) -> None:
    # F is flat about its maximum, so rounding places a contact to √ε of the radius only. The less a contact moves for
    # its centre, the farther out the ball begins, where that is little beside the move.
    start = np.full((1, dim), 5e-4 * (1.0 - radius * curvature))
    ball = RBO(radius=radius, learning_rate=0.02, projection="rigid")
    run = trace(ball, Paraboloid(curvature, dim), start, steps=3)
    contact, center = run.position[3, 0] - run.position[0, 0], run.center[3, 0, :-1] - run.center[0, 0, :-1]
    np.testing.assert_allclose(contact / center, 1.0 / (1.0 - radius * curvature), rtol=2e-4)


def test_a_small_rigid_ball_is_gradient_descent_with_an_error_linear_in_the_radius() -> None:
    surface, radii = Smooth(dim=1), np.array([0.2, 0.1, 0.05, 0.025])
    point = trace(SGD(learning_rate=0.02), surface, [[0.4]], steps=20).position[-1, 0]
    errors = []
    for radius in radii:
        ball = RBO(radius=radius, learning_rate=0.02, projection="rigid")
        errors.append(np.abs(trace(ball, surface, [[0.4]], steps=20).center[-1, 0, 0] - point[0]))
    order = np.polyfit(np.log(radii), np.log(errors), 1)[0]
    assert order == pytest.approx(1.0, abs=0.1)


def test_a_converged_newton_projection_is_gradient_descent_to_second_order_in_eta() -> None:
    surface, rates = Smooth(dim=2), np.array([0.04, 0.02, 0.01, 0.005])
    start = np.array([[0.4, -0.7]])
    errors = []
    for rate in rates:
        ball = RBO(radius=1e-9, learning_rate=rate, n_projection_steps=30, trust=10.0)
        here = trace(ball, surface, start, steps=1).position[-1, 0]
        errors.append(np.linalg.norm(here - trace(SGD(learning_rate=rate), surface, start, steps=1).position[-1, 0]))
    assert np.polyfit(np.log(rates), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.1)


def test_the_second_order_term_is_the_one_of_the_footpoint() -> None:
    """The footpoint of p − ητ is θ − ηg − ½η²(gᵀHg) g/(1 + |g|²) + O(η³)."""
    surface, x, rate = Smooth(dim=2), np.array([[0.4, -0.7]]), 1e-3
    ball = RBO(radius=1e-9, learning_rate=rate, n_projection_steps=30, trust=10.0)
    here = trace(ball, surface, x, steps=1).position[-1, 0]
    g = surface.value_and_grad(x)[1][0]
    hessian = np.diag(-(1.3**2) * np.cos(1.3 * x[0] + np.arange(2)) + 0.2)
    expected = x[0] - rate * g - 0.5 * rate**2 * (g @ hessian @ g) * g / (1 + g @ g)
    np.testing.assert_allclose(here, expected, atol=5 * rate**3)


@given(
    radius=st.floats(1e-6, 1e3),
    rate=st.floats(1e-4, 1.0),
    x=st.tuples(st.floats(-3.5, 3.5), st.floats(-3.5, 3.5)),
)
def test_the_first_newton_iteration_is_gradient_descent_for_any_radius(
    radius: float, rate: float, x: tuple[float, float]
) -> None:
    surface = Smooth(dim=2)
    ball = trace(RBO(radius=radius, learning_rate=rate, n_projection_steps=1), surface, [x], steps=1)
    _, g = surface.value_and_grad(np.array([x]))
    expected = np.array(x) - rate * g[0]
    if ball.status[0] == Status.LEFT_DOMAIN:
        assert np.abs(expected).max() >= 4.0
        return
    np.testing.assert_allclose(ball.position[1, 0], expected, atol=4e-15 * (radius + 10) * (1 + np.abs(g).max()) ** 2)


@pytest.mark.parametrize("projection", ["newton", "gradient", "rigid"])
@pytest.mark.parametrize("factor", [0.25, 2.0, 64.0])
def test_scaling_the_loss_by_k_and_its_scale_by_one_over_k_changes_nothing(projection: str, factor: float) -> None:
    common = {"radius": 0.3, "learning_rate": 0.02, "projection": projection, "n_projection_steps": 5}
    plain = trace(RBO(loss_scale=1.0, **common), Smooth(dim=2), [[0.4, -0.7]], steps=40)
    scaled = trace(RBO(loss_scale=1 / factor, **common), Smooth(dim=2, scale=factor), [[0.4, -0.7]], steps=40)
    # Powers of two scale without rounding, so the path is the same to the last bit.
    np.testing.assert_array_equal(scaled.position, plain.position)
    np.testing.assert_array_equal(scaled.center, plain.center)


@pytest.mark.parametrize("unit_speed", [False, True])
@pytest.mark.parametrize("rate", [1e-3, 0.01, 0.1])
def test_a_ball_comes_to_rest_in_a_v_shaped_valley(unit_speed: bool, rate: float) -> None:
    ball = RBO(radius=1.0, learning_rate=rate, projection="rigid", unit_speed=unit_speed)
    run = trace(ball, Crests(), [[0.35]], steps=4000)
    assert run.status[0] == Status.CONVERGED
    last = int(run.stopped_at[0])
    moves = np.abs(np.diff(run.center[: last + 1, 0, 0]))
    assert moves[-3:].max() < 1e-4
    # Over two equal crests at ±½ a ball of radius 1 rests in the middle, at √(1 − ¼), touching both.
    np.testing.assert_allclose(run.center[-1, 0], [0.0, np.sqrt(0.75)], atol=1e-6)
    touching = run.contacts[-1, 0, :, 0]
    np.testing.assert_allclose(np.sort(touching[~np.isnan(touching)]), [-0.5, 0.5], atol=1e-6)


def test_a_ball_with_momentum_reaches_the_heavy_balls_terminal_speed_on_a_ramp() -> None:
    run = trace(
        RBO(projection="rigid", momentum=0.9, radius=0.5, learning_rate=0.01), Plane((1.0,)), [[10.0]], steps=250
    )
    # v = s/(1 − β) is the fixed point of v ← βv + s.
    assert np.diff(run.center[-3:, 0, 0])[-1] == pytest.approx(-0.01 / (1 - 0.9), rel=1e-6)


@settings(max_examples=25)
@given(radius=st.floats(0.05, 2.0), rate=st.floats(1e-3, 0.05), start=st.floats(-3.0, 3.0))
def test_the_rigid_centre_never_climbs_without_momentum(radius: float, rate: float, start: float) -> None:
    run = trace(RBO(radius=radius, learning_rate=rate, projection="rigid"), Smooth(dim=1), [[start]], steps=60)
    assert np.diff(run.center[:, 0, 1]).max() <= 1e-9
