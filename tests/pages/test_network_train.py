"""The page Train without a browser, and its figures: intervals, axes, settings, messages."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from scipy import stats
from streamlit.testing.v1 import AppTest

from pages.shared import background, budgets, network_examples, network_jobs, network_methods, network_runs
from pages.shared.network_methods import DEFAULT, contenders, standard
from pages.shared.run_table import results
from pages.shared.run_view import RunView
from pages.train import paired_table
from rbo_core.figures import curves as figures
from rbo_core.intervals import student
from rbo_core.jobs import Dispatcher
from rbo_core.training import METHOD_DEFAULTS, RunStore, TrainConfig, run_training
from rbo_core.training import data as data_sets
from rbo_core.training.unfinished import unfinished

PAGE = Path(__file__).resolve().parents[2] / "pages" / "5_Train.py"


def test_the_interval_is_students_t():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(5, 4))
    mean, half = student(values)
    low, high = stats.t.interval(0.95, df=4, loc=values.mean(axis=0), scale=stats.sem(values, axis=0))
    np.testing.assert_allclose(mean - half, low)
    np.testing.assert_allclose(mean + half, high)


def test_the_interval_counts_only_seeds_that_have_a_value():
    values = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, np.nan], [5.0, np.nan, np.nan]])
    mean, half = student(values)
    np.testing.assert_array_equal(mean, [3.0, 2.0, np.nan])
    assert half[0] == pytest.approx(stats.t.ppf(0.975, 2) * 2 / np.sqrt(3))
    assert np.isnan(half[1:]).all()


def test_a_curve_takes_seeds_of_different_length():
    one = figures.learning_curve(
        "SGD", "sgd", [np.array([0, 1, 2]), np.array([0, 1])], [np.array([1, 2, 3]), np.array([3, 4])]
    )
    np.testing.assert_array_equal(one.x, [0, 1, 2])
    np.testing.assert_array_equal(one.mean, [2, 3, 3])
    assert one.seeds == 2
    with pytest.raises(ValueError, match="at least one, got 0"):
        figures.learning_curve("SGD", "sgd", [], [])


def curves():
    x = np.arange(4.0)
    make = figures.learning_curve
    return [
        make("Rolling ball", "rbo", [x, x], [np.array([0.1, 0.8, 0.95, 0.98]), np.array([0.1, 0.82, 0.96, 0.97])]),
        make("SGD", "sgd", [x], [np.array([0.1, 0.7, 0.9, np.nan])]),
    ]


def test_the_figure_draws_each_method_in_its_colour_with_its_interval():
    fig = figures.curves_figure(curves(), "validation_accuracy", "epoch", dark=False)
    bands = [t for t in fig.data if t.fill == "toself"]
    lines = {t.name: t for t in fig.data if t.fill is None and t.name}
    assert set(lines) == {"Rolling ball", "SGD"}
    assert lines["Rolling ball"].line.color == "#D55E00"
    np.testing.assert_allclose(lines["Rolling ball"].y, [10, 81, 95.5, 97.5])
    np.testing.assert_allclose(lines["SGD"].y, [10, 70, 90])  # a value that is not finite is not drawn
    assert len(bands) == 1
    assert fig.layout.xaxis.title.text == "epochs"
    assert fig.layout.yaxis.title.text == "validation accuracy (%)"


def test_an_interval_on_a_logarithmic_axis_stays_above_zero():
    x = np.arange(3.0)
    wild = figures.learning_curve("SGD", "sgd", [x, x], [np.array([1.0, 0.1, 0.01]), np.array([1.0, 1.1, 2.0])])
    fig = figures.curves_figure([wild], "train_loss", "gradients", dark=True)
    band = next(t for t in fig.data if t.fill == "toself")
    assert min(band.y) > 0
    assert fig.layout.yaxis.type == "log"
    assert fig.layout.xaxis.title.text == "gradient evaluations"


@pytest.mark.parametrize(("quantity", "axis"), [("fun", "epoch"), ("train_loss", "weeks")])
def test_unknown_names_are_refused(quantity, axis):
    with pytest.raises(ValueError, match="must be one of"):
        figures.curves_figure(curves(), quantity, axis, dark=False)


def test_a_small_plot_says_what_it_shows():
    fig = figures.small_figure(curves(), "sharpness", "seconds", dark=False)
    assert fig.layout.xaxis.title.text == "seconds of training"
    assert fig.layout.yaxis.type == "log"
    assert fig.layout.title.text == "sharpness (top Hessian eigenvalue, lower bound)"
    assert not any(trace.showlegend for trace in fig.data)


@pytest.mark.parametrize(("budget", "lengths"), [(640, [128, 320, 640]), (None, [5, 2, 1])])
def test_the_price_is_the_steps_a_budget_buys_or_the_gradients_of_a_step(budget, lengths):
    prices = [figures.Price("SGD", "sgd", 1), figures.Price("SAM", "sam", 2), figures.Price("Entropy", "?", 5)]
    fig = figures.price_figure(prices, budget, dark=False)
    assert [bar.x[0] for bar in fig.data] == lengths  # Plotly draws bars from below
    assert ("640" in fig.layout.xaxis.title.text) == (budget is not None)
    assert fig.data[1].text[0].endswith("2 gradients a step")


def test_a_long_message_is_broken_into_lines():
    (note,) = figures.message_figure("word " * 30, dark=True).layout.annotations
    assert max(len(line) for line in note.text.split("<br>")) <= 42


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty data folder, no data files on the system, and a dispatcher that starts nothing."""
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(Dispatcher, "start", lambda self: None)
    monkeypatch.setattr(data_sets, "SYSTEM_FOLDERS", {})
    yield tmp_path
    background.close(tmp_path)


