"""Surfaces of the visitor's own on the pages: what is typed reaches the picture, what cannot be read gets a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
import pages.player
from landscapes.drawing import DEFAULT, encoded
from rbo_core.figures.player.scene import Scene

PAGES = Path(__file__).resolve().parents[2] / "pages"
Open = Callable[..., AppTest]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The scene that the page gave to the player."""
    found = SimpleNamespace(scene=None, draw=None)

    def show(scene: Scene, key: str, **heard: Any) -> None:
        found.scene, found.draw = scene, heard.get("on_draw")

    monkeypatch.setattr(pages.player, "player", show)
    return found


@pytest.fixture
def open_page(seen: SimpleNamespace) -> Open:
    def opened(name: str, **query: str) -> AppTest:
        page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
        return page

    return opened


def messages(page: AppTest) -> str:
    return " ".join(error.value for error in page.error)


def test_a_typed_formula_is_what_the_ball_rolls_on(open_page: Open, seen: SimpleNamespace) -> None:
    page = open_page("1_Roll", surface="formula", steps="20")
    page.text_input("formula_expression").set_value("a x² + 0.1|sin 9x|").run()
    assert not page.exception
    page.number_input("formula_a").set_value(0.5).run()
    page.text_input("formula_bounds").set_value("-2:2").run()
    assert not messages(page)
    surface = landscapes.get("formula", expression="a x² + 0.1|sin 9x|", bounds="-2:2", a=0.5)
    ground = seen.scene.ground
    x = np.asarray(ground.x, dtype=float)
    np.testing.assert_allclose(np.asarray(ground.heights, dtype=float), surface.value(x[:, None]), atol=1e-5)
    assert r"a\,x^{2}" in " ".join(text.value for text in page.markdown)
    start = page.number_input("start").value
    assert start == pytest.approx(float(surface.start[0]), abs=1e-3)


def test_what_cannot_be_read_points_at_the_character_and_keeps_the_picture(
    open_page: Open, seen: SimpleNamespace
) -> None:
    page = open_page("1_Roll", surface="formula", steps="20", formula_expression="x^2/9")
    before = np.array(seen.scene.ground.heights)
    page.text_input("formula_expression").set_value("x^^2").run()
    assert not page.exception
    assert "Expected a number, a variable or an opening bracket, got ^ (character 3)" in messages(page)
    pointer = next(code.value for code in page.code if "x^^2" in code.value)
    assert pointer.split("\n")[1].index("^") == pointer.index("x^^2") + 2
    np.testing.assert_array_equal(np.array(seen.scene.ground.heights), before)
    page.text_input("formula_expression").set_value("x^2/9").run()
    page.text_input("formula_bounds").set_value("3:1").run()
    assert "from a low to a higher end, got 3:1" in messages(page)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"formula_expression": "__import__('os')"}, "means nothing in a formula"),
        ({"formula_expression": "x + y"}, "choose a surface"),
        ({"formula_expression": "sin(1e6x)"}, "finer than the ball's search can see"),
        ({"formula_bounds": "a:b"}, "Bounds must be low:high"),
        ({"formula_expression": "a x", "formula_a": "many"}, "a must be a finite number"),
    ],
)
def test_bad_links_get_a_message(open_page: Open, query: dict[str, str], words: str) -> None:
    assert words in messages(open_page("1_Roll", surface="formula", steps="20", **query))


def test_a_gap_is_named_and_drawn_as_a_gap(open_page: Open, seen: SimpleNamespace) -> None:
    page = open_page("1_Roll", surface="formula", steps="20", formula_expression="1 + log(x)", formula_bounds="-1:3")
    assert any("logarithm of a negative number" in caption.value for caption in page.caption)
    x, f = np.asarray(seen.scene.ground.x), np.asarray(seen.scene.ground.heights)
    assert np.isnan(f[x < -0.01]).all()
    assert np.isfinite(f[x > 0.05]).all()


