"""What a first look leaves is computed in the background, once, and found again by its link."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from pages.phases import compute, restore
from pages.phases.asked import MapAsked
from rbo_core import sweep
from rbo_core.figures.phase_map import CLICKS
from rbo_core.sweep import Refinement
from tests.pages.phases.reading import PAGE, the_sweep, traces


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