def visit(**query) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def short_task(**changes) -> network_runs.Task:
    values = {
        "data": "digits", "model": "mlp", "label_noise": 0.0, "unit": "gradients", "amount": 40, "seeds": 1,
        "batch_size": 50, "schedule": "cosine", "train_size": 0, "augment": False, "device": "auto", "sharpness": True,
    }  # fmt: skip
    return network_runs.Task(**{**values, **changes})


@pytest.mark.parametrize("key", contenders())
def test_every_racer_is_a_method_the_training_knows(key):
    (one,) = standard(key)
    assert set(one.settings) <= set(METHOD_DEFAULTS[one.contender.method])
    config = TrainConfig.from_dict(short_task().configs([one])[0])
    assert config.method.gradients_per_step == one.gradients_per_step
    assert config.method["lr"] == one.settings["lr"]


def test_switches_words_and_weight_decay_reach_the_runs(store):
    """Momentum of the rolled step, adaptive SAM and weight decay as someone chooses them on the page."""
    page = visit(methods=["rbo", "sam", "sgd"])
    assert not page.error
    page.selectbox("rbo_momentum_on").set_value("step")
    page.toggle("sam_adaptive").set_value(True)
    page.run()
    offered = {one.key: {s.name for s in one.settings} for one in contenders().values()}
    assert {"momentum_on", "unit_speed", "weight_decay"} <= offered["rbo"] and "adaptive" in offered["sam"]
    assert not {"momentum", "momentum_on", "projection"} & offered["published"]
    assert all("weight_decay" in names for names in offered.values())
    started = []
    with mock.patch.object(network_jobs, "start", lambda *a, config, **k: started.append(config["runs"])):
        page.button("train").click().run()
    methods = {run["method"]["name"]: run["method"] for run in started[0]}
    assert methods["rbo"]["momentum_on"] == "step" and methods["sam"]["adaptive"] is True
    assert methods["sgd"]["weight_decay"] == 0.0


def test_the_rates_offered_first_are_those_of_the_data_sets_own_contest(store):
    page = visit(methods=["rbo", "momentum"], rbo_n_projection_steps="3")
    assert (page.number_input("momentum_lr").value, page.number_input("rbo_radius").value) == (0.2, 0.5)
    page.selectbox("data").set_value("fashion_mnist").run()
    stored = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "contest" / "fashion_6000_noise.json"
    clean = next(one for one in json.loads(stored.read_text()) if one["train"]["label_noise"] == 0)
    chosen = {one["name"]: one["chosen"] for one in clean["standings"]}
    for name, setting in (("rbo", "lr"), ("rbo", "radius"), ("momentum", "lr")):
        assert page.number_input(f"{name}_{setting}").value == pytest.approx(chosen[name][setting], rel=0.03)
    known = contenders("fashion_mnist")
    for name in ("sgd", "adam", "adamw", "sam"):
        offered = {one.name: one.default for one in known[name].settings}
        assert offered["lr"] == pytest.approx(chosen[name]["lr"], rel=0.08)
    assert page.number_input("rbo_n_projection_steps").value == 3  # what was chosen otherwise stays
    assert any("contest on 6,000 images of Fashion-MNIST" in caption.value for caption in page.caption)
    page.selectbox("data").set_value("digits").run()
    assert page.number_input("momentum_lr").value == 0.2
    assert visit(data="fashion_mnist", methods=["momentum"]).number_input("momentum_lr").value == 0.038


