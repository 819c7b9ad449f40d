"""Balls whose radius changes: closed forms, the slow twin, hysteresis, and how a schedule is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

import landscapes
from rbo_core import RBO, SGD, RadiusSchedule, Status, trace
from rbo_core.ironing import field_crests, sample
from rbo_core.reference import explain_step
from tests.core.surfaces import Paraboloid, Plane

PROJECTIONS = ("rigid", "newton", "gradient", "argmin")


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("dim", [1, 2])
def test_a_constant_schedule_is_the_constant_radius_bit_for_bit(projection: str, dim: int) -> None:
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    ball = RBO(radius=0.4, learning_rate=0.01, projection=projection, momentum=0.5)
    one = trace(ball, surface, surface.start, 40)
    for schedule in (RadiusSchedule.constant(0.4), RadiusSchedule.linear(0.4, 0.4, 7)):
        other = trace(replace(ball, radius=3.0), surface, surface.start, 40, radius=schedule)
        for name in ("position", "center", "loss", "radius", "gradient_count", "evaluation_count", "status"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("slope", [0.5, -2.0])
def test_on_a_plane_or_a_ramp_a_growing_ball_goes_as_a_constant_one_and_its_centre_rises(
    projection: str, slope: float
) -> None:
    eta, steps = 0.05, 30
    ball = RBO(learning_rate=eta, projection=projection, projection_step_size=0.2, n_projection_steps=200)
    run = trace(ball, Plane((slope,)), [[1.0]], steps, radius=RadiusSchedule.linear(0.2, 1.4, 20))
    t, root = np.arange(steps + 1), np.sqrt(1 + slope * slope)
    radius = np.minimum(0.2 + 0.06 * t, 1.4)
    np.testing.assert_allclose(run.radius[:, 0], radius, rtol=1e-14)
    # The way along the parameters is η times the slope, of the centre (rigid) or of the contact.
    contact = 1.0 - eta * slope * t + (radius * slope / root if projection == "rigid" else 0.0)
    center = np.stack([contact - radius * slope / root, slope * contact + radius / root], axis=1)
    np.testing.assert_allclose(run.position[:, 0, 0], contact, atol=1e-6)
    np.testing.assert_allclose(run.center[:, 0], center, atol=1e-6)
    assert np.abs(run.penetration).max() < 1e-6


@pytest.mark.parametrize("curvature", [0.6, -0.8])
def test_on_a_paraboloid_a_breathing_rigid_ball_follows_its_law(curvature: float) -> None:
    """θ_c ← θ_c − η κ p, where p − ρκp/√(1 + κ²p²) = θ_c is the contact of the radius of that step."""
    schedule, eta, steps = RadiusSchedule.breathing(0.2, 1.2, 12, 8, repeat=True), 0.05, 30
    start = 0.9 if curvature > 0 else 0.05
    run = trace(RBO(learning_rate=eta, projection="rigid"), Paraboloid(curvature), [[start]], steps, radius=schedule)
    assert run.steps == steps

    def contact(center: float, radius: float) -> float:
        def off(p: float) -> float:
            return p - radius * curvature * p / np.sqrt(1 + (curvature * p) ** 2) - center

        return float(brentq(off, -4.0, 4.0, xtol=1e-13))

    center = start
    for t, radius in enumerate(schedule.radii(steps)):
        if t:
            center -= eta * curvature * contact(center, radius)
        assert run.center[t, 0, 0] == pytest.approx(center, abs=2e-6)
        assert run.position[t, 0, 0] == pytest.approx(contact(center, radius), abs=2e-5)
    assert run.radius[[0, 6, 12, 16, 20, 26], 0] == pytest.approx([0.2, 0.7, 1.2, 0.7, 0.2, 0.7])


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_every_step_is_the_twins_step_with_the_radius_of_that_step(projection: str) -> None:
    surface = landscapes.get("wrinkled_bowl", dim=2)
    schedule = RadiusSchedule.exponential(0.3, 0.6, 4)
    ball = RBO(learning_rate=0.02, projection=projection)
    run = trace(ball, surface, [[1.3, -1.1]], 5, radius=schedule)
    for t, radius in enumerate(schedule.radii(5)[1:]):
        start = run.center[t, 0, :-1] if projection == "rigid" else run.position[t, 0]
        twin = explain_step(replace(ball, radius=float(radius)), surface, start)
        np.testing.assert_allclose(run.position[t + 1, 0], twin.new_contact[:-1], atol=2e-6)
        np.testing.assert_allclose(run.center[t + 1, 0], twin.new_center, atol=2e-6)


def _let_go(run: Any, crest: float) -> float:
    """The radius with which a ball's centre crossed a crest, which it must do once."""
    x = run.center[:, 0, 0]
    crossed = np.flatnonzero((x[:-1] < crest) != (x[1:] < crest))
    assert crossed.size == 1
    return float(run.radius[crossed[0] + 1, 0])


