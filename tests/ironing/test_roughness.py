"""Measures of roughness against closed forms and processes with a known law."""

import numpy as np
import pytest

import landscapes
from rbo_core.ironing import (
    blur,
    crest_change,
    dimension,
    equal_blur,
    fractal_dimension,
    iron_landscape,
    largest_slope,
    measure,
    oscillation,
    power_law,
    sample,
    sampling_error,
    spectrum,
    total_variation,
)
from rbo_core.ironing.plane import fit_plane
from rbo_core.ironing.roughness import measure_sweep
from tests.ironing.test_morphology import Analytic, weierstrass_like


def fractional_brownian(hurst, n, seed):
    """Exact samples on a grid (Davies and Harte 1987): circulant embedding of the increments' covariance."""
    k = np.arange(n + 1.0)
    cov = 0.5 * (np.abs(k + 1) ** (2 * hurst) - 2 * k ** (2 * hurst) + np.abs(k - 1) ** (2 * hurst))
    eigen = np.fft.fft(np.concatenate([cov, cov[-2:0:-1]])).real.clip(0)
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(2, eigen.size))
    return np.fft.fft(np.sqrt(eigen / eigen.size) * (draws[0] + 1j * draws[1])).real[:n].cumsum()


def test_sine():
    x, step = np.linspace(0, 10, 10_001, retstep=True)
    f = 0.3 * np.sin(2 * np.pi * x)
    assert total_variation(f, (step,)) == pytest.approx(4 * 0.3 * 10, rel=1e-4)
    assert largest_slope(f, (step,)) == pytest.approx(0.6 * np.pi, rel=1e-4)
    assert oscillation(f) == pytest.approx(0.6, rel=1e-6)
    assert fractal_dimension(f) == pytest.approx(1, abs=0.02)


def test_plane():
    x = np.arange(30)[:, None] * 0.5
    y = np.arange(20)[None, :] * 0.25
    f = 3 * x - 4 * y + 7
    assert largest_slope(f, (0.5, 0.25)) == pytest.approx(5)
    assert total_variation(f, (0.5, 0.25)) == pytest.approx(5 * 14.5 * 4.75)
    plane = fit_plane(f, (0.5, 0.25))
    np.testing.assert_allclose(plane.slope, [3, -4])
    np.testing.assert_allclose(plane.values, f)
    assert fractal_dimension(f) == pytest.approx(2, abs=1e-9)
    assert fractal_dimension(np.zeros((40, 40))) == 2


@pytest.mark.parametrize("hurst", [0.3, 0.5, 0.8])
def test_fractional_brownian_motion(hurst):
    paths = [fractional_brownian(hurst, 2**14, seed) for seed in range(8)]
    assert np.mean([fractal_dimension(p) for p in paths]) == pytest.approx(2 - hurst, abs=0.05)
    assert np.mean([spectrum(p, (0.01,)).slope for p in paths]) == pytest.approx(-(2 * hurst + 1), abs=0.2)


@pytest.mark.parametrize(("dim", "n", "tolerance"), [(1, 4001, 0.15), (2, 257, 0.3)])
@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
def test_band_limited_ground_is_measured_below_its_band_limit(hurst, dim, n, tolerance):
    # Spectral density k^−(2H+d) up to the shortest wavelength and nothing above it; dimension d + 1 − H down to there.
    slopes, found = [], []
    for seed in range(1, 9 if dim == 1 else 4):
        field = sample(landscapes.get("fractional_brownian", dim=dim, hurst=hurst, seed=seed), n)
        slopes.append(spectrum(field.heights, field.spacing, field.finest).slope)
        found.append(dimension(field.heights, field.spacing, field.finest))
    assert np.mean(slopes) == pytest.approx(-(2 * hurst + dim), abs=tolerance)
    assert np.mean([one.value for one in found]) == pytest.approx(dim + 1 - hurst, abs=0.08 if dim == 1 else 0.15)
    if dim == 1:
        inside = [one.low <= 2 - hurst <= one.high for one in found]
        assert np.mean(inside) >= 0.6
        assert all(0.02 < one.high - one.low < 0.6 for one in found)
    # Past the band limit the same data read as smooth ground: what the numbers above must not do.
    past = np.mean([spectrum(field.heights, field.spacing).slope])
    assert past < np.mean(slopes) - 0.4 or dim == 2


def test_smooth_ground_has_no_fractal_range():
    field = sample(landscapes.get("wrinkled_bowl", dim=1), 4001)
    assert dimension(field.heights, field.spacing, field.finest).value == pytest.approx(1.0, abs=0.05)


def test_white_noise_spectrum_is_flat_and_holds_the_variance():
    rng = np.random.default_rng(0)
    many = [spectrum(rng.normal(size=2**13), (0.1,)) for _ in range(16)]
    assert np.mean([s.slope for s in many]) == pytest.approx(0, abs=0.05)
    one = many[0]
    assert np.trapezoid(one.power, one.frequency) == pytest.approx(1, rel=0.05)
    two = spectrum(rng.normal(size=(256, 200)), (0.1, 0.2))
    assert two.slope == pytest.approx(0, abs=0.1)
    assert two.power.mean() == pytest.approx(0.1 * 0.2, rel=0.05)  # variance · cell area
    assert fractal_dimension(rng.normal(size=4096)) == pytest.approx(2, abs=0.02)