def test_only_the_ball_of_a_race_anneals_its_radius():
    task = short_task(radius_schedule="cosine", final_radius=0.01)
    ball, sam, sgd = (TrainConfig.from_dict(one) for one in task.configs(standard("rbo", "sam", "sgd")))
    assert (ball.radius_schedule, ball.final_radius) == ("cosine", 0.01)
    assert sam.final_radius is None and sgd.final_radius is None


def test_the_defaults_compare_the_ball_at_sams_price():
    ball, sam = standard("rbo", "sam")
    assert ball.gradients_per_step == sam.gradients_per_step == 2
    assert {"rbo", "sgd", "momentum", "adam", "sam", "entropy_sgd"} == set(network_methods.DEFAULT)


def test_an_empty_store_shows_the_default_race_and_invites_to_train(store):
    page = visit()
    assert not page.error
    assert not page.button("train").disabled
    assert any("measured earlier" in caption.value for caption in page.caption)
    (table,) = page.dataframe
    assert len(table.value) == len(DEFAULT)
    # Its seeds tell methods apart, by the test that the contests use.
    told = table.value.set_index("method")
    assert "minus Momentum (points)" in told and told.loc["Momentum", "the test says"] == ""
    assert (told["the test says"] == "better").any()
    assert ((told["the test says"] == "not told apart") == (told["p (Holm)"] >= 0.05)).all()


def test_the_budget_curve_of_the_data_set_stands_below(store):
    shown = {
        data: [caption.value for caption in visit(data=data).caption if "bars are 95 %" in caption.value]
        for data in ("digits", "fashion_mnist", "mnist")
    }
    assert {data: len(found) for data, found in shown.items()} == {"digits": 1, "fashion_mnist": 1, "mnist": 0}
    assert [len(budgets.pictures(False, data)) for data in shown] == [1, 1, 0]


def test_other_settings_say_what_training_will_do(store):
    page = visit(seeds="2")
    assert not page.error
    assert not page.dataframe
    said = next(html.proto.body for html in page.get("html") if 'class="lab-said"' in html.proto.body)
    assert "6 methods from the same 2 starts: 12 runs" in said


def test_the_shipped_race_is_what_the_optimizers_of_today_do():
    shipped = network_examples.race(network_runs.DEFAULT.configs(standard(*DEFAULT)))
    assert len(shipped) == 10 * len(DEFAULT)
    for key in ("rbo", "sgd"):
        (config,) = (c for c in network_runs.DEFAULT.configs(standard(key)) if c["seed"] == 1)
        (stored,) = (run for run in shipped if run.method == key and run.seed == 1)
        run = run_training(TrainConfig.from_dict({**config, "diagnostics": "none"}))
        # Other machines sum in another order, and training amplifies it: three of 100 images are no news.
        assert run.summary["test_accuracy"] == pytest.approx(stored.test_accuracy, abs=0.03)
        assert run.summary["gradients"] == stored.last("gradients")


@pytest.mark.parametrize("name", [n for n in network_runs.DATA if n != "digits"])
def test_a_missing_data_set_is_announced(store, name):
    page = visit(data=name)
    assert not page.error
    assert f"{network_runs.DATA[name]} is not on this machine" in page.info[0].value
    assert str(store) in page.info[0].value


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_where_there_is_none_is_refused_with_the_remedy(store):
    page = visit(device="cuda")
    assert "no CUDA GPU" in page.error[0].value
    assert "Choose cpu or auto" in page.error[0].value
    assert page.button("train").disabled


def test_a_budget_below_one_step_and_no_method_are_refused(store):
    page = visit(methods="published", gradients="20", published_n_projection_steps="50")
    assert "at least 50, the price of one step of Rolling ball, as published, got 20" in page.error[0].value
    assert page.button("train").disabled
    page.pills("methods").set_value([]).run()
    assert "at least one method" in page.error[0].value


