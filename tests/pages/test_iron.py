"""The page Iron without a browser: every look on curve and surface, the numbers it says, bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
from pages.iron import data as iron_data
from pages.shared import plots
from rbo_core.figures.ironing import CurveMarks, curve_figure, is_true_scale, resting_ball, surface_figure
from rbo_core.figures.ironing_maps import gone_text, touched_figure
from rbo_core.figures.ironing_measures import measure_figures
from rbo_core.ironing import basins, grooves, iron_landscape, measure, sample, sweep_field

PAGE = Path(__file__).resolve().parents[2] / "pages" / "3_Iron.py"


@pytest.fixture
def shown(monkeypatch):
    """What the page gave to the browser's plots: figures as plain JSON, by the key of their block."""
    seen = {}

    def fake(figures, key, **options):
        pictures = [f if isinstance(f, plots.Picture) else plots.Picture.of(f) for f in figures]
        seen[key] = [{"data": json.loads(p.data), "layout": json.loads(p.layout)} for p in pictures]

    monkeypatch.setattr(plots, "show", fake)
    return seen


@pytest.fixture
def open_iron(shown):
    """open_iron(**query) -> the page after its first run."""

    def open_(**query):
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        return sound(page.run())

    return open_


def sound(page):
    """The page, if it ran without an exception."""
    assert not page.exception, page.exception
    return page


def readout(page):
    """The text of the row of read-outs and the sentence."""
    return " ".join(re.sub("<[^>]+>", " ", h.proto.body) for h in page.get("html"))


def test_the_curve_says_what_the_core_measures(open_iron, shown):
    page = open_iron(radius="0.3")
    ironed = iron_landscape(landscapes.get("wrinkled_bowl"), 0.3, n=2001)
    said = readout(page)
    assert f"{100 * ironed.unreachable_share:.1f} %" in said
    count = basins(ironed.ironed).count(1e-3 * float(np.ptp(ironed.heights)))
    assert f"sees {count} of" in said
    names = [trace.get("name") for trace in shown["iron_curve"][0]["data"]]
    assert {"landscape λf", "ironed h − ρ", "underside of the sweep", "no ball touches"} <= set(names)
    assert not page.error


@pytest.mark.parametrize("look", ["measures", "multiples", "barcode", "theory", "blur", "spectrum"])
def test_every_look_on_a_curve(open_iron, shown, look):
    page = open_iron(look=look, surface="corduroy")
    assert not page.error
    panels = {"measures": 6, "multiples": 6, "barcode": 2, "theory": 3, "blur": 1, "spectrum": 1}
    assert {key: len(figures) for key, figures in shown.items()} == {"iron_curve": 1, f"iron_{look}": panels[look]}


@pytest.mark.parametrize("look", ["map", "multiples", "barcode", "theory", "blur", "spectrum", "measures"])
def test_every_look_on_a_surface(open_iron, shown, look):
    page = open_iron(ground="surface", look=look, samples="128")
    assert not page.error
    assert [d["data"][0]["type"] for d in shown["iron_pair"]] == ["surface", "surface"]
    panels = {"map": 2, "multiples": 6, "barcode": 2, "theory": 2, "blur": 1, "spectrum": 1, "measures": 6}
    assert len(shown[f"iron_{look}"]) == panels[look]


def test_the_orange_line_follows_the_radius(open_iron, shown):
    page = open_iron(closer="true")
    for radius in (0.1, 0.5):
        sound(page.number_input(key="radius").set_value(radius).run())
        panels = shown["iron_measures"]
        assert [panel["layout"]["shapes"][-1]["x0"] for panel in panels] == [radius] * 6


def test_blur_can_be_laid_over(open_iron, shown):
    page = open_iron()
    sound(page.toggle(key="blur").set_value(True).run())
    sound(page.toggle(key="closing").set_value(False).run())
    names = [trace.get("name") for trace in shown["iron_curve"][0]["data"]]
    assert "Gaussian blur" in names
    assert "underside of the sweep" not in names


def test_theory_of_the_corduroy_is_on_the_page(open_iron):
    page = open_iron(surface="corduroy", look="theory")
    table = next(m.value for m in page.markdown if "Crest lifetimes" in m.value and "|" in m.value)
    row = next(line for line in table.splitlines() if "Crest lifetimes" in line)
    theory, measured = row.split("|")[3:5]
    low, high = (float(cell) for cell in measured.split(" to "))
    assert low <= float(theory) <= high < 1.3 * low  # the sweep's radii are a fifth apart


def test_radius_below_the_grid_warns(open_iron):
    page = open_iron(radius="0.001")
    assert any("nothing is ironed" in w.value for w in page.warning)


