"""The map holds what the core computes, and the controls reach it and the run that is shown beside it."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

import landscapes
from rbo_core import sweep
from rbo_core.figures.phase_map import CLICKS
from rbo_core.figures.words import short
from rbo_core.sweep import order_parameters
from tests.pages.drawn import drawn
from tests.pages.phases.reading import heights, said, the_sweep, traces


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
    (racer,) = lab.last.racers
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
    assert lab.last.racers[0].radius == 1.25
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
    assert lab.last.ground.dim == 2
    (racer,) = lab.last.racers
    np.testing.assert_allclose(racer.position[0, :2], [1.5, -1.0])
    lab.click = SimpleNamespace(x=np.array([0.25, 0.5]))
    page.run()
    assert (page.number_input("start_x").value, page.number_input("start_y").value) == (0.25, 0.5)


def test_a_click_on_the_curve_sets_the_start(phases, lab):
    page = phases()
    lab.click = SimpleNamespace(x=np.array([1.2345]))
    page.run()
    assert page.number_input("start").value == 1.234
    assert lab.last.racers[0].center[0, 0] == pytest.approx(1.234)


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


def test_the_shown_run_is_ringed_and_marked_in_the_cut(visit, tmp_path):
    page = visit("4_Phases", tmp_path, cells="12", starts="1", steps="10", radius="0.5", learning_rate="0.02")
    (shown,), (cut,) = drawn(page)["phase_map"], drawn(page)["cut"]
    rings = [shape for shape in shown["layout"]["shapes"] if shape["type"] == "circle"]
    assert [(ring["xanchor"], ring["yanchor"]) for ring in rings] == [(0.5, 0.02)] * 2
    assert any(shape["x0"] == shape["x1"] == 0.5 for shape in cut["layout"]["shapes"])
