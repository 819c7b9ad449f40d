"""Lifetimes of crests against the dilation they are about, the corduroy, and a search without tricks."""

import numpy as np
import pytest

import landscapes
from rbo_core.ironing import (
    crests,
    critical_radius,
    field_crests,
    iron,
    measured_critical_radius,
    round_crest_radius,
    sample,
)


@pytest.mark.parametrize(
    ("name", "dim"),
    [
        ("wrinkled_bowl", 1),
        ("weierstrass_like", 1),
        ("fractional_brownian", 1),
        ("gaussian_pits", 1),
        ("spectral_noise", 2),
        ("fractional_brownian", 2),
        ("whitley", 2),
    ],
)
def test_a_crest_lives_exactly_as_long_as_the_dilation_has_it_at_its_apex(name, dim):
    field = sample(landscapes.get(name, dim=dim), 2001 if dim == 1 else 181)
    found = crests(field.heights, field.spacing)
    assert found.lifetime.size >= 30
    width = float(np.ptp(field.axes[0]))
    alive = []
    for radius in np.array([0.01, 0.02, 0.04, 0.08, 0.16]) * width:
        lift = iron(field.heights, field.spacing, radius).center.ravel()[found.index] - found.height - radius
        np.testing.assert_array_equal(lift <= 1e-12, found.holding(radius))
        alive.append(int(found.count(radius)))
    assert 1 <= alive[-1] < alive[0]


def test_counts_are_the_maxima_of_the_dilation_where_the_grid_resolves_them():
    field = sample(landscapes.get("spectral_noise", dim=1), 4001)
    found = crests(field.heights, field.spacing)
    for radius in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
        h = iron(field.heights, field.spacing, radius).center
        assert int(((h[1:-1] > h[:-2]) & (h[1:-1] > h[2:])).sum()) == int(found.count(radius))


@pytest.mark.parametrize(("width", "slope"), [(1.0, 0.2), (1.0, 0.5), (0.4, 0.3)])
def test_sharp_crests_have_the_critical_radius_of_the_corduroy(width, slope):
    spacing = width / 2000
    x = np.arange(-4000, 4001) * spacing + width / 2
    found = crests(slope * x - 3 * np.abs(np.sin(np.pi * x / width)), spacing)
    lower = found.lifetime[np.isfinite(found.lifetime)]
    np.testing.assert_allclose(lower, float(critical_radius(width, slope)), rtol=2e-3)


def test_round_crests_live_shorter_by_their_own_radius_of_curvature():
    width, slope, height = 1.0, 0.2, 0.1
    x = np.linspace(-8, 8, 32001)
    f = slope * x + height * np.cos(2 * np.pi * x / width)
    bend = height * (2 * np.pi / width) ** 2 * np.sqrt(1 - (slope * width / (2 * np.pi * height)) ** 2)
    predicted = float(round_crest_radius(width, slope, 1 / bend))
    assert predicted == pytest.approx(2.333, abs=1e-3)
    assert measured_critical_radius(f, x[1] - x[0], 1.0, 5.0) == pytest.approx(predicted, rel=2e-3)
    found = crests(f, x[1] - x[0])
    inner = np.abs(found.position - 8) < 4
    np.testing.assert_allclose(found.lifetime[inner], predicted, rtol=1e-3)


@pytest.mark.parametrize("shape", [(300,), (40, 55)])
def test_the_search_misses_nothing(shape):
    heights = np.cumsum(np.random.default_rng(3).normal(size=shape), axis=-1)
    spacing = (0.7, 1.3)[-len(shape) :]
    found = crests(heights, spacing)
    points = np.stack(np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij"), -1)
    points, flat = points.reshape(-1, len(shape)), heights.ravel()
    for index, lifetime in zip(found.index, found.lifetime, strict=True):
        rise = flat - flat[index]
        d2 = ((points - points[index]) ** 2).sum(axis=1)[rise > 0]
        rise = rise[rise > 0]
        radius = np.where(rise**2 >= d2, np.sqrt(d2), (d2 + rise**2) / (2 * rise))
        assert lifetime == pytest.approx(radius.min(initial=np.inf), rel=1e-12)


def test_the_merge_tree_leads_up_to_longer_lives():
    field = sample(landscapes.get("value_noise", dim=2), 161)
    found = field_crests(field)
    child = np.flatnonzero(found.parent >= 0)
    assert child.size > 20
    parent = found.parent[child]
    assert (found.lifetime[parent] > found.lifetime[child]).all()
    assert (found.height[parent] > found.height[child]).all()


def test_ground_beyond_the_window_ends_a_crest():
    surface = landscapes.get("wrinkled_bowl", dim=1)
    wide, narrow = field_crests(sample(surface, 2001, margin=2.0)), field_crests(sample(surface, 2001))
    assert np.isfinite(wide.lifetime).all() and not np.isfinite(narrow.lifetime).all()
    assert np.abs(wide.position).max() <= 3.0
    np.testing.assert_allclose(wide.height, surface.value(wide.position[:, None]), atol=1e-12)


def test_a_plateau_is_one_crest_and_bad_heights_are_named():
    assert crests([0.0, 1.0, 1.0, 0.0, 2.0, 0.0], 1.0).height.tolist() == [2.0, 1.0]
    assert crests([[3.0, 2.0], [1.0, 0.0]], 1.0).lifetime.size == 0
    with pytest.raises(ValueError, match="finite"):
        crests([0.0, np.nan, 1.0], 1.0)
