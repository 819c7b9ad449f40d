"""The page Results without a browser, and its tables: means, order, the paper's figures, export."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pages.shared import network_paper, network_table
from pages.shared.network_table import RunView


def run(label="SGD", method="sgd", seed=0, final=0.9, data="digits", model="mlp", test=None, loss=0.1, **more):
    epochs = pd.DataFrame(
        {
            "epoch": [1, 2],
            "gradients": [20, 40],
            "seconds": [0.5, 1.0],
            "train_loss": [1.0, loss],
            "validation_accuracy": [0.5, final],
        }
    )
    values = {"state": "done", "created": 1e9 + seed, "label_noise": 0.0, **more}
    return RunView(
        id=f"{label}{seed}", group=label, label=label, method=method, data=data, model=model, seed=seed,
        epochs=epochs, test_accuracy=test, **values,
    )  # fmt: skip


def test_the_table_is_sorted_with_means_and_student_intervals():
    sgd = [run(seed=s, final=f) for s, f in enumerate((0.90, 0.92, 0.97))]
    ball = [run("Rolling ball", "rbo", s, f) for s, f in enumerate((0.95, 0.96))]
    table = network_table.results([*sgd, *ball])
    assert list(table["method"]) == ["Rolling ball", "SGD"]
    half = stats.t.ppf(0.975, 2) * stats.sem([90, 92, 97])
    assert table["validation accuracy (%)"][1] == pytest.approx(93.0)
    assert table["validation accuracy ± (%)"][1] == pytest.approx(half)
    assert table["gradients"][0] == 40


def test_a_diverged_seed_is_counted():
    table = network_table.results([run(seed=0), run(seed=1, loss=np.nan)])
    assert table["diverged"][0] == 1
    assert table["train loss"][0] == pytest.approx(0.55)  # the last finite loss of each seed: 0.1 and 1.0


def test_the_verdict_says_tie_lead_and_too_few_seeds():
    def two(low, high):
        return [run(seed=s, final=low + s * 0.001) for s in range(3)] + [
            run("Rolling ball", "rbo", s, high + s * 0.001) for s in range(3)
        ]

    assert "do not overlap" in network_table.verdict(two(0.90, 0.95))
    assert "a tie" in network_table.verdict(two(0.90, 0.9005))
    assert "One seed proves nothing" in network_table.verdict([run(), run("SAM", "sam", 0, 0.8)])
    assert network_table.verdict([]) == "No method has a result yet."


def test_the_papers_table_has_its_figures_beside_ours():
    ours = [run(seed=s, data="mnist", test=t) for s, t in enumerate((0.92, 0.94))]
    table = network_paper.beside([*ours, run("SAM", "sam", data="digits", final=0.96)])
    mnist = table[(table["data"] == "mnist") & (table["model"] == "mlp")]
    assert list(mnist["source"]) == ["paper", "here"]
    assert list(mnist["Rolling ball"]) == ["97.51", "–"]
    assert mnist["SGD"].iloc[1].startswith("93.00 ± ")
    assert table.iloc[-1]["SAM"] == "96.00 (n = 1)"
    assert len(table) == 2 * 7 + 1


def test_noisy_and_unfinished_runs_stay_out_of_the_papers_table():
    table = network_paper.beside([run(label_noise=0.3), run(seed=1, state="running")])
    assert len(table) == 14


def test_the_listing_is_newest_first_and_a_broken_run_is_in_it():
    broken = RunView("x", "x", "?", "?", "?", "?", 0.0, 0, "broken", 2e9, problem="its records cannot be read")
    table = network_table.listing([run(seed=0), broken, run(seed=1)])
    assert list(table["id"]) == ["x", "SGD1", "SGD0"]
    assert table["problem"][0] == "its records cannot be read"
    assert np.isnan(table["validation accuracy (%)"][0])


def test_per_epoch_export_has_every_epoch_of_every_run():
    table = network_table.per_epoch([run(seed=0), run(seed=1)])
    assert len(table) == 4
    assert {"run", "epoch", "gradients", "train_loss"} <= set(table)
