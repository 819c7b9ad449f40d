"""What the network pages show before anything was trained here: results of the default settings, measured earlier.

`python -m pages.shared.network_examples` makes them again (some four minutes on two cores); with `race` only the page
Train's.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pages.shared import network_runs
from pages.shared.network_methods import DEFAULT, standard
from pages.shared.page import cached
from pages.shared.run_view import RunView
from rbo_core.training import Method, RunStore, StoredRun, TrainConfig, run_training
from rbo_core.training.landscape import PlaneConfig, PlaneResult, compute_plane, load_plane, save_plane
from rbo_core.training.phases import PhaseConfig, PhaseResult, compute_phases, load_phases, save_phases
from rbo_core.training.results import load_result, save_result
from rbo_core.training.together import train_together

FOLDER = Path(__file__).with_name("examples")
NAME = "default"
LANDSCAPE_METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("rbo", {"lr": 1.0, "radius": 0.5}),
    ("sgd", {"lr": 1.0}),
    ("sam", {"lr": 1.0}),
)


def landscape_runs() -> list[dict[str, Any]]:
    """What an empty store is offered: three methods on the digits, from one start, at equal gradients."""
    methods = [Method.of(name, **settings) for name, settings in LANDSCAPE_METHODS]
    return [TrainConfig(method=m, gradient_budget=640, diagnostics="none").to_dict() for m in methods]


@cached
def plane() -> PlaneResult | None:
    """The plane of the ball, SGD and SAM on the digits; None when the file is not there."""
    return load_plane(NAME, FOLDER)


@cached
def _phases() -> PhaseResult | None:
    return load_phases(NAME, FOLDER)


def edges() -> pd.DataFrame:
    """Predicted and measured sharpness of networks at the edge of stability (benchmarks/edge_of_stability.py)."""
    return pd.read_csv(FOLDER / "edge_of_stability.csv", dtype={"twin_of": str})


def phases(config: PhaseConfig) -> PhaseResult | None:
    """The map of the default settings, when those are what `config` asks for."""
    found = _phases()
    return found if found is not None and found.config.key == config.key else None


@cached
def _race() -> list[RunView]:
    found = load_result(FOLDER / "race" / f"{NAME}.npz")
    if found is None:
        return []
    about, arrays = found
    runs = [StoredRun(**{**kept, "config": TrainConfig.from_dict(kept["config"])}) for kept in about["runs"]]
    return network_runs.views(runs, [dict(zip(about["columns"], arrays[run.id], strict=True)) for run in runs])


def race(configs: Sequence[Mapping[str, Any]]) -> list[RunView]:
    """The runs of the default race, when those are what `configs` ask for; else none."""
    usual = network_runs.DEFAULT.configs(standard(*DEFAULT))
    same = network_runs.same_run
    return _race() if [same(config) for config in configs] == [same(config) for config in usual] else []


def make(only: Sequence[str] = ()) -> None:
    """Measure again, all or only some of "planes", "network_phases" and "race", and write the examples' files."""
    makers = {"planes": _plane, "network_phases": lambda folder: save_phases(compute_phases(PhaseConfig()), folder),
              "race": _train_race}  # fmt: skip
    for kind in only or makers:
        with tempfile.TemporaryDirectory() as folder:
            _keep(makers[kind](Path(folder)), kind)


def _plane(folder: Path) -> Path:
    with RunStore(folder) as store:
        ids = [str(run_training(TrainConfig.from_dict(config), store).run_id) for config in landscape_runs()]
        return save_plane(compute_plane(PlaneConfig(runs=tuple(ids)), store), folder)


def _train_race(folder: Path) -> Path:
    configs = [TrainConfig.from_dict(config) for config in network_runs.DEFAULT.configs(standard(*DEFAULT))]
    with RunStore(folder / "race") as store:
        ids = [str(one.run_id) for one in train_together([(c, None) for c in configs], store, lambda *_: False)]
        runs = [store.get(run_id) for run_id in ids]
        metrics = [store.metrics(run_id) for run_id in ids]
    about = {
        "columns": list(metrics[0]),
        "runs": [{**vars(run), "config": run.config.to_dict()} for run in runs],
    }
    file = folder / "race.npz"
    save_result(file, about, {run.id: np.array(list(m.values())) for run, m in zip(runs, metrics, strict=True)})
    return file


def _keep(file: Path, kind: str) -> None:
    (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, FOLDER / kind / f"{NAME}.npz")


if __name__ == "__main__":
    make(sys.argv[1:])