def test_hysteresis_a_growing_ball_leaps_at_the_lifetimes_of_its_crests_and_shrinking_stays_out() -> None:
    bowl = landscapes.get("wrinkled_bowl", dim=1)
    found = field_crests(sample(bowl, 20_001, margin=2.0))
    ball = RBO(learning_rate=0.006, projection="rigid", unit_speed=True)
    run = trace(ball, bowl, [[-1.6]], 900, radius=RadiusSchedule(((0, 0.34), (700, 0.47), (900, 0.34))))
    passed = []
    for near in (-1.472, -0.560):
        k = int(np.abs(found.position - near).argmin())
        assert _let_go(run, float(found.position[k])) == pytest.approx(found.lifetime[k], rel=0.025)
        passed.append(float(found.lifetime[k]))
    assert passed == pytest.approx([0.3609, 0.4525], abs=1e-3)
    # As small as it began, it is somewhere else: the way back is another.
    assert run.radius[0, 0] == run.radius[-1, 0]
    assert run.center[0, 0, 0] == pytest.approx(-1.6)
    assert run.center[-1, 0, 0] > -0.56
    assert np.abs(run.penetration).max() < 1e-9


def test_hysteresis_on_corduroy_the_ball_is_let_go_at_w_1_plus_s2_over_2s() -> None:
    corduroy = landscapes.get("corduroy", dim=1)  # w = 1, s = ½: ρ_c = 1.25
    ball = RBO(learning_rate=0.008, projection="rigid", unit_speed=True)
    run = trace(ball, corduroy, [[2.15]], 500, radius=RadiusSchedule(((0, 1.2), (200, 1.3), (500, 0.4))))
    assert _let_go(run, 2.0) == pytest.approx(1.25, rel=0.01)
    assert run.center[0, 0, 0] - run.center[-1, 0, 0] > 0.1
    assert run.center[-1, 0, 0] < 2.0


def test_nobody_is_at_rest_before_the_last_change_and_a_broken_ball_keeps_its_radius() -> None:
    run = trace(
        RBO(learning_rate=0.1, projection="rigid"), Paraboloid(1.0), [[0.0]], 60,
        radius=RadiusSchedule(((0, 0.2), (40, 0.2), (41, 0.3))),
    )  # fmt: skip
    assert run.status[0] == Status.CONVERGED
    assert run.stopped_at[0] > 41
    left = trace(RBO(learning_rate=2.0), Plane((1.0,)), [[0.0]], 60, radius=RadiusSchedule.linear(0.1, 0.7, 60))
    assert left.status[0] == Status.LEFT_DOMAIN
    assert left.radius[-1, 0] == left.radius[left.stopped_at[0], 0] < 0.7


def test_shapes_between_knots() -> None:
    assert RadiusSchedule.exponential(0.1, 10.0, 4).radii(5) == pytest.approx([0.1, 10**-0.5, 1, 10**0.5, 10, 10])
    cosine = RadiusSchedule.ramp(1.0, 2.0, 4, "cosine").radii(4)
    assert cosine == pytest.approx([1, 1.5 - 2**-1.5, 1.5, 1.5 + 2**-1.5, 2])
    assert RadiusSchedule(((0, 1.0), (1, 3.0), (3, 2.0))).radii(4).tolist() == [1, 3, 2.5, 2, 2]
    per_step = np.array([0.3, 0.2, 0.7])
    np.testing.assert_array_equal(RadiusSchedule(tuple(enumerate(per_step))).radii(2), per_step)


@pytest.mark.parametrize(
    "text",
    [
        "constant:0.4",
        "linear:0.2:0.8:400",
        "exponential:1:0.1:50",
        "cosine:1:0.1:50",
        "breathing:0.2:0.8:400:300:repeat",
        "linear:0=0.2:10=0.7:30=0.1",
    ],
)
def test_a_schedule_survives_text_and_json(text: str) -> None:
    schedule = RadiusSchedule.parse(text)
    assert RadiusSchedule.parse(str(schedule)) == schedule
    assert RadiusSchedule.from_dict(schedule.to_dict()) == schedule


BAD = [
    ("linear:0.2:0.8", "write linear:FIRST:LAST:STEPS"),
    ("linear:0.2:-0.8:10", "radius of a knot must be positive, got -0.8"),
    ("linear:0.2:nan:10", "radius of a knot must be finite"),
    ("linear:5=0.2:10=0.3", "steps must rise from 0"),
    ("breathing:0.2:0.8:0:10", "steps of growing must be a whole number of at least 1, got 0"),
    ("linear:0.2:0.8:1e3", "invalid literal"),
    ("triangle:0.2:0.8:10", "is none; write linear"),
    ("", "is none"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_schedules_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RadiusSchedule.parse(text)


def test_a_point_has_no_radius_to_schedule_and_a_ball_must_fit_at_all_its_sizes() -> None:
    bowl = landscapes.get("wrinkled_bowl", dim=1)
    with pytest.raises(ValueError, match="a radius schedule is for a ball"):
        trace(SGD(), bowl, [[-2.6]], 5, radius=RadiusSchedule.constant(0.2))
    with pytest.raises(ValueError, match="radius must be at most"):
        trace(RBO(projection="rigid"), bowl, [[-2.6]], 5, radius=RadiusSchedule.linear(0.2, 1e9, 100_000_0))
    with pytest.raises(ValueError, match=r"must be a RadiusSchedule, got 0\.4"):
        trace(RBO(), bowl, [[-2.6]], 5, radius=0.4)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no 'radius'"):
        RadiusSchedule.from_dict({"radius": 3})