@pytest.mark.parametrize("name", ["2_Race", "3_Iron", "4_Phases"])
def test_a_formula_of_two_variables_on_every_page(
    open_page: Open, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    picked = {"surface": "formula"} if name == "2_Race" else {"surface_2d": "formula", "ground": "surface"}
    page = open_page(name, **picked, formula_expression="0.2(x² + y²) + 0.1 sin 9x cos 7y", steps="20")
    assert not messages(page)
    assert r"\sin\left(9\,x\right)" in " ".join(text.value for text in page.markdown)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("1_Roll", {"surface": "map", "radius": "0.05", "steps": "30"}),
        ("2_Race", {"surface": "map", "radius": "0.3", "steps": "30"}),
        ("3_Iron", {"surface": "map"}),
        ("3_Iron", {"surface_2d": "map", "ground": "surface"}),
        ("3_Iron", {"surface_2d": "map", "ground": "surface", "map_heights": "photograph"}),
    ],
)
def test_examples_of_heights_open(open_page: Open, name: str, query: dict[str, str]) -> None:
    assert not messages(open_page(name, **query))


def test_an_upload_is_kept_asked_about_and_found_again_by_its_link(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: SimpleNamespace
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    page = open_page("1_Roll", surface="map", radius="0.05", steps="20")
    z = 0.005 * (np.arange(50) - 25) ** 2
    table = "x;z\n" + "\n".join(f"{0.1 * k:.1f};{height:.4f}" for k, height in enumerate(z))
    page.file_uploader("map_upload").set_value(("profile.csv", table.encode(), "text/csv")).run()
    assert not page.exception
    assert not messages(page)
    heights = np.interp(np.arange(50) * 0.1, seen.scene.ground.x, seen.scene.ground.heights)
    np.testing.assert_allclose(heights, z, atol=1e-3)
    assert page.text_input("map_spacing").value == "0.1"
    name = page.selectbox("map_heights").value
    again = open_page("1_Roll", surface="map", radius="0.05", steps="20", map_heights=name, map_spacing="0.1")
    assert not messages(again)
    np.testing.assert_allclose(seen.scene.ground.heights.min(), 0.0, atol=1e-3)
    lost = open_page("1_Roll", surface="map", radius="0.05", steps="20", map_heights="0" * 20)
    assert "upload the file again" in messages(lost)


SMALL = {"cells": "12", "starts": "1", "steps": "10", "projection": "newton", "radius_high": "0.5"}
BOWL = 0.02 * ((np.arange(24) - 12.0)[:, None] ** 2 + (np.arange(20) - 9.0) ** 2) * 0.1


@pytest.mark.parametrize(
    ("name", "query", "upload"),
    [
        ("4_Phases", {"surface": "map", **SMALL}, "profile"),
        ("3_Iron", {"surface_2d": "map", "ground": "surface"}, "terrain"),
        ("2_Race", {"surface": "map", "mode": "race", "steps": "30", "radius": "0.3"}, "terrain"),
        ("2_Race", {"surface": "map", "mode": "step", "steps": "30", "radius": "0.3"}, "terrain"),
        ("2_Race", {"surface": "map", "mode": "starts", "steps": "30", "radius": "0.3"}, "terrain"),
    ],
)
def test_an_uploaded_file_is_what_every_page_works_on(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, query: dict[str, str], upload: str
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    page = open_page(name, **query)
    assert not messages(page)
    table = BOWL if upload == "terrain" else BOWL[:, :1]
    text = "\n".join(",".join(f"{value:.6f}" for value in row) for row in table)
    page.file_uploader("map_upload").set_value(("mine.csv", text.encode(), "text/csv")).run()
    assert not page.exception
    assert not messages(page)
    kept = page.selectbox("map_heights").value
    assert [file.stem for file in (tmp_path / "heights").iterdir()] == [kept]
    size = "24 heights" if upload == "profile" else "20 × 24 heights"
    assert any(size in caption.value for caption in page.caption)


def test_a_formula_in_follow_one_step_and_many_starts(open_page: Open) -> None:
    for mode in ("step", "starts"):
        typed = {"formula_expression": "0.2(x² + y²) + 0.1 sin 9x cos 7y", "mode": mode, "steps": "30"}
        assert not messages(open_page("2_Race", surface="formula", **typed))


def test_a_file_that_is_none_gets_a_message(open_page: Open) -> None:
    page = open_page("1_Roll", surface="map", radius="0.05", steps="20")
    page.file_uploader("map_upload").set_value(("heights.csv", b"1\n2\nthree\n4\n5", "text/csv")).run()
    assert "'three', which is no number" in messages(page)


DRAWN = encoded([(-3.0, 1.2), (-1.5, 0.9), (-0.9, 0.4), (0.6, 0.2), (1.5, 1.1), (3.0, 0.7)])


@pytest.mark.parametrize(("name", "live"), [("1_Roll", True), ("3_Iron", False)])
def test_a_curve_that_was_drawn_is_what_the_page_shows(
    open_page: Open, seen: SimpleNamespace, name: str, live: bool
) -> None:
    page = open_page(name, surface="drawing", drawing_knots=DRAWN, loss_scale="2.0")
    assert not messages(page)
    offered = seen.scene.drawing
    assert (offered.text, offered.scale, offered.live, offered.draft) == (DRAWN, 2.0, live, False)
    surface = landscapes.get("drawing", knots=DRAWN)
    x, f = np.asarray(seen.scene.ground.x), np.asarray(seen.scene.ground.heights)
    np.testing.assert_allclose(f, 2.0 * surface.value(x[:, None]), atol=1e-9)
    assert seen.scene.height_range[0] <= 0.0
    assert seen.scene.height_range[1] >= 4.0
    assert seen.draw is not None


def test_while_one_draws_the_page_rolls_and_leaves_out_what_can_wait(
    open_page: Open, seen: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    strips = []
    monkeypatch.setattr("pages.shared.radius.radius_strip", lambda packed, key: strips.append(key))
    page = open_page("1_Roll", surface="drawing", steps="30")
    assert len(strips) == 1
    first = seen.scene.racers[0].position
    page.session_state["drawing_knots"], page.session_state["_draft"] = DRAWN, True  # as `set_drawing` leaves them
    page.run()
    assert not page.exception
    assert seen.scene.drawing.draft
    assert seen.scene.drawing.text == DRAWN
    assert len(strips) == 1
    assert not np.array_equal(seen.scene.racers[0].position, first)
    page.run()
    assert not seen.scene.drawing.draft
    assert len(strips) == 2


def test_a_link_with_no_drawing_gets_a_message_and_the_first_curve(open_page: Open, seen: SimpleNamespace) -> None:
    page = open_page("1_Roll", surface="drawing", steps="20", drawing_knots="AAAA<b>")
    assert "four characters each, got 7 characters" in messages(page)
    assert seen.scene.drawing.text == DEFAULT
    phases = open_page("4_Phases", surface="drawing", drawing_knots=DRAWN, steps="10", cells="12")
    assert not messages(phases)
    assert any("Draw on it" in caption.value for caption in phases.caption)


def test_a_gap_says_nothing_else_is_wrong(open_page: Open) -> None:
    gap = {"formula_expression": "1 + log(x) + 0.3sin(9x)", "formula_bounds": "-1:4"}
    assert not messages(open_page("1_Roll", surface="formula", radius="0.2", steps="50", **gap))
    for look in ("theory", "family"):
        middle = {"formula_expression": "sqrt(x^2-1)+0.2sin(7x)", "formula_bounds": "-3:3", "look": look}
        assert not messages(open_page("3_Iron", surface="formula", **middle))
