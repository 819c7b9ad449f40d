"""The page Race: settings, messages, table, basins and the explained step."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
import rbo_core
from pages.race import against, starts
from pages.race.balls import parse_radii
from pages.race.starts import lattice, map_of
from pages.race.table import DEEPEST, paths_table, result_table
from pages.shared import plots, turns
from pages.shared.tracks import run_on
from rbo_core.figures.player.build import Look, run_scene, series, spent
from rbo_core.figures.player.payload import pack
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.step import explain, section_of, section_through, step_scene
from rbo_core.figures.player.story import race_story
from rbo_core.figures.player.track import Track
from rbo_core.figures.race import BasinMap, basin_map
from rbo_core.figures.words import plain
from rbo_core.ironing.catchment import Catchment, catchment, descend, flooded_basin

PAGE = Path(__file__).resolve().parents[2] / "pages" / "2_Race.py"


def open_race(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def bowl() -> landscapes.Landscape:
    return landscapes.get("wrinkled_bowl", dim=2)


def test_default_race_shows_two_balls_and_two_rivals():
    table = open_race(steps="100").dataframe[0].value
    assert table["racer"].tolist() == ["Ball ρ = 0.4", "Ball ρ = 0.1", "SGD", "SAM"]
    assert table["gradients"].tolist() == [0, 0, 100, 200]


def test_settings_come_from_the_address():
    app = open_race(steps="50", radii="0.2 0.8", radius="0.3", rivals="adam", start_x="-1", start_y="0.5")
    assert app.dataframe[0].value["racer"].tolist() == ["Ball ρ = 0.3", "Ball ρ = 0.2", "Ball ρ = 0.8", "Adam"]
    assert app.number_input(key="start_x").value == -1.0


def test_a_bad_radius_is_told_beside_its_box_and_the_race_goes_on():
    app = open_race(steps="50", radii="0.2, -1")
    assert any("adius must be positive, got \N{MINUS SIGN}1" in error.value for error in app.error)
    assert app.dataframe[0].value["racer"].tolist()[0] == "Ball"


@pytest.mark.parametrize("text", ["a", "0", "nan", "inf", "1 2 3 4 5 6 7 8"])
def test_radii_that_are_refused(text):
    with pytest.raises(ValueError, match=r"radius|balls"):
        parse_radii(text)


def test_radii_that_are_read():
    assert parse_radii(" 0.1,1.6;2 ") == (0.1, 1.6, 2.0)
    assert parse_radii("") == ()
    assert parse_radii("0,3") == (0.3,)
    assert parse_radii("0,1; 1,6") == (0.1, 1.6)
    assert parse_radii("1, 6") == (1.0, 6.0)
    assert parse_radii("1,2,3") == (1.0, 2.0, 3.0)


def test_a_comma_that_may_mean_two_things_is_refused():
    with pytest.raises(ValueError, match=r"'1,6' may be one radius or two: write 1\.6 for one ball, or 1; 6 for two"):
        parse_radii("1,6")


def test_follow_one_step_says_how_deep_each_projection_sinks():
    app = open_race(mode="step")
    said = next(html.body for html in app.get("html") if "Penetration" in html.body)
    depth = dict(pair.split(":") for pair in re.search(r'data-depths="([^"]+)"', said)[1].split())
    assert abs(float(depth["rigid"])) < 1e-3
    assert abs(float(depth["argmin"])) < 1e-3
    assert "sinks in too" not in said
    assert float(depth["gradient"]) > 0.5  # the first picture shows what it is about


@pytest.mark.parametrize("page", ["1_Roll", "2_Race"])
def test_the_definition_itself_sinks_in_where_its_own_run_has_led_it(page):
    app = AppTest.from_file(str(PAGE.with_name(f"{page}.py")), default_timeout=60)
    query = {"mode": "step", "projection": "argmin", "radius": "0.1", "learning_rate": "0.002", "step_number": "20"}
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    said = next(html.body for html in app.get("html") if "Penetration" in html.body)
    depth = dict(pair.split(":") for pair in re.search(r'data-depths="([^"]+)"', said)[1].split())
    assert abs(float(depth["rigid"])) < 1e-3
    assert float(depth["argmin"]) > 0.3
    assert "as the paper defines the contact, sinks in too" in said


def test_any_step_of_the_run_can_be_followed():
    def sentence(**query: str) -> str:
        app = open_race(mode="step", steps="200", **query)
        return next(html.body for html in app.get("html") if "Penetration" in html.body)

    assert "Step 17, ended four ways" in sentence(step_number="17")
    # a ball of radius 0.05 rests in its first wrinkle
    resting = sentence(step_number="200", radius="0.05")
    end = int(re.search(r"came to an end at step (\d+)", resting)[1])
    assert f"Step {end}, ended" in resting
    assert end < 100


def test_many_starts_show_a_few_at_once_and_all_after_a_press(monkeypatch):
    app = open_race(mode="starts", starts_side="4", starts_steps="50")
    assert len(app.get("plotly_chart")) == 3
    assert any("the first 1 of 16 starts" in html.body for html in app.get("html"))
    app.button(key="starts_run").click().run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3
    assert any("of 16 starts" in html.body and "first" not in html.body for html in app.get("html"))
    monkeypatch.setattr(starts, "GLANCE", -1.0)
    app.number_input(key="radius").set_value(0.3).run()
    assert any("the maps of the settings before, Ball ρ = 0.4" in one.value for one in app.info)
    assert len(app.get("plotly_chart")) == 3, "what was computed stands there until something better does"


def test_maps_grow_part_by_part_for_all_methods_and_what_was_done_is_kept(monkeypatch):
    """Whoever is cut off after the first part finds it, goes on from there, and ends with the maps of one batch."""
    told = []
    monkeypatch.setattr(starts, "DRAWING", np.inf)  # each part is drawn, however quick it is
    monkeypatch.setattr(starts, "out_of_patience", lambda seconds: lambda done, total: len(told) > 2)
    figures = starts.figures
    monkeypatch.setattr(
        starts, "figures", lambda surface, maps, dark: told.append(maps) or figures(surface, maps, dark)
    )
    app = open_race(mode="starts", starts_side="5", starts_steps="60")
    app.button(key="starts_run").click().run(timeout=60)
    assert [[int(one.rolled.sum()) for one in maps] for maps in told[:3]] == [[4, 4, 4], [9, 9, 9], [13, 13, 13]]
    assert any("of the first 13 of 25 starts" in html.body for html in app.get("html"))
    assert re.fullmatch(r"Roll the other 12, about \d+ s", app.run().button(key="starts_run").label)
    monkeypatch.setattr(starts, "out_of_patience", lambda seconds: lambda done, total: False)
    app.button(key="starts_run").click().run(timeout=60)
    surface = landscapes.get("wrinkled_bowl", dim=2)
    assert all(one.rolled.all() for one in told[-1])
    places = lattice(surface, 5)
    run = rbo_core.trace(rbo_core.SGD(learning_rate=0.01), surface, places, 60, seed=np.arange(25))
    np.testing.assert_array_equal(told[-1][1].end, run.position[-1])
    app.number_input(key="starts_side").set_value(4).run()
    app.number_input(key="starts_side").set_value(5).run()
    assert any("of 25 starts" in html.body for html in app.get("html")), "the maps of the settings before are kept"


def test_maps_at_every_radius_have_a_slider_and_are_those_of_balls_of_these_radii(monkeypatch):
    shown = {}
    monkeypatch.setattr(plots, "show", lambda figures, **more: shown.update(figures=figures, **more))
    app = open_race(mode="starts", starts_side="5", starts_steps="120")
    app.button(key="against_run").click().run(timeout=120)
    assert not app.exception
    (figure,), stages = shown["figures"], shown["stages"]
    surface = landscapes.get("wrinkled_bowl", dim=2)
    radii = against.radii_of(surface)
    assert stages.traces == tuple(range(against.RADII)) == tuple(range(len(radii)))
    assert [figure.data[k].visible for k in stages.traces] == [True, *[False] * 11]
    basins = catchment(surface)
    for k in (3, 7):
        ball = rbo_core.RBO(radius=radii[k], learning_rate=0.01, projection="rigid", unit_speed=True)
        run = rbo_core.trace(ball, surface, lattice(surface, 5), 120)
        spots = [run.center[-1, :, :2], run.position[-1], *np.moveaxis(run.contacts[-1], 1, 0)]
        reached = np.any([basins.reached(spot) for spot in spots], axis=0)
        np.testing.assert_array_equal(np.ravel(figure.data[k].z) == 7, reached)
        assert stages.names[k] == f"ρ = {radii[k]:g}: {100 * reached.mean():.0f} % reached the flooded basin"
    words = next(html.body for html in app.get("html") if "it grows most between" in html.body)
    assert "goes from" in words
    click = {"x": 1.2, "y": -9.0, "plot": 0, "stage": 3}
    told, query = against.race_of(surface, ball, dict.fromkeys(radii), click)
    assert (query["radius"], query["start_x"], query["start_y"]) == (f"{radii[3]}", "1.2", "-3.0")
    assert f"ρ = {radii[3]:g} from (1.2, −3)" in told


def test_radii_are_seen_as_they_are_rolled_and_who_cancels_goes_on_from_there(monkeypatch):
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(plots, "show", lambda figures, stages, **_: seen.append(stages.names))
    monkeypatch.setattr(turns, "TURN", 0.0)  # each radius is drawn
    monkeypatch.setattr(turns, "DRAWING", 0.999)
    again = turns.Turn.again
    monkeypatch.setattr(turns.Turn, "again", lambda turn: again(turn) if len(seen) < 4 else None)  # then one cancels
    app = open_race(mode="starts", starts_side="4", starts_steps="50")
    radii = against.radii_of(landscapes.get("wrinkled_bowl", dim=2))

    def rolled() -> list[list[int]]:
        return [[k for k, name in enumerate(names) if "not rolled yet" not in name] for names in seen]

    assert rolled() == [[6]], "one radius is there before anybody asks"
    assert re.fullmatch(r"Roll them at every radius, about \d+ (s|min)", app.button(key="against_run").label)
    app.button(key="against_run").click().run()
    assert rolled() == [[6], [6], [0, 6], [0, 6, 11]], "the page is drawn after each radius, a coarse row of them first"
    app.run()
    assert rolled()[-1] == [0, 3, 6, 11], "who cancels keeps what was done"
    assert re.fullmatch(r"Go on: the other 8 radii, about \d+ (s|min)", app.button(key="against_run").label)
    assert any("At 4 of 12 radii so far, the share" in html.body for html in app.get("html"))
    monkeypatch.setattr(turns.Turn, "again", again)
    app.button(key="against_run").click().run()
    assert rolled()[-1] == list(range(12)) and len({name.split(":")[0] for name in seen[-1]}) == len(radii)
    assert "against_run" not in [button.key for button in app.button]


def test_a_typed_number_outlives_a_browser_that_has_not_heard_of_its_slider():
    app = open_race(mode="starts")
    box = app.number_input(key="starts_side")
    assert box.value == 12
    box.set_value(20)
    sent = app._tree.get_widget_states()
    # a browser sends the states of all controls; those of the second message are as old as the first one's
    for _ in range(2):
        app._run(sent)
        assert app.number_input(key="starts_side").value == 20
    assert app.button(key="starts_run").label.startswith(("Roll the other 391", "Roll from 400 starts"))
    slider = next(s for s in app.select_slider if s.label == "starts a side")
    assert slider.value == 20
    slider.set_value(9).run()
    assert app.number_input(key="starts_side").value == 9


def test_the_explained_rigid_ball_does_not_sink_and_the_unfinished_projection_does(bowl):
    section = section_of(bowl, bowl.start)
    shown = explain(section, rbo_core.RBO(radius=0.4), 20, 0.02, 0.24)
    depth = {each.ball.projection: each.penetration for each in shown}
    assert abs(depth["rigid"]) < 1e-3
    assert depth["gradient"] > 0.05
    for each in shown:
        moved = np.linalg.norm(each.step.moved_center - each.step.center)
        if each.ball.projection != "rigid":  # a rigid ball may be caught by a valley on its way
            assert moved == pytest.approx(0.24, rel=1e-6)


def test_a_section_is_the_surface_along_its_steepest_descent(bowl):
    at = np.array([0.7, -1.1])
    section = section_of(bowl, at)
    f, g = bowl.value_and_grad(at[None, :])
    fs, gs = section.value_and_grad(np.zeros((1, 1)))
    assert fs[0] == pytest.approx(f[0])
    assert gs[0, 0] == pytest.approx(-np.linalg.norm(g[0]))
    ends = at + section.bounds.T * section.along
    assert np.all(np.abs(ends) <= 3 + 1e-9)
    assert np.all(np.isclose(np.abs(ends), 3).any(axis=1))


def test_the_section_of_a_later_step_holds_contact_centre_and_the_way_down(bowl):
    ball = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    run = run_on(bowl, ball, (-2.6, 2.0), 40, depths=0)
    at = 17
    section, offset = section_through(bowl, run.position[at], run.place[at])
    rigid, argmin, newton, gradient = explain(section, ball, 20, 0.02, 0.01 * 0.4, offset)
    for each in (argmin, newton, gradient):
        assert np.allclose(each.step.contact, [0.0, run.loss[at]])
        # the ground's own normal leads from the contact to the centre of a ball that touches there
        assert np.allclose(each.step.center, [offset, run.center[at, 2]], atol=1e-4)
    assert np.allclose(rigid.step.center, [offset, run.center[at, 2]], atol=1e-5)
    ahead = run.place[at + 1] - run.place[at]
    assert ahead @ section.along > 0.999 * np.linalg.norm(ahead)


def test_an_unfinished_footpoint_is_told_from_a_place_too_narrow_for_the_ball(bowl):
    ball = rbo_core.RBO(radius=0.4)
    section = section_of(bowl, bowl.start)
    few, many = (explain(section, ball, k, 0.002, 0.24)[3] for k in (1, 20))
    assert few.excess > many.excess > 0.02
    exact, argmin, *_ = explain(section, ball, 20, 0.02, 0.24)
    assert np.linalg.norm(exact.near - exact.step.new_center) == pytest.approx(0.4, abs=1e-4)
    assert argmin.excess == pytest.approx(0.0, abs=1e-6)  # nothing is nearer, and yet it sinks
    assert argmin.penetration > 0.1


def test_step_scene_has_four_panels_that_end_with_the_new_ball(bowl):
    shown = explain(section_of(bowl, bowl.start), rbo_core.RBO(radius=0.4), 5, 0.02, 0.2)
    scene = step_scene(section_of(bowl, bowl.start), shown)
    assert [panel.title for panel in scene.panels] == ["Rigid (exact)", "Exact argmin", "Newton", "Gradient (paper)"]
    for panel, each in zip(scene.panels, shown, strict=True):
        assert np.allclose(panel.racers[0].center[-1], each.step.new_center)
        assert np.allclose(panel.racers[0].center[0], each.step.center)


def test_descent_finds_the_minimum_of_each_well():
    x = np.linspace(-2, 2, 81)
    heights = ((x**2 - 1) ** 2)[None, :] + (np.linspace(-1, 1, 41) ** 2)[:, None] + 0.05 * x[None, :]
    bottom = descend(heights)
    assert len(np.unique(bottom)) == 2
    left, right = bottom[20, 10], bottom[20, 70]
    assert left == 20 * 81 + np.argmin(heights[20, :40])
    assert np.all(bottom[:, :38] == left)
    assert np.all(bottom[:, 44:] == right)


def test_the_flooded_basin_is_the_lake_of_the_minimum_with_its_islands():
    y, x = np.mgrid[-2:2:201j, -2:2:201j]
    first = np.hypot(x + 1, y)
    heights = np.minimum(first, np.hypot(x - 1, y) + 0.01)
    heights = np.where(first < 0.1, 2.0, heights)  # an island in the first lake
    heights[100, 56] = -0.5
    home = flooded_basin(heights, (100, 56), share=0.1)
    assert home[100, 50]  # the island's middle
    assert not home[100, 150]  # the other lake
    assert 0.03 < home.mean() < 0.07  # half of the water, with the island


def test_basins_of_a_landscape_hold_its_minimum(bowl):
    made = catchment(bowl)
    assert made.reached(bowl.minimum.x).all()
    assert not made.reached([[-2.9, 2.9], [np.nan, 0.0]]).any()
    assert made.of([[np.nan, 0.0]]).tolist() == [-1]


def test_a_point_knows_its_cell():
    made = Catchment(np.array([0.0, 10.0]), np.array([1.0, 0.5]), np.arange(6).reshape(2, 3), np.eye(2, 3, dtype=bool))
    assert made.of([[0, 10], [2, 10], [1, 10.5]]).tolist() == [0, 2, 4]
    assert made.reached([[0, 10], [2, 10], [1, 10.5]]).tolist() == [True, False, True]


def test_map_of_many_starts_counts_who_arrived(bowl):
    starts = lattice(bowl, 5)
    assert starts.shape == (25, 2)
    assert np.all(np.abs(starts) <= 2.7 + 1e-12)
    method = rbo_core.SGD(learning_rate=0.01)
    run = rbo_core.trace(method, bowl, np.vstack([starts[:-1], np.atleast_1d(bowl.minimum.x)]), 20)
    made = map_of(bowl, method, starts, run)
    assert made.reached[-1]
    assert not made.reached[0]
    assert 0 < made.fraction < 0.5


def test_the_figure_colours_arrivals_and_tells_the_share():
    start = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    arrived = np.array([True, False, False, True])
    made = BasinMap("SGD", "#0072B2", start, start, np.array([1, 1, 2, 3]), arrived, np.ones(4, bool))
    figure = basin_map(made, np.linspace(0, 1, 5), np.linspace(0, 1, 5), np.eye(5, dtype=bool), np.zeros(2))
    shade = np.asarray(figure.data[0].z)
    assert shade[0, 0] == shade[1, 1] == 7
    assert shade[0, 1] != 7
    assert figure.layout.title.text == "<b>SGD</b>  50 % reached the flooded basin"
    assert figure.data[0].colorscale[-1][1] == "#0072B2"


@pytest.fixture(scope="module")
def sgd_run(bowl) -> Track:
    return run_on(bowl, rbo_core.SAM(learning_rate=0.01), (-1.0, 1.0), 40, 0, depths=0)


def test_the_loss_axis_counts_steps_gradients_or_time(sgd_run):
    assert np.array_equal(spent(sgd_run, "step"), np.arange(41))
    moving = np.minimum(np.arange(41), sgd_run.stopped_at)
    assert sgd_run.stopped_at < 40
    assert np.array_equal(spent(sgd_run, "gradients"), 2 * moving)
    assert np.allclose(spent(sgd_run, "milliseconds"), 1000 * sgd_run.seconds * moving / sgd_run.stopped_at)


def test_balls_are_told_apart_and_tables_say_where_they_ended(bowl, sgd_run):
    ball = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    runs = [run_on(bowl, replace(ball, radius=r), (-1.0, 1.0), 40, depths=0) for r in (0.4, 0.8)]
    raced = entries([*runs, sgd_run])
    assert [entry.label for entry in raced] == ["Ball ρ = 0.4", "Ball ρ = 0.8", "SAM"]
    assert len({entry.color for entry in raced}) == 3
    crowd = [run_on(bowl, replace(ball, radius=0.1 * r), (-1.0, 1.0), 1, depths=0) for r in range(1, 9)]
    for dark in (False, True):
        assert len({entry.color for entry in entries(crowd, dark)}) == 8
    table = result_table(raced, catchment(bowl))
    assert table["final loss"][2] == pytest.approx(float(bowl.value(sgd_run.position[-1][None, :])[0]))
    assert table[DEEPEST].isna().tolist() == [True, True, True]  # not measured here
    scene = run_scene(bowl, raced, Look(ironed=True))
    assert np.all(scene.ground.ironed >= scene.ground.heights - 1e-9)


def test_every_tied_contact_is_drawn_on_ball_and_ground(bowl):
    ball = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    run = run_on(bowl, ball, (-2.6, 2.0), 600, depths=0)
    racer = run_scene(bowl, entries([run])).racers[0]
    frame, slot = np.nonzero(np.isfinite(racer.contacts).all(axis=-1))
    assert np.bincount(frame).max() >= 2  # it comes to rest between the walls of a valley
    points = racer.contacts[frame, slot]
    assert np.allclose(points[:, 2], bowl.value(points[:, :2]), atol=1e-5)
    assert np.allclose(np.linalg.norm(points - racer.center[frame], axis=1), 0.4, atol=1e-6)


def test_penetration_is_told_for_balls_and_only_for_them(bowl, sgd_run):
    rigid = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    newton = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="newton")
    runs = [run_on(bowl, rigid, (-1.0, 1.0), 60, depths=7), run_on(bowl, newton, (-1.0, 1.0), 60)]
    raced = entries([*runs, sgd_run])
    depth = result_table(raced, catchment(bowl))[DEEPEST]
    assert depth[0] < 0.1
    assert depth[1] == pytest.approx(100 * np.max(runs[1].penetration))
    assert depth[1] > 5
    assert np.isnan(depth[2])
    assert np.array_equal(series(runs[1], "penetration"), 100 * np.maximum(runs[1].penetration, 0))
    assert np.isnan(series(sgd_run, "penetration")).all()
    assert np.array_equal(series(sgd_run, "distance"), sgd_run.distance)
    said = plain(race_story(raced, bowl.finest_scale))
    assert f"sank into the ground by up to {depth[1]:.1f} % of its radius" in said
    assert said.count("sank") == 1
    assert run_scene(bowl, raced, Look(curve="penetration")).loss_label == "penetration, % of ρ"


def test_sampled_penetration_is_the_measured_one_at_its_samples(bowl):
    newton = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="newton")
    full, some = (run_on(bowl, newton, (-1.0, 1.0), 60, depths=samples).penetration for samples in (None, 7))
    kept = np.arange(0, 61, 10)
    assert np.allclose(some[kept], full[kept])
    assert some[5] == pytest.approx((full[0] + full[10]) / 2)


def test_a_race_of_four_over_a_thousand_steps_is_a_small_message(bowl):
    balls = [rbo_core.RBO(radius=r, learning_rate=0.01, projection="rigid", unit_speed=True) for r in (0.4, 1.6)]
    rivals = [rbo_core.SGD(learning_rate=0.01), rbo_core.SAM(learning_rate=0.01)]
    runs = [run_on(bowl, method, (-2.6, 2.0), 1000, depths=5) for method in (*balls, *rivals)]
    assert len(pack(run_scene(bowl, entries(runs)))) <= 200_000


def test_the_paths_as_a_table_hold_every_step_up_to_the_end(bowl, sgd_run):
    ball = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    run = run_on(bowl, ball, (-1.0, 1.0), 20, depths=0)
    text = paths_table(entries([run, sgd_run])).to_csv(index=False)
    read = pd.read_csv(io.StringIO(text))
    assert read["racer"].value_counts().to_dict() == {"Ball": run.stopped_at + 1, "SAM": sgd_run.stopped_at + 1}
    mine = read[read["racer"] == "Ball"]
    assert np.allclose(mine[["x1", "x2"]], run.position[: run.stopped_at + 1])
    assert np.allclose(mine[["center_x1", "center_x2", "center_height"]], run.center[: run.stopped_at + 1])
    assert np.allclose(read[read["racer"] == "SAM"]["loss"], sgd_run.loss[: sgd_run.stopped_at + 1])


def test_the_ironed_sheet_lies_along_the_same_axes_as_the_ground():
    ravine = landscapes.get("ravine", dim=2)
    ball = rbo_core.RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    run = run_on(ravine, ball, tuple(float(v) for v in ravine.start), 10, depths=0)
    ground = run_scene(ravine, entries([run]), Look(ironed=True)).ground
    # a gentle ravine is hardly ironed at all, so a sheet along exchanged axes would be far off
    assert np.abs(ground.ironed - ground.heights).max() < 0.2 * np.ptp(ground.heights)
    x, y = 10, 50
    assert ground.heights[y, x] == pytest.approx(float(ravine.value(np.array([[ground.x[x], ground.y[y]]]))[0]))
