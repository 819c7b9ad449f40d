"""The four statements of theory against the exact dilation."""

import numpy as np
import pytest

import landscapes
from rbo_core.ironing import (
    critical_radius,
    grooves,
    iron,
    iron_landscape,
    iron_sweep,
    measured_critical_radius,
    oscillation,
    paper_too_curved,
    plane_lift,
    sample,
    sweep_field,
    tilt,
    too_curved,
    weak_ironing_bound,
    window_bound,
)
from rbo_core.ironing.curvature import slopes_and_curvature
from tests.ironing.test_morphology import Analytic


def cusps(width=1.0, depth=5.0, slope=0.0):
    return lambda x: slope * x - depth * np.abs(np.sin(np.pi * x / width))


def test_weak_ironing_is_sharp_for_deep_grooves():
    surface = Analytic([[-2, 2]], cusps())
    for radius in (0.6, 1.0, 3.0):
        got = oscillation(iron_landscape(surface, radius, n=4001).ironed)
        assert got == pytest.approx(float(weak_ironing_bound(radius, 0.5)), rel=1e-6)


def test_weak_ironing_bound_holds_and_vanishes():
    surface = Analytic([[-4, 4], [-4, 4]], lambda x, y: np.sin(3 * x) * np.cos(2 * y) + 0.3 * np.sin(7 * x + y))
    field = sample(surface, 81, margin=8.0)
    bounds = [window_bound(field.extended, field.pad, field.spacing, r) for r in (0.5, 2.0, 8.0)]
    for radius, bound in zip((0.5, 2.0, 8.0), bounds, strict=True):
        assert oscillation(iron_landscape(surface, radius, n=81).ironed) <= bound + 1e-9
    large = weak_ironing_bound([10, 100, 1000], 0.5)
    np.testing.assert_allclose(large, 0.125 / np.array([10, 100, 1000]), rtol=1e-3)
    assert weak_ironing_bound(0.1, 0.5, flat=3.0) == 3.0


@pytest.mark.parametrize("slope", [0.0, 0.5, -2.0])
def test_linear_ironing(slope):
    surface = Analytic([[-10, 10]], lambda x: slope * x + 0.2 * np.sin(9 * x))
    before = None
    for radius in (0.3, 1.0, 5.0):
        got = iron_landscape(surface, radius, n=4001)
        x = got.axes[0]
        away = got.ironed - slope * x - plane_lift(radius, slope)
        assert np.abs(away).max() <= 0.2 + 1e-4
        seen = tilt(got.heights, got.ironed, got.spacing)
        assert seen.ironed[0] == pytest.approx(slope, abs=2 * 0.2 / 20)
        local = np.abs(np.diff(got.ironed) / got.spacing[0] - slope).max()
        assert before is None or local <= before
        before = local
        assert seen.ironed_wrinkle < seen.wrinkle


def test_tilt_on_a_surface():
    surface = Analytic([[-3, 3], [-3, 3]], lambda x, y: 0.5 * x - y + 0.1 * np.sin(20 * x) * np.sin(20 * y))
    got = iron_landscape(surface, 1.0, n=121)
    seen = tilt(got.heights, got.ironed, got.spacing)
    np.testing.assert_allclose(seen.ironed, [0.5, -1.0], atol=0.01)
    np.testing.assert_allclose(seen.plane, [0.5, -1.0], atol=0.01)


def test_curvature_test_is_sufficient_and_not_necessary():
    x, step = np.linspace(-6, 6, 12_001, retstep=True)
    f = np.cos(2 * np.pi * x) * 0.2 + 0.1 * np.sin(5 * x)
    inner = slice(1000, -1000)
    for radius in (0.15, 0.3, 0.8):
        flagged = too_curved(f, (step,), radius)[inner]
        unreachable = ~iron(f, step, radius).reachable[inner]
        assert not (flagged & ~unreachable).any()
        assert flagged.sum() < unreachable.sum()
    # a groove with a flat floor, 0.4 wide: no curvature there, and no way in for a ball of radius 1
    box = np.where(np.abs(x) < 0.2, -1.0, 0.0)
    floor = np.abs(x) < 0.19
    assert not too_curved(box, (step,), 1.0)[floor].any()
    assert not iron(box, step, 1.0).reachable[floor].any()


