"""Every page at the ends of its sliders and at its choices, up to eight together and none twice before all were asked
for: whatever an address asks for gets a picture or a message, never an error.

The controls are read off the page itself, so that a new slider is tested as soon as it is there. Settings that only
make work longer stay at their lower end.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from docs import addresses
from pages.phases import compute, finer
from pages.race import starts
from pages.shared import asked, tracks
from pages.shared.errors import escaped
from tests.pages.drawn import drawn
from tests.pages.window import ALONE

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = sorted(file.stem for file in PAGES.glob("[0-9]*.py"))
ADDRESSES = int(os.environ.get("RBO_ADDRESSES", "16" if os.environ.get("CI") else "8"))
"""How many of each page; with 100, every value of every control is asked for."""
WORK = {"steps", "starts", "starts_steps", "cells", "gradients", "size", "samples"}


def visit(name: str, query: dict[str, str]) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120)
    for key, value in query.items():
        page.query_params[key] = value
    return page.run()


def ends(page: AppTest) -> dict[str, list[str]]:
    """Control to the values an address may ask for: a slider's two ends, every option of a choice."""
    found = {}
    for slider in page.select_slider:
        values = [option.replace("\N{MINUS SIGN}", "-") for option in slider.options]
        key = slider.key.split("_slider")[0]
        found[key] = values[:1] if key in WORK else [values[0], values[-1]]
    for choice in [*page.selectbox, *page.button_group]:
        found[choice.key] = choice.options[:1] if choice.key in WORK else list(choice.options)
    for toggle in page.toggle:
        found[toggle.key] = ["true", "false"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_all_sliders(name: str, queue: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 0.02)
    monkeypatch.setattr(compute, "PATIENCE_SECONDS", 0.05)
    draw = random.Random(name)
    first = visit(name, {})
    assert not first.exception
    left, least, brought = ends(first), {}, {key: {} for key in ends(first)}
    for _ in range(ADDRESSES):
        if not left:
            return
        query, named = {}, 0
        for key in draw.sample(sorted(left), k=len(left)):
            wanted = {**brought[key], key: draw.choice(left[key])}
            if named < 8 and all(query.get(other, value) == value for other, value in wanted.items()):
                query, named = query | wanted, named + 1
        page = visit(name, query | least)
        assert not page.exception, f"/{name}?{query | least}: {page.exception[0].value}"
        left = {key: [v for v in values if query.get(key) != v] for key, values in left.items()}
        for key, values in ends(page).items():  # a choice may bring controls of its own, which are asked for with it
            if key not in brought:
                left[key], brought[key] = values, query
            if key in WORK:
                least[key] = values[0]
        left = {key: values for key, values in left.items() if values}


@pytest.mark.parametrize("title", addresses.STATES)
def test_what_a_visitor_turns_stands_in_the_address_or_on_a_list_with_its_reason(
    title: str, queue: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    cheap = {"Phases": {"cells": "12", "starts": "1", "steps": "10"}}.get(title, {"steps": "10"})
    more = [query for query in addresses.STATES[title] if not query.keys() & {"projection", "rivals"}]
    for query in ({}, *more):
        page = addresses.opened(title, cheap | query)
        assert not page.exception
        assert addresses.outside(page) <= addresses.OUTSIDE.keys()
        # No page is without a setting, and each has the tools, whose clicks are in tests/browser/test_walks.py.
        assert ALONE.get(title) or next(addresses.settings_in(page), None)
        assert [one.proto.component_name for one in page.get("bidi_component")].count("lab_chrome") == 1


def test_the_fold_of_network_phases_is_in_its_address(
    queue: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    closed, opened = visit("7_Network_phases", {}), visit("7_Network_phases", {"how_sharp": "true"})
    assert ("edge" in drawn(opened), "edge" in drawn(closed)) == (True, False)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("1_Roll", {"radius": "10", "ironed": "true"}),
        ("2_Race", {"radius": "10", "ironed": "true", "steps": "10"}),
        ("4_Phases", {"radius": "10", "cells": "12", "starts": "1", "steps": "10"}),
    ],
)
def test_a_ball_wider_than_the_window_is_told_and_rolls(
    name: str, query: dict[str, str], queue: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    page = visit(name, query)
    assert not page.exception and not page.error
    assert any("wider than the window" in note.value for note in page.info)


def test_a_ball_below_the_pictures_grid_is_told_and_rolls() -> None:
    page = visit("2_Race", {"surface": "gaussian_pits", "radius": "0.02", "ironed": "true", "steps": "10"})
    assert not page.exception and not page.error
    assert any("sees is the surface, to the grid" in note.value for note in page.info)


def test_moves_that_run_away_are_told() -> None:
    page = visit("2_Race", {"mode": "step", "step_gamma": "1", "step_k": "100", "steps": "10"})
    assert not page.exception
    assert [error.value for error in page.error] == [
        "The 100 moves of the Gradient (paper) projection run away with γ = 1; take a smaller γ or fewer moves"
    ]


def test_a_step_on_the_steepest_ground_is_followed_without_a_scan_as_wide_as_its_tangent() -> None:
    rough = {"surface": "fractional_brownian", "fractional_brownian_hurst": "0.05", "fractional_brownian_height": "3"}
    ball = {"loss_scale": "100", "radius": "10", "projection": "gradient", "gradient_noise": "5", "momentum": "0.99"}
    query = {**rough, **ball, "fractional_brownian_seed": "10000", "mode": "step", "step_length": "1.5", "steps": "10"}
    page = visit("2_Race", query)
    assert not page.exception


def test_a_run_that_takes_too_long_is_ended_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One visitor's link must not hold up everybody: K = 100 at 5,000 steps was ten seconds of a core."""
    monkeypatch.setattr(tracks, "PATIENCE", 0.0005)
    query = {"projection": "gradient", "gradient_n_projection_steps": "100", "steps": "4999", "rivals": "SGD"}
    for _ in range(2):  # remembered: the second time it costs nothing
        begin = time.thread_time()
        page = visit("1_Roll", query)
        assert not page.exception
        assert any("take more than the 0.0005 s of computing" in error.value for error in page.error)
    assert time.thread_time() - begin < 3.0


def test_no_further_run_begins_when_the_first_ones_took_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "ALL_RUNS", -1.0)
    for name, runs in (("1_Roll", 3), ("2_Race", 4)):  # a picture without a single run is one, too
        page = visit(name, {"steps": "10"})
        assert not page.exception
        assert f"{runs} more runs are left out; take fewer steps or racers" in [error.value for error in page.error]


def test_many_starts_end_when_they_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit("2_Race", {"mode": "starts", "starts_side": "4", "starts_steps": "1000", "steps": "10"})
    monkeypatch.setattr(starts, "PATIENCE", 0.0)
    page.button(key="starts_run").click().run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        "1,000 steps from 16 starts take more than the 0 s of computing that a page gives them, for everybody waits "
        "meanwhile; press again to go on from there, or take fewer starts or steps"
    ]
    monkeypatch.undo()
    assert not page.button(key="starts_run").click().run().error


