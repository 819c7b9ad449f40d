"""Contests: boxes, the statistics against SciPy and known tables, and that a killed contest goes on."""

import json

import numpy as np
import pytest
from scipy import stats

from rbo_core.cancelled import Cancelled
from rbo_core.cli import main
from rbo_core.training import TrainConfig
from rbo_core.training.contest import ContestConfig, at_edge, hold, moved, points
from rbo_core.training.contest_regimes import RadiusRegimes
from rbo_core.training.contest_report import markdown
from rbo_core.training.contestants import CONTESTANTS
from rbo_core.training.paired import differences, holm, seeds_needed

BOX = {"lr": (1e-3, 1.0), "weight_decay": (1e-5, 1e-1)}
QUICK = ContestConfig(
    train=TrainConfig(gradient_budget=12, train_size=100, diagnostics="none", device="cpu", label_noise=0.3),
    contestants=("momentum", "rbo"),
    settings=2,
    fresh_seeds=(100, 101, 102),
)


def test_settings_fill_their_box_evenly_in_the_logarithm():
    tried = points(BOX, 64)
    for name, (low, high) in BOX.items():
        share = np.log(tried[name] / low) / np.log(high / low)
        # 64 points of a Sobol sequence: one in every 64th of each axis.
        np.testing.assert_array_equal(np.sort(np.floor(64 * share)), np.arange(64))
    np.testing.assert_array_equal(points(BOX, 64)["lr"], tried["lr"])


def test_every_method_has_a_box_of_its_weight_decay_and_the_same_count():
    assert all("weight_decay" in one.box and "lr" in one.box for one in CONTESTANTS.values())


def test_a_box_moves_to_where_its_winner_stands():
    chosen = {"lr": 0.9, "weight_decay": 1e-3}
    assert at_edge(BOX, chosen) == ("lr",)
    new = moved(BOX, chosen, ("lr",))
    assert new["weight_decay"] == BOX["weight_decay"]
    low, high = new["lr"]
    assert high / low == pytest.approx(1e3)
    assert np.sqrt(low * high) == pytest.approx(0.9)
    assert at_edge(new, chosen) == ()


def test_holm_is_the_published_example():
    # Holm (1979): 0.01, 0.04, 0.03, 0.005 -> 0.03, 0.06, 0.06, 0.02.
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])


def test_differences_are_the_paired_t_test():
    rng = np.random.default_rng(0)
    base = 90 + rng.normal(size=10)
    other, third = base + 0.5 + 0.2 * rng.normal(size=10), base + rng.normal(size=10)
    found = differences({"momentum": base, "rbo": other, "sgd": third})
    by_name = {one.name: one for one in found}
    for name, values in (("rbo", other), ("sgd", third)):
        expected = stats.ttest_rel(values, base)
        assert by_name[name].p == pytest.approx(expected.pvalue)
        low, high = expected.confidence_interval(0.95)
        assert by_name[name].mean - by_name[name].half == pytest.approx(low)
        assert by_name[name].mean + by_name[name].half == pytest.approx(high)
    assert by_name["rbo"].holm == pytest.approx(2 * min(by_name["rbo"].p, by_name["sgd"].p))
    equal = differences({"momentum": base, "rbo": base})
    assert (equal[0].p, equal[0].effect) == (1.0, 0.0)


def test_power_is_that_of_the_noncentral_t():
    # The textbook's paired t-test: effect 0.5, power 0.8, level 0.05 needs 34 pairs.
    assert seeds_needed(0.6, points=0.3) == 34
    assert seeds_needed(0.3, points=0.3) == 10


