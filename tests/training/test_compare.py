"""The comparison: interval, fair grids, budgets, and the command's files."""

from __future__ import annotations

import csv

import pytest
from scipy import stats

from rbo_core.cli import main
from rbo_core.training import TrainConfig
from rbo_core.training.compare import ENTRANTS, compare, t_interval


def test_interval_equals_scipys():
    values = [97.2, 98.1, 96.4, 97.7]
    mean, half = t_interval(values)
    low, high = stats.t.interval(0.95, 3, loc=mean, scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


@pytest.mark.parametrize("name", ENTRANTS)
def test_every_entrant_gets_nine_different_configurations(name):
    assert len(set(ENTRANTS[name].grid(9))) == 9
    assert set(ENTRANTS[name].grid(3)) < set(ENTRANTS[name].grid(9)) and len(ENTRANTS[name].grid(3)) == 3


def test_budgets_are_equal_and_the_best_on_validation_is_used():
    base = TrainConfig(train_size=200, device="cpu")
    rows = compare(base, entrants=["sgd", "sam"], gradient_budget=16, epochs=1, seeds=[5, 6], points=3)
    spent = {(row.entrant, row.budget): row.gradients for row in rows}
    assert spent == {("sgd", "gradients"): 16, ("sam", "gradients"): 16, ("sgd", "epochs"): 4, ("sam", "epochs"): 8}
    again = compare(base, entrants=["sam"], gradient_budget=16, seeds=[5, 6], points=3)
    assert again[0].accuracies == next(r for r in rows if r.entrant == "sam").accuracies


def test_bad_comparisons_are_named():
    with pytest.raises(ValueError, match="entrants must be among sgd"):
        compare(TrainConfig(), entrants=["lion"], gradient_budget=10)
    with pytest.raises(ValueError, match="seeds must be at least 2"):
        compare(TrainConfig(), gradient_budget=10, seeds=[1])


def test_command_writes_markdown_csv_and_a_figure(tmp_path, capsys):
    words = ["compare", "--methods", "rbo", "--points", "3", "--gradients", "8", "--epochs", "0", "--train-size", "100"]
    assert main([*words, "--seeds", "1", "2", "--out", str(tmp_path / "t")]) == 0
    assert "RBO Newton, K = 2" in capsys.readouterr().out
    with (tmp_path / "t.csv").open() as file:
        row = next(csv.DictReader(file))
    assert row["gradients"] == "8" and len(row["accuracies"].split()) == 2
    assert "fresh seeds 1, 2" in (tmp_path / "t.md").read_text()
    assert "test accuracy" in (tmp_path / "t.html").read_text()
