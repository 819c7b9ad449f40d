"""Other settings than η may be the vertical axis, and both may count in curvatures."""

from __future__ import annotations

import numpy as np
import pytest

import landscapes
from pages.phases import restore
from rbo_core import sweep
from rbo_core.frontiers import curvature_at
from tests.pages.drawn import drawn
from tests.pages.phases.reading import the_sweep


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
