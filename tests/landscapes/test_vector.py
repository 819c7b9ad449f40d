"""The vectorised sine and cosine against the C library's."""

import math

import numba
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from landscapes.vector import sincos

# The plain Python function is the same arithmetic; surfaces test the compiled one.
plain = sincos.py_func


@given(st.floats(-1e6, 1e6))
@example(0.0)
@example(math.pi / 4)
@example(-math.pi / 4)
@example(math.pi / 2)
@example(1e6)
@example(710.0 * math.pi)
def test_sine_and_cosine_are_right_to_rounding(x):
    s, c = plain(x)
    assert abs(s - math.sin(x)) <= 3e-16
    assert abs(c - math.cos(x)) <= 3e-16


def test_compiled_and_plain_agree_bit_for_bit_over_all_quadrants():
    @numba.njit
    def run(x, out):
        for i in range(x.size):
            out[0, i], out[1, i] = sincos(x[i])

    x = np.random.default_rng(0).uniform(-50, 50, 999)
    out = np.empty((2, x.size))
    run(x, out)
    assert np.array_equal(out, np.array([plain(float(u)) for u in x]).T)


def test_small_arguments_keep_their_digits():
    for x in (1e-300, -1e-20, 1e-8):
        assert plain(x)[0] == x
