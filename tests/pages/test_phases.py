"""The page Phases without a browser: the map holds what the core computes, controls reach it, links restore it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import landscapes
import pages.player
from pages.phases import compute, finer, restore
from pages.phases.asked import MapAsked
from pages.shared import background, plots
from rbo_core import jobs, sweep
from rbo_core.figures.phase_cut import cut_figure
from rbo_core.figures.phase_map import CLICKS, difference_figure, map_figure
from rbo_core.figures.phase_marks import regions
from rbo_core.figures.phases import Jump, Mark, Notes, PhaseMap, RadiusCurve, Reading, Span
from rbo_core.figures.words import plain, short
from rbo_core.frontiers import curvature_at
from rbo_core.sweep import Refinement, order_parameters
from tests.pages.drawn import drawn

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Phases.py"
SMALL = {"cells": "12", "starts": "2", "steps": "20"}


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """What the page gave to the player; a store and a queue of its own, in which no job runs by itself."""
    seen = SimpleNamespace(scene=None, click=None, store=sweep.Store(tmp_path / "s.sqlite"))
    seen.queue = jobs.Queue(tmp_path / "j.sqlite")

    def fake(scene, key, **options):
        seen.scene = scene
        click, seen.click = seen.click, None
        if click is not None:
            options["on_click"](click)
            st.rerun()

    monkeypatch.setattr(pages.player, "player", fake)
    monkeypatch.setattr(background, "queue", lambda: seen.queue)
    monkeypatch.setattr(compute, "store", lambda: seen.store)
    # A first look that is as long as it takes: how much one of a second holds depends on what else the machine does.
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 60.0)
    yield seen
    seen.store.close()
    seen.queue.close()


@pytest.fixture
def phases(lab):
    """phases(radius="0.3", ...) -> the page as a link with these settings opens it."""

    def open_(**query) -> AppTest:
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in {**SMALL, **query}.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return open_


def said(page: AppTest) -> str:
    body = next(html.proto.body for html in page.get("html") if 'class="lab-said"' in html.proto.body)
    return plain(body).replace("\u2212", "-")


def traces(page: AppTest, key: str) -> dict:
    """Traces of one chart by their names ("" for the heat map)."""
    return {trace.get("name", ""): trace for trace in drawn(page)[key][0]["data"]}


def the_sweep(lab) -> sweep.Sweep:
    (only,) = lab.store.sweeps()
    return lab.store.spec(only[0])


def heights(trace: dict) -> np.ndarray:
    import base64

    z = trace["z"]
    flat = np.frombuffer(base64.b64decode(z["bdata"]), dtype=z["dtype"])
    return flat.reshape([int(n) for n in z["shape"].split(",")])


def test_the_map_is_what_the_core_computes(phases, lab, tmp_path):
    page = phases(order="final_loss")
    spec = the_sweep(lab)
    assert spec.shape == (12, 12)
    assert dict(spec.settings)["projection"] == "rigid"
    # Complete in the first look: this sweep is small. An independent run of the core gives the same map.
    with sweep.Store(tmp_path / "other.sqlite") as other:
        data = sweep.run(spec, other, landscapes.get)
    assert lab.store.count(spec.id) == 144
    np.testing.assert_array_equal(
        heights(traces(page, "phase_map")[""]), order_parameters.cell_map(spec, data, "final_loss").T.astype(np.float32)
    )
    clicks = traces(page, "phase_map")[CLICKS]
    assert clicks["text"][0].startswith(f"{order_parameters.cell_map(spec, data, 'final_loss')[0, 0]:.3g}")


def test_the_shown_run_is_the_cells(phases, lab):
    page = phases(radius="0.3", learning_rate="0.02", start="1.5")
    (racer,) = lab.scene.racers
    assert racer.radius == 0.3
    assert racer.center[0, 0] == pytest.approx(1.5)
    assert len(racer.center) <= 21
    assert "At η = " in said(page)


def test_error_bars_and_theory_are_switches(phases):
    query = {"steps": "150", "starts": "8"}
    full, bare = phases(**query), phases(**query, bars="false", theory="false")
    shown, left = traces(full, "phase_map"), traces(bare, "phase_map")
    assert np.any(shown["detected jump, 95 %"]["error_x"]["array"])
    assert not any(np.any(left["detected jump"]["error_x"][side]) for side in ("array", "arrayminus"))
    words = [[note["text"] for note in drawn(page)["phase_map"][0]["layout"]["annotations"]] for page in (full, bare)]
    assert any(text.startswith("theory") for text in words[0])
    assert words[1] == [text for text in words[0] if not text.startswith("theory")]
    bands = [sum(trace.get("fill") == "toself" for trace in drawn(page)["cut"][0]["data"]) for page in (full, bare)]
    assert bands == [1, 0]
    assert "Theory: " in said(full) and "Theory" not in said(bare)
    # the sentence about a row that jumps is that row's point of the picture
    jumps = shown["detected jump, 95 %"]
    full.number_input("learning_rate").set_value(float(jumps["y"][0])).run()
    told = re.search(r"At η = (\S+) the .* at ρ = (\S+) \(95 % between (\S+) and ([^\s,)]+)", said(full))
    low, high = jumps["x"][0] - jumps["error_x"]["arrayminus"][0], jumps["x"][0] + jumps["error_x"]["array"][0]
    assert told.groups() == tuple(short(value) for value in (jumps["y"][0], jumps["x"][0], low, high))
    assert any("band: 95 %" in caption.value for caption in full.caption)
    assert not any("band: 95 %" in caption.value for caption in bare.caption)


def test_changing_the_shown_run_computes_no_new_map(phases, lab):
    page = phases()
    page.number_input("radius").set_value(1.25).run()
    assert not page.exception
    assert lab.scene.racers[0].radius == 1.25
    assert len(lab.store.sweeps()) == 1


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ({"projection": "gradient", "gradient_n_projection_steps": "7", "gradient_projection_step_size": "0.03"},
         {"n_projection_steps": 7, "projection_step_size": 0.03, "projection": "gradient", "unit_speed": False}),
        ({"projection": "newton", "momentum": "0.8"}, {"n_projection_steps": 2, "momentum": 0.8}),
        ({"loss_scale": "2", "rigid_unit_speed": "false"}, {"loss_scale": 2.0, "unit_speed": False}),
    ],
)  # fmt: skip
def test_settings_reach_the_sweep(phases, lab, query, changed):
    phases(**query)
    assert dict(the_sweep(lab).settings).items() >= changed.items()


def test_a_surface_of_two_parameters(phases, lab):
    page = phases(ground="surface", projection="newton", start_x="1.5", start_y="-1", learning_rate="0.02")
    assert not page.error
    spec = the_sweep(lab)
    assert (spec.dim, spec.surface) == (2, "wrinkled_bowl")
    assert lab.scene.ground.dim == 2
    (racer,) = lab.scene.racers
    np.testing.assert_allclose(racer.position[0, :2], [1.5, -1.0])
    lab.click = SimpleNamespace(x=np.array([0.25, 0.5]))
    page.run()
    assert (page.number_input("start_x").value, page.number_input("start_y").value) == (0.25, 0.5)


def test_a_click_on_the_curve_sets_the_start(phases, lab):
    page = phases()
    lab.click = SimpleNamespace(x=np.array([1.2345]))
    page.run()
    assert page.number_input("start").value == 1.234
    assert lab.scene.racers[0].center[0, 0] == pytest.approx(1.234)


def test_grid_and_budget_reach_the_sweep(phases, lab):
    phases(radius_low="0.1", radius_high="2", rate_low="0.01", rate_high="0.5", budget="gradients", gradients="500")
    spec = the_sweep(lab)
    assert [(axis.values[0], axis.values[-1]) for axis in spec.grid] == [(0.1, 2.0), (0.01, 0.5)]
    assert (spec.steps, spec.gradients) == (None, 500)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"radius_low": "2", "radius_high": "1"}, "range of ρ must run upwards, got 2 to 1"),
        ({"rate_low": "0.5", "rate_high": "0.5"}, "range of η must run upwards"),
        ({"radius": "-1"}, "got -1"),
        ({"cells": "13"}, "'13' is unknown"),
        ({"order": "enthalpy"}, "'enthalpy' is unknown"),
        ({"projection": "sticky"}, "'sticky' is unknown"),
        ({"steps": "0"}, "got 0"),
    ],
)
def test_bad_links_get_a_message(phases, query, message):
    page = phases(**query)
    assert any(message in error.value.replace("\u2212", "-") for error in page.error)


def test_a_long_sweep_waits_for_a_click_and_then_has_a_link(phases, lab, monkeypatch):
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 0.0)
    monkeypatch.setattr(compute, "AUTOMATIC_SECONDS", 0.0)
    page = phases(cells="24")
    spec = the_sweep(lab)
    assert 0 < lab.store.count(spec.id) < spec.cells
    assert lab.queue.jobs() == []
    page.button("compute_first").click().run()
    assert not page.exception
    (job,) = lab.queue.jobs()
    assert job.state == "queued"
    assert page.query_params["job"] in (job.id, [job.id])
    assert sweep.parse(job.config) == spec
    # Somebody else opens nothing but the link.
    other = AppTest.from_file(str(PAGE), default_timeout=60)
    other.query_params["job"] = job.id
    other.run()
    assert not other.exception
    assert len(lab.store.sweeps()) == 1
    assert other.selectbox("cells").value == "24"
    # And looks at something else: the address no longer claims to show the job.
    other.number_input("starts").set_value(3).run()
    assert "job" not in other.query_params


def test_a_quick_sweep_is_refined_by_itself_once(phases, lab, monkeypatch):
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 0.0)
    page = phases(cells="24")
    (job,) = lab.queue.jobs()
    assert job.key == f"sweep:{the_sweep(lab).id}"
    page.run()
    assert len(lab.queue.jobs()) == 1
    lab.queue.cancel(job.id)
    page.run()
    assert len(lab.queue.jobs()) == 1, "what was cancelled is not started again"
    page.number_input("starts").set_value(3).run()
    assert len(lab.queue.jobs(states=("queued",))) == 1


@pytest.mark.parametrize(
    ("query", "axis", "ends"),
    [
        ({"vertical": "loss_scale", "scale_low": "0.5", "scale_high": "2"}, "loss_scale", (0.5, 2.0)),
        ({"vertical": "projection_step_size", "projection": "gradient"}, "projection_step_size", (0.001, 0.1)),
        ({"vertical": "n_projection_steps", "projection": "newton", "k_high": "6"}, "n_projection_steps", (1, 6)),
        ({"vertical": "n_projection_steps"}, "learning_rate", (0.003, 1.0)),  # the rigid ball has no K
    ],
)
def test_other_settings_may_be_the_vertical_axis(phases, lab, query, axis, ends):
    page = phases(**query, learning_rate="0.02")
    spec = the_sweep(lab)
    assert [one.name for one in spec.grid] == ["radius", axis]
    assert (spec.grid[1].values[0], spec.grid[1].values[-1]) == ends
    assert dict(spec.settings).get("learning_rate") == (None if axis == "learning_rate" else 0.02)
    assert axis not in dict(spec.settings)
    (drawn_map,) = drawn(page)["phase_map"]
    assert {"loss_scale": "λ", "projection_step_size": "γ", "n_projection_steps": "K", "learning_rate": "η"}[
        axis
    ] in drawn_map["layout"]["yaxis"]["title"]["text"]
    restored = restore.controls_of(sweep.to_dict(spec))
    assert restored["vertical"] == axis


def test_a_click_sets_the_vertical_setting_of_the_shown_run(phases, lab):
    page = phases(vertical="n_projection_steps", projection="newton", k_high="6")
    page.session_state["_picked"] = (0.25, 4.0)
    page.run()
    assert not page.exception
    assert page.number_input("newton_n_projection_steps").value == 4
    assert page.number_input("radius").value == 0.25


def test_dimensionless_axes_count_in_curvatures(phases, lab):
    page = phases(surface="paraboloid", curvatures="true", loss_scale="2")
    layout = drawn(page)["phase_map"][0]["layout"]
    curvature = 2 * curvature_at(landscapes.get("paraboloid", dim=1), np.zeros(1))
    for axis, name in (("xaxis", "ρλκ"), ("yaxis", "ηλκ")):
        assert layout[axis]["title"]["text"].startswith(name)
        ticks = [float(text) for text in layout[axis]["ticktext"]]
        np.testing.assert_allclose(np.array(layout[axis]["tickvals"]) * curvature, ticks)
    assert "ρ (parameter units)" in drawn(phases())["phase_map"][0]["layout"]["xaxis"]["title"]["text"]


def test_a_map_is_refined_near_its_jumps_by_a_job_that_its_link_restores(phases, lab):
    page = phases(refine="2", starts="4", steps="60", rate_high="0.3")
    (job,) = lab.queue.jobs()
    base = sweep.parse(job.config)
    how = Refinement("in_basin", rounds=2)
    assert job.argv[-4:] == ("--order", "in_basin", "--refine", "2")
    fine, _ = sweep.run_refined(base, lab.store, landscapes.get, how)
    page.run()
    assert not page.exception
    assert len(traces(page, "phase_map")[CLICKS]["text"]) == fine.cells > base.cells
    assert any("were added near jumps" in caption.value for caption in page.caption)
    restored = restore.controls_of(job.config, job.argv)
    assert (restored["refine"], restored["order"], restored["cells"]) == ("2", "in_basin", "12")


def test_noise_brings_seeds(phases, lab):
    phases(projection="newton", gradient_noise="0.2", seeds="3")
    spec = the_sweep(lab)
    assert (spec.seeds, spec.balls, dict(spec.settings)["gradient_noise"]) == ((0, 1, 2), 6, 0.2)


def test_susceptibility_across_seeds_is_drawn_where_there_are_seeds(phases, lab):
    page = phases(projection="newton", gradient_noise="0.2", seeds="3", order="seed_susceptibility")
    spec = the_sweep(lab)
    fluctuates = order_parameters.cell_map(spec, lab.store.data(spec), "seed_susceptibility")
    assert np.isfinite(fluctuates).all() and fluctuates.max() > 0
    np.testing.assert_array_equal(heights(traces(page, "phase_map")[""]), fluctuates.T.astype(np.float32))
    alone = phases(order="seed_susceptibility")
    assert any("One seed has no variance" in caption.value for caption in alone.caption)
    assert "near the minimum" in said(alone)


def test_two_methods_and_their_difference(phases, lab):
    page = phases(order="mean_penetration", compare="gradient")
    assert len(lab.store.sweeps()) == 2
    first, second = (heights(traces(page, key)[""]) for key in ("map_a", "map_b"))
    assert (first == 0).all(), "the rigid ball does not sink"
    assert np.nanmean(second) > 0.05
    np.testing.assert_allclose(heights(traces(page, "difference")[""]), second - first, rtol=1e-5)
    assert any("One step costs" in c.value and "and 20 with Gradient" in c.value for c in page.caption)


def test_every_surface_with_wrinkles_can_be_made_four_times_finer():
    for name, scaled in finer.FINER.items():
        for dim in (1, 2):
            parameters = {p.name: p.default / 4 for p in landscapes.parameters(name, dim) if p.name in scaled}
            fine = landscapes.get(name, dim=dim, **parameters)
            assert fine.finest_scale == pytest.approx(landscapes.get(name, dim=dim).finest_scale / 4), name


def test_wrinkles_too_fine_for_the_surface_get_a_message(phases):
    page = phases(wrinkled_bowl_wavelength="0.1", finer="true")
    assert "start from wider wrinkles" in page.error[0].value


def test_finer_wrinkles(phases, lab):
    page = phases(surface="corduroy", finer="true", order="displacement", radius_low="0.4", radius_high="4")
    curves = traces(page, "finer_curves")
    assert {"w = 1", "w = 0.5", "w = 0.25"} <= set(curves)
    assert len(lab.store.sweeps()) == 4


def test_finite_size_shows_what_lifetimes_say_and_offers_to_roll_the_balls(phases, lab):
    page = phases(finite_size="true")
    assert {"crests' lifetimes", "w = 0.3"} <= set(traces(page, "finite_size_figure"))
    assert any("limit 3.35" in caption.value and "ρ_c ~ w^0.999" in caption.value for caption in page.caption)
    page.button("roll_finite_size").click().run()
    assert not page.exception
    (job,) = lab.queue.jobs()
    assert job.argv == ("sweep", "finite-size", "--json")
    page.run()
    assert len(lab.queue.jobs()) == 1


def test_an_unknown_job_is_said(phases):
    page = phases(job="feedfeedfeed")
    assert not page.exception


@pytest.mark.parametrize("projection", ["rigid", "newton", "gradient"])
def test_controls_of_a_sweep_give_the_sweep(projection):
    own = {"rigid": {}, "newton": {"n_projection_steps": 3}, "gradient": {"projection_step_size": 0.02}}[projection]
    surface = landscapes.get("corduroy", dim=1, width=0.7)
    settings = {"projection": projection, "unit_speed": True, "momentum": 0.5, "loss_scale": 1.0, **own}
    spec = MapAsked(surface, settings, (0.1, 2.0), (0.01, 1.0), 16, 4, ("gradients", 700)).sweep()
    found = restore.controls_of(sweep.to_dict(spec))
    expected = {"surface": "corduroy", "corduroy_width": 0.7, "projection": projection, "momentum": 0.5, "cells": "16"}
    expected |= {"starts": 4, "radius_low": 0.1, "rate_high": 1.0, "budget": "gradients", "gradients": 700}
    expected |= {f"{projection}_unit_speed": True, **{f"{projection}_{k}": v for k, v in own.items()}}
    assert found.items() >= expected.items()


def test_a_sweep_of_another_kind_is_refused():
    spec = sweep.parse({"surface": "corduroy", "method": "sgd", "grid": {"learning_rate": [0.1]}, "steps": 5})
    with pytest.raises(ValueError, match="other axes than the page's"):
        restore.controls_of(sweep.to_dict(spec))


# The figures.

RADII, RATES = np.array([0.1, 0.2, 0.4]), np.array([0.01, 0.1])


def shown(values, diverged, **more) -> PhaseMap:
    return PhaseMap(RADII, RATES, np.array(values, float), np.array(diverged, float), "loss", **more)


def test_only_cells_where_most_diverged_are_hatched():
    figure = map_figure(shown([[1, 2], [3, 4], [5, 6]], [[0, 0.5], [0.6, 1], [0, 0]]), dark=False)
    hatch = next(trace for trace in figure.data if trace.name == "most diverged")
    assert list(hatch.x).count(None) == 2
    assert min(x for x in hatch.x if x is not None) == pytest.approx(np.sqrt(0.1 * 0.2))
    assert max(x for x in hatch.x if x is not None) == pytest.approx(np.sqrt(0.2 * 0.4))
    calm = map_figure(shown([[1, 2], [3, 4], [5, 6]], np.zeros((3, 2))), dark=True)
    assert "most diverged" not in [trace.name for trace in calm.data]


def test_cells_to_come_take_their_neighbours_colour_and_say_so():
    nan = np.nan
    figure = map_figure(shown([[1, nan], [nan, nan], [5, nan]], [[0, nan], [nan, nan], [0, nan]]), dark=False)
    assert np.isfinite(figure.data[0].z).all()
    clicks = next(trace for trace in figure.data if trace.name == CLICKS)
    assert [text == "not computed yet" for text in clicks.text] == [False, True, True, True, False, True]


def test_theory_outside_the_map_is_not_drawn():
    values = np.ones((3, 2))
    marks = (Mark(0.25, "inside"), Mark(7.0, "outside"))
    figure = map_figure(shown(values, 0 * values), dark=False, notes=Notes(marks, (Jump(0.1, 0.2, 0.1, 0.4),)))
    assert [note.text for note in figure.layout.annotations] == ["theory: inside"]
    jump = next(trace for trace in figure.data if trace.name == "detected jump, 95 %")
    assert (jump.error_x.array[0], jump.error_x.arrayminus[0]) == pytest.approx((0.2, 0.1))


def test_less_is_better_is_brighter_and_the_difference_says_who_is_better():
    low, high = shown(np.ones((3, 2)), np.zeros((3, 2)), brighter=-1), shown(3 * np.ones((3, 2)), np.zeros((3, 2)))
    assert map_figure(low, dark=False).data[0].reversescale
    assert not map_figure(high, dark=False).data[0].reversescale
    assert (difference_figure(low, high, dark=False, label="x").data[0].z == 2.0).all()


def test_a_cut_names_its_regimes_and_marks():
    curve = RadiusCurve("Rigid", "#D55E00", RADII, np.array([0.0, 0.5, np.nan]), np.zeros(3), np.ones(3))
    figure = cut_figure(
        (curve,), Reading("share", share=True), True,
        Notes((Mark(0.3, "theory"),), (Jump(0.1, 0.15, 0.1, 0.2),), (Span("microscopic", 0.1, 0.2),)),
    )  # fmt: skip
    assert {note.text for note in figure.layout.annotations} == {"theory", "detected, 95 %", "microscopic"}
    assert len(figure.data[1].x) == 2, "a radius without a value is left out"


def test_a_picture_is_drawn_once_for_all_who_ask_for_the_same():
    asked = []

    def build(values, mark, *, height):
        asked.append(height)
        return go.Figure(layout={"height": height})

    mark = Mark(0.4, "crest")
    first = plots.remembered(build, np.arange(3.0), mark, height=211)
    assert plots.remembered(build, np.arange(3.0), replace(mark), height=211) == first and asked == [211]
    plots.remembered(build, np.arange(3.0) + 1e-15, mark, height=211)
    plots.remembered(build, np.arange(3.0), replace(mark, label="well"), height=211)
    plots.remembered(build, np.arange(3.0, dtype=np.float32), mark, height=211)
    plots.remembered(build, np.arange(3.0), mark, height=212)
    assert asked == [211, 211, 211, 211, 212]
    with pytest.raises(TypeError, match="cannot be remembered by a object"):
        plots.remembered(build, object(), mark, height=211)


def test_the_shown_run_is_ringed_and_marked_in_the_cut(visit, tmp_path):
    page = visit("4_Phases", tmp_path, cells="12", starts="1", steps="10", radius="0.5", learning_rate="0.02")
    (shown,), (cut,) = drawn(page)["phase_map"], drawn(page)["cut"]
    rings = [shape for shape in shown["layout"]["shapes"] if shape["type"] == "circle"]
    assert [(ring["xanchor"], ring["yanchor"]) for ring in rings] == [(0.5, 0.02)] * 2
    assert any(shape["x0"] == shape["x1"] == 0.5 for shape in cut["layout"]["shapes"])


def test_the_regions_of_a_map_are_named_where_they_are():
    radii, rates = np.geomspace(0.01, 1, 12), np.geomspace(0.01, 1, 9)
    left = np.repeat((radii < 0.1)[:, None], 9, axis=1)  # held at small radii

    def named(held, better=1, told=True):
        values = np.where(held, 0.0, 1.0) if better > 0 else np.where(held, 1.0, 0.0)
        shown = PhaseMap(radii, rates, values, 0 * values, "", better, share=True, held=told)
        return {name: at for name, *at in regions(shown)}

    for better in (1, -1):
        found = named(left, better)
        assert found["stuck"][0] < 0.1 < found["free"][0]
        assert all(rates[0] < rate < rates[-1] for _, rate in found.values())
    speck = np.zeros_like(left)
    speck[0, 0] = True
    assert set(named(speck)) == {"free"}  # one cell has no room for a name
    assert named(left, told=False) == {}  # a share of something else, such as accuracy, holds nobody
