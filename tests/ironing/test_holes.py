"""Holes are "nothing is there"; what one should be told; opening and alternating filters; the relatives' numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import ndimage

from rbo_core.ironing import (
    Field,
    alternating_sequential_filter,
    basins,
    field_crests,
    iron,
    iron_sweep,
    measure_sweep,
    nesting_radii,
    no_data_value,
    opening,
)
from rbo_core.ironing.family import disc_maximum, local_entropy

RNG = np.random.default_rng(3)
CURVE = np.cumsum(RNG.normal(0, 0.1, 400))
GRID = ndimage.gaussian_filter(RNG.normal(0, 4, (60, 70)), 2)


def _hole(f: np.ndarray, mark: float) -> tuple[np.ndarray, np.ndarray]:
    """The heights with a hole in the middle, and every sample's distance from it in samples."""
    hole = np.zeros(f.shape, bool)
    hole[tuple(slice(n // 2 - 3, n // 2 + 4) for n in f.shape)] = True
    return np.where(hole, mark, f), ndimage.distance_transform_edt(~hole)


@pytest.mark.parametrize("f", [CURVE, GRID], ids=["curve", "surface"])
@pytest.mark.parametrize("mark", [np.nan, -9999.0, -32768.0, 3.4028234663852886e38, -3.4e38])
def test_far_from_a_hole_the_ground_is_as_without_it_and_no_ball_touches_it(f: np.ndarray, mark: float) -> None:
    radius = 6.0
    holed, away = _hole(f, mark)
    got, whole = iron(holed, 1.0, radius), iron(f, 1.0, radius)
    far, farther = away > radius, away > 2 * radius
    assert np.array_equal(got.ironed[far], whole.ironed[far])
    assert np.array_equal(got.closing[farther], whole.closing[farther])
    assert np.array_equal(got.reachable[farther], whole.reachable[farther])
    hole = away == 0
    for values in (got.heights, got.center, got.ironed, got.closing):
        assert np.isnan(values[hole]).all()
        assert np.isfinite(values[~hole]).all()
    assert not got.reachable[hole].any()
    assert got.unreachable_share == pytest.approx(1 - got.reachable[~hole].mean())
    # What lies in the end zone is all that may differ.
    assert not (got.ironed != whole.ironed)[~hole & ~got.end_zone].any()
    assert not (got.closing != whole.closing)[~hole & ~got.closing_end_zone].any()
    if np.isnan(mark):
        assert got.concerns == ()
    else:
        assert "is taken as no data" in got.concerns[0]
        assert no_data_value(holed) == pytest.approx(mark)


def test_the_end_zones_are_one_and_two_radii_wide() -> None:
    got = iron(np.zeros(101), 0.5, 4.0)
    assert np.flatnonzero(~got.end_zone).tolist() == list(range(8, 93))
    assert np.flatnonzero(~got.closing_end_zone).tolist() == list(range(16, 85))
    # A wall just beyond the end would have held the ball up: the lower bound is no more than that.
    walled = iron(np.append(np.zeros(101), 9.0), 0.5, 4.0)
    inside = ~got.end_zone
    assert np.array_equal(walled.ironed[:101][inside], got.ironed[inside])
    assert (walled.ironed[:101] >= got.ironed).all()


def test_no_basin_and_no_measure_counts_a_hole() -> None:
    f = np.array([3.0, 1.0, 2.0, np.nan, 2.0, 0.0, 3.0])
    found = basins(f)
    assert found.floor.tolist() == [5, 1]
    assert np.isinf(found.death).all()  # the hole cuts them off from each other
    holed, _ = _hole(GRID, np.nan)
    measures = measure_sweep(iron_sweep(holed, 1.0, [2.0, 6.0]))
    whole = measure_sweep(iron_sweep(GRID, 1.0, [2.0, 6.0])).columns()
    for name, column in measures.columns().items():
        assert np.isfinite(column[np.isfinite(whole[name])]).all(), name
    assert measures.oscillation[0] == np.nanmax(holed) - np.nanmin(holed)


def test_a_reader_is_told_of_flat_discs_idle_balls_and_units() -> None:
    wave = np.sin(np.linspace(0, 6, 200))
    assert iron(wave, 0.1, 0.5).concerns == ()
    assert "flat disc" in iron(3000 * wave, 0.1, 1.0).concerns[0]
    assert "it does nothing" in iron(0.0125 * wave, 0.5, 0.5).concerns[0]
    (said,) = iron(wave, 0.1, 0.5, units=("degrees", "m")).concerns
    assert "spacing is in degrees and heights are in m" in said
    assert "111.2 km" in said
    assert iron(wave, 0.1, 0.5, units=("m", "M")).concerns == ()
    low = np.where(np.arange(200) == 50, -9999.0, wave)
    assert np.isfinite(iron(low, 0.1, 0.5, no_data=np.nan).heights).all()
    assert np.isnan(iron(wave, 0.1, 0.5, no_data=float(wave[7])).heights[7])


@pytest.mark.parametrize("f", [CURVE, GRID], ids=["curve", "surface"])
def test_opening_is_scipys_and_idempotent(f: np.ndarray) -> None:
    radius = 4.0
    reach = int(radius)
    away = sum(a**2 for a in np.meshgrid(*[np.arange(-reach, reach + 1)] * f.ndim, indexing="ij"))
    ball = np.sqrt(np.maximum(radius**2 - away, 0))
    theirs = ndimage.grey_opening(f, footprint=away <= radius**2, structure=ball)
    inner = tuple(slice(2 * reach + 1, -2 * reach - 1) for _ in f.shape)
    ours = opening(f, 1.0, radius)
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=1e-12)
    assert (ours <= f).all()
    np.testing.assert_allclose(opening(ours, 1.0, radius)[inner], ours[inner], atol=1e-12)


def test_the_alternating_filter_takes_narrow_peaks_and_pits_and_leaves_wide_ones() -> None:
    x = np.linspace(0, 40, 801)
    wide = 0.5 * np.sin(2 * np.pi * x / 20)
    f = wide + np.where(np.arange(801) % 97 == 50, 1.0, 0.0) - np.where(np.arange(801) % 89 == 20, 1.0, 0.0)
    left = alternating_sequential_filter(f, 0.05, nesting_radii(0.1, 2.0))
    assert np.abs(left - wide)[60:-60].max() < 0.05
    assert np.abs(f - wide).max() == 1.0


def test_radii_run_in_the_series_1_2_5() -> None:
    assert nesting_radii(0.02, 10).tolist() == [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert nesting_radii(0.03, 0.6).tolist() == [0.05, 0.1, 0.2, 0.5]
    with pytest.raises(ValueError, match="from a positive to a larger one, got 2 to 1"):
        nesting_radii(2, 1)


def test_upside_down_it_is_the_rolling_ball_of_image_processing() -> None:
    from skimage.restoration import rolling_ball

    image = ndimage.gaussian_filter(RNG.uniform(0, 200, (40, 50)), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rolling_ball(image, radius=7)
    np.testing.assert_allclose(-iron(-image, 1.0, 7.0).ironed, theirs, atol=1e-9)


def test_smoothings_look_past_a_hole_and_crests_end_at_it() -> None:
    x = np.linspace(-3, 3, 601)
    f = np.where(np.abs(x) < 1, np.nan, 0.4)
    flat = Field(f, (0,), (0.01,), (x,))
    for smooth in (disc_maximum, local_entropy):
        found = smooth(flat, 0.3)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(f))
        np.testing.assert_allclose(found[np.isfinite(f)], 0.4, atol=1e-12)
    waves = np.where(np.abs(x) < 1, np.nan, np.cos(2 * np.pi * x))
    found = field_crests(Field(waves, (0,), (0.01,), (x,)))
    assert {-2.0, 2.0} <= set(np.round(found.position, 6).tolist())
    assert (np.abs(found.position) >= 1 - 1e-9).all()
