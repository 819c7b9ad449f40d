"""Random walks over the page Roll: after each step the controls, the picture and the sentence say the same, and so does
the page that the address opens anew: what is drawn is compared with the controls, number by number. All pages are
walked in test_walks.py."""

from __future__ import annotations

import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import pages.player
from docs.addresses import settings_in
from pages.roll.presets import ROLL
from pages.shared.addresses import _texts
from rbo_core.figures.words import plain, two_decimals

WALKS = int(os.environ.get("RBO_WALKS", "6"))
STEPS = 3
PAGES = Path(__file__).resolve().parents[2] / "pages"
SURFACES = ("wrinkled_bowl", "corduroy", "rastrigin", "paraboloid", "gaussian_pits", "formula")
NUMBERS = {"radius": (0.05, 3.0), "momentum": (0.0, 0.9), "learning_rate": (0.001, 0.1), "start": (-2.5, 2.5)}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the page gave to the player."""
    kept = SimpleNamespace(scene=None, click=None, radius=None)

    def fake(scene: Any, key: str, **options: Any) -> None:
        kept.scene, kept.click, kept.radius = scene, options.get("on_click"), options.get("on_radius")

    monkeypatch.setattr(pages.player, "player", fake)
    monkeypatch.setattr("pages.shared.radius.rolled", lambda *_: ())  # the other radii take their time
    return kept


def opened(address: dict[str, list[str]]) -> AppTest:
    page = AppTest.from_file(str(PAGES / "1_Roll.py"), default_timeout=60)
    for name, values in address.items():
        page.query_params[name] = values if len(values) > 1 else values[0]
    return page.run()


def address(page: AppTest) -> dict[str, list[str]]:
    """What the browser writes into the address: every control whose value is not its default."""
    defaults = page.session_state["_defaults"]
    shown = {one.name for one in settings_in(page)}
    values = {name: page.session_state[name] for name in shown if page.session_state[name] != defaults[name]}
    return {name: _texts(value) or [""] for name, value in values.items()}


def state(page: AppTest, seen: SimpleNamespace) -> tuple[dict[str, Any], list[Any], str]:
    """Controls, picture and sentence, once they agree."""
    assert not page.exception
    controls = {one.name: page.session_state[one.name] for one in settings_in(page)}
    ball, *points = seen.scene.racers
    assert ball.radius == controls["radius"]
    assert ball.center[0, 0] == pytest.approx(controls["start"], abs=ball.radius)
    for point in points:
        assert point.position[0, 0] == pytest.approx(controls["start"])
    assert [point.name for point in points] == [name for name in ("sgd", "sam") if name in controls["rivals"]]
    said = next(plain(html.proto.body) for html in page.get("html") if 'class="lab-said"' in html.proto.body)
    if ball.status in ("at rest", "stays there", "still moving"):
        assert f"x = {two_decimals(ball.center[-1, 0])}" in said
    return controls, [ball.radius, ball.center.tolist(), [point.position.tolist() for point in points]], said


def step(page: AppTest, seen: SimpleNamespace, draw: random.Random) -> None:
    """Something that a visitor does."""
    kind = draw.choice([*NUMBERS, "surface", "rivals", "preset", "click", "strip"])
    if kind in NUMBERS:
        low, high = NUMBERS[kind]
        page.number_input(key=kind).set_value(round(draw.uniform(low, high), 3))
    elif kind == "surface":
        page.selectbox(key="surface").set_value(draw.choice(SURFACES))
    elif kind == "rivals":
        page.button_group(key="rivals").set_value(draw.choice([["sgd"], ["sam"], ["sgd", "sam"], []]))
    elif kind == "preset":
        page.button(f"preset_{draw.choice(list(ROLL)[:6])}").click()
    page.run()
    if kind == "click":
        page.session_state["_clicked_start"] = [round(draw.uniform(-2.4, 2.4), 3)]  # as `start_from` leaves it
        page.run()
    elif kind == "strip":
        page.session_state["radius"] = float(f"{draw.uniform(0.05, 3):.3g}")  # as `set_radius` does
        page.run()


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk_never_parts_address_controls_picture_and_sentence(seed: int, seen: SimpleNamespace) -> None:
    draw = random.Random(seed)
    page = opened({"steps": ["40"]})
    for _ in range(STEPS):
        step(page, seen, draw)
        here = state(page, seen)
        again = opened(address(page))
        assert state(again, seen) == here


def test_every_story_says_what_its_picture_shows(seen: SimpleNamespace) -> None:
    page = opened({})
    for name, settings in ROLL.items():
        page.button(f"preset_{name}").click().run()
        controls, _, _ = state(page, seen)
        assert {key: controls[key] for key in settings} == settings
