"""Built-in surfaces typed as formulas: the same values, gradients and contacts; and what a gap does to a ball."""

from __future__ import annotations

import math

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SGD, Status, trace

TYPED = {
    ("wrinkled_bowl", 1): "0.25x^2 + 0.15cos(2πx/0.3) + 0.075cos(2.3·2πx/0.3 + 1)",
    ("corduroy", 1): "0.5x − |sin(πx)|",
    ("weierstrass_like", 1): "h sum(k,1,t, sin(k^2 x)/k^2)",
    ("v_valley", 2): "s|x| + c/2 y²",
}
CASES = [(name, dim, text) for (name, dim), text in TYPED.items()]
SLIDERS = {"weierstrass_like": {"h": "height", "t": "terms"}, "v_valley": {"s": "slope", "c": "valley"}}


def typed(name: str, dim: int, text: str) -> tuple[landscapes.Landscape, landscapes.Landscape]:
    built_in = landscapes.get(name, dim=dim)
    given = {slider: built_in.parameters[theirs] for slider, theirs in SLIDERS.get(name, {}).items()}
    return built_in, landscapes.get("formula", dim=dim, expression=text, bounds=built_in.bounds, **given)


@pytest.mark.parametrize(("name", "dim", "text"), CASES)
def test_typed_built_ins_have_the_same_values_gradients_and_contacts(name: str, dim: int, text: str) -> None:
    built_in, formula = typed(name, dim, text)
    low, high = built_in.bounds.T
    x = np.random.default_rng(0).uniform(low, high, (500, dim))
    f, g = built_in.value_and_grad(x)
    same_f, same_g = formula.value_and_grad(x)
    np.testing.assert_allclose(same_f, f, rtol=0, atol=1e-12)
    np.testing.assert_allclose(same_g, g, rtol=1e-9, atol=1e-9)
    radius = 0.3
    start = np.random.default_rng(1).uniform(low + radius, high - radius, (60, dim))
    ball = RBO(radius=radius, learning_rate=0.01, projection="rigid")
    theirs, ours = (trace(ball, surface, start, steps=1) for surface in (built_in, formula))
    assert np.abs(ours.center[0] - theirs.center[0]).max() < 1e-12
    # Where two contacts tie to rounding either may stand for the ball: the height, checked above, decides.
    alone = np.isfinite(theirs.contacts[0]).all(axis=2).sum(axis=1) == 1
    assert alone.mean() > 0.9
    # The height is flat at a contact: its place is known to the root of the precision, 1.5e-8 of a unit.
    np.testing.assert_allclose(ours.position[0][alone], theirs.position[0][alone], rtol=0, atol=2e-8)


@pytest.mark.parametrize(
    "expression",
    [
        "sum(k,1,40, sin(k^2 x)/k^2)",
        "0.3noise(6x) + x²/4",
        "floor(3x)/5 + 0.1x²",
        "0.3max(sin 5x, cos 3y) + 0.1(x²+y²)",
    ],
)
def test_the_rigid_ball_never_penetrates(expression: str) -> None:
    surface = landscapes.get("formula", expression=expression)
    run = trace(RBO(radius=0.3, learning_rate=0.01, projection="rigid"), surface, surface.start, steps=150)
    assert np.abs(run.penetration).max() < 1e-3


def test_a_ball_or_a_point_that_meets_a_gap_ends_with_its_status() -> None:
    surface = landscapes.get("formula", expression="x + √x", bounds="-3:3")
    ball = RBO(radius=0.2, learning_rate=0.02, projection="rigid")
    run = trace(ball, surface, [[1.0], [2.0]], steps=400)
    assert run.status.tolist() == [Status.NON_FINITE] * 2
    assert np.isfinite(run.center).all()  # its last good place is kept
    assert (run.position[-1, :, 0] >= 0).all()
    point = trace(SGD(learning_rate=0.02), surface, [[1.0]], steps=400)
    assert point.status.tolist() == [Status.NON_FINITE]


def test_a_pole_is_a_wall() -> None:
    surface = landscapes.get("formula", expression="1/x + x", bounds="-3:3")
    run = trace(RBO(radius=0.2, learning_rate=0.02, projection="rigid"), surface, [[2.5]], steps=2000)
    assert run.status[0] == Status.CONVERGED
    # By symmetry of nothing but the curve itself: the centre rests where the contact's slope is 0, at x = 1.
    assert run.position[-1, 0, 0] == pytest.approx(1.0, abs=1e-3)
    assert math.isclose(run.center[-1, 0, 1], 2.2, abs_tol=1e-3)
