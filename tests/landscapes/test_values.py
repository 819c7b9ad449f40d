"""The compiled kernels against torch twins and autograd, central differences, SciPy's splines and one-sided slopes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import landscapes
from tests.landscapes.cases import CASES, every_surface, random_parameters, random_points
from tests.landscapes.twins import TWINS

TWINNED = [(name, dim) for name, dim in CASES if name in TWINS]
SPLINES = [(name, dim) for name, dim in CASES if name not in TWINS]


def slope_scale(surface, g):
    """How large gradients are on this surface, for relative tolerances."""
    return max(1.0, float(np.abs(g).max()))


def assert_equals_twin(surface, x):
    f, g = surface.value_and_grad(x)
    t = torch.tensor(x, requires_grad=True)
    twin = TWINS[surface.name](t, surface.parameters, surface)
    (gradient,) = torch.autograd.grad(twin.sum(), t)
    # Rounding of an argument ωx shows as slope times eps; the finest scales set it.
    np.testing.assert_allclose(f, twin.detach().numpy(), rtol=1e-11, atol=1e-10)
    np.testing.assert_allclose(g, gradient.numpy(), rtol=1e-9, atol=1e-9 * slope_scale(surface, g))


@pytest.mark.parametrize(("name", "dim"), TWINNED)
def test_value_and_gradient_equal_the_twin_and_autograd_inside_and_outside_the_window(name, dim):
    surface = landscapes.get(name, dim=dim)
    assert_equals_twin(surface, random_points(surface, 300, margin=3.0))


@settings(max_examples=60)
@given(case=st.sampled_from(TWINNED), seed=st.integers(0, 10**6))
def test_value_and_gradient_equal_the_twin_for_any_parameters(case, seed):
    name, dim = case
    surface = landscapes.get(name, dim=dim, **random_parameters(name, dim, np.random.default_rng(seed)))
    assert_equals_twin(surface, random_points(surface, 20, seed))


def test_every_surface_is_held_to_a_twin_or_a_spline():
    assert {name for name, _ in SPLINES} == {"fractional_brownian", "spectral_noise"}


@pytest.mark.parametrize(("name", "dim"), SPLINES)
def test_spline_surfaces_equal_scipys_spline(name, dim):
    surface = landscapes.get(name, dim=dim)
    x = random_points(surface, 400, margin=3.0)
    c, rate = surface.setup.p
    coefficients = surface.setup.t if dim == 2 else surface.setup.t[0]
    where = (x * rate).T[::-1]  # the table's rows run along y
    field = ndimage.map_coordinates(coefficients, where, order=3, mode="grid-wrap", prefilter=False)
    np.testing.assert_allclose(surface.value(x), c * (x**2).sum(1) + field, rtol=1e-12, atol=1e-12)


@every_surface
def test_gradient_equals_central_differences(name, dim):
    surface = landscapes.get(name, dim=dim)
    x = random_points(surface, 200, seed=1)
    if name in ("corduroy", "v_valley"):
        x = x[np.abs(x[:, 0] - np.round(x[:, 0])) > 1e-3]  # away from the kinks
    g = surface.value_and_grad(x)[1]
    h = 1e-4 * surface.finest_scale
    for j in range(dim):
        step = np.zeros(dim)
        step[j] = h
        slope = (surface.value(x + step) - surface.value(x - step)) / (2 * h)
        np.testing.assert_allclose(g[:, j], slope, atol=2e-6 * slope_scale(surface, g))


@pytest.mark.parametrize("crest", [-3, -1, 0, 2])
@pytest.mark.parametrize("dim", [1, 2])
def test_corduroy_at_a_crest_has_the_slope_to_its_right(crest, dim):
    surface = landscapes.get("corduroy", dim=dim, slope=0.5, width=1.25, depth=0.8)
    x = np.full((1, dim), 1.25 * crest)
    f, g = surface.value_and_grad(x)
    assert f[0] == pytest.approx(0.5 * 1.25 * crest + (dim - 1) * 0.05 * (1.25 * crest) ** 2, abs=1e-15)
    assert g[0, 0] == pytest.approx(0.5 - 0.8 * np.pi / 1.25, rel=1e-12)
    h = np.eye(1, dim) * 1e-7
    assert (surface.value(x + h) - f)[0] / 1e-7 == pytest.approx(g[0, 0], abs=1e-6)
    assert (f - surface.value(x - h))[0] / 1e-7 == pytest.approx(0.5 + 0.8 * np.pi / 1.25, abs=1e-6)


def test_v_valley_has_the_slope_to_its_right_at_the_kink():
    surface = landscapes.get("v_valley", slope=0.7)
    assert surface.value_and_grad([[0.0], [-1.0], [1.0]])[1].ravel().tolist() == [0.7, -0.7, 0.7]


@pytest.mark.parametrize("dim", [1, 2])
def test_ackleys_tip_has_zero_gradient_between_opposite_slopes(dim):
    surface = landscapes.get("ackley", dim=dim)
    assert surface.value_and_grad(np.zeros((1, dim)))[1].tolist() == [[0.0] * dim]
    h = np.eye(1, dim) * 1e-7
    right, left = surface.value(h)[0] / 1e-7, surface.value(-h)[0] / -1e-7
    assert right == pytest.approx(0.2 * 20 * 0.2 / np.sqrt(dim), rel=1e-4)
    assert left == pytest.approx(-right, rel=1e-6)


def test_wrinkled_bowl_has_the_constants_of_the_default_demo():
    x = np.linspace(-3, 3, 101)
    f = 0.25 * x**2 + 0.15 * np.cos(2 * np.pi * x / 0.3) + 0.075 * np.cos(4.6 * np.pi * x / 0.3 + 1)
    np.testing.assert_allclose(landscapes.get("wrinkled_bowl").value(x[:, None]), f, atol=1e-13)
    assert landscapes.names()[0] == "wrinkled_bowl"


def test_weierstrass_like_recurrence_keeps_ten_digits_over_100_harmonics():
    surface = landscapes.get("weierstrass_like", terms=100)
    x = np.linspace(-1, 8, 2001)
    k = np.arange(1, 101)
    g = surface.value_and_grad(x[:, None])[1][:, 0]
    np.testing.assert_allclose(g, np.cos(k**2 * x[:, None]).sum(1), atol=1e-10)


def test_weierstrass_like_has_the_797_minima_of_the_finest_ironing_and_more():
    """DESIGN counts 797 minima once a ball of 0.003 has ironed the curve; untouched it has more."""
    f = landscapes.get("weierstrass_like", terms=100).value(np.linspace(-1, 8, 40_001)[:, None])
    assert np.count_nonzero((f[1:-1] < f[:-2]) & (f[1:-1] < f[2:])) > 797


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("ratio", [20.0, 100.0, 1000.0])
def test_wells_are_equally_deep_and_curved_by_the_ratio(dim, ratio):
    surface = landscapes.get("sharp_flat_wells", dim=dim, ratio=ratio)
    wells = np.zeros((2, dim))
    wells[:, 0] = 1.5, -1.5
    assert surface.value(wells).tolist() == [0.0, 0.0]
    h = 1e-5
    for axis in range(dim):
        step = np.eye(dim)[axis] * h
        flat, sharp = (surface.value(wells + step) + surface.value(wells - step)) / h**2
        assert flat == pytest.approx(0.8, rel=1e-4)
        assert sharp / flat == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize("condition", [1.0, 30.0, 1000.0])
def test_ravine_has_its_condition_number(condition):
    surface = landscapes.get("ravine", dim=2, condition=condition, angle=37.0)
    hessian = surface.value_and_grad(np.eye(2))[1]  # the gradient is linear
    low, high = np.linalg.eigvalsh(hessian)
    assert high / low == pytest.approx(condition, rel=1e-10)


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("dim", [1, 2])
def test_fractional_brownian_increments_grow_with_the_hurst_exponent(hurst, dim):
    """E (f(x + r) − f(x))² ∝ r^2H for distances between the finest wavelength and the period."""
    lags = np.array([0.1, 0.2, 0.4]) if dim == 1 else np.array([0.25, 0.5, 1.0])
    squares = np.zeros(3)
    for seed in range(12):
        surface = landscapes.get("fractional_brownian", dim=dim, hurst=hurst, seed=seed, harmonics=1024 // dim**2)
        x = random_points(surface, 4000, seed)
        shift = np.eye(1, dim)
        squares += [np.mean((surface.value(x + r * shift) - surface.value(x)) ** 2) for r in lags]
    slope = np.polyfit(np.log(lags), np.log(squares), 1)[0]
    assert slope / 2 == pytest.approx(hurst, abs=0.08)


@pytest.mark.parametrize("dim", [1, 2])
def test_spectral_noise_has_its_deviation_and_only_its_band_of_wavelengths(dim):
    n = 512
    axis = np.arange(n) * (12.0 / n)
    grid = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), -1).reshape(-1, dim)
    power, variances = 0.0, []
    for seed in range(8):
        surface = landscapes.get("spectral_noise", dim=dim, steepness=0.0, amplitude=0.2, wavelength=0.5, seed=seed)
        noise = surface.value(grid).reshape((n,) * dim)
        power = power + np.abs(np.fft.fftn(noise)) ** 2
        variances.append(noise.var())
    k = np.sqrt(sum(np.meshgrid(*[np.fft.fftfreq(n, 1 / n) ** 2] * dim)))
    inside = (k >= 5.99) & (k <= 24.01)  # 12/(4 · 0.5) to 12/0.5 waves in the period
    assert power[~inside].sum() < 1e-4 * power.sum()
    assert np.sqrt(np.mean(variances)) == pytest.approx(0.2, rel=0.15)


@pytest.mark.parametrize("dim", [1, 2])
def test_more_detail_leaves_the_coarse_shape_alone(dim):
    settings = [{"hurst": 0.9, "harmonics": count} for count in (32, 256)]
    coarse, fine = (landscapes.get("fractional_brownian", dim=dim, **setting) for setting in settings)
    x = random_points(coarse, 500)
    assert 0 < np.std(fine.value(x) - coarse.value(x)) < 0.1 * np.std(coarse.value(x))


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("name", ["gaussian_pits", "spectral_noise", "value_noise", "fractional_brownian"])
def test_seed_decides_the_surface(name, dim):
    x = random_points(landscapes.get(name, dim=dim), 50)
    once, again, other = (landscapes.get(name, dim=dim, seed=seed).value(x) for seed in (3, 3, 4))
    assert np.array_equal(once, again)
    assert not np.allclose(once, other)


def test_a_thousand_pits_lie_inside_the_window():
    for dim in (1, 2):
        pits = landscapes.get("gaussian_pits", dim=dim).setup.t
        assert np.count_nonzero(np.abs(pits).max(axis=1) <= 3.0) == 1000


@every_surface
def test_finest_scale_is_honest(name, dim):
    """Sixteen samples a finest scale pin the curve down: a spline through them is off by less than 2 % of its range."""
    from scipy.interpolate import CubicSpline

    surface = landscapes.get(name, dim=dim)
    low, high = surface.bounds.T
    for axis in range(dim):
        through = np.repeat(surface.start[None], 1, axis=0)
        n = int(np.ceil((high[axis] - low[axis]) / surface.finest_scale * 16)) + 1
        s = np.linspace(low[axis], high[axis], n)
        fine = np.linspace(low[axis], high[axis], 7 * n)
        line, dense = np.repeat(through, n, axis=0), np.repeat(through, 7 * n, axis=0)
        line[:, axis], dense[:, axis] = s, fine
        f = surface.value(dense)
        error = np.abs(CubicSpline(s, surface.value(line))(fine) - f).max()
        assert error < 0.02 * np.ptp(f)


def test_two_dimensional_fractal_is_coarse_enough_to_draw():
    surface = landscapes.get("weierstrass_like", dim=2)
    assert surface.finest_scale >= np.ptp(surface.bounds[0]) / 150
