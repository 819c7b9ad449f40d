"""Faults of the world: what the command line and the stores say when disks, packages or values are not as hoped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rbo_core import database, jobs, sweep
from rbo_core.cli import app, main
from rbo_core.folder import data_folder
from rbo_core.jobs import dispatcher as dispatching
from rbo_core.training import RunStore, TrainConfig, run_training
from tests.processes import Processes

SWEEP = {
    "surface": "wrinkled_bowl",
    "method": {"name": "rbo", "projection": "rigid"},
    "grid": {"radius": "0.1:1:40log", "learning_rate": "0.001:0.1:40log"},
    "starts": 16,
    "steps": 3000,
}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--threads", "0"], "threads must be from 1 to"),
        (["train", "--threads", "100000000"], "threads must be from 1 to"),
        (["compare", "--threads", "-1"], "threads must be from 1 to"),
        (["compare", "--batch-size", "0"], "batch_size must be a whole number of at least 2, got 0"),
        (["train", "--device", "mps"], "device must be auto, cpu or cuda, got 'mps'"),
        (["train", "--epochs", str(10**30)], "epochs must be at most 9,007,199,254,740,992, got 1e+30"),
        (["compare", "--out", "/dev/null/x/table"], "out cannot be written to '/dev/null/x/table.md': Not a directory"),
    ],
)
def test_one_line_for_each(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("data_dir", 5), ("device", 7)])
def test_a_config_of_wrong_types_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a word, got {value}"):
        TrainConfig.from_dict({name: value})


def test_an_empty_data_folder_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", "")
    assert data_folder() == Path("runs")


def test_without_torch_compare_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from rbo_core.cli import main; sys.exit(main(['compare', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: compare needs torch, which is not installed: pip install torch\n"


def test_output_that_nobody_reads_on_is_no_error() -> None:
    words = f"{sys.executable} -m rbo_core roll --radius 0.4 --steps 5 --json | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; sleep 0; {words}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_store_that_cannot_be_written_can_be_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.create(TrainConfig())
        store.update(run, "done")
    for name in ("training.sqlite-wal", "training.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    monkeypatch.setattr(database.os, "access", lambda path, mode: mode != os.W_OK)
    with RunStore(tmp_path) as store:
        assert [one.id for one in store.list()] == [run]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store.create(TrainConfig())
    assert not (tmp_path / "training.sqlite-wal").exists()


def test_a_damaged_page_of_a_database_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with sweep.Store(tmp_path / "s.sqlite") as store:
        for k in range(1, 40):
            spec = sweep.parse({**SWEEP, "steps": k})
            store.add(spec, sweep.columns(1))
    raw = bytearray((tmp_path / "s.sqlite").read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    (tmp_path / "s.sqlite").write_bytes(raw)
    assert main(["sweep", "list", "--store", str(tmp_path / "s.sqlite")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """Really full: a file system of 64 kB in memory. Only root may mount one."""
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$1" && dd if=/dev/zero of="$1/rest" bs=1k 2>/dev/null; '
        f'cd "$1" && {sys.executable} -m rbo_core jobs list --data "$1"'
    )
    words = ["unshare", "--mount", "sh", "-c", script, "sh", str(tmp_path)]
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=root, check=False)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    said = f"error: cannot open {tmp_path}/jobs.sqlite: database or disk is full; free some space\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_an_unreadable_job_stops_no_other(tmp_path: Path) -> None:
    queue = jobs.Queue(tmp_path / "jobs.sqlite")
    bad = queue.submit("sweep", ["sweep", jobs.CONFIG], config={})
    good = queue.submit("sweep", ["sweep", jobs.CONFIG], config={})
    queue._connection.execute("UPDATE jobs SET argv = '{not json' WHERE id = ?", (bad.id,))
    claimed = queue.claim(1, 1)
    assert claimed is not None and claimed.id == good.id
    assert [job.id for job in queue.jobs()] == [good.id]
    with pytest.raises(ValueError, match="no job"):
        queue.get(bad.id)
    queue.close()


def test_the_dispatcher_survives_whatever_a_tick_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = jobs.Queue(tmp_path / "jobs.sqlite")
    dispatcher = jobs.Dispatcher(queue)
    monkeypatch.setattr(dispatching, "PERIOD", 0.01)
    ticks = []

    def tick() -> None:
        ticks.append(1)
        raise KeyError("a job like no other")

    monkeypatch.setattr(dispatcher, "tick", tick)
    dispatcher.start()
    end = time.monotonic() + 10
    while len(ticks) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    dispatcher.stop()
    queue.close()
    assert len(ticks) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_leave_with_their_parent(how: signal.Signals, tmp_path: Path, processes: Processes) -> None:
    (tmp_path / "sweep.json").write_text(json.dumps(SWEEP))
    words = ["sweep", str(tmp_path / "sweep.json"), "--workers", "2", "--store", str(tmp_path / "s.sqlite"), "--json"]
    parent = processes.start([sys.executable, "-m", "rbo_core", *words])
    family: list[psutil.Process] = []
    end = time.monotonic() + 60
    while len([one for one in family if "spawn_main" in " ".join(one.cmdline())]) < 2:
        assert parent.poll() is None and time.monotonic() < end
        time.sleep(0.1)
        family = psutil.Process(parent.pid).children(recursive=True)
    time.sleep(1.5)  # let the workers begin
    parent.send_signal(how)
    parent.wait(20)
    _, left = psutil.wait_procs(family, timeout=15)
    for one in left:
        one.kill()
    assert not left


def test_a_run_deleted_while_it_trains_leaves_nothing(tmp_path: Path) -> None:
    config = TrainConfig(epochs=5, train_size=100, diagnostics="none", device="cpu")
    with RunStore(tmp_path) as store:

        def delete(now: object) -> None:
            for run in store.list():
                if getattr(now, "done", 0) >= 3:
                    store.delete(run.id)

        result = run_training(config, store, delete)
        assert result.state == "cancelled"
        assert store.list() == []
        assert not store.path(str(result.run_id)).exists()


def test_the_app_makes_a_folder_of_its_own_where_the_installation_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(app.STATIC_VARIABLE, raising=False)
    monkeypatch.setattr(app.os, "access", lambda path, mode: False)
    monkeypatch.setenv(app.STATIC_VARIABLE, "")
    script = app.script()
    assert script.is_file() and (script.parent / "pages" / "1_Roll.py").is_file()
    assert Path(os.environ[app.STATIC_VARIABLE]) == script.parent / "static"
    assert "cannot be written" in capsys.readouterr().err
    shutil.rmtree(script.parent)