def test_a_contest_goes_on_where_it_was_stopped(tmp_path):
    whole = hold(QUICK, tmp_path / "whole")
    told = []

    def stop(done, total, what):
        told.append(what)
        return done >= 2

    with pytest.raises(Cancelled):
        hold(QUICK, tmp_path / "cut", stop)
    kept = sorted(path.name for path in (tmp_path / "cut").glob("*.json"))
    assert len(kept) >= 2
    again = hold(QUICK, tmp_path / "cut")
    assert [one.accuracies for one in again.standings] == [one.accuracies for one in whole.standings]
    assert [one.chosen for one in again.standings] == [one.chosen for one in whole.standings]
    text = markdown(whole)
    for one in whole.standings:
        assert len(one.stopped) == 3 and 0 < one.stopped_gradients <= 12
    assert "RBO Newton, K = 2" in text and "minus SGD + momentum 0.9" in text


def test_where_a_radius_lies_is_said():
    assert "tuned radius is 0.2." in RadiusRegimes(0.2, 0.1, 0.4, 0.3).sentence
    for chosen, where in ((0.2, "inside"), (0.05, "below"), (1.0, "above")):
        assert RadiusRegimes(chosen, 0.1, 0.4, 0.3).sentence.endswith(f"it lies {where} that range.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contestants": ("sgdd",)}, "contestants must be among"),
        ({"fresh_seeds": (1, 1)}, "fresh_seeds must be at least two different seeds"),
        ({"settings": 1}, "settings must be a whole number of at least 2"),
        ({"tunings": 2}, "tunings must be 1, or at least 3"),
        ({"tunings": 51}, r"fresh_seeds must be none of the 51 tunings' seeds, got \[100, 101\]"),
        ({"train": TrainConfig()}, "set gradient_budget"),
    ],
)
def test_bad_contests_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        ContestConfig(**{"train": QUICK.train, **changes})


def test_the_command_writes_table_and_records(tmp_path, capsys):
    out = tmp_path / "result"
    command = ["contest", "--methods", "momentum", "rbo", "--gradients", "8", "--settings", "2", "--seeds", "2"]
    command += ["--train-size", "60", "--device", "cpu", "--folder", str(tmp_path / "stages")]
    assert main([*command, "--regimes", "--tunings", "3", "--out", str(out), "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in record["standings"]} == {"momentum", "rbo"}
    ball = next(one for one in record["standings"] if one["name"] == "rbo")
    assert record["radius"]["chosen"] == ball["chosen"]["radius"]
    assert RadiusRegimes(**record["radius"]).sentence in out.with_suffix(".md").read_text()
    assert "tuned and paired" in out.with_suffix(".md").read_text()
    assert "every method was tuned 3 times" in out.with_suffix(".md").read_text()
    assert [len(tuning["accuracies"]) for tuning in ball["tunings"]] == [2, 2, 2]
    assert json.loads(out.with_suffix(".json").read_text())[0]["differences"][0]["reference"] == "momentum"
    (tmp_path / "file").touch()
    assert main([*command, "--out", str(tmp_path / "file" / "x")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_the_commands_for_a_gpu_run_in_small(tmp_path, capsys):
    """Those of docs/does-it-help.md: several budgets and noises, forms by norms; and a convolutional network."""
    small = ["--settings", "2", "--tuning-seeds", "1", "--seeds", "2", "--train-size", "50", "--batch-size", "10"]
    small += ["--data", "digits", "--device", "cpu", "--json"]
    out = tmp_path / "all"
    command = ["contest", "--gradients", "2", "4", "--label-noise", "0", "0.4", "--methods", "momentum", "rbo_filters"]
    assert main([*command, *small, "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["train"]["gradient_budget"], one["train"]["label_noise"]) for one in found] == [
        (2, 0.0), (2, 0.4), (4, 0.0), (4, 0.4)
    ]  # fmt: skip
    assert {one["name"] for one in found[0]["standings"]} == {"momentum", "rbo_filters"}
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 1 + 4 * 2
    assert main(["contest", "--gradients", "2", "--methods", "rbo", "--model", "resnet8-gn", *small]) == 0
    assert json.loads(capsys.readouterr().out)[0]["train"]["model"] == "resnet8-gn"
