"""Names at the ends of curves: they do not overlap, stay in the plot, and stand as near to their curves as they can."""

from __future__ import annotations

import numpy as np
import pytest

from rbo_core.figures.curves import AROUND, curves_figure, learning_curve
from rbo_core.figures.end_labels import LINE, apart


@pytest.mark.parametrize(
    ("wanted", "sizes", "placed"),
    [
        ([2, 8, 5], [1, 1, 1], [2, 8, 5]),  # nobody is in another's way
        ([5, 5, 5], [2, 2, 2], [3, 5, 7]),  # moved apart round their mean
        ([5, 5], [2, 4], [3.5, 6.5]),
        ([0, 0.2], [2, 2], [1, 3]),  # the edge moves both
        ([12, 1], [2, 2], [9, 1]),
        ([], [], []),
    ],
)
def test_intervals_are_moved_apart_as_little_as_can_be(wanted, sizes, placed):
    np.testing.assert_allclose(apart(wanted, sizes, 0, 10), placed)


def test_intervals_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="12 in all do not fit into 10"):
        apart([1, 2], [6, 6], 0, 10)


def ending_at(values: dict[str, float], steps: int = 4):
    x = np.arange(steps) * 100.0
    return [learning_curve(name, "sgd", [x], [np.linspace(0.1, end, steps)]) for name, end in values.items()]


@pytest.mark.parametrize("quantity", ["validation_accuracy", "train_loss"])
def test_every_curve_is_named_at_its_end_and_no_name_lies_on_another(quantity):
    ends = {f"method {k}, with momentum of the rolled step": 0.9 + 1e-4 * k for k in range(7)}
    fig = curves_figure(ending_at(ends), quantity, "gradients", dark=True, height=520)
    low, high = fig.layout.yaxis.range
    notes = sorted(fig.layout.annotations, key=lambda one: one.y)
    assert [one.text.replace("<br>", " ") for one in notes] == list(ends)  # in the order of the curves
    pixels = [(520 - AROUND) * (one.y - low) / (high - low) for one in notes]
    lines = [one.text.count("<br>") + 1 for one in notes]
    for k in range(6):
        assert pixels[k + 1] - pixels[k] >= LINE * (lines[k] + lines[k + 1]) / 2 - 1e-6
    assert low <= notes[0].y and notes[-1].y <= high
    assert fig.layout.showlegend is False
    # A thin line leads from each name to its curve.
    leaders = [line for line in fig.data if line.name == "" and line.mode == "lines" and line.fill is None]
    assert sorted(line.y[0] for line in leaders) == pytest.approx(
        [(100 if quantity == "validation_accuracy" else 1) * end for end in ends.values()]
    )


def test_more_names_than_fit_go_into_the_legend():
    fig = curves_figure(ending_at({f"method {k}": 0.5 + k / 100 for k in range(40)}), "train_loss", "epoch", dark=False)
    assert not fig.layout.annotations
    assert fig.layout.showlegend is None and sum(bool(line.showlegend) for line in fig.data) == 40
