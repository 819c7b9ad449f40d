"""Every page hands out an offline page, the Python behind it, and how to cite."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import pages.player
from pages.home.opening import computed, opening
from pages.home.rolled import raced_at
from pages.lessons.lesson import Rolled
from pages.lessons.seven import SEVEN
from pages.lessons.takings import takings
from pages.phases import takings as phases_takings
from pages.phases.takings import takings as made
from pages.shared import network_examples, take_away
from rbo_core import Trajectory
from rbo_core.figures.code import Start, run_code
from tests.pages.drawn import drawn

ROOT = Path(__file__).resolve().parents[2]
MOST = 1.6
"""MB of an offline page: a page with Plotly has 1.4 to 1.5."""
PAGES = ["app.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("[0-9]*_*.py"))]


def settings_of(script: str) -> dict[str, Any]:
    """What a script of networks sets before it trains."""
    names: dict[str, Any] = {}
    exec(script.split("with RunStore")[0].split("result = ")[0], names)  # noqa: S102 - what the lab itself has written
    return names


def is_the_plane_shown(script: str) -> bool:
    names, shown = settings_of(script), network_examples.plane()
    settings = {name: value for name, value in asdict(shown.config).items() if name != "runs"}
    return names["configs"] == network_examples.landscape_runs() and names["settings"] == settings


# First visitors see records that are shipped; that such scripts train bit for bit is tested in tests/figures.
NETWORKS = {
    "pages/5_Train.py": lambda script: network_examples.race(settings_of(script)["configs"]),
    "pages/6_Network_landscape.py": is_the_plane_shown,
    "pages/7_Network_phases.py": lambda script: network_examples.phases(settings_of(script)["config"]),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_taken_along(name, tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    makers = {}
    offered = take_away.download

    def noted(label, make, file_name, key):
        makers[label] = make
        offered(label, make, file_name, key)

    monkeypatch.setattr(take_away, "download", noted)
    page = AppTest.from_file(str(ROOT / name), default_timeout=120)
    if "Lessons" in name:
        page.query_params["guess"] = "1"
    page.run()
    assert not page.exception
    assert "Offline page" in {button.proto.label for button in page.get("download_button")}
    told = [block.value for block in page.code]
    assert any("2505.19527" in text for text in told)
    script = next(text for text in told if "import " in text)
    compile(script, name, "exec")
    if name in NETWORKS:
        assert NETWORKS[name](script), "the script has other settings than the record that the page shows"
    size = len(makers["Offline page"]().encode()) / 1e6
    assert size < MOST, (
        f"the offline page of {name} has {size:.2f} MB, and 2 MB are promised: most of it is Plotly's own script "
        "(rbo_core/figures/figures_page.py); send fewer numbers, or draw without it"
    )


def opened(name: str, query: dict[str, str]) -> AppTest:
    """A page with these settings, shown without a complaint."""
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=120)
    for setting, value in query.items():
        page.query_params[setting] = value
    page.run()
    assert not page.exception and not page.error
    return page


def repeated(code: str) -> list[Trajectory]:
    """The runs that a page's script makes."""
    names: dict[str, list[Trajectory]] = {}
    exec(code.replace("play(runs)", ""), names)  # noqa: S102 - what the lab itself has written
    return names["runs"]


