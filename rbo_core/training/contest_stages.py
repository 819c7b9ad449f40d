"""The stages of a contest: each trains one method's members together, here or on a cluster, and is kept as a file."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rbo_core.cancelled import Cancelled
from rbo_core.cluster import outcome
from rbo_core.training.config import Method, TrainConfig
from rbo_core.training.contestants import CONTESTANTS
from rbo_core.training.data import load
from rbo_core.training.ensemble import EnsembleResult, train_ensemble
from rbo_core.training.loop import run_training
from rbo_core.training.plan import seeded_model
from rbo_core.training.remote import ONE_AT_A_TIME
from rbo_core.training.results import key_of

Floats = NDArray[np.float64]
Found = dict[str, Any]
Progress = Callable[[int, int, str], object]
"""``progress(stages done, stages in all, what runs)``; a true answer ends the contest."""
POLL = 0.25  # seconds between two looks at a cluster's answer


@dataclass(frozen=True)
class Stage:
    """Members that are trained together. config: what they share; settings: (B,) each; seeds: one a member; looks: how
    often the best moment to stop is looked for; what: as people read it."""

    config: TrainConfig
    settings: Mapping[str, Floats]
    seeds: Sequence[int]
    what: str
    looks: int = 0

    @classmethod
    def of(
        cls, name: str, train: TrainConfig, settings: Mapping[str, Floats], seeds: Sequence[int], looks: int
    ) -> Stage:
        """The stage of a contestant."""
        contestant = CONTESTANTS[name]
        method = Method.of(contestant.method, **contestant.fixed)
        config = dataclasses.replace(train, method=method, diagnostics="none", snapshots=False)
        return cls(config, settings, seeds, f"{'testing' if looks else 'tuning'} {contestant.label}", looks)

    @property
    def about(self) -> dict[str, Any]:
        """What names its result: where it was trained is no part of it."""
        return {
            "config": {**self.config.to_dict(), "device": None, "data_dir": None},
            "seeds": list(self.seeds),
            "settings": {axis: values.tolist() for axis, values in self.settings.items()},
            **({"looks": self.looks} if self.looks else {}),
        }


class Stages:
    """Trains stages, or takes those that a folder keeps.

    Args:
        total: how many there will be, as far as one knows.
        client: a ``distributed.Client`` whose workers train them.
    """

    def __init__(self, total: int, folder: Path | None, progress: Progress | None, client: Any = None) -> None:
        self.done, self.total, self.running = 0, total, ""
        self._folder, self._progress, self._client = folder, progress, client
        self._lock = threading.Lock()
        self.cancelled = threading.Event()

    def told(self) -> bool:
        """Say how far it is; whether to stop."""
        return bool(self._progress is not None and self._progress(self.done, self.total, self.running))

    def take(self, stage: Stage) -> Found:
        """What a stage came to."""
        about = stage.about
        path = None if self._folder is None else self._folder / f"{key_of(about)}.json"
        if path is not None and path.is_file():
            found: Found = json.loads(path.read_text(encoding="utf-8"))
        else:
            self.running = stage.what
            found = self._here(stage) if self._client is None else self._there(stage)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                fresh = path.with_suffix(".part")
                fresh.write_text(json.dumps(found | {"about": about}), encoding="utf-8")
                fresh.replace(path)
        with self._lock:
            self.done += 1
        return found

    def _here(self, stage: Stage) -> Found:
        return trained(stage, lambda done, total: self.told())

    def _there(self, stage: Stage) -> Found:
        future = self._client.submit(_on_a_worker, stage, pure=False)
        try:
            while not self.cancelled.wait(POLL):
                if future.done():
                    return outcome(future)
        finally:
            future.cancel()
        raise Cancelled


def _on_a_worker(stage: Stage) -> Found:
    # Training draws from torch's global generators, so one process trains one at a time.
    with ONE_AT_A_TIME:
        return trained(stage)


def trained(stage: Stage, progress: Callable[[int, int], object] | None = None) -> Found:
    """Train a stage's members: as one ensemble, or one by one where the network has running statistics."""
    config, lr = stage.config, stage.settings["lr"]
    rest = {axis: values for axis, values in stage.settings.items() if axis != "lr"}
    data = load(config.data, config.data_dir)
    with torch.random.fork_rng(devices=[]):
        model = seeded_model(config, data, 0)
    if any(True for _ in model.buffers()):
        return _one_by_one(stage, progress)
    found = train_ensemble(config, lr=lr, settings=rest, seeds=stage.seeds, looks=stage.looks, progress=progress)
    if found.state == "cancelled":
        raise Cancelled
    return _told(found)


def _told(found: EnsembleResult) -> Found:
    return {
        "validation": np.where(found.diverged, -1.0, found.validation_accuracy).tolist(),
        "test": np.where(found.diverged, 0.0, found.test_accuracy).tolist(),
        "stopped": np.nan_to_num(found.stopped_accuracy).tolist(),
        "stopped_gradients": np.nan_to_num(found.stopped_gradients).tolist(),
        "diverged": int(found.diverged.sum()),
        "gradients": found.gradients,
        "seconds": found.seconds,
    }


def _one_by_one(stage: Stage, progress: Callable[[int, int], object] | None) -> Found:
    """As :func:`trained`, with single runs; nobody looks for the best moment to stop."""
    total, names = len(stage.seeds), list(stage.settings)
    runs = []
    for b, seed in enumerate(stage.seeds):
        own = {name: float(stage.settings[name][b]) for name in names}
        method = Method.of(stage.config.method.name, **{**dict(stage.config.method.settings), **own})
        config = dataclasses.replace(stage.config, method=method, seed=int(seed))

        def told(now: object, b: int = b) -> object:
            return progress is not None and progress(b, total)

        runs.append(run_training(config, None, told))
        if runs[-1].state == "cancelled":
            raise Cancelled
    lost = np.array([run.state == "diverged" for run in runs])
    return {
        "validation": np.where(lost, -1.0, [run.summary["validation_accuracy"] for run in runs]).tolist(),
        "test": np.where(lost, 0.0, [run.summary["test_accuracy"] for run in runs]).tolist(),
        "stopped": [],
        "stopped_gradients": [],
        "diverged": int(lost.sum()),
        "gradients": runs[-1].summary["gradients"],
        "seconds": float(sum(run.summary["seconds"] for run in runs)),
    }
