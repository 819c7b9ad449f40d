"""A point's value is the same bits alone, in any batch, from any entry point and from any thread."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import landscapes
from landscapes.base import PARALLEL_POINTS
from tests.landscapes.cases import CASES, every_surface, random_points


@every_surface
def test_value_is_bit_identical_to_value_and_grad(name, dim):
    surface = landscapes.get(name, dim=dim)
    for count in (1, 7, 16, 100):
        x = random_points(surface, count, margin=1.0)
        assert np.array_equal(surface.value(x), surface.value_and_grad(x)[0])


@every_surface
def test_batch_equals_loop_exactly(name, dim):
    surface = landscapes.get(name, dim=dim)
    x = random_points(surface, 53, margin=1.0)
    f, g = surface.value_and_grad(x)
    for i in range(len(x)):
        one_f, one_g = surface.value_and_grad(x[i : i + 1])
        assert one_f[0] == f[i]
        assert np.array_equal(one_g[0], g[i])


@settings(max_examples=40)
@given(case=st.sampled_from(CASES), first=st.integers(0, 40), count=st.integers(0, 60))
def test_any_slice_of_a_batch_equals_the_batch(case, first, count):
    surface = landscapes.get(case[0], dim=case[1])
    x = random_points(surface, 100)
    f, g = surface.value_and_grad(x)
    some_f, some_g = surface.value_and_grad(x[first : first + count])
    assert np.array_equal(some_f, f[first : first + count])
    assert np.array_equal(some_g, g[first : first + count])


@pytest.mark.parametrize(("name", "dim"), [("wrinkled_bowl", 1), ("weierstrass_like", 2), ("gaussian_pits", 2)])
def test_batch_cut_among_threads_equals_its_pieces(name, dim):
    surface = landscapes.get(name, dim=dim)
    x = random_points(surface, PARALLEL_POINTS + 37)
    f, g = surface.value_and_grad(x)
    pieces = [surface.value_and_grad(x[k : k + 10_000]) for k in range(0, len(x), 10_000)]
    assert np.array_equal(f, np.concatenate([piece[0] for piece in pieces]))
    assert np.array_equal(g, np.concatenate([piece[1] for piece in pieces]))
    assert np.array_equal(f, surface.value(x))


def test_large_batches_from_several_threads_at_once():
    surface = landscapes.get("wrinkled_bowl")
    x = random_points(surface, PARALLEL_POINTS)
    expected = surface.value(x)
    results = [None] * 6

    def work(k):
        results[k] = surface.value(x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, expected) for result in results)


@every_surface
def test_non_finite_points_give_non_finite_values_and_leave_their_neighbours_alone(name, dim):
    surface = landscapes.get(name, dim=dim)
    x = random_points(surface, 20)
    clean_f, clean_g = surface.value_and_grad(x)
    dirty = x.copy()
    dirty[3], dirty[17] = np.nan, np.nan
    dirty[5], dirty[6] = np.inf, -np.inf
    f, g = surface.value_and_grad(dirty)
    bad = [3, 17, 5, 6]
    good = np.setdiff1d(np.arange(20), bad)
    assert np.isnan(f[[3, 17]]).all()
    assert np.array_equal(f[good], clean_f[good])
    assert np.array_equal(g[good], clean_g[good])
    if name not in ("ackley", "sharp_flat_wells"):
        assert not np.isfinite(f[[5, 6]]).any()


@every_surface
def test_far_points_do_not_crash(name, dim):
    surface = landscapes.get(name, dim=dim)
    f, g = surface.value_and_grad(np.full((2, dim), [[1e300], [-1e19]]))
    assert f.shape == (2,)
    assert g.shape == (2, dim)


def test_lists_single_precision_strided_and_read_only_points_are_taken():
    surface = landscapes.get("rastrigin", dim=2)
    x = np.array([[0.5, 1.25], [2.0, -3.0]])
    expected = surface.value(x)
    frozen = x.copy()
    frozen.setflags(write=False)
    for same in (x.tolist(), x.astype(np.float32), np.asfortranarray(x), frozen, np.repeat(x, 2, axis=1)[:, ::2]):
        assert np.array_equal(surface.value(same), expected)
    assert len(surface.setup.kernel.signatures) == 1


def test_evaluation_does_not_write_to_its_input():
    surface = landscapes.get("whitley", dim=2)
    x = random_points(surface, 40)
    before = x.copy()
    surface.value_and_grad(x)
    assert np.array_equal(x, before)


def test_no_points_give_no_values():
    f, g = landscapes.get("ackley", dim=2).value_and_grad(np.zeros((0, 2)))
    assert f.shape == (0,)
    assert g.shape == (0, 2)


@pytest.mark.parametrize("x", [[0.0, 1.0], [[0.0]], [[[0.0, 1.0]]], 1.0, [[0.0, 1.0, 2.0]]])
def test_wrong_shape_is_named(x):
    surface = landscapes.get("saddle", dim=2)
    for evaluate in (surface.value, surface.value_and_grad):
        with pytest.raises(ValueError, match=r"points on saddle must have shape \(B, 2\), got \("):
            evaluate(x)
