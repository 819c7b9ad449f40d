"""The phase diagram of a network: cells are the runs they stand for, regimes come from the map, results are kept."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest

from rbo_core.cancelled import Cancelled
from rbo_core.cli import main
from rbo_core.figures.network_phases import along_radius, cells, phases_figure
from rbo_core.figures.phase_map import CLICKS
from rbo_core.training import Method, TrainConfig, phases, run_training
from rbo_core.training.phases import (
    PhaseConfig,
    PhaseResult,
    compute_phases,
    load_phases,
    save_phases,
)
from rbo_core.training.regimes import failed, network_regimes, too_slow
from rbo_core.training.results import load_result, save_result

SHORT = {"epochs": 2, "train_size": 150, "device": "cpu", "diagnostics": "final"}


@pytest.fixture(scope="module")
def small() -> PhaseResult:
    config = PhaseConfig(
        train=TrainConfig(**SHORT), radius_low=0.05, radius_high=5.0, n_radii=3, rate_low=0.1, rate_high=0.5, n_rates=2,
        seeds=2,
    )  # fmt: skip
    return compute_phases(config)


@pytest.mark.parametrize(("i", "j", "k"), [(0, 0, 0), (2, 1, 0), (1, 0, 1)])
def test_a_cell_is_the_run_it_stands_for(small, i, j, k):
    config = small.config
    method = Method.of("rbo", radius=float(config.radii[i]), lr=float(config.rates[j]))
    single = run_training(TrainConfig(**{**SHORT, "diagnostics": "none"}, method=method, seed=k)).metrics[-1]
    assert small.validation_accuracy[i, j, k] == pytest.approx(single["validation_accuracy"], abs=0.011)
    assert small.train_loss[i, j, k] == pytest.approx(single["train_loss"], rel=2e-2)


def test_gradient_descent_beside_it_costs_the_same(small):
    lr = float(small.config.rates[1])
    sgd = run_training(TrainConfig(**{**SHORT, "epochs": 4, "diagnostics": "none"}, method=Method.of("sgd", lr=lr)))
    assert sgd.summary["gradients"] == small.gradients
    assert small.point_accuracy[1, 0] == pytest.approx(sgd.metrics[-1]["validation_accuracy"], abs=0.011)


def made(mean: np.ndarray, diverged: np.ndarray | None = None, seeds: int = 1, validation: int = 297) -> PhaseResult:
    config = PhaseConfig(n_radii=mean.shape[0], n_rates=mean.shape[1], seeds=seeds)
    accuracy = np.repeat(mean[..., None], seeds, axis=2)
    lost = np.zeros(accuracy.shape, bool) if diverged is None else np.repeat(diverged[..., None], seeds, axis=2)
    loss = np.where(lost, np.nan, 1 - accuracy)
    return PhaseResult(config, loss, loss, accuracy, np.where(lost, np.nan, 0.2), lost,
                       np.full((mean.shape[1], seeds), 0.9), 400, 1.0, validation)  # fmt: skip


def test_regimes_are_read_off_the_map():
    # Radii 1 and 2 are good; rate 3 breaks all but radius 1; the smallest rate has only not got far yet.
    mean = np.array([[0.2, 0.5, 0.7, 0.1], [0.2, 0.8, 0.97, 0.9], [0.2, 0.8, 0.96, 0.1], [0.2, 0.5, 0.8, 0.1]])
    told = network_regimes(made(mean))
    radii, rates = made(mean).config.radii, made(mean).config.rates
    assert told.best == (1, 2)
    assert told.macroscopic == (radii[1], radii[2])
    np.testing.assert_array_equal(told.unstable, [rates[3], np.nan, rates[3], rates[3]])
    assert told.gain == pytest.approx(0.07)
    # Four of the sixteen cells, as SGD had four learning rates: the mean best of all C(16, 4) draws.
    draws = [max(draw) for draw in itertools.combinations(mean.ravel(), 4)]
    assert told.fair_gain == pytest.approx(np.mean(draws) - 0.9)
    # Binomial error of the digits' 297 validation images.
    assert told.noise == pytest.approx(np.sqrt(0.97 * 0.03 / 297))
    assert not failed(made(mean))[:, 0].any()


def test_fewer_validation_images_say_less():
    """A folder of one's own may hold a smaller set: the error is that of the images there were."""
    mean = np.array([[0.8, 0.9], [0.8, 0.9]])
    assert network_regimes(made(mean, validation=50)).noise == pytest.approx(np.sqrt(0.9 * 0.1 / 50))


def test_the_number_of_validation_images_is_kept_with_the_result(tmp_path):
    result = made(np.array([[0.8, 0.9], [0.8, 0.9]]), validation=50)
    path = save_phases(result, tmp_path)
    assert load_phases(result.config.key, tmp_path).validation_images == 50
    about, arrays = load_result(path)
    del about["validation_images"]  # as earlier releases wrote it
    save_result(path, about, arrays)
    assert load_phases(result.config.key, tmp_path).validation_images == 297


