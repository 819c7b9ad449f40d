"""The page Results without a browser, and its tables: means, order, the paper's figures, export."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from pages.results import notes, paper
from pages.shared import budgets, network_runs
from pages.shared.downloads import as_bytes
from pages.shared.run_table import listing, per_epoch, results
from pages.shared.run_view import RunView, largest_task, told_apart
from pages.shared.verdict import verdict
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
    table = results([*sgd, *ball])
    assert list(table["method"]) == ["Rolling ball", "SGD"]
    half = stats.t.ppf(0.975, 2) * stats.sem([90, 92, 97])
    assert table["validation accuracy (%)"][1] == pytest.approx(93.0)
    assert table["± (%)"][1] == pytest.approx(half)
    assert table["gradients"][0] == 40


def test_a_diverged_seed_is_counted():
    table = results([run(seed=0), run(seed=1, loss=np.nan)])
    assert table["diverged"][0] == 1
    assert table["train loss"][0] == pytest.approx(0.55)  # the last finite loss of each seed: 0.1 and 1.0


def race(**finals) -> list[RunView]:
    """Three seeds of each method; finals: a fraction a seed."""
    titles = {"rbo": "Rolling ball", "sam": "SAM", "sgd": "SGD", "adam": "Adam"}
    return [run(titles[name], name, s, value) for name, values in finals.items() for s, value in enumerate(values)]


def test_the_verdict_compares_seed_by_seed():
    # Both vary by 10 points over the seeds, but the ball is 1 to 1.2 points ahead in each of them.
    said = verdict(race(sgd=(0.80, 0.85, 0.90), rbo=(0.81, 0.862, 0.911)))
    half = stats.t.ppf(0.975, 2) * stats.sem([1.0, 1.2, 1.1])
    assert f"<b>Rolling ball</b> comes first with 86.1 ± 12.5 % validation accuracy, 1.1 ± {half:.1f} points" in said
    tie = verdict(race(sgd=(0.80, 0.85, 0.90), rbo=(0.82, 0.85, 0.901)))
    assert "SGD cannot be told from it with 3 seeds" in tie


def test_the_verdict_says_where_the_ball_came_when_it_lost():
    lost = verdict(race(sgd=(0.9, 0.9, 0.91), sam=(0.8, 0.8, 0.81), rbo=(0.7, 0.7, 0.71)))
    assert "Rolling ball comes third of 3 with 70.3" in lost
    assert "10.0 ± 0.0 points behind SAM" in lost
    level = verdict(race(adam=(0.9, 0.9, 0.91), sam=(0.7, 0.8, 0.75), rbo=(0.75, 0.74, 0.79)))
    assert "comes second of 3 with 76.0" in level
    assert "level with SAM" in level


def test_the_verdict_of_one_seed_one_method_and_none():
    assert "One seed proves nothing" in verdict([run(), run("SAM", "sam", 0, 0.8)])
    assert verdict([run()]) == "<b>SGD</b> reaches 90.0 % validation accuracy."
    assert verdict([]) == "No method has a result yet."


def test_the_verdict_says_whether_flat_is_good():
    runs = race(adam=(0.9, 0.9, 0.9), sgd=(0.8, 0.8, 0.8), sam=(0.7, 0.7, 0.7))
    for one, value in zip(runs, np.repeat([3.0, 2.0, 0.1], 3), strict=True):
        one.epochs["sharpness"] = value
    assert "The flattest minimum is that of SAM, third in accuracy." in verdict(runs)


def test_the_picture_has_one_task_unless_others_are_ticked():
    digits = [run(seed=s, budget="640 gradients") for s in range(3)]
    newer = run(seed=9, data="mnist", budget="3 epochs")
    assert largest_task([*digits, newer]) == digits[::-1]
    assert largest_task([digits[0], newer]) == [newer]  # of equals the newest
    assert told_apart(digits) == digits
    labels = [one.label for one in told_apart([digits[0], newer, run(label_noise=0.3)])]
    assert labels[0] == "SGD · digits, mlp, 640 gradients"
    assert labels[1] == "SGD · mnist, mlp, 3 epochs"
    assert "30 % random labels (27 % wrong)" in labels[2]


def test_the_papers_table_has_its_figures_beside_ours():
    ours = [run(seed=s, data="mnist", test=t) for s, t in enumerate((0.92, 0.94))]
    table = paper.beside([*ours, run("SAM", "sam", data="digits", final=0.96)])
    mnist = table[(table["data"] == "mnist") & (table["model"] == "mlp")]
    assert list(mnist["source"]) == ["paper", "here"]
    assert list(mnist["Rolling ball"]) == ["97.51", "–"]
    assert mnist["SGD"].iloc[1].startswith("93.00 ± ")
    assert table.iloc[-1]["SAM"] == "96.00 (n = 1)"
    assert len(table) == 7 + 2


def test_noisy_and_unfinished_runs_stay_out_of_the_papers_table():
    table = paper.beside([run(label_noise=0.3), run(seed=1, state="running")])
    assert list(table["source"]) == ["paper"] * 7


def test_the_listing_is_newest_first_and_a_broken_run_is_in_it():
    broken = RunView("x", "x", "?", "?", "?", "?", 0.0, 0, "broken", 2e9, problem="its records cannot be read")
    table = listing([run(seed=0), broken, run(seed=1)])
    assert list(table["id"]) == ["x", "SGD1", "SGD0"]
    assert table["problem"][0] == "its records cannot be read"
    assert np.isnan(table["validation accuracy (%)"][0])


def test_per_epoch_export_has_every_epoch_of_every_run():
    table = per_epoch([run(seed=0), run(seed=1)])
    assert len(table) == 4
    assert {"run", "epoch", "gradients", "train_loss"} <= set(table)


def test_the_page_says_whether_a_ball_helps_before_anything_is_stored(tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert "Does a ball help?" in [head.value for head in page.header]
    said = next(html.proto.body for html in page.get("html") if 'class="lab-said"' in html.proto.body)
    assert "wins" in said
    assert "loses" in said
    shown = next(table.value for table in page.dataframe if "best ball" in table.value)
    assert len(shown) == len(budgets.records())


@pytest.mark.parametrize(("ending", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_what_is_exported_is_what_is_stored(ending, read):
    runs = [run(seed=0, test=0.97), run("SAM", "sam", 1, problem="out of memory")]
    for table in (listing(runs), per_epoch(runs)):
        back = read(io.BytesIO(as_bytes(table, f"runs.{ending}")))
        assert list(back) == list(table)
        numbers = table.select_dtypes("number")
        pd.testing.assert_frame_equal(back[list(numbers)], numbers)
        name = "id" if "id" in table else "run"
        assert list(back[name]) == list(table[name])


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


def listed(page: AppTest) -> pd.DataFrame:
    """The single runs; before them stand the means over seeds."""
    return page.dataframe[1].value


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


def test_the_page_says_who_came_first_in_the_task_it_draws(folder):
    fill(folder)
    with RunStore(folder) as store:
        store.update(store.create(TrainConfig(label_noise=0.5)), "done", summary={"test_accuracy": 0.99})
    said = next(html.proto.body for html in visit().get("html") if "Drawn:" in html.proto.body)
    assert "90.5" in said
    assert "99.0" not in said
    assert "digits, mlp, 10 epochs (4 of 5 runs)" in said


def test_an_empty_store_points_to_the_page_train(folder):
    page = visit()
    assert "No run is stored yet" in page.info[0].value
    table = next(shown.value for shown in page.dataframe if "source" in shown.value)
    assert set(table["source"]) == {"paper"}


def test_all_runs_are_listed_and_a_filter_keeps_some(folder):
    fill(folder)
    page = visit()
    assert len(listed(page)) == 4
    assert page.button("delete").disabled
    assert "Offline page" in {button.proto.label for button in page.get("download_button")}
    names = {}
    exec(next(block.value for block in page.code if "configs = [" in block.value).split("with ")[0], names)  # noqa: S102
    with RunStore() as store:
        stored = [one.config.to_dict() for one in store.list()]
    assert names["configs"] and all(one in stored for one in names["configs"])
    page.pills("only_label").set_value(["SAM"]).run()
    assert list(listed(page)["method"]) == ["SAM", "SAM"]


def test_a_run_of_the_command_line_is_on_the_page(folder, capsys):
    assert main(["train", "--method", "sgd", "--gradient-budget", "40", "--diagnostics", "none", "--json"]) == 0
    table = listed(visit())
    assert list(table["method"]) == ["SGD"]
    assert list(table["gradients"]) == [40]


def test_a_broken_run_is_listed_with_its_reason_and_can_be_deleted(folder):
    first = fill(folder)[0]
    with sqlite3.connect(folder / "training.sqlite") as database:
        database.execute("UPDATE runs SET config = '{not json' WHERE id = ?", (first,))
    database.close()
    table = listed(visit())
    (broken,) = table[table["state"] == "broken"].to_dict("records")
    assert broken["id"] == first
    assert "cannot be read" in broken["problem"]
    network_runs.delete([first], lambda owner: owner == "")
    assert len(listed(visit())) == 3


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


def test_means_come_first_grouped_by_settings(folder):
    fill(folder)
    table = visit().dataframe[0].value
    assert list(table["method"]) == ["SGD", "SAM"] or list(table["method"]) == ["SAM", "SGD"]
    assert list(table["seeds"]) == [2, 2]
    assert list(table["test accuracy (%)"]) == pytest.approx([90.5, 90.5])
    assert list(table["± (%)"]) == pytest.approx([stats.t.ppf(0.975, 1) * 0.5] * 2)


def test_words_of_a_name_or_a_note_find_the_run(folder):
    made = fill(folder)
    network_runs.annotate(made[1], "Best so far", "larger batch ![x](http://evil/x.png)", lambda owner: owner == "")
    page = visit(find="BATCH best")
    assert list(listed(page)["id"]) == [made[1]]
    assert list(listed(page)["note"]) == ["larger batch ![x](http://evil/x.png)"]
    assert len(page.dataframe[0].value) == 1
    page.text_input("find").set_value("no such words").run()
    assert "No run passes" in page.info[0].value


def test_only_the_owner_writes_to_a_run_and_not_at_any_length(folder, monkeypatch):
    monkeypatch.setenv("RBO_JOB_OWNER", "0123456789abcdef")
    (theirs, *_) = fill(folder)
    with pytest.raises(ValueError, match="another visitor"):
        network_runs.annotate(theirs, "mine", "", lambda owner: owner == "")
    with pytest.raises(ValueError, match="at most 60 characters, got 61; shorten it"):
        network_runs.annotate(theirs, "x" * 61, "", lambda owner: True)


def test_only_the_settings_that_differ_are_shown():
    first = TrainConfig(method=Method.of("rbo", radius=0.1)).to_dict()
    second = TrainConfig(method=Method.of("rbo", radius=0.5), seed=3).to_dict()
    runs = [run(config=first, name="small"), run(seed=1, config=second)]
    table = notes.differing(runs)
    assert table.to_dict("list") == {"run": ["small", "SGD1"], "radius": ["0.1", "0.5"], "seed": ["0", "3"]}
    assert list(notes.differing([runs[0], runs[0]]).columns) == ["run"]
    sgd = run(seed=2, config=TrainConfig(method=Method.of("sgd", lr=0.1)).to_dict())
    assert notes.differing([runs[0], sgd])["radius"].tolist() == ["0.1", "–"]