def test_train_puts_one_job_into_the_queue_and_its_id_into_the_address(store):
    page = visit(methods=["sgd", "sam"], gradients="40", seeds="2")
    page.button("train").click().run()
    assert not page.exception
    (job,) = background.queue().jobs()
    assert page.query_params["job"] == [job.id] or page.query_params["job"] == job.id
    assert [(c["method"]["name"], c["seed"]) for c in job.config["runs"]] == [
        ("sgd", 0), ("sam", 0), ("sgd", 1), ("sam", 1),
    ]  # fmt: skip
    page.button("train").click().run()
    assert len(background.queue().jobs()) == 1  # the same runs lead to the same job
    page.number_input("seeds").set_value(1).run()
    page.button("train").click().run()
    assert len(background.queue().jobs()) == 2
    # While it waits or runs the settings alone find it, as when one comes back by the menu; other settings do not.
    again = visit(methods=["sgd", "sam"], gradients="40", seeds="2").query_params["job"]
    assert again in (job.id, [job.id])
    assert "job" not in visit(methods=["sgd"], gradients="42").query_params
    # The bare link brings the settings back.
    link = visit(job=job.id)
    assert link.number_input("seeds").value == 2
    assert link.number_input("gradients").value == 40
    assert link.pills("methods").value == ["sgd", "sam"]


def test_runs_of_these_settings_are_shown_without_a_job(store):
    with RunStore(store) as runs:
        for config in short_task(seeds=2).configs(standard("sgd", "sam")):
            run_training(TrainConfig.from_dict(config), runs)
    page = visit(methods=["sgd", "sam"], gradients="40", seeds="2")
    table = page.dataframe[0].value
    assert set(table["method"]) == {"SGD", "SAM"}
    assert list(table["seeds"]) == [2, 2]
    assert table["test accuracy (%)"].is_monotonic_decreasing
    assert (table["gradients"] == 40).all()
    # Other settings are other runs.
    assert not visit(methods=["sgd", "sam"], gradients="42").dataframe


def test_an_unknown_job_is_said(store):
    page = visit(job="0123456789ab")
    assert "There is no job" in page.warning[0].value


def test_a_job_that_starts_again_does_nothing_twice(store):
    configs = [TrainConfig.from_dict(c) for c in short_task(seeds=2).configs(standard("sgd", "sam"))]
    with RunStore(store) as runs:
        older = runs.create(configs[3])
        since = runs.get(older).updated + 1e-6
        done = run_training(configs[0], runs)
        begun = runs.create(configs[1])
        failed = runs.create(configs[2])
        runs.update(failed, "failed", "no disk")
        assert done.state == "done"
        assert unfinished(configs, runs, since) == [(configs[1], begun), (configs[2], None), (configs[3], None)]


def paired(**finals) -> list[RunView]:
    """Runs of some methods with these test accuracies, a seed each."""
    return [
        RunView(f"{name}{k}", name, name, "sgd", "digits", "mlp", 0.0, k, "done", 1e9, test_accuracy=value)
        for name, values in finals.items()
        for k, value in enumerate(values)
    ]


def test_differences_are_paired_and_corrected_over_the_methods():
    base = np.array([0.80, 0.85, 0.90, 0.83, 0.88])
    better, same = base + np.array([1.0, 1.2, 0.9, 1.1, 1.0]) / 100, base + np.array([1, -1, 1, -1, 0.5]) / 100
    told = paired_table.differences_to(paired(SGD=base, Ball=better, SAM=same), "SGD")
    raw = {name: stats.ttest_rel(values, base).pvalue for name, values in (("Ball", better), ("SAM", same))}
    assert told["Ball"].mean == pytest.approx(1.04) and told["Ball"].holm == pytest.approx(2 * raw["Ball"])
    assert told["SAM"].holm == pytest.approx(max(raw["SAM"], 2 * raw["Ball"]))
    table = paired_table.with_differences(results(paired(SGD=base, Ball=better, SAM=same)), paired(
        SGD=base, Ball=better, SAM=same), "SGD")  # fmt: skip
    assert table.set_index("method")["the test says"].to_dict() == {
        "Ball": "better", "SAM": "not told apart", "SGD": "",
    }  # fmt: skip
    html = paired_table.readable(table, dark=False).to_html()
    assert html.count("#00694B") == 1 and "+1.04" in html  # one rule, for the cells of the ball's row
    worse = paired_table.with_differences(table[["method", "± (%)"]], paired(SGD=base, Ball=better), "Ball")
    assert worse.set_index("method")["the test says"]["SGD"] == "worse"


@pytest.mark.parametrize(
    "finals", [{"SGD": [0.8], "SAM": [0.9]}, {"SGD": [0.8, 0.9]}, {"SAM": [0.8, 0.9], "Adam": [0.7, 0.8]}]
)
def test_nothing_is_compared_without_two_common_seeds_and_a_reference(finals):
    assert paired_table.differences_to(paired(**finals), "SGD") == {}
