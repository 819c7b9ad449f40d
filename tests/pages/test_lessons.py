"""Each lesson says what its run shows: the claims are made again here, from runs and formulas of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from pages.lessons import view
from pages.lessons.lesson import by_gradients
from pages.lessons.seven import SEVEN
from rbo_core import RBO, SGD, trace
from rbo_core.figures.player.track import track_of
from rbo_core.figures.words import plain, two_decimals

PAGE = Path(__file__).resolve().parents[2] / "pages" / "9_Lessons.py"
LESSONS = {lesson.name: lesson for lesson in SEVEN}


def told(name: str) -> tuple[str, str]:
    """The choice that is right, and the reveal as plain text."""
    lesson = LESSONS[name]
    answer = lesson.reveal()
    return lesson.choices[answer.right], plain(answer.text).replace("\N{NO-BREAK SPACE}", " ")


def run(method: Any, surface: str, start: float | None = None, steps: int = 900) -> Any:
    ground = landscapes.get(surface, dim=1)
    return trace(method, ground, ground.start if start is None else [[start]], steps)


def rigid(radius: float, rate: float = 0.01) -> RBO:
    return RBO(radius=radius, learning_rate=rate, projection="rigid", unit_speed=True)


def test_a_point_gets_stuck_and_a_ball_does_not() -> None:
    point, ball = run(SGD(learning_rate=0.01), "wrinkled_bowl"), run(rigid(0.4), "wrinkled_bowl")
    moved = abs(point.position[-1, 0, 0] + 2.6)
    assert moved < 0.3 / 2  # within one wrinkle
    choice, text = told("stuck")
    assert choice == "In the first wrinkle" and f"moved by {two_decimals(moved)}" in text
    choice, text = told("ball")
    assert ball.center[-1, 0, 0] == pytest.approx(-0.586, abs=1e-3)
    assert float(np.nanmax(ball.penetration)) < 1e-9
    assert choice == "Over many wrinkles" and "to x = −0.59, over 6 wrinkles" in text and "(penetration 0.0 %)" in text


def test_a_crest_holds_balls_up_to_its_lifetime() -> None:
    critical = 1.0 * (1 + 0.5**2) / (2 * 0.5)
    small, large = (run(rigid(radius), "corduroy", 2.9, 800).center[-1, 0, 0] for radius in (1.2, 1.3))
    assert 1.2 < critical == 1.25 < 1.3
    assert 2 < small < 3 and large < 2 - 1
    choice, text = told("holds")
    assert choice == "The larger one only"
    assert text.count("1.25") == 2 and f"x = {two_decimals(small)}" in text and f"x = {two_decimals(large)}" in text


def test_ten_times_the_radius_leaves_a_tenth_of_the_dips() -> None:
    choice, text = told("scales")
    assert choice == "About a tenth" and "264 at ρ = 0.01, 32 at ρ = 0.1, 5 at ρ = 1" in text
    assert f"leaves {100 * 32 / 264:.1f} % of them, and the next ten times {100 * 5 / 32:.1f} %" in text


def test_the_ball_passes_the_sharp_valley() -> None:
    ball, point = (run(method, "sharp_flat_wells") for method in (rigid(1.6), SGD(learning_rate=0.01)))
    assert point.position[-1, 0, 0] == pytest.approx(-1.5, abs=0.01)
    assert ball.center[-1, 0, 0] == pytest.approx(1.5, abs=0.01)
    choice, text = told("flat")
    assert choice == "Only the ball in the flat one"
    assert "bent 100 times" in text and "is 0.013, the right one's 1.3" in text  # 1/(0.8 · 100) and 1/0.8


def test_the_published_ball_sinks_in() -> None:
    paper = RBO(
        radius=0.3, learning_rate=0.001, projection="gradient", n_projection_steps=20, projection_step_size=0.05
    )
    deep = 100 * float(np.nanmax(run(paper, "weierstrass_like", steps=300).penetration))
    assert deep > 95
    choice, text = told("published")
    assert choice == "By most of its radius"
    assert f"up to {deep:.1f} % of its radius" in text and "by 0.0 %" in text


def test_at_equal_gradients_the_point_is_lowest_on_smooth_ground() -> None:
    choice, text = told("costs")
    bowl = landscapes.get("paraboloid", dim=1)
    value, slope = bowl.value_and_grad(np.array([[1.0]]))
    kappa = float(slope[0, 0])
    assert float(value[0]) == pytest.approx(kappa / 2)
    left = kappa / 2 * (float(bowl.start[0]) * (1 - 0.05 * kappa) ** 120) ** 2
    assert choice.startswith("SGD") and f"SGD 120 steps to a loss of {left:.2g}" in text
    assert "Published ball 6 steps" in text and text.endswith("pays 20 gradients for a step and is last.")


def test_a_film_by_gradients_stands_still_between_steps() -> None:
    ball = RBO(radius=0.4, learning_rate=0.05, projection="gradient", n_projection_steps=20)
    track = track_of(run(ball, "paraboloid", steps=6))
    film = by_gradients(track, 120)
    assert len(film.loss) == 121
    assert np.array_equal(film.loss[[0, 19, 20, 119, 120]], track.loss[[0, 0, 1, 5, 6]])


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> Any:
    """lessons(lesson="ball") -> the page, and the scene that it gave to the player."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(view, "player", lambda scene, **_: seen.update(scene=scene))

    def opened(**query: str) -> tuple[AppTest, Any]:
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception and not page.error
        return page, seen.pop("scene", None)

    return opened


def said(page: AppTest) -> str:
    return "".join(plain(html.proto.body) for html in page.get("html") if 'class="lab-said"' in html.proto.body)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_waits_for_the_prediction_and_then_tells(name: str, lessons: Any) -> None:
    page, scene = lessons(lesson=name)
    assert not said(page)
    if scene is not None:
        assert scene.steps == 0 and all(not racer.status for racer in scene.racers)
    page, scene = lessons(lesson=name, guess="1")
    right = LESSONS[name].reveal().right
    assert said(page).startswith("So it is." if right == 0 else f"It was otherwise: {LESSONS[name].choices[right]}.")
    if scene is not None:
        assert scene.steps > 10
    if name != SEVEN[-1].name:  # the next one waits again
        page.button(key="next").click().run()
        following = SEVEN[[lesson.name for lesson in SEVEN].index(name) + 1]
        assert page.selectbox[0].value == following.name and not said(page)


def test_a_guess_in_a_link_is_a_number_or_the_words_and_else_is_told() -> None:
    for guess in ("2", "Over many wrinkles"):
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        page.query_params.update(lesson="ball", guess=guess)
        assert said(page.run()) and not page.error
    for guess in ("0", "3", "two"):
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        page.query_params.update(lesson="ball", guess=guess)
        assert not said(page.run())  # the lesson waits
        (told_wrong,) = page.error
        assert told_wrong.value == (
            f"There is no guess '{guess}'; a link may say guess=1 (Not out of the first wrinkle either), "
            "guess=2 (Over many wrinkles)."
        )
