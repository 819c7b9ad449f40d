"""The short comparison: a contest at two budgets, its files, and the intervals."""

from __future__ import annotations

import csv
import json

import pytest
from scipy import stats

from rbo_core.cli import main
from rbo_core.intervals import student
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.contest import ContestConfig, hold
from rbo_core.training.contest_report import markdown, records
from rbo_core.training.contestants import CONTESTANTS


def test_interval_equals_scipys():
    values = [97.2, 98.1, 96.4, 97.7]
    mean, half = student(values)
    low, high = stats.t.interval(0.95, 3, loc=mean, scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


def test_budgets_are_equal_and_the_winner_is_the_single_run_of_its_settings():
    base = TrainConfig(train_size=200, device="cpu", gradient_budget=16)
    config = ContestConfig(
        train=base, contestants=("sgd", "sam"), settings=4, tuning_seeds=(0,), fresh_seeds=(5, 6), epochs=1
    )
    result = hold(config)
    spent = {(one.name, one.budget): (one.gradients, one.epochs) for one in result.standings}
    assert spent == {
        ("sgd", "gradients"): (16, 4.0), ("sam", "gradients"): (16, 2.0), ("sgd", "epochs"): (4, 1.0),
        ("sam", "epochs"): (8, 1.0),
    }  # fmt: skip
    sam = result.standings[1]
    method = Method.of("sam", **sam.chosen)
    alone = run_training(TrainConfig(**{**base.to_dict(), "method": method, "seed": 6}))
    assert sam.accuracies[1] == pytest.approx(100 * alone.summary["test_accuracy"], abs=0.3)
    assert "### At equal epochs" in markdown(result)
    assert [row["gradients"] for row in records(result)] == [16, 16, 4, 8]


def test_networks_with_running_statistics_are_trained_one_by_one():
    base = TrainConfig(train_size=32, batch_size=16, device="cpu", gradient_budget=2, model="resnet6")
    config = ContestConfig(train=base, contestants=("sgd",), settings=2, tuning_seeds=(0,), fresh_seeds=(5, 6))
    (one,) = hold(config).standings
    method = Method.of("sgd", **one.chosen)
    alone = run_training(TrainConfig(**{**base.to_dict(), "method": method, "seed": 6, "diagnostics": "none"}))
    assert one.accuracies[1] == 100 * alone.summary["test_accuracy"]
    assert one.stopped == ()


def test_command_writes_markdown_csv_and_a_figure(tmp_path, capsys, monkeypatch):
    words = ["compare", "--methods", "rbo", "--points", "2", "--gradients", "8", "--epochs", "0", "--train-size", "100"]
    words += ["--seeds", "1", "2", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "t")]
    monkeypatch.setattr("sys.argv", ["rbo_core", *words])
    assert main(words) == 0
    assert CONTESTANTS["rbo"].label in capsys.readouterr().out
    with (tmp_path / "t.csv").open() as file:
        row = next(csv.DictReader(file))
    assert row["gradients"] == "8" and len(row["accuracies"].split()) == 2
    text = (tmp_path / "t.md").read_text()
    assert "--seeds 1 2 --out" in text and "store" not in text
    assert "test accuracy" in (tmp_path / "t.html").read_text()
    (record,) = json.loads((tmp_path / "t.json").read_text())
    assert record["standings"][0]["gradients"] == 8
    kept = sorted(path.stat().st_mtime_ns for path in (tmp_path / "store").iterdir())
    assert main(words) == 0  # everything is there already
    assert sorted(path.stat().st_mtime_ns for path in (tmp_path / "store").iterdir()) == kept