def test_curvature_of_known_surfaces():
    x = np.linspace(-0.5, 0.5, 201)
    step = x[1] - x[0]
    bowl = 2.0 - np.sqrt(4.0 - x[:, None] ** 2 - x[None, :] ** 2)  # a sphere of radius 2 from inside
    slope, curvature = slopes_and_curvature(bowl, (step, step))
    np.testing.assert_allclose(curvature[2:-2, 2:-2], 0.5, rtol=1e-3)
    assert slope[100, 100] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(slopes_and_curvature(-bowl, (step, step))[1][2:-2, 2:-2], -0.5, rtol=1e-3)
    np.testing.assert_allclose(slopes_and_curvature(bowl[100], (step,))[1][2:-2], 0.5, rtol=1e-3)
    saddle = x[:, None] ** 2 - x[None, :] ** 2
    assert slopes_and_curvature(saddle, (step, step))[1][100, 100] == pytest.approx(2.0)
    assert slopes_and_curvature(np.zeros((2, 5)), (1.0, 1.0))[1].tolist() == [[0] * 5] * 2


@pytest.mark.parametrize(("slope", "theory"), [(0.2, 2.6), (0.5, 1.25)])
def test_critical_radius(slope, theory):
    assert critical_radius(1.0, slope) == pytest.approx(theory)
    assert critical_radius(1.0, -slope) == pytest.approx(theory)
    x, step = np.linspace(-6, 6, 24_001, retstep=True)
    found = measured_critical_radius(cusps(slope=slope, depth=3.0)(x), step, 0.5 * theory, 2 * theory, iterations=16)
    assert found == pytest.approx(theory, rel=2e-3)


def test_critical_radius_on_the_flat_and_bad_brackets():
    assert critical_radius(1.0, 0.0) == np.inf
    x, step = np.linspace(-6, 6, 2401, retstep=True)
    f = cusps(slope=0.5)(x)
    with pytest.raises(ValueError, match="0 < low < high"):
        measured_critical_radius(f, step, 2.0, 1.0)
    with pytest.raises(ValueError, match="must rest at low"):
        measured_critical_radius(f, step, 2.0, 3.0)


def test_grooves_vanish_when_theory_says_so():
    x, step = np.linspace(-6, 6, 12_001, retstep=True)
    radii = np.geomspace(0.1, 5, 60)
    swept = iron_sweep(cusps(slope=0.5, depth=3.0)(x), step, radii)
    found = grooves(swept, threshold=0.5)
    middle = slice(3, -3)
    assert found.floor.size >= 10
    np.testing.assert_allclose(found.predicted[middle], 1.25, rtol=1e-3)
    ratio = radii[1] / radii[0]
    assert (found.vanished_from[middle] >= 1.25 * 0.999).all()
    assert (found.vanished_from[middle] <= 1.25 * ratio * 1.001).all()
    assert (found.untouched_from <= found.vanished_from).all()
    np.testing.assert_allclose(x[found.right] - x[found.left], 1.0, atol=0.5)
    assert (found.depth > 0.5).all()


def test_no_grooves_and_surfaces_refused():
    assert grooves(iron_sweep(np.arange(50.0), 1.0, [2.0]), 0.1).floor.size == 0
    with pytest.raises(ValueError, match="grooves are followed on curves"):
        grooves(iron_sweep(np.zeros((9, 9)), 1.0, [2.0]), 0.1)


def test_the_papers_curvature_test_flags_what_balls_touch():
    x, step = np.linspace(-4, 4, 4001, retstep=True)
    f = 0.2 * np.cos(2 * np.pi * x)
    for radius in (0.3, 1.0):
        touched = iron(f, step, radius).reachable
        assert not (too_curved(f, (step,), radius) & touched).any()
        assert (paper_too_curved(f, (step,), radius) & touched).sum() > 0.5 * touched.sum()
    # On a paraboloid a(x² + 4y²) the Hessian's norm is 8a everywhere.
    y = np.linspace(-1, 1, 41)
    bowl = 0.5 * (y[:, None] ** 2 + 4 * y[None, :] ** 2)
    assert paper_too_curved(bowl, (0.05, 0.05), 0.26).all()
    assert not paper_too_curved(bowl, (0.05, 0.05), 0.24).any()


@pytest.mark.parametrize("name", ["wrinkled_bowl", "value_noise", "gaussian_pits", "spectral_noise"])
def test_grooves_vanish_where_the_lifetimes_of_their_crests_say(name):
    surface = landscapes.get(name, dim=1)
    radii = np.geomspace(0.015, 2.0, 32)
    found = grooves(sweep_field(sample(surface, 4001, margin=2.0), radii), 1e-3)
    # A rest may leave the stretch between its two crests before it meets one: those are gone earlier than predicted.
    within = (found.vanished_from <= found.predicted * 1.35) & (found.vanished_from >= found.predicted * 0.98)
    assert within.mean() > 0.75
