"""The tabs below the map: two methods side by side, finer wrinkles, finite size."""

from __future__ import annotations

import numpy as np
import pytest

import landscapes
from pages.phases import finer
from tests.pages.phases.reading import heights, traces


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
