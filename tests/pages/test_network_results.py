"""The page Results without a browser, and its tables: means, order, the paper's figures, export."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from pages.shared import network_paper, network_runs, network_table
from pages.shared.network_table import RunView
from rbo_core.cli import main
from rbo_core.training import Method, RunStore, TrainConfig

PAGE = Path(__file__).resolve().parents[2] / "pages" / "8_Results.py"


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
    assert table["± (%)"][1] == pytest.approx(half)
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
    assert len(table) == 7 + 2


def test_noisy_and_unfinished_runs_stay_out_of_the_papers_table():
    table = network_paper.beside([run(label_noise=0.3), run(seed=1, state="running")])
    assert list(table["source"]) == ["paper"] * 7


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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    return tmp_path


def visit(**query) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def fill(folder) -> list[str]:
    made = []
    with RunStore(folder) as store:
        for name in ("sgd", "sam"):
            for seed in (0, 1):
                made.append(store.create(TrainConfig(method=Method.of(name), seed=seed)))
                for epoch in range(3):
                    row = {"epoch": epoch, "gradients": 20 * epoch, "seconds": 0.1 * epoch}
                    row |= {"train_loss": 1 / (1 + epoch), "validation_accuracy": 0.3 * epoch}
                    store.add_metrics(made[-1], row)
                store.update(made[-1], "done", summary={"test_accuracy": 0.9 + 0.01 * seed})
    return made


def test_an_empty_store_points_to_the_page_train(folder):
    page = visit()
    assert "No run is stored yet" in page.info[0].value
    assert set(page.dataframe[0].value["source"]) == {"paper"}


def test_all_runs_are_listed_and_a_filter_keeps_some(folder):
    fill(folder)
    page = visit()
    assert len(page.dataframe[0].value) == 4
    assert page.button("delete").disabled
    page.pills("only_label").set_value(["SAM"]).run()
    assert list(page.dataframe[0].value["method"]) == ["SAM", "SAM"]


def test_a_run_of_the_command_line_is_on_the_page(folder, capsys):
    assert main(["train", "--method", "sgd", "--gradient-budget", "40", "--diagnostics", "none", "--json"]) == 0
    table = visit().dataframe[0].value
    assert list(table["method"]) == ["SGD"]
    assert list(table["gradients"]) == [40]


def test_a_broken_run_is_listed_with_its_reason_and_can_be_deleted(folder):
    first = fill(folder)[0]
    with sqlite3.connect(folder / "training.sqlite") as database:
        database.execute("UPDATE runs SET config = '{not json' WHERE id = ?", (first,))
    database.close()
    table = visit().dataframe[0].value
    (broken,) = table[table["state"] == "broken"].to_dict("records")
    assert broken["id"] == first
    assert "cannot be read" in broken["problem"]
    network_runs.delete([first])
    assert len(visit().dataframe[0].value) == 3


def test_a_store_that_is_no_database_is_said(folder):
    (folder / "training.sqlite").write_text("this is a letter, not a database, and it is long enough to be read")
    page = visit()
    assert "cannot be read" in page.error[0].value


def test_a_run_whose_process_is_long_silent_is_interrupted(folder):
    with RunStore(folder) as store:
        run_id = store.create(TrainConfig())
    with sqlite3.connect(folder / "training.sqlite") as database:
        database.execute("UPDATE runs SET updated = updated - 4000 WHERE id = ?", (run_id,))
    database.close()
    assert [view.state for view in network_runs.all_runs()[0]] == ["interrupted"]


def test_methods_of_one_name_say_how_they_differ(folder):
    with RunStore(folder) as store:
        for radius in (0.1, 0.5):
            store.create(TrainConfig(method=Method.of("rbo", radius=radius)))
        store.create(TrainConfig(method=Method.of("rbo", projection="gradient", n_projection_steps=20)))
    labels = {view.label for view in network_runs.all_runs()[0]}
    assert labels == {"Rolling ball (radius 0.1)", "Rolling ball (radius 0.5)", "Rolling ball, as published"}
