"""Basins against gudhi, and by hand."""

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rbo_core.ironing import basins, iron_sweep, local_minima

levels = st.integers(-6, 6).map(float)  # few levels: many ties
heights = st.one_of(
    arrays(np.float64, st.integers(1, 60), elements=levels),
    arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=levels),
    arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.floats(-5, 5, width=32).map(float)),
)


@settings(max_examples=150)
@given(heights)
def test_pairs_are_gudhis(f):
    cells = gudhi.CubicalComplex(top_dimensional_cells=f)
    cells.compute_persistence()
    theirs = cells.persistence_intervals_in_dimension(0)
    theirs = theirs[theirs[:, 1] > theirs[:, 0]]
    ours = basins(f)
    mine = np.stack([ours.birth, ours.death], axis=1)
    order = lambda pairs: pairs[np.lexsort(pairs.T)]  # noqa: E731
    np.testing.assert_array_equal(order(mine), order(theirs))
    np.testing.assert_array_equal(f.ravel()[ours.floor], ours.birth)
    assert (np.diff(ours.depth[1:]) <= 0).all()
    assert np.isinf(ours.depth[0])


def test_by_hand():
    found = basins([3, 0, 5, 1, 4, 2, 6])
    assert found.floor.tolist() == [1, 3, 5]
    assert found.birth.tolist() == [0, 1, 2]
    assert found.death.tolist() == [np.inf, 5, 4]
    assert found.saddle.tolist() == [-1, 2, 4]
    assert [found.count(t) for t in (0, 1.9, 2, 3.9, 4)] == [3, 3, 2, 2, 1]


def test_basins_cut_by_the_window_are_told_apart():
    f = [0, 3, 1, 3, -1]
    assert basins(f).count() == 1
    assert basins(f).count(border=True) == 3
    y, x = np.mgrid[0:20, 0:20]
    assert basins(-x - y).count() == 0
    assert basins((x - 9) ** 2 + (y - 9) ** 2).count() == 1


def test_threshold_swallows_grid_noise():
    y, x = np.mgrid[-2:2:200j, -2:2:200j]
    smooth = np.cos(2 * np.pi * x) * np.cos(2 * np.pi * y)
    noisy = smooth + np.random.default_rng(0).uniform(-0.05, 0.05, smooth.shape)
    assert local_minima(noisy) > 5 * local_minima(smooth)
    assert basins(noisy).count(0.11, border=True) == basins(smooth).count(0.11, border=True) > 10


@settings(max_examples=50)
@given(arrays(np.float64, st.integers(3, 60), elements=levels, unique=False))
def test_strict_minima_each_found_a_basin(f):
    f = f + 1e-3 * np.arange(f.size) % 0.5  # no ties between neighbours
    inner = basins(f)
    assert local_minima(f) == int((~inner.on_border).sum())


def test_counts_of_the_ironed_fractal():
    k = np.arange(1, 101) ** 2
    x, step = np.linspace(-1, 8, 40_001, retstep=True)
    swept = iron_sweep(np.sin(np.outer(x, k)) @ (1 / k), step, [0.003, 0.01, 0.03, 0.1, 0.3, 1.0])
    assert [basins(f).count(1e-6) for f in swept.ironed] == [797, 264, 99, 32, 14, 5]
    assert [local_minima(f) for f in swept.ironed] == [797, 264, 99, 32, 14, 5]


def test_bad_input():
    with pytest.raises(ValueError, match="must be finite"):
        basins([0.0, np.inf])
    with pytest.raises(ValueError, match="got shape"):
        basins(np.zeros((2, 2, 2)))