def test_runs_that_differ_widen_the_interval():
    result = made(np.array([[0.8, 0.9], [0.8, 0.9]]), seeds=4)
    result.validation_accuracy[:, 1] = np.array([0.7, 0.8, 1.0, 1.0])
    spread = np.std([0.7, 0.8, 1.0, 1.0], ddof=1) / 2
    assert network_regimes(result).noise == pytest.approx(spread)


def test_a_cell_that_diverged_has_no_loss_and_is_unstable():
    result = made(np.array([[0.8, 0.9], [0.8, 0.9]]), np.array([[False, True], [False, False]]))
    assert np.isnan(cells(result, "train_loss")[0, 1])
    assert cells(result, "diverged")[0, 1] == 1.0
    assert failed(result).tolist() == [[False, True], [False, False]]


def test_the_figure_marks_the_best_cell_and_every_cell_can_be_clicked():
    mean = np.array([[0.2, 0.5, 0.7, 0.1], [0.2, 0.8, 0.97, 0.9], [0.2, 0.8, 0.96, 0.1], [0.2, 0.5, 0.8, 0.1]])
    result = made(mean)
    told = network_regimes(result)
    fig = phases_figure(result, told, "validation_accuracy", dark=False)
    star = next(t for t in fig.data if t.name == "best cell")
    assert (star.x[0], star.y[0]) == (result.config.radii[1], result.config.rates[2])
    clicks = next(t for t in fig.data if t.name == CLICKS)
    assert len(clicks.x) == 16
    assert {a.text for a in fig.layout.annotations} >= {"<b>unstable</b>", "<b>too slow</b>", "macroscopic"}
    patterns = {t.name: t.fillpattern.shape for t in fig.data if t.name in ("unstable", "too slow")}
    assert patterns == {"unstable": "/", "too slow": "."}  # told apart without colour
    assert clicks.text[0] == "20%, too slow"
    assert clicks.text[3] == "10%, unstable"
    cut = along_radius(result, told, dark=True)
    ball = next(t for t in cut.data if t.name == "Rolling ball, its best η" and t.fill is None)
    np.testing.assert_allclose(ball.y, mean.max(axis=1))
    with pytest.raises(ValueError, match="quantity must be one of"):
        cells(result, "beauty")


def test_cells_that_are_not_trained_are_empty_in_the_figure():
    result = made(np.array([[0.2, 0.9], [0.3, 0.95]]))
    there = np.array([[True, False], [True, True]])
    half = dataclasses.replace(
        result, trained=there, validation_accuracy=np.where(there[..., None], result.validation_accuracy, np.nan)
    )
    fig = phases_figure(half, network_regimes(half), "validation_accuracy", dark=True)
    coloured = next(trace for trace in fig.data if trace.type == "heatmap").z.T
    np.testing.assert_array_equal(np.isfinite(coloured), there)
    clicks = next(trace for trace in fig.data if trace.name == CLICKS)
    assert clicks.text[1] == "not computed yet"
    assert "not trained yet: 1 of 4" in "".join(note.text for note in fig.layout.annotations)
    assert "macroscopic" not in {note.text for note in fig.layout.annotations}
    nothing = PhaseResult.untrained(result.config)
    assert phases_figure(nothing, None, "train_loss", dark=False).data


def test_a_result_is_kept_under_its_request(small, tmp_path):
    save_phases(small, tmp_path)
    again = load_phases(small.config.key, tmp_path)
    assert again.config == small.config
    assert again.gradients == small.gradients
    for name in ("train_loss", "validation_accuracy", "penetration", "diverged", "point_accuracy"):
        np.testing.assert_array_equal(getattr(again, name), getattr(small, name))
    assert load_phases(PhaseConfig().key, tmp_path) is None


