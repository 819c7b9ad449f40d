"""Work on a Dask cluster: what was computed there is what would have been computed here, and trouble is one line."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.phases import compute
from pages.shared import background, network_runs
from rbo_core import cluster
from rbo_core.cancelled import Cancelled
from rbo_core.cli import main
from rbo_core.jobs import Job
from rbo_core.training import RunStore, TrainConfig, run_training
from rbo_core.training.contest import ContestConfig, hold
from rbo_core.training.remote import train_all

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]
BASE = TrainConfig(train_size=200, epochs=3, diagnostics="none", device="cpu", precision="float64")


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """A scheduler in this process with two workers in processes of their own; a worker may be lost once, not twice."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    settings = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.profile.enabled": False,
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as started,
    ):
        yield started


def test_runs_trained_there_are_the_runs_trained_here(local: Any, tmp_path: Path, capsys: Any) -> None:
    runs = [{**BASE.to_dict(), "seed": seed, "method": {"name": "rbo", "lr": 0.3}} for seed in (1, 2)]
    (tmp_path / "runs.json").write_text(json.dumps(runs))
    words = ["train", str(tmp_path / "runs.json"), "--store", str(tmp_path / "store"), "--json"]
    assert main([*words, "--scheduler", local.scheduler_address]) == 0
    said = json.loads(capsys.readouterr().out)
    with RunStore(tmp_path / "store") as store, RunStore(tmp_path / "here") as own:
        for one, described in zip(said, runs, strict=True):
            here = run_training(TrainConfig.from_dict(described), own)
            stored = store.get(one["id"])
            assert stored.state == "done" and stored.config == TrainConfig.from_dict(described)
            assert stored.summary["test_loss"] == pytest.approx(here.summary["test_loss"], rel=1e-12)
            epochs, path = store.trajectory(stored.id)
            assert epochs.tolist() == [0, 1, 2, 3]
            assert torch.allclose(path, own.trajectory(str(here.run_id))[1], rtol=0, atol=1e-12)
            mine, theirs = own.metrics(str(here.run_id)), store.metrics(stored.id)
            assert np.allclose(mine["train_loss"], theirs["train_loss"], rtol=1e-12)
            x = torch.ones(1, 1, 8, 8, dtype=torch.float64)
            assert torch.equal(store.model(stored.id)(x).argmax(), own.model(str(here.run_id))(x).argmax())


def test_a_comparison_there_is_the_comparison_here(local: Any, tmp_path: Path) -> None:
    train = TrainConfig(**{**BASE.to_dict(), "method": BASE.method, "gradient_budget": 8})
    config = ContestConfig(
        train=train, contestants=("sgd", "momentum"), settings=4, tuning_seeds=(0,), fresh_seeds=(5, 6)
    )
    with cluster.connected(local.scheduler_address) as client:
        there = hold(config, tmp_path, client=client)
        with pytest.raises(Cancelled):
            hold(config, None, lambda done, total, what: True, client)
    assert len(list(tmp_path.glob("*.json"))) >= 4
    here = hold(config)
    for one, other in zip(there.standings, here.standings, strict=True):
        assert (one.accuracies, one.chosen) == (other.accuracies, other.chosen)


def test_a_cancelled_run_ends_where_it_stands(local: Any, tmp_path: Path) -> None:
    config = TrainConfig(epochs=100_000, train_size=200, diagnostics="none", device="cpu", snapshots=False)
    with cluster.connected(local.scheduler_address) as client, RunStore(tmp_path) as store:
        (ended,) = train_all(client, [(config, None)], store, lambda done, total, title: done > 0)
        assert ended.state == "cancelled"
        assert store.get(str(ended.run_id)).state == "cancelled"
        assert len(store.metrics(str(ended.run_id))["epoch"]) > 0


def test_what_a_worker_refuses_is_this_commands_message(local: Any, tmp_path: Path, capsys: Any) -> None:
    words = ["train", "--data", "mnist", "--data-dir", str(tmp_path / "none"), "--store", str(tmp_path / "store")]
    assert main([*words, "--scheduler", local.scheduler_address]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")
    with RunStore(tmp_path / "store") as store:
        assert [run.state for run in store.list()] == ["failed"]


def test_what_pages_start_goes_there(local: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phases refines its map by a job, Train trains by one; the jobs' commands find the cluster as a shell's do."""
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(cluster.VARIABLE, local.scheduler_address)
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 0.01)
    page = AppTest.from_file(str(ROOT / "pages" / "4_Phases.py"), default_timeout=120)
    for name, value in {"cells": "24", "starts": "1", "steps": "10"}.items():
        page.query_params[name] = value
    before = tasks(local)
    try:
        page.run()
        assert not page.exception
        (swept,) = background.queue().jobs()
        assert ended(swept.id).state == "done"
        assert tasks(local)["compute"] > before["compute"]
        config = {"runs": [{**BASE.to_dict(), "seed": 7}]}
        trained = background.queue().submit("train", network_runs.command(), config=config, owner="somebody")
        assert ended(trained.id).state == "done"
        assert tasks(local)["rbo-training"] > before["rbo-training"]
        with RunStore() as store:
            assert [(run.owner, run.state) for run in store.list()] == [("somebody", "done")]
    finally:
        background.close(tmp_path)


def tasks(local: Any) -> Counter[str]:
    """How many pieces of work of each name the cluster has done."""
    known = local.scheduler.task_prefixes.items()
    return Counter({name: prefix.state_counts["memory"] for name, prefix in known})


def ended(job_id: str) -> Job:
    """The job when it has ended."""
    until = time.monotonic() + 120
    while (job := background.queue().get(job_id)).active:
        assert time.monotonic() < until, "the job did not end"
        time.sleep(0.1)
    return job


def test_work_that_its_workers_die_of_is_one_line(local: Any) -> None:
    with cluster.connected(local.scheduler_address) as client:
        doomed = client.submit(os._exit, 1, pure=False)
        with pytest.raises(ValueError, match="Dask gave a piece of work up after its workers ended over it") as said:
            cluster.outcome(doomed)
    assert "\n" not in str(said.value)


def test_a_scheduler_that_does_not_answer_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv(cluster.VARIABLE, address)
    monkeypatch.setattr(cluster, "TIMEOUT", "0.3s")
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    for words in (["train", "--epochs", "1"], ["compare", "--seeds", "1", "2"]):
        assert main(words) == 2
        last = capsys.readouterr().err.splitlines()[-1]
        assert last.startswith(f"error: no Dask scheduler answers at {address} (")
        assert "RBO_SCHEDULER" in last
