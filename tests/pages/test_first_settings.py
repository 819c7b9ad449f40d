"""Every surface opens where there is something to see: on wrinkled ground the ball ends elsewhere than the point."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from rbo_core import RBO, SGD, Status, trace
from rbo_core.figures.player.racers import first_radii
from rbo_core.figures.player.track import Track, track_of

PAGES = Path(__file__).resolve().parents[2] / "pages"
STEPS = {1: 900, 2: 1000}
SMOOTH = {"plane", "paraboloid", "v_valley", "saddle", "ravine"}
"""Nothing holds a point there: both arrive."""
NO_BALL_PARTS = {"sine_mse"}
"""Its wrinkles are as wide as its valley: what is too large for them is too large for the valley, from any start."""


@cache
def first(surface: landscapes.Landscape, method: object) -> Track:
    return track_of(trace(method, surface, [list(surface.start)], STEPS[surface.dim]), depths=0)


@pytest.mark.parametrize(("name", "dim"), [(name, dim) for dim in STEPS for name in landscapes.names(dim)])
def test_the_first_run_on_a_surface_shows_something(name: str, dim: int) -> None:
    surface = landscapes.get(name, dim=dim)
    width = float(np.ptp(surface.bounds[0]))
    ball = first(surface, RBO(radius=surface.radius, learning_rate=0.01, projection="rigid", unit_speed=True))
    end = ball.place[ball.stopped_at]
    assert ball.status in (Status.CONVERGED, Status.RUNNING)
    if name in SMOOTH:
        assert np.linalg.norm(end - ball.place[0]) > 0.1 * width
    elif name not in NO_BALL_PARTS:
        point = first(surface, SGD(learning_rate=0.01))
        tail = point.place[-100:]
        assert np.linalg.norm(end - point.place[point.stopped_at]) > 0.04 * width
        if point.status is Status.CONVERGED or np.ptp(tail, axis=0).max() < surface.finest_scale:  # jumps about nowhere
            assert ball.end_loss <= point.end_loss + 1e-3


@pytest.mark.parametrize("name", landscapes.names(2))
def test_the_two_balls_of_a_race_stay_on_the_drawn_ground_and_look_different(name: str) -> None:
    surface = landscapes.get(name, dim=2)
    low, high = surface.bounds.T
    sizes = first_radii(surface)
    for radius in sizes:
        ball = first(surface, RBO(radius=radius, learning_rate=0.01, projection="rigid", unit_speed=True))
        assert ball.center is not None
        for way in (ball.position, ball.center[:, :2]):
            assert ((way >= low) & (way <= high)).all()
    assert max(sizes) >= 2 * min(sizes)  # twice as wide, and at least a hundredth of the picture
    assert min(sizes) >= 0.01 * np.ptp(surface.bounds, axis=1).max()


@pytest.mark.parametrize(("page", "names"), [("1_Roll", ("ackley", "formula")), ("2_Race", ("rastrigin", "whitley"))])
def test_the_pages_open_with_these_settings(page: str, names: tuple[str, ...]) -> None:
    """By a link and by the control, whatever was there before."""
    by_hand = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
    by_hand.query_params["steps"] = "10"
    by_hand.run()
    for name in names:
        surface = landscapes.get(name, dim=1 if page == "1_Roll" else 2)
        linked = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
        linked.query_params["surface"], linked.query_params["steps"] = name, "10"
        by_hand.selectbox(key="surface").set_value(name)
        for opened in (linked.run(), by_hand.run()):
            assert not opened.exception and not opened.error
            assert opened.number_input(key="radius").value == surface.radius
            start = [
                opened.number_input(key=key).value
                for key in ("start", "start_x", "start_y")
                if key in opened.session_state
            ]
            assert start == pytest.approx(list(surface.start))
            if page == "2_Race":
                assert float(opened.text_input(key="radii").value) == surface.radius / 4
        assert not {"radius", "radii", "start", "start_x"} & set(by_hand.query_params)
