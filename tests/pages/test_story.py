"""The sentence under the plot, from runs whose outcome is known by construction."""

from __future__ import annotations

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SAM, SGD, Status, trace
from rbo_core.figures.player.story import outcome, story
from rbo_core.figures.player.track import Track, moving_steps, track_of
from rbo_core.figures.words import plain, short

FINEST = 0.2


def run(method, places, loss=None, status=Status.CONVERGED, stopped_at=None, radius=None) -> Track:
    """A run through `places` (T+1,); a ball's centre stands one unit above its contact."""
    x = np.asarray(places, dtype=float)[:, None]
    loss = np.zeros(len(x)) if loss is None else np.asarray(loss, dtype=float)
    return Track(
        method=method,
        status=status,
        stopped_at=len(x) - 1 if stopped_at is None else stopped_at,
        position=x,
        loss=loss,
        gradients=np.arange(len(x)),
        evaluations=0,
        distance=np.abs(x[:, 0]),
        center=np.column_stack([x, np.ones(len(x))]) if radius else None,
        radius=np.full(len(x), radius) if radius else None,
        penetration=None,
        contacts=None,
        seconds=0.0,
    )


BALL = RBO(radius=0.4, projection="rigid")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (run(BALL, [-2.6, -1.5, -0.58], radius=0.4), "came to rest at x = −0.58"),
        (run(BALL, [-2.6, -2.5, -2.45], radius=0.4), "came to rest at x = −2.45, near its start"),
        (run(SGD(), [-2.6, -2.6, -2.6]), "stopped at x = −2.60, where it started"),
        (run(SGD(), [-2.6, -2.5, -2.48]), "stopped at x = −2.48, in the wrinkle where it started"),
        (run(SGD(), [-2.6, -2.59, -2.6], status=Status.RUNNING), "stayed at x = −2.60, where it started"),
        (run(SGD(), np.linspace(0, 5, 51), status=Status.RUNNING), "moved on at x = 5.00 after 50 steps"),
        (run(SGD(), [0.0, 1.0, *[2.0, 2.001] * 20], status=Status.RUNNING), "stayed at x = 2.00"),
        (run(SGD(), [0.0, 1.0], status=Status.LEFT_DOMAIN), "left the domain after 1 step, at x = 1.00"),
        (run(SGD(), [0.0, 9.0, 9.0], status=Status.NON_FINITE, stopped_at=1), "diverged after 1 step"),
        (run(SGD(), [1.0, -0.001]), "stopped at x = 0.00"),
    ],
)
def test_outcome_in_words(made, words):
    said = outcome(made, FINEST)
    assert said.startswith(words)
    assert "−0.00" not in said


def test_trouble_comes_with_a_remedy():
    for status in (Status.LEFT_DOMAIN, Status.NON_FINITE):
        assert "Lower the learning rate" in outcome(run(SGD(), [0.0, 5.0], status=status), FINEST)


def test_the_lowest_end_is_named_with_its_distance():
    ball = run(BALL, [-2.6, -0.5], loss=[2.0, 0.1], radius=0.4)
    said = plain(story([ball, run(SGD(), [-2.6, -2.6], loss=[1.5, 1.5])], FINEST)).replace("\N{NO-BREAK SPACE}", " ")
    assert said.endswith("The ball ends lowest, 0.50 from the global minimum.")


def test_equal_outcomes_are_told_together_and_no_one_wins_a_tie():
    said = plain(story([run(SGD(), [1.0, 1.0]), run(SAM(), [1.0, 1.0])], FINEST))
    assert "SGD and" in said
    assert said.count("stopped at") == 1
    assert said.endswith("All end equally low.")


def test_a_diverged_run_never_wins():
    gone = run(SGD(), [0.0, 1.0], loss=[0.0, -1e9], status=Status.LEFT_DOMAIN)
    said = plain(story([gone, run(SAM(), [1.0, 3.0], loss=[1.0, 0.5])], FINEST))
    assert "SAM ends lowest" in said.replace("\N{NO-BREAK SPACE}", " ")


def test_nothing_to_tell():
    assert "choose an optimizer" in story([], FINEST)


def test_the_picture_ends_soon_after_the_last_movement():
    moves = run(SGD(), [*np.linspace(0, 5, 50), *[5.0] * 950])
    swings = run(SAM(), [0.0, *[1.0, 1.3] * 500])
    assert 45 <= moving_steps([moves, swings], width=10.0) <= 52


def test_the_ball_is_where_its_centre_is():
    ball = run(BALL, [0.0, 1.0, 2.0], radius=0.4)
    assert np.array_equal(ball.place[:, 0], [0.0, 1.0, 2.0])
    assert ball.place.shape == (3, 1)


def test_a_ball_on_crests_is_compared_by_the_ground_below_it():
    surface = landscapes.get("wrinkled_bowl")
    methods = RBO(radius=0.4, learning_rate=0.01, projection="rigid"), SGD(learning_rate=0.01)
    ball, point = (track_of(trace(method, surface, surface.start, 900)) for method in methods)
    below = surface.value(ball.place[-1][None])[0]
    assert ball.loss[-1] > below + 0.03  # it hangs on two crests
    assert ball.end_loss == below
    assert point.end_loss == point.loss[-1]
    said = plain(story([ball, point], surface.finest_scale)).replace("\N{NO-BREAK SPACE}", " ").replace("\u2212", "-")
    assert f"touches at {short(ball.loss[-1])}, over ground at {short(below)}".replace("\u2212", "-") in said
