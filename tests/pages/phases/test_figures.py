"""The figures of the page by themselves: what is hatched, named, left out and drawn once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from pages.shared import plots
from rbo_core.figures.phase_cut import cut_figure
from rbo_core.figures.phase_map import CLICKS, difference_figure, map_figure
from rbo_core.figures.phase_marks import regions
from rbo_core.figures.phases import Jump, Mark, Notes, PhaseMap, RadiusCurve, Reading, Span

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
