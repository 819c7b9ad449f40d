"""Rests and guard crests of curves, against rigid balls that roll there."""

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, trace
from rbo_core.ironing import crests, field_crests, follow, guards, holder, rest_lifetimes, rests, sample


@pytest.mark.parametrize("name", ["spectral_noise", "gaussian_pits", "wrinkled_bowl", "value_noise"])
def test_rigid_balls_come_to_the_listed_rests(name):
    surface = landscapes.get(name, dim=1)
    low, high = surface.bounds[0]
    radii = np.geomspace(0.15, 1.5, 5)
    listed = rests(sample(surface, 8001, margin=1.5), radii)
    starts = low + (high - low) * (np.arange(24) + 0.5) / 24
    agree = 0
    for radius in radii:
        ball = RBO(radius=float(radius), learning_rate=0.01, projection="rigid", unit_speed=True)
        end = trace(ball, surface, start=starts[:, None], steps=900).center[-1, :, 0]
        here = listed.at(radius)
        own = [int(np.flatnonzero((here.low <= x) & (x <= here.high))[0]) for x in starts]
        agree += int((np.abs(here.position[own] - end) < 0.012).sum())
    assert agree >= 0.95 * radii.size * starts.size  # a step may carry a ball over the shallowest crests


def test_every_crest_that_goes_takes_one_rest_with_it():
    found = field_crests(sample(landscapes.get("fractional_brownian", dim=1), 4001, margin=1.0))
    ends = rest_lifetimes(found)
    assert ends.size == found.lifetime.size + 1
    np.testing.assert_array_equal(
        np.sort(ends[np.isfinite(ends)]), np.sort(found.lifetime[np.isfinite(found.lifetime)])
    )


def test_guards_say_who_rolls_where():
    x = np.linspace(0, 10, 1001)

    def spikes(*heights):
        f = np.full(x.size, -1.0)
        f[[0, 200, 400, 600, 800, 1000]] = 9.0, *heights, 9.0
        return crests(f, x[1] - x[0])

    # From the crest at 6 (0.5 high), the one at 4 is as steep as 45° or more, so its lifetime is their distance.
    first, *rest = guards(spikes(1.0, 3.0, 0.5, 2.0), 5.0, 0.0, 10.0)
    assert (first.position, first.radius) == pytest.approx((6.0, 2.0))
    assert not first.opens
    assert not rest
    # With 1.5 at 4 the one at 8 comes first: (4 + 1.5²)/3.
    first, *_ = guards(spikes(1.0, 1.5, 0.5, 2.0), 5.0, 0.0, 10.0)
    assert (first.position, first.radius) == pytest.approx((6.0, 6.25 / 3))
    assert first.opens
    assert (first.low, first.high) == pytest.approx((4.0, 10.0))  # the wall had overtopped the crest at 8 from ρ = 2 on


def test_rests_of_a_surface_are_refused():
    with pytest.raises(ValueError, match="curves"):
        rests(sample(landscapes.get("wrinkled_bowl", dim=2), 41), [0.3])


def test_the_crest_that_holds_a_ball_lets_it_go_at_its_lifetime():
    surface = landscapes.get("wrinkled_bowl", dim=1)
    found = field_crests(sample(surface, 8001, margin=2.0))
    ball = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    at = float(trace(ball, surface, [[-2.6]], 900).center[-1, 0, 0])
    k = holder(found, at, 0.4)
    assert k is not None
    life = float(found.lifetime[k])
    assert abs(found.position[k] - at) < 0.5
    for factor, stays in ((0.97, True), (1.03, False)):
        larger = RBO(radius=factor * life, learning_rate=0.005, projection="rigid", unit_speed=True)
        end = float(trace(larger, surface, [[at]], 900).center[-1, 0, 0])
        assert (abs(end - at) < 0.1) is stays
    assert holder(found, at, 100.0) is None


def test_a_ball_that_breathes_leaps_on_and_does_not_come_back():
    surface = landscapes.get("wrinkled_bowl", dim=1)
    radii = np.geomspace(0.1, 1.9, 25)
    listed = rests(sample(surface, 8001, margin=1.9), radii)
    up = follow(listed, -2.6, radii)
    down = follow(listed, up[-1], radii[::-1])[::-1]
    assert up[0] == pytest.approx(-2.6, abs=0.15)
    assert abs(up[-1]) < 0.3
    assert abs(down[0] - up[0]) > 2  # the way back ends elsewhere
    # The same, rolled: a ball to rest at one radius after another.
    x, rolled = -2.6, []
    for radius in radii:
        ball = RBO(radius=float(radius), learning_rate=0.005, projection="rigid", unit_speed=True)
        x = float(trace(ball, surface, [[x]], 1200).center[-1, 0, 0])
        rolled.append(x)
    assert np.mean(np.abs(np.array(rolled) - up) < 0.03) > 0.9
