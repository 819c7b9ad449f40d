"""The comparison: interval, fair grids, budgets, and the command's files."""

from __future__ import annotations

import csv

import pytest
from scipy import stats

from rbo_core.cli import main
from rbo_core.intervals import student
from rbo_core.training import RunStore, TrainConfig
from rbo_core.training.compare import ENTRANTS, Row, compare, markdown


def test_interval_equals_scipys():
    values = [97.2, 98.1, 96.4, 97.7]
    mean, half = student(values)
    low, high = stats.t.interval(0.95, 3, loc=mean, scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


@pytest.mark.parametrize("name", ENTRANTS)
def test_every_entrant_gets_sixteen_different_configurations(name):
    entrant = ENTRANTS[name]
    assert len(set(entrant.grid(16))) == 16
    assert set(entrant.grid(4)) < set(entrant.grid(16)) and len(entrant.grid(4)) == 4
    assert all(list(axis) == sorted(axis) for axis in entrant.axes.values())


def test_a_setting_at_the_end_of_its_grid_is_marked():
    chosen = {"lr": ENTRANTS["rbo"].axes["lr"][-1], "radius": ENTRANTS["rbo"].axes["radius"][1]}
    row = Row("rbo", "RBO", "gradients", 90.0, 1.0, (89.0, 91.0), 0, 8, 1.0, 0.1, chosen, 90.0, None)
    assert f"lr {chosen['lr']:g}†, radius {chosen['radius']:g} |" in markdown([row])


def test_budgets_are_equal_and_the_best_on_validation_is_used():
    base = TrainConfig(train_size=200, device="cpu")
    rows = compare(base, entrants=["sgd", "sam"], gradient_budget=16, epochs=1, seeds=[5, 6], points=4)
    spent = {(row.entrant, row.budget): row.gradients for row in rows}
    assert spent == {("sgd", "gradients"): 16, ("sam", "gradients"): 16, ("sgd", "epochs"): 4, ("sam", "epochs"): 8}
    again = compare(base, entrants=["sam"], gradient_budget=16, seeds=[5, 6], points=4)
    assert again[0].accuracies == next(r for r in rows if r.entrant == "sam").accuracies


def test_a_killed_comparison_goes_on_where_it_stood(tmp_path):
    base = TrainConfig(train_size=200, device="cpu")
    options = {"entrants": ["sgd"], "gradient_budget": 16, "seeds": [5, 6], "points": 4}
    whole = compare(base, **options)
    seen = []
    with RunStore(tmp_path) as store:
        assert compare(base, **options, store=store, progress=lambda done, total, what: done == 3) == []
        kept = {run.id for run in store.list(state="done")}
        assert len(kept) == 3
        rows = compare(base, **options, store=store, progress=lambda done, total, what: seen.append(done))
        assert kept < {run.id for run in store.list()} and len(store.list()) == 6
    assert min(seen) == 3
    assert rows[0].accuracies == whole[0].accuracies and rows[0].chosen == whole[0].chosen


def test_bad_comparisons_are_named():
    with pytest.raises(ValueError, match="entrants must be among sgd"):
        compare(TrainConfig(), entrants=["lion"], gradient_budget=10)
    with pytest.raises(ValueError, match="seeds must be at least 2"):
        compare(TrainConfig(), gradient_budget=10, seeds=[1])
    with pytest.raises(ValueError, match=r"seeds must differ, .* got \[3, 3\]"):
        compare(TrainConfig(), gradient_budget=10, seeds=[3, 3])


def test_command_writes_markdown_csv_and_a_figure(tmp_path, capsys, monkeypatch):
    words = ["compare", "--methods", "rbo", "--points", "4", "--gradients", "8", "--epochs", "0", "--train-size", "100"]
    words += ["--seeds", "1", "2", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "t")]
    monkeypatch.setattr("sys.argv", ["rbo_core", *words])
    assert main(words) == 0
    assert "RBO Newton, K = 2" in capsys.readouterr().out
    with (tmp_path / "t.csv").open() as file:
        row = next(csv.DictReader(file))
    assert row["gradients"] == "8" and len(row["accuracies"].split()) == 2
    text = (tmp_path / "t.md").read_text()
    assert "fresh seeds 1, 2" in text and "--seeds 1 2 --out" in text and "store" not in text
    assert "test accuracy" in (tmp_path / "t.html").read_text()
