"""Contests as a table, a sentence and a curve, on planted records; and the stored ones on the page Results."""

from __future__ import annotations

import math

import pytest

from benchmarks import does_it_help
from pages.results import helps
from pages.shared import budgets
from rbo_core.figures.contests import Gap, budget_curve, rows, verdict


def record(budget: int, gaps: dict[str, tuple[float, float]], noise: float = 0.4) -> dict:
    """A contest whose best ball by validation is the interval form; gaps: (mean, p) to each baseline."""
    standings = [
        {"name": name, "label": name.upper(), "validation": validation, "mean": mean, "half": 0.5}
        for name, validation, mean in (("momentum", 99, 90), ("rbo", 80, 95), ("rbo_interval", 85, 91))
    ]
    differences = [
        {"name": name, "reference": reference, "mean": sign * mean, "half": 0.2, "holm": p}
        for name, sign in (("rbo_interval", 1), ("rbo", -1))
        for reference, (mean, p) in gaps.items()
    ]
    train = {
        "data": "digits", "model": "mlp", "train_size": None, "label_noise": noise, "gradient_budget": budget,
    }  # fmt: skip
    return {"train": train, "standings": standings, "differences": differences}


RECORDS = [
    record(4000, {"momentum": (1.0, 0.01), "sam_momentum": (-1.0, 0.04)}),
    record(250, {"momentum": (-2.0, 0.2), "sam_momentum": (-0.3, 0.049)}),
]


def test_a_row_has_the_form_that_validation_chose_and_its_own_differences():
    first, second = rows(RECORDS)
    assert (first.gradients, second.gradients) == (250, 4000)
    assert (second.ball, second.mean) == ("RBO_INTERVAL", 91)  # not the one with the best test accuracy
    assert second.gaps["momentum"] == Gap(1.0, 0.2, 0.01)
    assert second.gaps["sam_momentum"].text == "−1.00 ± 0.20 (0.04)"


def test_the_sentence_counts_wins_and_losses_alike():
    said = verdict(rows(RECORDS))
    assert "2 contests" in said
    assert "against SGD + momentum it <b>wins 1 and loses 0</b>" in said
    assert "against SAM + momentum it <b>wins 0 and loses 2</b>" in said


def test_the_curve_goes_over_the_budgets_of_one_task():
    figure = budget_curve([*RECORDS, record(1000, {}, noise=0.0)], {"data": "digits", "label_noise": 0.4}, dark=False)
    ball = next(trace for trace in figure.data if "every 5th" in trace.name)
    assert list(ball.x) == pytest.approx([0, math.log10(16)])
    assert list(figure.layout.xaxis.ticktext) == ["250", "4,000"]
    assert "4,000 gradients: 91.00 ± 0.50 %" in ball.text[1]
    assert not any("AdamW" in (trace.name or "") for trace in figure.data)  # who was not there has no curve
    assert list(ball.error_y.array) == [0.5, 0.5]
    with pytest.raises(ValueError, match="no contest of"):
        budget_curve(RECORDS, {"data": "cifar10"}, dark=False)


def test_the_page_and_the_manual_show_the_stored_contests():
    assert budgets.records() == does_it_help.packed(), "run python benchmarks/does_it_help.py"
    assert does_it_help.table() in does_it_help.PAGE.read_text(encoding="utf-8")
    assert all(set(row.gaps) == {"momentum", "sam_momentum"} for row in helps.told())