def test_a_map_grows_over_all_of_it_and_goes_on_where_it_was_cancelled(monkeypatch, tmp_path):
    monkeypatch.setattr(phases, "LEAST", 4)
    grid = {"n_radii": 4, "n_rates": 4, "train": {**SHORT, "epochs": 1}}
    config = PhaseConfig.from_dict(grid)
    whole = compute_phases(config)
    kept: list[PhaseResult] = []
    with pytest.raises(Cancelled):
        compute_phases(config, lambda done, total: len(kept) == 2, keep=kept.append)
    assert [int(made.there.sum()) for made in kept] == [4, 8]
    assert np.argwhere(kept[0].there).tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]
    assert np.isnan(kept[0].validation_accuracy[~kept[0].there]).all()
    assert np.isfinite(kept[0].point_accuracy[:, 0]).tolist() == [True, False, True, False]
    save_phases(kept[-1], tmp_path)
    stored = load_phases(config.key, tmp_path)
    assert (stored.complete, network_regimes(stored).verdict) == (False, "unfinished")
    # The same as without a break, and the first report tells what is there already.
    told: list[float] = []
    again = compute_phases(config, lambda done, total: told.append(done / total), so_far=stored)
    assert again.complete
    assert told[0] == pytest.approx(12 / 20, abs=0.001)
    for name in ("train_loss", "validation_accuracy", "penetration", "point_accuracy"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    with pytest.raises(ValueError, match="so_far must be a part of the map asked for"):
        compute_phases(PhaseConfig(), so_far=stored)


@pytest.mark.parametrize(
    ("by_radius", "validation", "verdict", "stretch"),
    [
        # 297 images: equal radii differ by up to 3 points, so 97.0 to 99.0 % is no difference, with 20,000 it is one.
        ((0.970, 0.975, 0.990, 0.972, 0.978), 297, "level", (0, 4)),
        ((0.970, 0.975, 0.990, 0.972, 0.978), 20_000, "band", (2, 2)),
        ((0.60, 0.97, 0.98, 0.97, 0.50), 297, "band", (1, 3)),
        ((0.97, 0.98, 0.97, 0.80, 0.70), 297, "small", (0, 2)),
        ((0.60, 0.70, 0.97, 0.98, 0.98), 297, "large", (2, 4)),
        ((0.11, 0.13, 0.10, 0.09, 0.12), 297, "nothing", (0, 4)),
    ],
)
def test_a_planted_map_gets_its_verdict(by_radius, validation, verdict, stretch):
    mean = np.array(by_radius)[:, None] * np.array([0.9, 1.0, 0.8])
    result = made(mean, validation=validation)
    told = network_regimes(result)
    radii = result.config.radii
    assert told.verdict == verdict
    assert told.macroscopic == (radii[stretch[0]], radii[stretch[1]])
    outside = [v for k, v in enumerate(by_radius) if not stretch[0] <= k <= stretch[1]]
    assert told.lost == pytest.approx(max(by_radius) - min(outside) if outside else 0.0)


def test_equal_radii_are_called_equal_and_radii_apart_are_not():
    """The rate of false alarms of the verdict on maps where no radius differs is that of its test, 5 %."""
    draws = np.random.default_rng(3).binomial(297, 0.97, (400, 8)) / 297
    alarms = [network_regimes(made(np.stack([draw - 0.3, draw], axis=1))).verdict != "level" for draw in draws]
    assert np.mean(alarms) <= 0.08


def test_too_slow_and_unstable_are_two_things():
    mean = np.array([[0.30, 0.90, 0.97, 0.96, 0.10], [0.20, 0.94, 0.97, 0.90, 0.97]])
    result = made(mean)
    assert too_slow(result).tolist() == [[True, True, False, False, False], [True, False, False, True, False]]
    assert failed(result).tolist() == [[False, False, False, False, True], [False, False, False, False, False]]
    unknown = dataclasses.replace(result, trained=np.zeros((2, 5), bool))
    assert not too_slow(unknown).any()
    with pytest.raises(ValueError, match="no cell of the map is trained"):
        network_regimes(unknown)


def test_cancelling_stops_the_ensemble():
    calls = []
    with pytest.raises(Cancelled):
        compute_phases(PhaseConfig(train=TrainConfig(**SHORT), n_radii=2, n_rates=2),
                       lambda done, total: calls.append(done) or len(calls) == 3)  # fmt: skip
    assert len(calls) == 3
    assert calls[-1] < 1000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train": {"method": "sgd"}}, "those of rbo, got the method 'sgd'"),
        ({"n_radii": 1}, "n_radii must be a whole number of at least 2, got 1"),
        ({"radius_low": 2.0, "radius_high": 1.0}, "radius_high must be larger than radius_low, got 2 to 1"),
        ({"rate_low": -1.0}, "rate_low must be positive, got -1.0"),
        ({"n_radii": 40, "n_rates": 40}, "at most 1024 networks, got 1600"),
        ({"planet": 1}, "a phase diagram has no setting 'planet'"),
    ],
)
def test_bad_grids_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        PhaseConfig.from_dict(values)


def test_the_command_trains_a_grid_and_says_where_it_is(tmp_path, capsys):
    file = tmp_path / "grid.json"
    file.write_text(json.dumps({"train": {**SHORT, "epochs": 1}, "n_radii": 2, "n_rates": 2}))
    assert main(["train", str(file), "--phases", "--json", "--store", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert load_phases(said["key"], tmp_path).config.n_radii == 2
    file.write_text("[1]")
    assert main(["train", str(file), "--phases", "--store", str(tmp_path)]) == 2
    assert "one JSON object" in capsys.readouterr().err
    assert main(["train", "--phases", "--store", str(tmp_path)]) == 2
    assert "need a JSON file" in capsys.readouterr().err


def test_results_stored_before_a_setting_was_added_are_found_again():
    def key(**settings):
        return PhaseConfig(train=TrainConfig(method=Method.of("rbo", **settings))).key

    assert key(momentum=0.5) == "689ba6807bf98ad3"  # as it was before the ball had a momentum of the step
    assert key(momentum=0.5, momentum_on="step") not in (key(momentum=0.5), key())
