"""Ironing against the definition, SciPy, closed forms, and the laws of morphology."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from rbo_core.ironing import contacts, dilation, envelope, iron, iron_landscape, iron_sweep, sample, sweep_field, touch
from tests.ironing import oracle

finite = st.floats(-50, 50, allow_nan=False, width=32).map(float)
curves = arrays(np.float64, st.integers(8, 60), elements=finite)
grids = arrays(np.float64, st.tuples(st.integers(6, 18), st.integers(6, 18)), elements=finite)
scale = st.sampled_from([1e-3, 1.0, 1e3])


class Analytic:
    """A landscape made of one formula."""

    def __init__(self, bounds, formula):
        self.bounds = np.asarray(bounds, float)
        self.formula = formula

    def value(self, x):
        return self.formula(*x.T)


def weierstrass_like(x):
    k = np.arange(1, 101) ** 2
    return np.sin(np.outer(x, k)) @ (1 / k)


@settings(max_examples=60)
@given(curves, st.floats(0.05, 2), st.floats(0.01, 0.99), scale)
def test_curve_is_the_definition(f, spacing, share, size):
    f, spacing = f * size, spacing * size
    radius = spacing * (1 + share * (f.size - 2))
    got = iron(f, spacing, radius)
    close_to = {"rtol": 1e-13, "atol": 1e-13 * (radius + np.abs(f).max())}
    np.testing.assert_allclose(got.center, oracle.dilate(f, spacing, radius), **close_to)
    np.testing.assert_allclose(got.closing, oracle.close(f, spacing, radius), **close_to)
    np.testing.assert_array_equal(got.ironed, got.center - radius)


@settings(max_examples=40)
@given(grids, st.tuples(st.floats(0.05, 2), st.floats(0.05, 2)), st.floats(0.01, 0.99))
def test_surface_is_the_definition(f, spacing, share):
    low = min(spacing)
    radius = low + share * (max((n - 1) * s for n, s in zip(f.shape, spacing, strict=True)) - low)
    got = iron(f, spacing, radius)
    close_to = {"rtol": 1e-13, "atol": 1e-13 * (radius + np.abs(f).max())}
    np.testing.assert_allclose(got.center, oracle.dilate(f, spacing, radius), **close_to)
    np.testing.assert_allclose(got.closing, oracle.close(f, spacing, radius), **close_to)


@pytest.mark.parametrize("shape", ["noise", "walk", "plane", "flat", "bump", "cliff"])
def test_every_kind_of_surface_agrees_with_scipy(shape):
    y, x = np.mgrid[0:70, 0:90].astype(float)
    rng = np.random.default_rng(3)
    f = {
        "noise": rng.normal(size=x.shape) * 4,
        "walk": rng.normal(size=x.shape).cumsum(axis=0).cumsum(axis=1) / 5,
        "plane": 0.7 * x - 2 * y,
        "flat": np.zeros_like(x),
        "bump": -((x - 40) ** 2 + (y - 30) ** 2) / 50,
        "cliff": 1e3 * (x > 45),
    }[shape]
    radius, reach = 12.3, 12
    u = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    cap = np.sqrt(np.maximum(radius**2 - u**2, 0))
    got = iron(f, 1.0, radius)  # 70 rows: the threaded path
    h = ndimage.grey_dilation(f, footprint=u <= radius, structure=cap, mode="constant", cval=-1e300)
    cl = ndimage.grey_erosion(h, footprint=u <= radius, structure=cap, mode="constant", cval=1e300)
    np.testing.assert_allclose(got.center, h, rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(got.closing, cl, rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("crop", [(0, 0), (4, 20), (30, 2)])
def test_direct_maximum_and_envelope_agree_bit_for_bit(monkeypatch, crop, sign, holes):
    rng = np.random.default_rng(3)
    f = np.cumsum(rng.normal(size=(70, 61)), axis=0)
    f[rng.random(f.shape) < holes] = -np.inf * sign
    found = []
    for direct in (0, 10**9):
        monkeypatch.setattr(dilation, "DIRECT" if sign > 0 else "DIRECT_UNDERSIDE", direct)
        found.append(dilation.dilate_grid(f, (1.0, 0.7), 9.3, crop, sign))
    np.testing.assert_array_equal(*found)


@settings(max_examples=40)
@given(curves, st.floats(0.2, 0.6), st.floats(1.05, 3))
def test_laws_on_curves(f, share, factor):
    spacing = 0.5
    radius = max(spacing, share * spacing * (f.size - 1) / factor)
    once = iron(f, spacing, radius)
    assert (once.closing >= f).all()
    assert (once.center >= f + radius).all()
    again = iron(once.closing, spacing, radius)
    np.testing.assert_allclose(again.closing, once.closing, atol=1e-10)
    np.testing.assert_allclose(again.center, once.center, atol=1e-10)
    if factor * radius < spacing * (f.size - 1):
        larger = iron(f, spacing, factor * radius)
        assert (larger.ironed >= once.ironed - 1e-10).all(), "a larger ball stands higher above the same contact"
        assert not (larger.reachable & ~once.reachable).any(), "what a ball cannot touch no larger ball can"


def test_radii_add_up_to_grid_error():
    errors = []
    for n in (401, 801, 1601, 3201):
        x, step = np.linspace(0, 4, n, retstep=True)
        f = np.sin(7 * x) + 0.3 * np.cos(23 * x)
        both = iron(iron(f, step, 0.3).center, step, 0.5).center
        inner = slice(n // 4, -n // 4)
        difference = iron(f, step, 0.8).center[inner] - both[inner]
        assert (difference >= -1e-12).all()  # grid centres only: two steps can only fall short of one
        errors.append(difference.max())
    slope = np.polyfit(np.log([4 / 400, 4 / 800, 4 / 1600, 4 / 3200]), np.log(errors), 1)[0]
    assert slope > 0.9, errors


def test_radii_add_up_on_surfaces():
    y, x = np.mgrid[0:4:161j, 0:4:161j]
    f = np.sin(5 * x) * np.cos(4 * y)
    step = 4 / 160
    both = iron(iron(f, step, 0.3).center, step, 0.4).center
    one = iron(f, step, 0.7).center
    assert np.abs(one - both)[40:-40, 40:-40].max() < step


@settings(max_examples=30)
@given(curves, st.floats(0.1, 0.9))
def test_reachable_samples_of_a_curve(f, share):
    spacing = 0.7
    radius = spacing * (1 + share * (f.size - 2))
    assume(abs(radius / spacing - round(radius / spacing)) > 1e-9)  # rounding decides whom a sample on the rim hinders
    mask = iron(f, spacing, radius).reachable
    left, right = oracle.centers_that_touch(f, spacing, radius).T
    room = (right - left) / radius
    assert mask[room > 1e-6].all()  # some centre touches this sample and enters nothing
    assert not mask[room < -1e-6].any()  # none does; nearer than that rounding decides


def test_gentle_bowl_is_reachable_everywhere_and_steep_one_is_not():
    x, step = np.linspace(-2, 2, 2001, retstep=True)
    assert iron(0.25 * x**2, step, 1.9).reachable.all()  # curvature ½ at most: every ball below radius 2 fits
    groove = iron(2 * x**2, step, 0.5)  # curvature 4 at the floor
    # the ball rests where the parabola a·x² and a circle of radius ρ touch: ρ² = x² + 1/(2a)², so |x| ≥ sqrt(ρ² − 1/16)
    edge = np.sqrt(0.5**2 - (1 / 4) ** 2)
    inner = np.abs(x) < 1
    np.testing.assert_array_equal(groove.reachable[inner], (np.abs(x) >= edge)[inner])
    floor = 2 * edge**2 + 0.25 - 0.5  # centre height of the resting ball, less ρ
    assert groove.closing[1000] == pytest.approx(floor, abs=1e-5)
    assert groove.ironed[1000] == pytest.approx(floor, abs=1e-5)


def test_gentle_bowl_surface_is_reachable_everywhere():
    y, x = np.mgrid[-2:2:121j, -2:2:121j]
    got = iron(0.25 * (x**2 + y**2), 4 / 120, 1.0)
    assert got.reachable[31:-31, 31:-31].all()
    steep = iron(2 * (x**2 + y**2), 4 / 120, 0.5)
    out = np.hypot(x, y)
    assert not steep.reachable[out < 0.4].any()
    assert steep.reachable[(out > 0.48) & (out < 1)].mean() > 0.97
    assert steep.unreachable_share == pytest.approx(1 - steep.reachable.mean())


def test_plane_is_lifted_by_the_secant():
    x, step = np.linspace(-5, 5, 4001, retstep=True)
    got = iron(0.75 * x, step, 1.0)
    inner = slice(500, -500)
    np.testing.assert_allclose(got.center[inner], 0.75 * x[inner] + 1.25, atol=2e-6)
    np.testing.assert_allclose(got.closing[inner], 0.75 * x[inner], atol=2e-6)


def test_minima_of_the_ironed_fractal():
    x, step = np.linspace(-1, 8, 40_001, retstep=True)
    radii = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    swept = iron_sweep(weierstrass_like(x), step, radii)
    lower = (swept.ironed[:, 1:-1] < swept.ironed[:, :-2]) & (swept.ironed[:, 1:-1] < swept.ironed[:, 2:])
    assert lower.sum(axis=1).tolist() == [797, 264, 99, 32, 14, 5]


@pytest.mark.parametrize("dim", [1, 2])
def test_sweep_equals_one_radius_at_a_time(dim):
    rng = np.random.default_rng(0)
    f = rng.normal(size=(300,) if dim == 1 else (40, 30)).cumsum(axis=0)
    radii = [4.0, 1.0, 2.5, 11.0]
    swept = iron_sweep(f, 1.0, radii, closing=True)
    np.testing.assert_array_equal(swept.radii, sorted(radii))
    for k, radius in enumerate(swept.radii):
        one = iron(f, 1.0, radius)
        np.testing.assert_allclose(swept.ironed[k], one.ironed, atol=1e-12)
        np.testing.assert_allclose(swept.closing[k], one.closing, atol=1e-12)
        np.testing.assert_array_equal(swept.reachable[k], one.reachable)
    touched = swept.last_touched
    np.testing.assert_array_equal(touched == 11.0, swept.reachable[-1])
    assert ((touched == 0) == ~swept.reachable.any(axis=0)).all()


def test_sweep_can_be_stopped():
    calls = []
    swept = iron_sweep(
        np.zeros(50), 1.0, [1, 2, 3, 4], progress=lambda done, total: calls.append((done, total)) or done == 2
    )
    assert calls == [(1, 4), (2, 4)]
    assert swept.ironed.shape == (2, 50)


def test_landscape_is_evaluated_beyond_its_window():
    def formula(x):
        return np.where(np.abs(x) > 1, 3.0, 0.0) - 0.1 * x

    got = iron_landscape(Analytic([[-1, 1]], formula), radius=0.5, n=401)
    x = got.axes[0]
    assert (x[0], x[-1]) == (-1, 1)
    wide, step = np.linspace(-3, 3, 1201, retstep=True)
    keep = slice(400, 801)
    twin = iron(formula(wide), step, 0.5)
    np.testing.assert_allclose(got.center, twin.center[keep], atol=1e-12)
    np.testing.assert_allclose(got.closing, twin.closing[keep], atol=1e-12)
    np.testing.assert_array_equal(got.reachable, twin.reachable[keep])
    assert got.center[-1] > 3, "the wall beyond the window must hold the ball up"


def test_surface_is_evaluated_beyond_its_window_on_both_axes():
    def formula(x, y):
        return np.sin(3 * x) + np.cos(2 * y) + 0.1 * x * y

    got = iron_landscape(Analytic([[-1, 1], [0, 3]], formula), radius=0.4, n=41, loss_scale=2.0)
    x, y = got.axes
    assert (x[0], x[-1], y[0], y[-1]) == (-1, 1, 0, 3)
    wide_x = -1 + np.arange(-40, 81) * 0.05
    wide_y = np.arange(-40, 81) * 0.075
    twin = iron(2 * formula(wide_x[:, None], wide_y[None, :]), (0.05, 0.075), 0.4)
    np.testing.assert_allclose(got.closing, twin.closing[40:-40, 40:-40], atol=1e-12)
    np.testing.assert_allclose(got.center, twin.center[40:-40, 40:-40], atol=1e-12)
    swept = sweep_field(sample(Analytic([[-1, 1], [0, 3]], formula), 41, 2.0, margin=0.4), [0.2, 0.4])
    np.testing.assert_allclose(swept.ironed[1], got.ironed, atol=1e-12)


def test_nothing_is_there_where_the_landscape_is_not_finite_outside():
    got = iron_landscape(Analytic([[0.5, 2]], lambda x: np.log(x)), radius=0.75, n=31)
    assert np.isfinite(got.center).all()
    assert np.isfinite(got.closing).all()
    hole = iron_landscape(Analytic([[0, 2]], lambda x: np.log(x)), radius=0.75, n=31)
    assert np.isnan(hole.heights[0])
    assert np.isfinite(hole.center[1:]).all()
    assert not hole.reachable[0]
    with pytest.raises(ValueError, match="a number somewhere on its window"):
        iron_landscape(Analytic([[-2, -1]], lambda x: np.log(x)), radius=0.75, n=31)


@pytest.mark.parametrize(
    ("heights", "spacing", "radius", "message"),
    [
        ([0.0, np.inf, 1.0], 1.0, 1.0, r"heights must be finite, got inf at index \(1,\)"),
        ([np.nan, -9999.0, np.nan], 1.0, 1.0, "at least one number, got only holes"),
        (np.full((3, 3), np.inf), 1.0, 1.0, "heights must be finite, got inf"),
        (np.zeros(9), 0.0, 1.0, "spacing must be positive and finite, got 0.0"),
        (np.zeros(9), -1.0, 1.0, "spacing must be positive and finite, got -1.0"),
        (np.zeros((9, 9)), (1.0, np.nan), 1.0, "spacing must be positive and finite, got nan"),
        (np.zeros((9, 9)), (1.0, 1.0, 1.0), 1.0, r"one per axis \(2\), got 3"),
        (np.zeros(9), 1.0, 0.0, "radius must be positive and finite, got 0.0"),
        (np.zeros(9), 1.0, -1.0, "radius must be positive and finite, got -1.0"),
        (np.zeros(9), 1.0, 8.5, "radius must be at most the window's longest side, 8, got 8.5"),
        (np.zeros((2, 2, 2)), 1.0, 1.0, "got shape"),
        (np.zeros(1), 1.0, 1.0, "at least 2 samples"),
        (np.broadcast_to(0.0, (4097, 4096)), 1.0, 9.0, r"4096² = 16,777,216 samples, got 4097 × 4096 .* about 1.1 GB"),
    ],
)
def test_bad_input_is_named(heights, spacing, radius, message):
    with pytest.raises(ValueError, match=message):
        iron(heights, spacing, radius)


def test_bad_landscape_input_is_named():
    surface = Analytic([[0, 1]], lambda x: x)
    with pytest.raises(ValueError, match="radius must be at most the window's longest side, 1, got 2"):
        iron_landscape(surface, radius=2.0, n=11)
    with pytest.raises(ValueError, match="radius must be positive and finite, got -1"):
        iron_landscape(surface, radius=-1.0, n=11)
    with pytest.raises(ValueError, match="n must be at least 2"):
        iron_landscape(surface, radius=0.1, n=1)
    with pytest.raises(ValueError, match="loss_scale must be positive, got 0"):
        iron_landscape(surface, radius=0.1, n=11, loss_scale=0)
    with pytest.raises(ValueError, match="1 or 2 dimensions"):
        iron_landscape(Analytic([[0, 1]] * 3, lambda *x: x[0]), radius=0.1)
    with pytest.raises(ValueError, match="radii must hold at least one"):
        iron_sweep(np.zeros(5), 1.0, [])


def test_radius_below_the_grid_warns_and_irons_nothing():
    f = np.random.default_rng(1).normal(size=30)
    with pytest.warns(UserWarning, match=r"radius 0.5 is below one grid spacing \(1\): nothing is ironed"):
        got = iron(f, 1.0, 0.5)
    np.testing.assert_array_equal(got.center, f + 0.5)
    np.testing.assert_allclose(got.closing, f)
    assert got.reachable.all()


def test_input_is_left_alone_and_integers_are_welcome():
    f = np.arange(12).reshape(3, 4)
    keep = f.copy()
    assert iron(f, (1, 2), 1.5).center.dtype == np.float64
    np.testing.assert_array_equal(f, keep)


@pytest.mark.parametrize(("radius", "share"), [(0.1, 0.02), (0.3, 0.02)])
def test_mask_of_an_extruded_curve_is_the_curves_exact_mask(radius, share):
    x, step = np.linspace(-3, 3, 601, retstep=True)
    f = 0.25 * x**2 + 0.15 * np.cos(2 * np.pi * x / 0.3)
    curve = iron(f, step, radius).reachable
    m = int(radius / step) + 2
    surface = iron(np.repeat(f[:, None], 2 * m + 3, axis=1), step, radius).reachable[:, m + 1]
    inner = slice(m, -m)
    assert not (surface & ~curve)[inner].any(), "a sample no ball can touch was called reachable"
    assert (curve & ~surface)[inner].mean() <= share


@pytest.mark.parametrize("radius", [0.4, 1.0, 5.0, 17.3, 40.0, 41.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_curves_direct_maximum_is_the_envelopes_to_the_last_bit(radius: float, sign: float) -> None:
    f = np.cumsum(np.random.default_rng(3).normal(size=400))
    f[[0, 57, 58, 399]] = -sign * np.inf  # nothing there
    for crop in (0, 30):
        expected = envelope.dilate_row(f, 1.0, radius, crop, sign)[0]
        np.testing.assert_array_equal(dilation.dilate_curve(f, 1.0, radius, crop, sign), expected)


@given(st.integers(0, 10**6), st.floats(3.0, 20.0), st.floats(0.0, 4.0), st.sampled_from([0, 4]), st.booleans())
@settings(max_examples=40)
def test_samples_ruled_out_by_their_gap_are_those_that_no_centre_touches(seed, radius, height, pad, holed):
    """The bound on a touched sample's gap against the search for a centre at every sample."""
    f = _ruled_out_on(seed, height)
    if holed:
        f[20:23, 10:15] = -np.inf
    pads, half = (pad, pad), (pad // 2, pad // 2)
    wide, contact = dilation.dilate_grid_with_contacts(f, (1.0, 0.8), radius, half)
    closing = -dilation.dilate_grid(wide, (1.0, 0.8), radius, half, sign=-1.0)
    ground = f[pad : f.shape[0] - pad, pad : f.shape[1] - pad]
    gap = np.where(np.isfinite(ground), np.maximum(closing, ground) - ground, 0.0)
    quick = touch.touched(f, contact, gap, (1.0, 0.8), radius, pads, half)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(touch, "_most_gap", lambda *_: np.full((9, 9), np.inf))
        everywhere = touch.touched(f, contact, gap, (1.0, 0.8), radius, pads, half)
    np.testing.assert_array_equal(quick, everywhere)


def test_a_gap_rules_most_samples_of_deep_wrinkles_out():
    f = _ruled_out_on(0, 4.0)
    wide, contact = dilation.dilate_grid_with_contacts(f, (1.0, 1.0), 20.0)
    gap = -dilation.dilate_grid(wide, (1.0, 1.0), 20.0, sign=-1.0) - f
    most = touch._most_gap(contact, f.shape[1], (1.0, 1.0), 20.0, (0, 0), (0, 0), gap.shape)
    assert (gap > np.kron(most, np.ones((16, 16)))).mean() > 0.3


def _ruled_out_on(seed, height):
    """(80, 64) wrinkles so high, and a little roughness on them."""
    y, x = np.mgrid[0:80, 0:64]
    rough = np.random.default_rng(seed).normal(0.0, 0.1, x.shape)
    return height * np.cos(0.5 * x) * np.cos(0.4 * y) + rough


def test_a_ball_is_carried_by_a_sample_beside_the_window_where_that_reaches_it(monkeypatch):
    """The kernel as Python, where an index outside an array is an error: compiled, it reads what lies there."""
    monkeypatch.setattr(contacts, "_carriers", contacts._carriers.py_func)
    rng = np.random.default_rng(5)
    f, half, spacing, radius = 0.1 * rng.normal(size=(26, 27)), (9, 8), (0.1, 0.1), 0.65
    f[13, 3] = 0.5  # beside the window, it carries the nearest balls of its own row and none of those further up
    wide, _, carrier = contacts.sweep_of_ball(f, spacing, radius, half)
    rows, columns = np.divmod(carrier, f.shape[1])
    there = np.indices(wide.shape) + np.reshape(half, (2, 1, 1))
    away = 0.01 * ((rows - there[0]) ** 2 + (columns - there[1]) ** 2)
    assert carrier.min() >= 0 and away.max() <= radius**2
    np.testing.assert_allclose(f[rows, columns] + np.sqrt(radius**2 - away), wide, atol=1e-12)
