"""Sweeps that lose a process: killed with SIGKILL, in one process, in its worker processes, and on a Dask cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import landscapes
from rbo_core import sweep
from tests.processes import Processes
from tests.sweep.surfaces import build

SPEC: dict[str, Any] = {
    "surface": {"name": "wrinkled_bowl", "dim": 1},
    "method": {"name": "rbo", "projection": "rigid"},
    "grid": {"radius": "0.05:2:24log", "learning_rate": "0.003:0.3:16log"},
    "starts": 16,
    "steps": 40,
}
SLOW_BUILD: dict[str, Any] = {
    "surface": {"name": "bowl", "parameters": {"pause": 0.01}},
    "method": {"name": "sgd"},
    "grid": {"learning_rate": "0.001:0.1:12log"},
    "starts": 2,
    "steps": 30,
}


def command(spec: Path, store: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "rbo_core", "sweep", str(spec), "--store", str(store), "--json", *more]


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(SPEC))
    return path


def stored(path: Path, sweep_id: str) -> int:
    if not path.exists():
        return 0
    with sweep.Store(path) as store:
        return store.count(sweep_id)


def undisturbed(spec: dict[str, Any], path: Path, make: Any) -> np.ndarray:
    with sweep.Store(path) as store:
        return sweep.run(sweep.parse(spec), store, make)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Results of SPEC, undisturbed."""
    return undisturbed(SPEC, tmp_path_factory.mktemp("whole") / "whole.sqlite", landscapes.get)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_sigkill_in_mid_sweep(
    workers: int, spec_file: Path, tmp_path: Path, whole: np.ndarray, processes: Processes
) -> None:
    made = sweep.parse(SPEC)
    path = tmp_path / "killed.sqlite"
    words = command(spec_file, path, "--workers", str(workers))
    process = processes.start(words, start_new_session=True)
    end = time.monotonic() + 60
    while not stored(path, made.id):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = stored(path, made.id)
    assert 0 < kept < made.cells
    if workers == 1:  # the same command
        again = subprocess.run(words, capture_output=True, text=True, check=True)
        summary = json.loads(again.stdout)
        assert summary["computed_cells"] == made.cells - kept
        assert summary["stored_cells"] == made.cells
    else:  # or any other way
        with sweep.Store(path) as store:
            sweep.run(made, store, landscapes.get)
    with sweep.Store(path) as store:
        assert store.data(made).tobytes() == whole.tobytes()
        seen: list[int] = []
        sweep.run(made, store, landscapes.get, progress=lambda done, total: seen.append(done))
    assert seen == [made.cells]  # a third time, nothing is computed


@pytest.mark.slow
def test_a_lost_worker_process_ends_the_sweep_with_what_is_stored(tmp_path: Path) -> None:
    made = sweep.parse(SLOW_BUILD)
    path = tmp_path / "lost.sqlite"
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done and not killed:
            victim = next(iter(executor._processes))
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    with sweep.Store(path) as store, sweep.workers(2) as executor:
        with pytest.raises(ValueError, match="a worker process ended before its work was done"):
            sweep.run(made, store, build, executor, chunk_balls=2, progress=kill_one)
        kept = store.count(made.id)
    assert killed
    assert 0 < kept < made.cells
    with sweep.Store(path) as store, sweep.workers(2) as executor:
        resumed = sweep.run(made, store, build, executor, chunk_balls=2)
    assert resumed.tobytes() == undisturbed(SLOW_BUILD, tmp_path / "whole.sqlite", build).tobytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_dask_worker_killed_in_mid_sweep(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    made = sweep.parse(SLOW_BUILD)
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done >= 4 and not killed:
            victim = next(iter(cluster.workers.values()))
            killed.append(victim.pid)
            psutil.Process(victim.pid).kill()

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
        sweep.Store(tmp_path / "dask.sqlite") as store,
    ):
        executor = client.get_executor()
        found = sweep.run(made, store, build, executor, chunk_balls=2, progress=kill_one, in_flight=6)
        assert killed
        assert not psutil.pid_exists(killed[0]) or psutil.Process(killed[0]).status() == psutil.STATUS_ZOMBIE
    assert found.tobytes() == undisturbed(SLOW_BUILD, tmp_path / "whole.sqlite", build).tobytes()
