"""The time of a map told before it begins: against processor times that were measured, and along a clock of our own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rbo_core.jobs import Job
from rbo_core.training import Method, TrainConfig
from rbo_core.training.landscape import PlaneConfig, PlaneResult
from rbo_core.training.phases import PhaseConfig, PhaseResult, parts_of
from rbo_core.training.price import (
    MOST,
    START,
    _steps,
    phases_pace,
    phases_seconds,
    plane_pace,
    plane_seconds,
    runs_pace,
    runs_seconds,
)

EIGHT = {"n_radii": 8, "n_rates": 8}
PAPER = {"name": "rbo", "projection": "gradient", "n_projection_steps": 20}
MAPS = [  # seconds of one core's time for the whole command: `python benchmarks/bench_network_maps.py --estimates`
    ({}, 16.5),
    ({**EIGHT, "train": {"epochs": 1}}, 4.8),
    ({**EIGHT, "train": {"epochs": 3, "method": PAPER}}, 18.8),
    ({**EIGHT, "train": {"epochs": 4, "batch_size": 10}}, 8.5),
    ({**EIGHT, "train": {"epochs": 20, "batch_size": 500}}, 10.7),
    ({**EIGHT, "train": {"epochs": 2, "data": "fashion_mnist", "train_size": 2000}}, 15.3),
    ({**EIGHT, "seeds": 3, "train": {"epochs": 5}}, 13.0),
    ({"n_radii": 16, "n_rates": 16, "train": {"epochs": 5, "method": {"name": "rbo", "momentum": 0.9}}}, 16.3),
]
PLANES = [
    ({"kind": "random"}, {}, 8.4),
    ({"kind": "hessian", "size": 101}, {}, 21.0),
    ({"kind": "random"}, {"data": "fashion_mnist", "train_size": 1000}, 16.1),
    ({"kind": "random", "size": 31, "examples": 100}, {"model": "resnet6", "train_size": 100}, 6.8),
]

BIG, SMALL = {"gradient_budget": 640}, {"gradient_budget": 640, "diagnostics": "none"}
RUNS = [  # seconds of one core's time of `train_together` with a store, without Python's start
    ("sgd", SMALL, 0.40),
    ("sgd", BIG, 0.96),
    ("rbo", SMALL, 0.53),
    ("rbo", BIG, 0.84),
    ("sam", SMALL, 0.36),
    ("adam", SMALL, 0.53),
    ("entropy_sgd", SMALL, 0.34),
    ("sgd", {**SMALL, "gradient_budget": 4000, "batch_size": 10}, 1.15),
    ("sgd", {**SMALL, "batch_size": 500}, 3.48),
    ("rbo", {**BIG, "data": "fashion_mnist", "train_size": 6000}, 1.49),
    ("sgd", {**BIG, "model": "resnet8", "gradient_budget": 160}, 5.89),
    ("sgd", {**SMALL, "data": "fashion_mnist", "model": "resnet8", "train_size": 1000, "gradient_budget": 20}, 6.16),
]  # fmt: skip


def run_of(method: str, values: dict) -> TrainConfig:
    return TrainConfig(method=Method.of(method), device="cpu", **{"diagnostics": "epoch", **values})


@pytest.mark.parametrize(("method", "values", "measured"), RUNS)
def test_a_run_takes_what_was_told_within_a_factor_of_two(method, values, measured):
    assert 0.5 < (runs_seconds([run_of(method, values)]) - START) / measured < 2


def test_runs_add_up_and_earlier_ones_correct_the_estimate():
    configs = [run_of(method, values) for method, values, _ in RUNS[:7]]
    each = [runs_seconds([config]) - START for config in configs]
    assert runs_seconds(configs) - START == pytest.approx(sum(each))
    assert runs_pace([]) == 1
    assert runs_pace([(config, 3 * _steps(config)) for config in configs]) == pytest.approx(3)
    assert runs_pace([(configs[0], 100 * _steps(configs[0]))]) == MOST
    assert runs_seconds(configs, 3.0) - START == pytest.approx(3 * sum(each))
    assert runs_seconds([dataclasses.replace(configs[0], device="cuda"), *configs]) is None


def config_of(values: dict) -> PhaseConfig:
    train = {"diagnostics": "final", "device": "cpu", **values.get("train", {})}
    return PhaseConfig.from_dict({**values, "train": train})


@pytest.mark.parametrize(("values", "measured"), MAPS)
def test_a_map_takes_what_was_told_within_a_factor_of_two(values, measured):
    assert 0.5 < phases_seconds(config_of(values)) / measured < 2


@pytest.mark.parametrize(("values", "train", "measured"), PLANES)
def test_a_plane_takes_what_was_told_within_a_factor_of_two(values, train, measured):
    told = plane_seconds(PlaneConfig(runs=("a",), device="cpu", **values), TrainConfig(**train))
    assert 0.5 < told / measured < 2


def test_the_rest_of_a_map_takes_less_and_a_slow_machine_longer():
    config = config_of({})
    whole = phases_seconds(config)
    there = np.zeros((12, 12), bool)
    there[::2] = True
    half = dataclasses.replace(PhaseResult.untrained(config), trained=there)
    assert phases_seconds(config, half) - START == pytest.approx((whole - START) / 2)
    told = phases_seconds(config) - START
    slow = [dataclasses.replace(half, seconds=0.5 * 3 * told * share) for share in (0.8, 0.9, 1.0)]
    assert 2 < phases_pace(slow) < 4
    assert phases_pace([]) == 1
    begun = dataclasses.replace(half, seconds=9.0, trained=np.arange(there.size).reshape(there.shape) < 9)
    assert phases_pace([begun]) == 1  # it was cancelled after its first ensemble, most of which was compiling
    assert phases_pace([dataclasses.replace(half, seconds=1e6)]) == 5  # one odd map does not spoil the next estimate
    assert phases_seconds(config, pace=3.0) - START == pytest.approx(3 * told)
    axis = np.linspace(0, 1, 61)
    plane = PlaneConfig(runs=("a",), device="cpu")
    known = np.zeros((61, 61), bool)
    result = PlaneResult(plane, TrainConfig(), axis, axis, known, known, (), (0, 0), 0.0, 0.4, "clean", 0.0, known)
    assert plane_seconds(plane, TrainConfig(), result) == plane_seconds(plane, TrainConfig())
    finished = dataclasses.replace(result, known=~known, seconds=2 * (plane_seconds(plane, TrainConfig()) - START))
    assert plane_pace([finished]) == pytest.approx(2)


def test_while_it_runs_the_time_that_is_left_is_told_within_a_factor_of_two():
    """A clock of our own goes through the parts of a map: steps, and what every ensemble takes before and after."""
    config = config_of({})
    clock, done, told = 1000.0, 0.0, []
    whole = config.members + config.n_rates
    started = clock  # the reporter's: when the work began
    for k, cells in enumerate(parts_of(config)):
        for members, each in (((3, 0.06),) if k < 4 else ()) + ((len(cells), 0.12),):
            clock += 0.06
            for _ in range(20):
                clock += members * each / 20
                done += members / 20
                told.append((done / whole, _left(clock, started, done / whole), clock))
            clock += 0.1
    assert len(told) > 300
    for share, left, at in told:
        if 0.03 < share < 0.97:
            assert 0.5 < left / (clock - at) < 2


def _left(now: float, started: float, share: float) -> float:
    unknown = dict.fromkeys(Job.__dataclass_fields__)
    job = Job(**{**unknown, "state": "running", "started": started, "done": share, "total": 1.0})
    found = job.remaining(now)
    return 0.0 if found is None else found
