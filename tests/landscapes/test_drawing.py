"""Drawings: their text, what is refused and in which words, and that the curve goes through the knots and stays C²."""

import json

import numpy as np
import pytest

import landscapes
from landscapes.drawing import DEFAULT, PAPER, encoded, knots_of
from rbo_core import RBO, sweep, trace

PLACES = np.array([(-3.0, 1.5), (-1.2, 0.3), (0.003, 0.8), (0.9, 0.2), (3.0, 1.9)])


def test_a_drawing_goes_through_its_knots_and_its_text_brings_it_back():
    surface = landscapes.get("drawing", knots=PLACES)
    assert surface.dim == 1
    np.testing.assert_allclose(surface.value(PLACES[:, :1]), PLACES[:, 1], atol=1e-12)
    text = surface.parameters["knots"]
    assert len(text) == 4 * len(PLACES)
    assert landscapes.get("drawing", knots=text) == surface
    np.testing.assert_allclose(knots_of(text), PLACES, atol=1e-12)
    assert landscapes.get("drawing", **json.loads(json.dumps(surface.parameters))) == surface


def test_the_second_derivative_has_no_jump_at_a_knot_or_an_end():
    surface = landscapes.get("drawing", knots=PLACES)
    step = 1e-5
    for x in PLACES[:, 0]:
        around = x + step * np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
        slope = surface.value_and_grad(around[:, None])[1][:, 0]
        left, right = (slope[1] - slope[0]) / step, (slope[5] - slope[4]) / step
        assert abs(left - right) < 1e-3


@pytest.mark.parametrize(
    ("knots", "words"),
    [
        ("", "2 to 64 knots of four characters each, got 0 characters"),
        ("AAAA-gAAx", "got 9 characters"),
        ("AA A-gAA", "letters, digits, - and _, got ' '"),
        ("AAAA____", "off its paper: it holds 4095, at most 4000"),
        ("AABA" * 65, "got 260 characters"),
        ("ABAA-gAA", "the first knot must lie at x = -3 and the last at x = 3"),
        ("AAAAACAA-gAA", "at least 0.048 apart, got 0.003"),
        ("AAAAfQAAAgAA-gAA", "from left to right"),
        ([(-3, 0.5), (3, 2.5)], r"heights from 0 to 2, got \(3, 2.5\)"),
        ([(-3, 0.5), (3, float("nan"))], "pairs .* of finite numbers"),
        ([1, 2, 3], "pairs"),
        (3.0, "pairs"),
    ],
)
def test_what_is_no_drawing_is_refused_in_words(knots, words):
    with pytest.raises(ValueError, match=words):
        landscapes.get("drawing", knots=knots)


def test_any_text_is_a_drawing_or_a_message():
    rng = np.random.default_rng(0)
    letters = np.array(list("ABCDwxyz0189-_ é\0/+=\u202e"))
    for _ in range(2000):
        text = "".join(rng.choice(letters, rng.integers(0, 40)))
        try:
            assert np.isfinite(landscapes.get("drawing", knots=text).value([[0.0]])).all()
        except ValueError as error:
            assert len(str(error)) < 200


def test_a_rigid_ball_does_not_sink_into_drawings_however_wild():
    rng = np.random.default_rng(1)
    for count in (2, 9, 40, PAPER.most):
        inner = np.sort(rng.choice(np.arange(1, 4000 // 40 - 1), count - 2, replace=False)) * 40 * PAPER.across - 3.0
        x = np.array([-3.0, *inner, 3.0])
        surface = landscapes.get("drawing", knots=np.column_stack([x, rng.uniform(0.0, 2.0, count)]))
        for radius in (0.05, 0.4, 1.6):
            ball = RBO(radius=radius, learning_rate=0.01, projection="rigid", momentum=0.8)
            run = trace(ball, surface, [[-2.6], [0.3], [2.2]], steps=150)
            assert np.nanmax(run.penetration) < 1e-3


def test_on_the_first_drawing_a_point_stays_and_a_ball_rolls_on():
    surface = landscapes.get("drawing", knots=DEFAULT)
    balls = [RBO(radius=radius, learning_rate=0.01, projection="rigid") for radius in (0.05, 0.4, 0.8)]
    ends = [float(trace(ball, surface, [surface.start], 900).center[-1, 0, 0]) for ball in balls]
    assert ends[0] < -2.2
    assert ends[1] > -0.6
    assert abs(ends[2]) < 0.2
    assert encoded(knots_of(DEFAULT)) == DEFAULT


def test_a_sweep_of_a_drawing_is_the_same_after_its_json(tmp_path):
    described = sweep.loads(
        json.dumps({
            "surface": {"name": "drawing", "dim": 1, "parameters": {"knots": DEFAULT}},
            "method": {"name": "rbo", "projection": "rigid", "learning_rate": 0.02},
            "grid": [["radius", [0.05, 0.8]]], "starts": [[-2.6]], "seeds": [0], "steps": 500,
        })
    )  # fmt: skip
    with sweep.Store(tmp_path / "a.db") as store:
        found = sweep.run(sweep.loads(sweep.dumps(described)), store, landscapes.get)
    ball = RBO(radius=0.8, learning_rate=0.02, projection="rigid")
    alone = trace(ball, landscapes.get("drawing"), [[-2.6]], steps=500)
    assert np.isclose(found[1], alone.loss[-1, 0], rtol=1e-9).any()
    assert not np.array_equal(found[0], found[1])
