"""The page Train without a browser, and its figures: intervals, axes, settings, messages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rbo_core.figures import train as figures


def test_the_interval_is_students_t():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(5, 4))
    mean, half = figures.interval(values)
    low, high = stats.t.interval(0.95, df=4, loc=values.mean(axis=0), scale=stats.sem(values, axis=0))
    np.testing.assert_allclose(mean - half, low)
    np.testing.assert_allclose(mean + half, high)


def test_the_interval_counts_only_seeds_that_have_a_value():
    values = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, np.nan], [5.0, np.nan, np.nan]])
    mean, half = figures.interval(values)
    np.testing.assert_array_equal(mean, [3.0, 2.0, np.nan])
    assert half[0] == pytest.approx(stats.t.ppf(0.975, 2) * 2 / np.sqrt(3))
    assert np.isnan(half[1:]).all()


def test_a_curve_takes_seeds_of_different_length():
    one = figures.curve("SGD", "sgd", [np.array([0, 1, 2]), np.array([0, 1])], [np.array([1, 2, 3]), np.array([3, 4])])
    np.testing.assert_array_equal(one.x, [0, 1, 2])
    np.testing.assert_array_equal(one.mean, [2, 3, 3])
    assert one.seeds == 2
    with pytest.raises(ValueError, match="at least one, got 0"):
        figures.curve("SGD", "sgd", [], [])


def curves():
    x = np.arange(4.0)
    make = figures.curve
    return [
        make("Rolling ball", "rbo", [x, x], [np.array([0.1, 0.8, 0.95, 0.98]), np.array([0.1, 0.82, 0.96, 0.97])]),
        make("SGD", "sgd", [x], [np.array([0.1, 0.7, 0.9, np.nan])]),
    ]


def test_the_figure_draws_each_method_in_its_colour_with_its_interval():
    fig = figures.curves_figure(curves(), "validation_accuracy", "epoch", dark=False)
    bands = [t for t in fig.data if t.fill == "toself"]
    lines = {t.name: t for t in fig.data if t.fill is None}
    assert set(lines) == {"Rolling ball", "SGD"}
    assert lines["Rolling ball"].line.color == "#D55E00"
    np.testing.assert_allclose(lines["Rolling ball"].y, [10, 81, 95.5, 97.5])
    np.testing.assert_allclose(lines["SGD"].y, [10, 70, 90])  # a value that is not finite is not drawn
    assert len(bands) == 1
    assert fig.layout.xaxis.title.text == "epochs"
    assert fig.layout.yaxis.title.text == "validation accuracy (%)"


def test_an_interval_on_a_logarithmic_axis_stays_above_zero():
    x = np.arange(3.0)
    wild = figures.curve("SGD", "sgd", [x, x], [np.array([1.0, 0.1, 0.01]), np.array([1.0, 1.1, 2.0])])
    fig = figures.curves_figure([wild], "train_loss", "gradients", dark=True)
    band = next(t for t in fig.data if t.fill == "toself")
    assert min(band.y) > 0
    assert fig.layout.yaxis.type == "log"
    assert fig.layout.xaxis.title.text == "gradient evaluations"


@pytest.mark.parametrize(("quantity", "axis"), [("fun", "epoch"), ("train_loss", "weeks")])
def test_unknown_names_are_refused(quantity, axis):
    with pytest.raises(ValueError, match="must be one of"):
        figures.curves_figure(curves(), quantity, axis, dark=False)


def test_small_plots_share_the_axis():
    fig = figures.beside_figure({"penetration": curves()[:1], "sharpness": curves()}, "seconds", dark=False)
    assert fig.layout.xaxis.title.text == fig.layout.xaxis2.title.text == "seconds of training"
    assert fig.layout.yaxis2.type == "log"
    assert [a.text for a in fig.layout.annotations] == [
        "penetration of the ball (%)",
        "sharpness (largest Hessian eigenvalue)",
    ]