@pytest.mark.parametrize("radius", ["-1", "0", "nan", "50", "much"])
def test_bad_radius_gets_a_message_and_the_page_stays(open_iron, shown, radius):
    page = open_iron(radius=radius)
    assert page.error
    assert "radius" in page.error[0].value
    assert shown["iron_curve"]


def test_bad_scale_and_threshold_get_a_message(open_iron):
    assert "loss scale" in open_iron(loss_scale="0").error[0].value
    assert "threshold" in open_iron(threshold="-3").error[0].value


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.slow
def test_every_surface_can_be_ironed(dim):
    for name in landscapes.names(dim):
        surface = landscapes.get(name, dim=dim)
        low, high = iron_data.radius_range(surface)
        assert 0 < low < high
        field = sample(surface, 301 if dim == 1 else 40, margin=high)
        found = measure(field, [low, high])
        assert np.isfinite(found.oscillation).all(), name


def test_true_scale_and_the_resting_ball():
    bowl = iron_landscape(landscapes.get("wrinkled_bowl"), 0.3, n=2001)
    assert is_true_scale(bowl)
    assert curve_figure(bowl, dark=True).layout.yaxis.scaleanchor == "x"
    x, y = resting_ball(bowl)
    assert np.hypot(bowl.axes[0] - x, bowl.heights - y).min() == pytest.approx(
        0.3, abs=2e-3
    )  # it rests and enters nothing
    tall = iron_landscape(landscapes.get("rastrigin"), 0.3, n=2001, loss_scale=100)
    assert not is_true_scale(tall)
    figure = curve_figure(tall, dark=False)
    assert figure.layout.yaxis.scaleanchor is None
    assert "squeezed" in figure.layout.annotations[0].text


def test_hover_tells_when_a_groove_vanished():
    surface = landscapes.get("corduroy")
    swept = sweep_field(sample(surface, 2001, margin=2.0), np.geomspace(0.1, 2, 12))
    followed = grooves(swept, 1e-3)
    figure = curve_figure(
        iron_landscape(surface, 0.3, n=2001), False, CurveMarks(grooves=followed, last_touched=swept.last_touched)
    )
    texts = next(t for t in figure.data if t.name == "floor of a groove").text
    assert len(texts) == followed.floor.size
    assert all("theory for two sharp crests" in t or "ironed" in t for t in texts)


def test_hover_on_a_surface_tells_when_a_pit_went_out_of_reach():
    surface = landscapes.get("wrinkled_bowl", dim=2)
    swept = sweep_field(sample(surface, 81, margin=1.0), [0.02, 0.1, 1.0])
    figure = touched_figure(swept, 1e-3, dark=True)
    heat = next(t for t in figure.data if t.type == "heatmap")
    assert set(np.unique(np.asarray(heat.customdata)).tolist()) <= set(np.float32([0, 0.02, 0.1, 1]).tolist())
    dots = next(t for t in figure.data if t.name == "floor of a pit")
    assert 20 < len(dots.text) <= 120
    assert "the deepest" in dots.text[0]
    for x, y, text in zip(dots.x, dots.y, dots.text, strict=True):
        at = np.abs(swept.axes[0] - x).argmin(), np.abs(swept.axes[1] - y).argmin()
        first = next((r for r, mask in zip(swept.radii, swept.reachable, strict=True) if not mask[at]), None)
        assert f"out of reach from ρ = {first:.3g}" in text
    assert gone_text(0.1, np.inf) == "in reach up to ρ = 0.1, the largest ball here"
    assert gone_text(0.0, 0.02) == "out of reach from ρ = 0.02 or less"


def test_pair_has_one_scale():
    ironed = iron_landscape(landscapes.get("wrinkled_bowl", dim=2), 0.4, n=64)
    one, two = (surface_figure(ironed, dark=False, seen=seen) for seen in (False, True))
    assert one.data[0].cmin == two.data[0].cmin
    assert one.layout.scene.zaxis.range == two.layout.scene.zaxis.range
    assert (np.asarray(two.data[0].z) >= np.asarray(one.data[0].z) - 1e-6).all()


def test_power_law_is_drawn_only_where_there_is_one():
    radii = np.geomspace(0.02, 0.6, 12)
    rough = measure(sample(landscapes.get("weierstrass_like"), 8001, margin=0.6), radii, threshold=0.0)
    assert "ρ<sup>−" in measure_figures(rough, 0.1, dark=False)[0].layout.annotations[0].text
    plain = measure(sample(landscapes.get("paraboloid"), 801, margin=0.6), radii)
    assert not measure_figures(plain, 0.1, dark=False)[0].layout.annotations
