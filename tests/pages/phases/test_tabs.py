"""The tabs below the map: two methods side by side, finer wrinkles, finite size."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import landscapes
from pages.phases import finer, size
from pages.shared import turns
from rbo_core import sweep
from tests.pages.drawn import drawn
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


def test_finite_size_tells_its_time_and_shows_each_width_as_it_comes(phases, lab, monkeypatch):
    """Whole, the balls take some seven million steps; a first width of three is a third of a picture, not none."""
    monkeypatch.setattr(size, "_pace", lambda recipe: 1e6)
    page = phases(finite_size="true")
    label = page.button("roll_finite_size").label
    assert label.startswith("Roll the balls that check it, about ")
    assert 6.3 / 2 < float(label.split()[-2]) < 2 * (6.3 + size.LOADING), (
        "6.3 million steps were counted of a whole run"
    )
    first = sweep.FiniteSize().sweeps[0]
    sweep.run(first, lab.store, landscapes.get)  # as far as a job came that was cancelled
    page.run()
    dots = [one for one in drawn(page)["finite_size_figure"][0]["data"] if one["name"] == "balls"]
    assert len(dots) == 1 and any("Dots, balls: 1 of 3 widths so far." in one.value for one in page.caption)
    assert page.button("roll_finite_size").label.startswith("Go on rolling, about ")


def test_finer_wrinkles_grow_in_turn_and_tell_their_time(phases, lab, monkeypatch):
    """Whoever is cut off after three parts finds a quarter of each curve, and goes on from there."""
    parts, a_part = [], finer._a_part
    monkeypatch.setattr(finer, "_a_part", lambda *one: parts.append(a_part(*one)))
    again = turns.Turn.again
    monkeypatch.setattr(
        turns.Turn, "over", property(lambda turn: len(parts) >= turn.__dict__.setdefault("until", len(parts) + 3))
    )
    monkeypatch.setattr(turns.Turn, "again", lambda turn: None)  # the page is left
    page = phases(finer="false")
    assert any(one.value.endswith(", seen as they grow.") for one in page.caption), "how long it takes is told before"
    page.toggle(key="finer").set_value(True).run()
    page.run()

    def radii() -> list[int]:
        curves = traces(page, "finer_curves")
        packed = [curves[f"w = {w}"]["x"] for w in ("0.3", "0.15", "0.075")]
        return [np.frombuffer(base64.b64decode(x["bdata"]), x["dtype"]).size for x in packed]

    assert radii() == [3, 3, 3], "of two turns one is drawn"
    assert sorted(stored for *_, stored in lab.store.sweeps()) == [6, 6, 6, 144]
    monkeypatch.setattr(turns.Turn, "again", again)
    page.run()
    assert radii() == [12, 12, 12] and len(parts) == 12