def test_curves_of_finer_wrinkles_end_when_they_take_too_long(
    queue: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(finer, "PATIENCE", -1.0)
    page = visit("4_Phases", {"finer": "true", "cells": "24", "starts": "8", "steps": "50"})
    assert not page.exception
    assert [error.value.partition(" that ")[0] for error in page.error] == [
        "These curves take more than the -1 s of computing"
    ]


def test_an_unforeseen_error_gets_a_number_that_stands_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import pages.player

    def broken(*_: object, **__: object) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(pages.player, "player", broken)
    page = visit("1_Roll", {"steps": "10"})
    said = page.exception[0]
    assert "/secret/path" not in said.value and not said.stack_trace
    number = said.value.rstrip(".").split()[-1]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_what_the_core_refuses_is_said_and_a_mistake_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import pages.player

    monkeypatch.setattr(pages.player, "player", lambda *_, **__: landscapes.get("no such", dim=1))
    page = visit("1_Roll", {"steps": "10"})
    assert not page.exception and page.error[0].value.startswith("Unknown surface")
    monkeypatch.setattr(pages.player, "player", lambda *_, **__: np.zeros(2) + np.zeros(3))
    assert len(visit("1_Roll", {"steps": "10"}).exception) == 1


def test_values_quoted_from_an_address_are_dead_text() -> None:
    page = visit("1_Roll", {"surface": "![](//evil.example/s.png) [a](http://evil.example) www.evil.example"})
    said = page.error[0].value
    for live in ("![](", "[a](", "http://", "www.evil"):
        assert live not in said
    assert escaped("n_projection_steps must be 2, got 'x'") == "n_projection_steps must be 2, got 'x'"