@pytest.mark.parametrize("radius", [opening().radius, 0.15, 3.0])
def test_the_python_of_home_repeats_its_picture_bit_for_bit(radius):
    _, _, raced = raced_at(radius)
    for entry, run in zip(raced, repeated(computed(radius).takings.code), strict=True):
        np.testing.assert_array_equal(entry.track.position, run.position[:, 0])
        np.testing.assert_array_equal(entry.track.loss, run.loss[:, 0])
        if entry.track.center is not None:
            np.testing.assert_array_equal(entry.track.center, run.center[:, 0])


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"radii": "0.2 0.8", "rivals": ["Adam", "Entropy-SGD"], "start_x": "-1", "seed": "5"},
        {"surface": "rastrigin", "projection": "newton", "momentum": "0.8", "learning_rate": "0.003"},
        {"surface": "formula", "expression": "0.1(x^2+y^2) + sin(5x)cos(5y)/9", "projection": "gradient"},
    ],
    ids=["first", "seeded", "momentum", "formula"],
)
def test_the_python_of_race_repeats_its_picture_bit_for_bit(query, monkeypatch):
    seen = []
    monkeypatch.setattr(pages.player, "player", lambda scene, key, **options: seen.append(scene))
    page = opened("2_Race", {"steps": "150", **query})
    code = next(block.value for block in page.code if "runs = [" in block.value)
    for shown, run in zip(seen[-1].racers, repeated(code), strict=True):
        kept = [*range(len(shown.position) - 1), -1]  # the film leaves out the steps in which nobody moves
        np.testing.assert_array_equal(shown.position[:, :2], run.position[kept, 0])
        if shown.center is not None:
            np.testing.assert_array_equal(shown.center, run.center[kept, 0])


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"surface": "formula", "expression": "x^2/4+|sin 9x|/5", "radius": "0.3", "loss_scale": "2", "blur": "True"},
        {"ground": "surface", "surface_2d": "rastrigin", "samples": "128"},
    ],
    ids=["first", "formula", "surface"],
)
def test_the_python_of_iron_draws_the_picture_of_the_page(query):
    page = opened("3_Iron", query)
    names = {}
    code = next(block.value for block in page.code if "ironed = " in block.value)
    script, show = code.rstrip().rsplit("\n", 1)
    exec(f"{script}\nfigure = {show.removesuffix('.show()')}", names)  # noqa: S102 - what the lab itself has written
    told = json.loads(names["figure"].to_json())["data"]
    curves = [[trace.get(axis) for axis in ("name", "x", "y", "z")] for trace in told]
    figures = [one for block in drawn(page).values() for one in block]
    seen = [[trace.get(axis) for axis in ("name", "x", "y", "z")] for one in figures for trace in one["data"]]
    assert len(curves) in (1, 7)  # a surface; or curve, closing, ironed curve, ball, and what is filled between them
    assert all(one in seen for one in curves)


@pytest.mark.parametrize(
    "query",
    [{}, {"vertical": "loss_scale", "order": "final_loss"}, {"projection": "newton", "order": "mean_penetration"}],
    ids=["first", "scales", "newton"],
)
def test_the_python_of_phases_repeats_the_map_of_the_page(query, monkeypatch, tmp_path):
    studies = []
    monkeypatch.setattr(phases_takings, "takings", lambda study, *more: studies.append(study) or made(study, *more))
    page = opened("4_Phases", {"cells": "12", "steps": "60", "starts": "2", **query})
    code = next(block.value for block in page.code if "spec = " in block.value)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)  # noqa: S102 - what the lab itself has written
    shown = studies[-1].map.values
    assert np.isfinite(shown).any()
    np.testing.assert_array_equal(names["share"], shown)
    figures = [one for block in drawn(page).values() for one in block]
    told = next(trace["z"] for one in figures for trace in one["data"] if trace["type"] == "heatmap")
    heat = np.frombuffer(base64.b64decode(told["bdata"]), told["dtype"]).reshape(shown.T.shape).T
    known = np.isfinite(shown)  # what diverged is filled up with the worst
    np.testing.assert_array_equal(heat[known], shown[known].astype(np.float32))


@pytest.mark.parametrize("lesson", SEVEN, ids=lambda lesson: lesson.name)
def test_the_python_of_every_lesson_repeats_it_bit_for_bit(lesson):
    script = takings(lesson, "").code.replace("play(runs)", "").replace("    figure.show()", "    pass")
    names = {}
    exec(script, names)  # noqa: S102 - what the lab itself has written
    picture = lesson.picture
    if not isinstance(picture, Rolled):
        assert [one.tobytes() for one in names["swept"].ironed] == [one.tobytes() for one in picture.swept().ironed]
        return
    for entry, run in zip(picture.raced(), names["runs"], strict=True):
        np.testing.assert_array_equal(entry.track.position[-1], run.position[-1, 0])
        assert picture.budget is not None or len(entry.track.position) == len(run.position)


def test_a_budget_gives_each_method_its_own_number_of_steps():
    from landscapes import get
    from rbo_core import SAM, SGD

    names = {}
    exec(run_code(get("plane", dim=1), [SGD(), SAM()], Start((0.0,), 1, budget=9), show=""), names)  # noqa: S102
    assert [run.steps for run in names["runs"]] == [9, 4]
