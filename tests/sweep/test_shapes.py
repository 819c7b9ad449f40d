"""The jump test's false alarms under four nulls, its power on known steps, and the shapes it tells apart."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rbo_core.sweep.shapes import holm, shape
from rbo_core.sweep.transitions import LEVEL, transition

N = 24
X = np.geomspace(0.05, 3, N)


def remembering(rng, memory):
    return lfilter([1.0], [1.0, -memory], rng.normal(size=N + 60))[60:]


NULLS = {
    "white": lambda rng: rng.normal(size=N),
    "memory": lambda rng: remembering(rng, 0.7),
    "ramp": lambda rng: np.linspace(0, 3, N) + 0.3 * rng.normal(size=N),
    "ramp with memory": lambda rng: np.linspace(0, 5, N) + remembering(rng, 0.5),
}


@pytest.mark.parametrize("name", NULLS)
def test_false_alarms_are_rare(name):
    rng = np.random.default_rng(11)
    found = [shape(NULLS[name](rng), draws=299) for _ in range(200)]
    # At 1 % each, eight or more of 200 happen once in a thousand.
    assert sum(one is not None and one.p <= LEVEL for one in found) < 8


@pytest.mark.parametrize(("height", "least"), [(5.0, 0.8), (3.0, 0.3)])
def test_power_on_a_known_step(height, least):
    rng = np.random.default_rng(3)
    step = height * (np.arange(N) >= 11)
    found = [shape(step + rng.normal(size=N), draws=299) for _ in range(80)]
    hits = [one for one in found if one is not None and one.p <= LEVEL]
    assert len(hits) >= least * 80
    assert np.mean([abs(one.center - 10.5) <= 1 for one in hits]) > 0.9


def test_straight_ramps_of_any_height_have_no_transition():
    for height in (1.0, 1e-9):
        ramp = height * np.linspace(0, 1, N)[:, None]
        assert transition(X.tolist(), ramp) is None
        assert transition(X.tolist(), 7.0 + ramp) is None


def test_a_step_is_a_jump_and_a_wide_sigmoid_a_crossover():
    rng = np.random.default_rng(0)
    noise = 0.02 * rng.normal(size=(N, 30))
    jump = transition(X.tolist(), (np.arange(N) >= 9)[:, None] + noise)
    assert jump is not None
    assert jump.abrupt
    assert jump.factor == 1.0
    assert jump.effect > 50
    slow = transition(X.tolist(), (1 / (1 + np.exp(-(np.arange(N) - 11) / 2.0)))[:, None] + noise)
    assert slow is not None
    assert not slow.abrupt
    # From a quarter to three quarters within 2 ln 3 widths of two steps of the axis.
    assert np.log(slow.factor) == pytest.approx(2 * np.log(3) * 2 * np.log(X[1] / X[0]), rel=0.3)


def test_holm_rejects_step_by_step():
    np.testing.assert_array_equal(holm(np.array([0.04, 0.001, 0.02])), [True, True, True])
    np.testing.assert_array_equal(holm(np.array([0.03, 0.04, 0.001])), [False, False, True])
    assert not holm(np.full(24, 0.01)).any()
