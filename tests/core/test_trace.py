"""Batches, statuses, counting, progress and refusals of ``trace``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SAM, SGD, Adam, AdamW, EntropySGD, Momentum, Status, trace
from rbo_core.ball import heights
from rbo_core.trajectory import PATIENCE
from tests.core.surfaces import Explosive, Paraboloid, Plane, Smooth

METHODS: list[Any] = [
    RBO(projection="rigid", radius=0.3),
    RBO(projection="rigid", radius=0.3, momentum=0.6, unit_speed=True),
    RBO(projection="newton", radius=0.3, momentum=0.6, gradient_noise=0.1),
    RBO(projection="gradient", radius=0.3, n_projection_steps=7),
    SGD(learning_rate=0.01, gradient_noise=0.2),
    Momentum(learning_rate=0.01, nesterov=True),
    Adam(learning_rate=0.01),
    AdamW(learning_rate=0.01),
    SAM(learning_rate=0.01, momentum=0.5),
    EntropySGD(thermal_noise=0.1),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.name}-{getattr(m, 'projection', '')}")
@pytest.mark.parametrize("dim", [1, 2])
def test_a_batch_equals_its_balls_one_by_one_to_the_last_bit(method: Any, dim: int) -> None:
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    starts = np.random.default_rng(3).uniform(-2.5, 2.5, (5, dim))
    together = trace(method, surface, starts, steps=60, seed=7)
    for b, start in enumerate(starts):
        alone = trace(method, surface, start, steps=60, seed=7)
        np.testing.assert_array_equal(together.position[:, b], alone.position[:, 0])
        np.testing.assert_array_equal(together.loss[:, b], alone.loss[:, 0])
        assert together.status[b] == alone.status[0]
        assert together.gradients[b] == alone.gradients[0]
        assert together.evaluations[b] == alone.evaluations[0]


def test_settings_may_differ_from_ball_to_ball() -> None:
    surface = landscapes.get("wrinkled_bowl")
    radii, rates = np.array([0.1, 0.4, 1.6]), np.array([0.02, 0.01, 0.005])
    for projection in ("rigid", "newton", "gradient"):
        ball = RBO(radius=radii, learning_rate=rates, projection=projection, momentum=np.array([0.0, 0.3, 0.6]))
        run = trace(ball, surface, [[-2.6]] * 3, steps=50)
        for b in range(3):
            one = RBO(radius=radii[b], learning_rate=rates[b], projection=projection, momentum=[0.0, 0.3, 0.6][b])
            alone = trace(one, surface, [[-2.6]], steps=50)
            np.testing.assert_allclose(run.position[:, b], alone.position[:, 0], rtol=0, atol=1e-12)


def test_every_status_occurs_in_one_batch_and_a_stopped_ball_keeps_its_place() -> None:
    run = trace(
        SGD(learning_rate=np.array([0.4, 0.02, 1e-4, 3.0])), Explosive(), [[0.5], [-1.0], [1.0], [0.9]], steps=100
    )
    assert list(run.status) == [Status.CONVERGED, Status.LEFT_DOMAIN, Status.RUNNING, Status.LEFT_DOMAIN]
    run = trace(SGD(learning_rate=0.4), Explosive(), [[1.6], [0.5], [-1.0]], steps=100)
    assert list(run.status) == [Status.NON_FINITE, Status.CONVERGED, Status.LEFT_DOMAIN]
    for b in range(3):
        after = run.position[run.stopped_at[b] :, b]
        assert np.all(after == after[0])
        assert np.isfinite(after).all()
    assert all(Status(code).message for code in range(4))


@pytest.mark.parametrize(
    ("method", "each"),
    [
        (SGD(), 1),
        (Momentum(learning_rate=1e-3), 1),
        (Adam(), 1),
        (AdamW(), 1),
        (SAM(), 2),
        (EntropySGD(n_langevin_steps=4), 4),
        (RBO(n_projection_steps=2), 2),
        (RBO(n_projection_steps=5), 5),
        (RBO(projection="gradient", n_projection_steps=20), 20),
        (RBO(projection="rigid"), 0),
    ],
)
def test_gradients_are_those_that_the_surface_was_asked_for(method: Any, each: int) -> None:
    class Spy(Plane):
        asked = 0

        def value_and_grad(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            Spy.asked += len(x)
            return super().value_and_grad(x)

        def value(self, x: np.ndarray) -> np.ndarray:
            return super().value_and_grad(x)[0]

    steps = 12
    run = trace(method, Spy((0.7,)), [[0.5]], steps=steps)
    measured_for_the_record = steps + 1
    assert Spy.asked - measured_for_the_record == run.gradients[0] == each * steps
    assert np.all(np.diff(run.gradient_count[:, 0]) == each)


@pytest.mark.parametrize(
    ("method", "curvature"),
    [
        (Momentum(learning_rate=1e-4, momentum=0.99), 1.0),
        # A bowl of curvature κ as the ball sees it: K = 2 steps on κ(1 + ρκ), the offset surface has κ/(1 − ρκ).
        (RBO(radius=0.4, learning_rate=1e-4, momentum=0.99), 1.4),
        (RBO(radius=0.4, learning_rate=1e-4, momentum=0.99, projection="rigid"), 1 / 0.6),
    ],
    ids=["momentum", "newton", "rigid"],
)
def test_a_turning_ball_is_not_taken_to_rest(method: Any, curvature: float) -> None:
    """On a bowl a heavy ball is a damped pendulum: ω² = ηκ, amplitude falling by √β a step."""
    rest, start = 1.5e-5, 0.05
    scale = 4.0 if isinstance(method, Momentum) else method.radius
    run = trace(method, Paraboloid(1.0), [[start]], steps=5000, tolerance=rest / scale)
    place = run.position[:, 0, 0] if run.center is None else run.center[:, 0, 0]
    damping = 0.01 / 2
    swing = np.sqrt(1e-4 * curvature - damping**2)
    turn = int(np.argmin(place))
    # It starts at a turning point, comes to the next half a swing later, and turns back from there ...
    assert turn == pytest.approx(np.pi / swing, rel=0.03)
    assert place[turn] == pytest.approx(place[0] * -np.exp(-damping * np.pi / swing), rel=0.03)
    # ... slower than rest for more steps than a ball at rest is given.
    assert (np.abs(np.diff(place[turn - 20 : turn + 20])) < rest).sum() > PATIENCE
    assert run.status[0] == Status.CONVERGED
    assert run.stopped_at[0] > turn + 100
    # Where it rests, the push of the ground could not drive it faster than that.
    assert abs(place[-1]) * 1e-4 * curvature / 0.01 < 1.1 * rest


def test_a_stopped_ball_spends_nothing_more() -> None:
    run = trace(SGD(learning_rate=0.5), Paraboloid(1.0), [[1.0], [1e-12]], steps=200)
    assert run.status[1] == Status.CONVERGED
    assert run.gradients[1] == run.stopped_at[1] < run.gradients[0]


def test_progress_is_reported_and_can_cancel() -> None:
    seen: list[int] = []

    def report(done: int, total: int) -> bool:
        assert total == 400
        seen.append(done)
        return done >= 100

    run = trace(SGD(learning_rate=1e-6), Smooth(dim=1), [[0.4]], steps=400, progress=report, tolerance=0.0)
    assert run.cancelled
    assert run.steps == seen[-1] == 100
    assert seen == sorted(seen)


def test_loss_and_position_agree_with_the_surface() -> None:
    surface = Smooth(dim=2)
    run = trace(RBO(radius=0.2), surface, [[0.4, 0.1], [1.0, -1.0]], steps=30)
    np.testing.assert_array_equal(run.loss, surface.value_and_grad(run.position.reshape(-1, 2))[0].reshape(31, 2))
    gap = run.center - np.concatenate([run.position, run.loss[..., None]], axis=2)
    np.testing.assert_allclose(np.linalg.norm(gap, axis=2), 0.2, rtol=1e-12)


BAD_TRACES = [
    ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
    ({"steps": 2.5}, "steps must be a whole number"),
    ({"start": [[9.0]]}, r"start \[9.0\] lies outside the domain; choose it inside \[-2, 2\]"),
    ({"start": [[0.0, 0.0]]}, r"start must have shape \(B, 1\)"),
    ({"start": [[np.nan]]}, "start must be finite"),
    ({"start": "here"}, "start must be numbers"),
    ({"seed": 0.5}, "seed must be a whole number"),
    ({"method": SGD(learning_rate=np.array([0.1, 0.2]))}, "learning_rate must be one number or 1"),
    ({"steps": 10**12}, "steps must be at most .* for 1 ball in one run, got 1,000,000,000,000: .* roll fewer steps"),
    *(
        ({"method": RBO(radius=radius, projection="rigid")}, message)
        for radius, message in (
            (1e9, "radius must be at most .* on this surface, got 1e.09"),
            (1e-300, "radius must be at least .* on this surface, got 1e-300: .* take sgd"),
        )
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD_TRACES)
def test_bad_input_is_refused_with_the_value_and_the_remedy(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"method": SGD(), "surface": Paraboloid(), "start": [[0.5]], "steps": 5, **change}
    with pytest.raises(ValueError, match=message):
        trace(**given)


@pytest.mark.parametrize("dim", [1, 2])
def test_the_smallest_and_the_largest_ball_touch_the_ground_and_the_grid_is_as_large_as_allowed(
    dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heights, "MAX_GRID", (1 << 15, 1 << 21))
    surface = Paraboloid(dim=dim)
    least, most = heights.radius_limits(surface)
    grid = heights.height_grid(surface, heights.MEASURED * most)
    assert 0.9 < grid.heights.size / heights.MAX_GRID[dim - 1] < 1.2
    for radius in (1.001 * least, 0.999 * most):
        run = trace(RBO(radius=radius, projection="rigid"), surface, [[1.0] * dim], steps=2)
        assert run.penetration is not None
        np.testing.assert_allclose(run.penetration, 0, atol=1e-5)
    with pytest.raises(ValueError, match="radius must be at most"):
        trace(RBO(radius=1.001 * most, projection="rigid"), surface, [[1.0] * dim], steps=2)


@pytest.mark.parametrize("radius", [1e-300, 1e9])
def test_a_ball_beyond_the_search_rolls_locally_and_its_penetration_is_not_measured(radius: float) -> None:
    run = trace(RBO(radius=radius), Paraboloid(dim=2), [[1.0, 0.5]], steps=5)
    assert np.isfinite(run.position).all()
    assert run.penetration is None


BAD_SETTINGS = [
    (RBO, {"radius": -1.0}, "radius must be positive, got -1.0"),
    (RBO, {"radius": 0}, "radius must be positive, got 0"),
    (RBO, {"radius": float("nan")}, "radius must be finite, got nan"),
    (RBO, {"radius": "big"}, "radius must be a number, got 'big'"),
    (RBO, {"radius": np.array([0.1, -2.0])}, "radius must be positive, got an array"),
    (RBO, {"learning_rate": float("inf")}, "learning_rate must be finite, got inf"),
    (RBO, {"projection": "magic"}, "projection must be one of rigid, newton, gradient, argmin; got 'magic'"),
    (RBO, {"n_projection_steps": 0}, "n_projection_steps must be a whole number of at least 1, got 0"),
    (RBO, {"momentum": 1.0}, "momentum must be less than 1, got 1.0"),
    (RBO, {"loss_scale": 0.0}, "loss_scale must be positive, got 0.0"),
    (SGD, {"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
    (SGD, {"gradient_noise": -0.1}, "gradient_noise must be zero or positive, got -0.1"),
    (Adam, {"beta1": 1.5}, "beta1 must be less than 1, got 1.5"),
    (SAM, {"perturbation_radius": -1.0}, "perturbation_radius must be zero or positive"),
    (EntropySGD, {"averaging": 2.0}, "averaging must be between 0 and 1, got 2.0"),
]


@pytest.mark.parametrize(("kind", "settings", "message"), BAD_SETTINGS)
def test_bad_settings_are_refused(kind: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**settings)


def test_the_rigid_ball_refuses_more_than_two_parameters() -> None:
    with pytest.raises(ValueError, match='projection "rigid" needs 1 or 2 parameters, got 3; use projection "newton"'):
        trace(RBO(projection="rigid"), Plane((0.1, 0.2, 0.3)), [[0.0, 0.0, 0.0]], steps=3)
    assert trace(RBO(), Plane((0.1, 0.2, 0.3)), [[0.0, 0.0, 0.0]], steps=3).penetration is None
