"""The page Roll without a browser: every control reaches the run, every bad value gets a message, links round-trip."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from pages.roll.presets import ROLL
from pages.shared.asked import Asked
from pages.shared.tracks import run_on
from rbo_core import RBO, SGD, RadiusSchedule, Status, trace
from rbo_core.figures.player.scene import Click
from rbo_core.figures.player.table import steps_table
from rbo_core.figures.words import plain
from tests.pages.test_claims import check

PAGE = Path(__file__).resolve().parents[2] / "pages" / "1_Roll.py"


@pytest.fixture
def roll(scenes):
    """roll(radius="0.3", ...) -> the page as a link with these settings opens it."""

    def open_(**query) -> AppTest:
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return open_


def said(page: AppTest) -> str:
    bodies = [html.proto.body for html in page.get("html")]
    sentence = next(body for body in bodies if 'class="lab-said"' in body)
    return plain(sentence).replace("\N{NO-BREAK SPACE}", " ").replace("\u2212", "-")


def racer(scenes, name: str):
    return next(racer for racer in scenes.last.racers if racer.name == name)


def test_a_breathing_ball_is_let_go_and_stays_out_as_its_record_says(roll, scenes):
    page = roll(breathe="true", radius="0.3", breath_radius="0.5", breath_grow="900", breath_shrink="300",
                steps="1300", start="-1.6", rivals="")  # fmt: skip
    assert not page.error
    schedule = RadiusSchedule.breathing(0.3, 0.5, 900, 300)
    run = trace(
        RBO(radius=0.3, projection="rigid", unit_speed=True), landscapes.get("wrinkled_bowl"), [[-1.6]], 1300,
        radius=schedule,
    )  # fmt: skip
    ball = racer(scenes, "rbo")
    np.testing.assert_array_equal(ball.radii[:-1], schedule.radii(1300)[: len(ball.radii) - 1])
    assert ball.radii.max() == 0.5 and ball.radii[-1] == 0.3  # the film shows it grow, and shrink
    np.testing.assert_array_equal(ball.center[:1200], run.center[:1200, 0])
    x = run.center[:, 0, 0]
    let_go = []
    for crest in (-1.472, -0.560):
        k = int(np.flatnonzero((x[:-1] < crest) & (x[1:] >= crest))[0])
        let_go.append(f"{run.radius[k + 1, 0]:.2g}")
    words = said(page)
    claim = (
        f"was let go at ρ = {let_go[0]} and {let_go[1]} by the crests at x = -1.47 and -0.56 (lifetimes 0.36 and 0.45)"
    )
    assert claim in words
    assert f"it stood at x = -1.60 on the way up and {x[-1]:.2f} on the way down" in words
    assert scenes.last.radius is None  # no strip of constant radii beside a ball that has none


def test_a_ball_that_is_to_shrink_as_it_grows_is_refused(roll, scenes):
    page = roll(breathe="true", radius="0.8", breath_radius="0.5", rivals="")
    assert "Large radius of a breathing ball must be greater than 0.8, got 0.5" in page.error[0].value
    assert racer(scenes, "rbo").radii is None


def test_the_first_visit_shows_the_promised_run(roll, scenes):
    page = roll()
    assert not page.error
    # The rest of the checked fact: rigid, unit speed, η = 0.01 from −2.6 stops at −0.58 (centre) for ρ = 0.4.
    assert "The ball came to rest at x = -0.5" in said(page)
    assert "where it started" in said(page)
    assert "The ball ends lowest" in said(page)
    assert [r.name for r in scenes.last.racers] == ["rbo", "sgd", "sam"]
    ball = racer(scenes, "rbo")
    assert ball.radius == 0.4
    assert ball.center[0, 0] == pytest.approx(-2.6)
    assert ball.center[-1, 0] == pytest.approx(-0.585, abs=0.01)
    assert {r.label for r in ball.readouts} == {"penetration", "to the minimum", "gradients"}


def test_the_ball_is_drawn_where_the_core_put_it(roll, scenes):
    roll(radius="0.3", learning_rate="0.02", steps="50")
    method = RBO(radius=0.3, learning_rate=0.02, projection="rigid", unit_speed=True)
    done = trace(method, landscapes.get("wrinkled_bowl"), [[-2.6]], 50)
    shown = racer(scenes, "rbo")
    n = len(shown.center)
    np.testing.assert_array_equal(shown.center, done.center[:n, 0])
    np.testing.assert_array_equal(shown.loss, done.loss[:n, 0])
    touching = shown.contacts[np.isfinite(shown.contacts[..., 0])]
    centre = np.repeat(shown.center, np.isfinite(shown.contacts[..., 0]).sum(axis=1), axis=0)
    np.testing.assert_allclose(np.linalg.norm(touching - centre, axis=1), 0.3, rtol=1e-9)


SLIDERS = {
    "radius_slider": (1.0, "radius"),
    "learning_rate_slider": (0.1, "learning_rate"),
    "momentum_slider": (0.5, "momentum"),
    "start_slider": (1.2, "start"),
    "steps_slider": (100.0, "steps"),
    "sgd_learning_rate_slider": (0.1, "sgd_learning_rate"),
    "sam_perturbation_radius_slider": (0.5, "sam_perturbation_radius"),
    "loss_scale_slider": (0.5, "loss_scale"),
    "gradient_noise_slider": (1.0, "gradient_noise"),
    "wrinkled_bowl_amplitude_slider": (0.3, "wrinkled_bowl_amplitude"),
}


@pytest.mark.parametrize("key", SLIDERS)
def test_each_slider_sets_its_box_and_changes_the_run(roll, scenes, key):
    page = roll()
    before = {r.name: np.copy(r.position) for r in scenes.last.racers}
    slider = page.select_slider(key)
    wanted, box = SLIDERS[key]
    value = min(slider.options, key=lambda text: abs(float(text.replace("\u2212", "-")) - wanted))
    slider.set_value(value if isinstance(slider.value, str) else float(value.replace("\u2212", "-"))).run()
    assert not page.exception
    assert not page.error
    assert page.number_input(box).value == pytest.approx(float(value.replace("\u2212", "-")))
    after = {r.name: r.position for r in scenes.last.racers}
    assert any(len(before[n]) != len(after[n]) or not np.array_equal(before[n], after[n]) for n in after)


def test_a_typed_value_is_used_exactly(roll, scenes):
    page = roll()
    page.number_input("radius").set_value(0.4321).run()
    assert racer(scenes, "rbo").radius == 0.4321


BAD = [
    ({"radius": "-1"}, "radius", "got -1"),
    ({"radius": "0"}, "must be positive", "got 0"),
    ({"radius": "nan"}, "radius", "'nan'"),
    ({"radius": "inf"}, "radius", "inf"),
    ({"radius": "wide"}, "radius", "'wide'"),
    ({"start": "17"}, "between -3 and 3", "got 17"),
    ({"steps": "0"}, "steps", "got 0"),
    ({"steps": "20.5"}, "whole number", "'20.5'"),
    ({"steps": "1e400"}, "whole number from 10 to 5000", "'1e400'"),
    ({"steps": "-inf"}, "whole number", "'-inf'"),
    ({"seed": "1e30"}, "from 0 to 999", "'1e30'"),
    ({"surface": "mars"}, "Choose one of", "'mars'"),
    ({"projection": "magic"}, "Choose one of", "'magic'"),
    ({"rivals": "lbfgs"}, "Choose one of", "'lbfgs'"),
    ({"axis": "time"}, "Choose one of", "'time'"),
    ({"ironed": "perhaps"}, "true or false", "'perhaps'"),
    ({"momentum": "1.5"}, "between 0 and 0.99", "got 1.5"),
    ({"wrinkled_bowl_amplitude": "-9"}, "between", "got -9"),
]


@pytest.mark.parametrize(("query", "remedy", "value"), BAD, ids=[f"{k}={v}" for q, _, _ in BAD for k, v in q.items()])
def test_a_bad_link_gets_a_message_and_keeps_the_rest(roll, scenes, query, remedy, value):
    page = roll(**query, learning_rate="0.02")
    messages = [error.value.replace("\u2212", "-") for error in page.error]
    assert len(messages) == 1
    assert remedy in messages[0]
    assert value in messages[0]
    assert page.number_input("learning_rate").value == 0.02
    assert "The ball" in said(page)
    assert len(scenes.last.racers) >= 1


def test_a_bad_typed_value_keeps_the_last_good_run(roll, scenes):
    page = roll(radius="0.7")
    page.number_input("radius").set_value(-1.0).run()
    assert "must be positive" in page.error[0].value
    assert racer(scenes, "rbo").radius == 0.7
    page.number_input("radius").set_value(0.9).run()
    assert not page.error
    assert racer(scenes, "rbo").radius == 0.9


def test_a_run_that_would_take_the_page_too_long_gets_its_limit(roll, scenes):
    page = roll(projection="gradient", gradient_n_projection_steps="100", steps="5000")
    assert len(page.error) == 1
    assert "100,000 at most; take 1,000 steps" in page.error[0].value
    assert {racer.name for racer in scenes.last.racers} == {"sgd", "sam"}
    page.number_input("steps").set_value(1000).run()
    assert not page.error


def test_a_message_about_a_link_goes_when_its_control_is_used(roll):
    page = roll(surface="mars")
    page.number_input("radius").set_value(0.5).run()
    assert "'mars'" in page.error[0].value
    page.selectbox("surface").set_value("corduroy").run()
    assert not page.error


def test_a_link_opens_the_run_it_was_made_from(roll, scenes):
    query = {
        "v": "1",
        "surface": "corduroy",
        "corduroy_slope": "0.3",
        "start": "1.5",
        "radius": "0.9",
        "projection": "newton",
        "newton_n_projection_steps": "3",
        "momentum": "0.25",
        "rivals": ["adam", "sgd"],
        "adam_beta1": "0.5",
        "steps": "120",
        "seed": "7",
        "gradient_noise": "0.125",
        "axis": "gradients",
    }
    page = roll(**query)
    assert not page.error
    assert page.selectbox("surface").value == "corduroy"
    assert page.selectbox("projection").value == "newton"
    surface = landscapes.get("corduroy", slope=0.3)
    method = RBO(
        radius=0.9,
        learning_rate=0.01,
        projection="newton",
        n_projection_steps=3,
        momentum=0.25,
        gradient_noise=0.125,
    )
    done = trace(method, surface, [[1.5]], 120, seed=7)
    shown = racer(scenes, "rbo")
    np.testing.assert_array_equal(shown.center, done.center[scenes.last.step_numbers, 0])
    np.testing.assert_array_equal(shown.loss_x, done.gradient_count[scenes.last.step_numbers, 0])
    assert [r.name for r in scenes.last.racers] == ["rbo", "sgd", "adam"]
    assert scenes.last.loss_x_label == "gradient evaluations"
    # Names are put into the address as people see them, and nothing is lost.
    kept = page.query_params
    assert kept["surface"] in ("corduroy", [landscapes.get("corduroy").title], landscapes.get("corduroy").title)
    for name in ("radius", "momentum", "steps", "seed", "start", "rivals", "axis", "projection"):
        assert name in kept


def test_a_link_of_another_version_says_so(roll):
    assert "version '7'" in roll(v="7").warning[0].value
    assert not roll(v="1").warning


def test_a_click_on_the_curve_places_the_start(roll, scenes):
    page = roll()
    scenes.click = Click(np.array([1.23456]))
    page.run()
    assert not page.exception
    assert page.number_input("start").value == pytest.approx(1.235)
    assert racer(scenes, "rbo").center[0, 0] == pytest.approx(1.235)


def test_another_surface_brings_its_own_start(roll):
    page = roll(start="-1")
    page.selectbox("surface").set_value("corduroy").run()
    assert page.number_input("start").value == landscapes.get("corduroy").start[0]
    assert not page.error


@pytest.mark.parametrize("title", ROLL)
def test_each_preset_gives_a_run_without_a_message(roll, title, monkeypatch):
    page = roll(radius="3", momentum="0.5")
    shown = []
    whole = Asked.tracks
    monkeypatch.setattr(
        Asked, "tracks", lambda self, methods: shown.append((self, whole(self, methods))) or shown[-1][1]
    )
    page.button(f"preset_{title}").click().run()
    check(shown[-1][0].surface, shown[-1][1])  # each claim of the sentence holds in the picture's own record
    assert not page.exception
    assert not page.error
    assert page.number_input("radius").value == ROLL[title].get("radius", 0.4)
    assert page.number_input("momentum").value == ROLL[title].get("momentum", 0.0)


def test_a_diverging_run_says_so(roll):
    page = roll(projection="newton", learning_rate="1")
    assert "The ball left the domain after" in said(page)
    assert "Lower the learning rate" in said(page)


def test_no_rivals_and_all_rivals(roll, scenes):
    page = roll(steps="40")
    page.pills("rivals").set_value([]).run()
    assert [r.name for r in scenes.last.racers] == ["rbo"]
    names = ["sgd", "momentum", "adam", "adamw", "sam", "entropy_sgd"]
    page.pills("rivals").set_value(names).run()
    assert not page.error
    assert [r.name for r in scenes.last.racers] == ["rbo", *names]


@pytest.mark.parametrize("name", landscapes.names(1))
@pytest.mark.parametrize("projection", ["rigid", "gradient"])
def test_every_surface_opens(roll, scenes, name, projection):
    page = roll(surface=name, projection=projection, steps="30", ironed="true")
    assert not page.error
    assert page.selectbox("surface").value == name
    assert scenes.last.ground.ironed.shape == scenes.last.ground.heights.shape


def test_what_the_ball_sees_lies_on_or_above_nothing_it_cannot_touch(roll, scenes):
    roll(ironed="true")
    ground = scenes.last.ground
    assert ground.reachable.dtype == bool
    # A ball of 0.4 cannot touch the bottom of a wrinkle 0.3 wide, and touches the outermost crest.
    bottom = int(np.argmin(ground.heights))
    assert not ground.reachable[bottom]
    assert ground.reachable.any()
    assert (ground.ironed >= ground.heights - 1e-9).all()


def test_the_table_holds_the_run_to_its_end():
    surface = landscapes.get("wrinkled_bowl")
    ball = run_on(surface, RBO(radius=0.4, projection="rigid", unit_speed=True), (-2.6,), 900)
    point = run_on(surface, SGD(learning_rate=0.01), (-2.6,), 900, depths=0)
    assert ball.status is Status.CONVERGED
    read = pd.read_csv(io.StringIO(steps_table([("rbo", ball), ("sgd", point)]).to_csv(index=False)))
    mine = read[read.method == "rbo"]
    assert len(mine) == ball.stopped_at + 1
    np.testing.assert_allclose(mine.center_x, ball.center[: len(mine), 0], rtol=1e-12)
    assert mine.penetration.abs().max() < 1e-3
    assert read[read.method == "sgd"].gradients.iloc[-1] == 900
    assert read[read.method == "sgd"].center_x.isna().all()


@pytest.mark.parametrize("title", ROLL)
def test_the_python_of_every_preset_repeats_its_picture_bit_for_bit(roll, scenes, title):
    page = roll()
    page.button(key=f"preset_{title}").click().run()
    code = next(block.value for block in page.code if "runs = [" in block.value)
    names = {}
    exec(code.replace("play(runs)", ""), names)  # noqa: S102 - what the page itself has written
    for shown, run in zip(scenes.last.racers, names["runs"], strict=True):
        # The film leaves out the steps in which nobody moves, and ends with the last one.
        kept = [*range(len(shown.position) - 1), -1]
        np.testing.assert_array_equal(shown.position[:, 0], run.position[kept, 0, 0])
        if shown.center is not None:
            np.testing.assert_array_equal(shown.center, run.center[kept, 0])


def test_files_to_take_along(roll):
    page = roll(ironed="true")
    names = {button.proto.label for button in page.get("download_button")}
    assert {"Offline page", "SVG", "Download CSV"} <= names
    assert any("2505.19527" in block.value for block in page.code)