def test_a_sine_peaks_at_its_wave_number():
    x, step = np.linspace(0, 16, 1601, retstep=True)
    for surface, steps in (
        (np.sin(2 * np.pi * 2.5 * x), (step,)),
        (np.sin(2 * np.pi * 2.5 * x[:, None] + 0 * x[None, :]), (step, step)),
    ):
        found = spectrum(surface, steps)
        assert found.frequency[found.power.argmax()] == pytest.approx(2.5, abs=0.07)


def test_measures_fall_with_the_radius():
    field = sample(Analytic([[-1, 8]], weierstrass_like), 4001, margin=1.0)
    radii = np.geomspace(0.01, 1, 9)
    done = []
    found = measure(field, radii, threshold=0.0, progress=lambda k, n: done.append((k, n)))
    assert done[-1] == (9, 9)
    np.testing.assert_allclose(found.radius, [0, *radii])
    for name in ("minima", "basins", "total_variation", "largest_slope"):
        values = getattr(found, name)
        assert (np.diff(values) <= 1e-9 * values[0]).all(), name
    assert (np.diff(found.unreachable) >= 0).all()
    assert found.unreachable[0] == 0
    # Riemann's function: the graph has dimension 5/4 (Chamizo and Córdoba 1999)
    assert found.fractal_dimension[0] == pytest.approx(1.25, abs=0.02)
    assert found.fractal_dimension[-1] < 1.1
    exponent, factor = power_law(found.radius, found.basins)
    assert -1.3 < exponent < -0.7
    assert factor > 0
    text = found.to_csv().splitlines()
    assert text[0].startswith("radius,minima,basins,total_variation")
    table = np.array([[float(v) for v in line.split(",")] for line in text[1:]])
    np.testing.assert_array_equal(table[:, 2], found.basins)


def test_the_sampling_error_is_what_fewer_samples_lose():
    surface = landscapes.get("weierstrass_like", dim=1)
    coarse, fine = (iron_landscape(surface, 0.02, n=n) for n in (8001, 128001))
    missed = float((fine.center[::16] - coarse.center).max())
    assert missed > 0.5 * 0.02  # eight thousand samples for fourteen thousand waves: h is off by more than half a ρ
    assert missed < sampling_error(coarse) < 2.5 * missed
    assert sampling_error(fine) < 0.05 * 0.02
    # A ball of this radius cannot touch 92 % of the curve; the coarse samples said 74 %.
    assert coarse.unreachable_share < 0.8
    assert fine.unreachable_share == pytest.approx(0.92, abs=0.01)


def test_default_threshold_is_stated():
    field = sample(Analytic([[0, 1]], lambda x: 5 * x), 101, margin=0.1)
    assert measure(field, [0.1]).threshold == pytest.approx(5e-3)


def test_power_law():
    exponent, factor = power_law([1, 2, 4, 8], [24, 12, 6, 3])
    assert (exponent, factor) == (pytest.approx(-1), pytest.approx(24))
    with pytest.raises(ValueError, match="two radii"):
        power_law([1, 1], [3, 4])


def test_blur_of_equal_strength_lowers_the_crests_and_the_ball_keeps_them():
    surface = Analytic([[-3, 3]], lambda x: 0.25 * x**2 + 0.15 * np.cos(2 * np.pi * x / 0.3))
    ball = iron_landscape(surface, 0.05, n=1501)
    field = sample(surface, 1501, margin=0.4)
    got = equal_blur(field, ball.ironed)
    assert total_variation(got.heights, field.spacing) == pytest.approx(
        total_variation(ball.ironed, field.spacing), rel=2e-3
    )
    assert crest_change(ball.heights, ball.ironed, 0.05) == pytest.approx(0, abs=1e-3)
    assert crest_change(ball.heights, got.heights, 0.05) < -0.01


def test_blur_of_a_sine_is_the_closed_form():
    surface = Analytic([[-3, 3]], lambda x: np.sin(2 * np.pi * x))
    field = sample(surface, 1201, margin=1.0)
    np.testing.assert_allclose(
        blur(field, 0.1), np.exp(-2 * (np.pi * 0.1) ** 2) * np.sin(2 * np.pi * field.axes[0]), atol=2e-4
    )
    border = sample(Analytic([[0, 1]], lambda x: np.where(x < 0, np.nan, x)), 101, margin=0.2)
    assert np.isfinite(blur(border, 0.05)).all()


def test_bad_threshold():
    from rbo_core.ironing import iron_sweep

    with pytest.raises(ValueError, match="threshold must be ≥ 0 and finite, got -1"):
        measure_sweep(iron_sweep(np.zeros(9), 1.0, [2.0]), threshold=-1)
