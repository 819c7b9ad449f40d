"""The queue of background jobs: limits, order, progress, cancel, and processes or servers that vanish."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rbo_core import jobs
from rbo_core.jobs import dispatcher as dispatching
from rbo_core.jobs import worker
from rbo_core.jobs.reporter import DATABASE_VARIABLE, JOB_VARIABLE
from tests.processes import Processes, end

SLOW_SWEEP = {
    "surface": "wrinkled_bowl",
    "method": {"name": "rbo", "projection": "rigid"},
    "grid": {"radius": "0.1:1:40log", "learning_rate": "0.001:0.1:40log"},
    "starts": 16,
    "steps": 2000,
}
QUICK_SWEEP = {**SLOW_SWEEP, "grid": {"radius": [0.2, 0.4], "learning_rate": [0.01]}, "starts": 2, "steps": 5}


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[jobs.Queue]:
    queue = jobs.Queue(tmp_path / "jobs.sqlite")
    yield queue
    for job in queue.jobs(states=("running",)):
        process = dispatching._process(job)
        if process is not None:
            process.kill()
    queue.close()


@pytest.fixture
def dispatch(queue: jobs.Queue) -> Iterator[Callable[..., jobs.Dispatcher]]:
    """Makes dispatchers and collects their children at the end."""
    made: list[jobs.Dispatcher] = []

    def make(**limits: float) -> jobs.Dispatcher:
        made.append(jobs.Dispatcher(queue, **{"running_limit": 1, **limits}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for dispatcher in made:
        dispatcher.stop()
        for child in dispatcher._children.values():
            end(child)


def submit(queue: jobs.Queue, owner: str = "", **options: object) -> jobs.Job:
    return queue.submit("sweep", ["sweep", jobs.CONFIG], owner=owner, **options)  # type: ignore[arg-type]


def wait(
    until: Callable[[], bool], tick: Callable[[], None] = lambda: None, seconds: float = 120.0
) -> None:  # a new machine compiles first
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        tick()
        time.sleep(0.05)


def test_only_commands_of_this_program_may_run(queue: jobs.Queue) -> None:
    with pytest.raises(ValueError, match="must run one of roll, iron, sweep"):
        queue.submit("x", ["; rm -rf /"])
    with pytest.raises(ValueError, match="got 'nothing'"):
        queue.submit("x", [])


def test_oldest_first_within_the_limits(queue: jobs.Queue) -> None:
    first, second, third = (submit(queue, owner="ann") for _ in range(3))
    other = submit(queue, owner="bob")
    assert [queue.position(job.id) for job in (first, second, third, other)] == [0, 1, 2, 3]
    claimed = [queue.claim(running_limit=3, owner_limit=2) for _ in range(4)]
    # Bob, who has nothing running, comes before Ann's second; her third waits: three in all.
    assert [job and job.id for job in claimed] == [first.id, other.id, second.id, None]
    assert queue.position(third.id) == 0
    queue.update(claimed[1], state="done")
    assert queue.claim(running_limit=3, owner_limit=2) is None  # a place is free, but Ann has her two


def test_one_owner_cannot_fill_the_queue(queue: jobs.Queue) -> None:
    for _ in range(10):
        submit(queue, owner="ann")
    with pytest.raises(ValueError, match="10 of your jobs are waiting"):
        submit(queue, owner="ann")
    submit(queue, owner="bob")


def test_owners_without_a_cookie_cannot_fill_the_queue(queue: jobs.Queue) -> None:
    for k in range(60):
        submit(queue, owner=f"visitor {k}")
    with pytest.raises(ValueError, match="the queue is full: 60 jobs"):
        submit(queue, owner="one more")


def test_same_key_is_the_same_job_until_it_ends(queue: jobs.Queue) -> None:
    first = submit(queue, key="k")
    assert submit(queue, key="k").id == first.id
    queue.cancel(first.id)
    assert submit(queue, key="k").id != first.id


def test_link_and_title(queue: jobs.Queue) -> None:
    job = submit(queue, link="Phases?job=", title="a title")
    assert job.link == f"Phases?job={job.id}"
    assert job.title == "a title"


def test_unknown_id_is_named(queue: jobs.Queue) -> None:
    with pytest.raises(ValueError, match="no job 'abc'"):
        queue.get("abc")


def test_remaining_time_is_extrapolated(queue: jobs.Queue) -> None:
    job = submit(queue)
    running = queue.claim(1, 1)
    assert running is not None
    queue.update(running, done=25.0, total=100.0, started=1000.0)
    assert queue.get(job.id).remaining(now=1010.0) == pytest.approx(30.0)
    assert job.remaining() is None


def test_an_older_attempt_cannot_speak_for_a_newer_one(queue: jobs.Queue) -> None:
    submit(queue)
    old = queue.claim(1, 1)
    assert old is not None
    queue.update(old, state="queued")
    new = queue.claim(1, 1)
    assert new is not None
    assert new.attempt == 2
    assert not queue.update(old, state="done")
    assert jobs.Reporter(queue, old)(1, 2), "the older attempt is told to stop"
    assert not jobs.Reporter(queue, new)(1, 2)


def test_reporter_outside_a_job_never_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(JOB_VARIABLE, raising=False)
    assert jobs.reporter()(1, 2) is False


def test_reporter_finds_its_job_and_hears_the_cancel(queue: jobs.Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(queue)
    queue.claim(1, 1)
    monkeypatch.setenv(JOB_VARIABLE, job.id)
    monkeypatch.setenv(DATABASE_VARIABLE, str(queue.path))
    report = jobs.reporter()
    assert report(3, 10, "rolling") is False
    assert (queue.get(job.id).done, queue.get(job.id).total, queue.get(job.id).message) == (3, 10, "rolling")
    queue.cancel(job.id)
    assert queue.get(job.id).state == "running"
    assert report(10, 10) is True
    report.queue.close()


def test_newer_and_foreign_databases_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    jobs.Queue(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match="newer release"):
        jobs.Queue(path)
    assert path.read_bytes() == before
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 50)
    with pytest.raises(ValueError, match="not a database of this project"):
        jobs.Queue(path)


def test_a_job_runs_and_its_result_is_kept(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG, "--json"], config=QUICK_SWEEP)
    dispatcher = dispatch()
    wait(lambda: not queue.get(job.id).active, dispatcher.tick)
    ended = queue.get(job.id)
    assert (ended.state, ended.fraction, ended.attempt) == ("done", 1.0, 1)
    assert queue.result(job.id)["cells"] == 2


def test_a_bad_command_fails_with_its_own_message(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config={**QUICK_SWEEP, "steps": -1})
    dispatcher = dispatch()
    wait(lambda: not queue.get(job.id).active, dispatcher.tick)
    assert queue.get(job.id).state == "failed"
    assert queue.get(job.id).message == "steps must be at least 1, got -1"


@pytest.mark.slow
def test_cancel_stops_a_running_job(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config=SLOW_SWEEP)
    dispatcher = dispatch()
    wait(lambda: queue.get(job.id).total > 0, dispatcher.tick)
    queue.cancel(job.id)
    wait(lambda: not queue.get(job.id).active, dispatcher.tick)
    assert queue.get(job.id).state == "cancelled"


@pytest.mark.slow
def test_a_job_that_does_not_listen_is_killed(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config=SLOW_SWEEP)
    dispatcher = dispatch(grace=0.0)
    wait(lambda: queue.get(job.id).pid is not None, dispatcher.tick)
    os.kill(queue.get(job.id).pid or 0, signal.SIGSTOP)
    queue.cancel(job.id)
    wait(lambda: not queue.get(job.id).active, dispatcher.tick)
    assert queue.get(job.id).state == "cancelled"


@pytest.mark.slow
def test_a_killed_job_goes_on_where_it_stopped(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config=SLOW_SWEEP)
    dispatcher = dispatch()
    wait(lambda: queue.get(job.id).total > 0, dispatcher.tick)
    first = queue.get(job.id).pid or 0
    os.kill(first, signal.SIGKILL)
    wait(lambda: queue.get(job.id).attempt == 2 and queue.get(job.id).pid not in (None, first), dispatcher.tick)
    assert queue.get(job.id).state == "running"


@pytest.mark.slow
def test_a_job_survives_its_server_and_is_adopted(
    queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher], processes: Processes
) -> None:
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config=SLOW_SWEEP, resumable=False)
    server = processes.start([sys.executable, "-m", "rbo_core", "jobs", "run", "--data", str(queue.path.parent)])
    wait(lambda: queue.get(job.id).total > 0)
    server.kill()
    server.wait()
    adopting = dispatch()
    adopting.tick()
    running = queue.get(job.id)
    assert running.state == "running"
    assert running.attempt == 1
    assert psutil.pid_exists(running.pid or 0)
    os.kill(running.pid or 0, signal.SIGKILL)
    wait(lambda: not queue.get(job.id).active, adopting.tick)
    assert queue.get(job.id).state == "interrupted"
    assert "process vanished" in queue.get(job.id).message


def test_a_reused_pid_is_not_adopted(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    submit(queue, resumable=False)
    claimed = queue.claim(1, 1)
    assert claimed is not None
    # The pid of this very process, but one that began an hour before it.
    queue.update(claimed, pid=os.getpid(), born=psutil.Process().create_time() - 3600.0)
    dispatch().tick()
    assert queue.get(claimed.id).state == "interrupted"


def test_a_job_of_another_machine_lives_by_its_heartbeat(
    queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]
) -> None:
    submit(queue, resumable=False)
    claimed = queue.claim(1, 1)
    assert claimed is not None
    queue.update(claimed, host="elsewhere", pid=1)
    dispatcher = dispatch()
    dispatcher.tick()
    assert queue.get(claimed.id).state == "running"
    queue.update(claimed, heartbeat=time.time() - 3600.0)
    dispatcher.tick()
    assert queue.get(claimed.id).state == "interrupted"


def test_a_heartbeat_from_the_future_keeps_no_slot_for_ever(
    queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's clock may be ahead of ours: what counts is that no new sign of life comes."""
    submit(queue, resumable=False)
    claimed = queue.claim(1, 1)
    assert claimed is not None
    queue.update(claimed, host="elsewhere", pid=1, heartbeat=time.time() + 1e6)
    dispatcher = dispatch()
    now = time.monotonic()
    for later, sign in [(0.0, None), (50.0, None), (55.0, 2e6), (110.0, None), (114.0, None)]:
        if sign is not None:
            queue.update(claimed, heartbeat=time.time() + sign)
        monkeypatch.setattr(dispatching.time, "monotonic", lambda later=later: now + later)
        dispatcher.tick()
        assert queue.get(claimed.id).state == "running", f"given up after {later} s"
    monkeypatch.setattr(dispatching.time, "monotonic", lambda: now + 116.0)
    dispatcher.tick()
    assert queue.get(claimed.id).state == "interrupted"


def test_a_record_without_a_time_of_birth_names_no_process(
    queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher], processes: Processes
) -> None:
    """Cancel must not kill whoever has that pid by now."""
    submit(queue)
    claimed = queue.claim(1, 1)
    assert claimed is not None
    innocent = processes.start([sys.executable, "-c", "import time; time.sleep(60)"])
    queue.update(claimed, pid=innocent.pid, born=None)
    queue.cancel(claimed.id)
    dispatcher = dispatch(grace=0.0)
    dispatcher.tick()
    assert innocent.poll() is None
    queue.update(claimed, heartbeat=time.time() - 3600.0)
    dispatcher.tick()
    assert queue.get(claimed.id).state == "cancelled"
    assert innocent.poll() is None


def test_a_job_cancelled_while_its_process_vanishes_does_not_start_again(queue: jobs.Queue) -> None:
    submit(queue)
    seen = queue.claim(1, 1)
    assert seen is not None
    queue.cancel(seen.id)  # after the dispatcher has read the record
    assert queue.give_up(seen, attempts=3, why="killed")
    assert queue.get(seen.id).state == "cancelled"
    assert not queue.give_up(seen, attempts=3, why="killed"), "it has ended"


def test_dispatcher_thread_starts_and_stops(queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]) -> None:
    dispatcher = dispatch()
    dispatcher.start()
    dispatcher.start()
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], config={**QUICK_SWEEP, "steps": -1})
    wait(lambda: not queue.get(job.id).active)
    dispatcher.stop()
    assert queue.get(job.id).state == "failed"


def test_old_jobs_are_forgotten_and_what_runs_is_kept(
    queue: jobs.Queue, dispatch: Callable[..., jobs.Dispatcher]
) -> None:
    month = 31 * 86400.0
    old, new, waits = submit(queue), submit(queue), submit(queue)
    for job, ended in ((old, time.time() - month), (new, time.time())):
        claimed = queue.claim(9, 9)
        assert claimed is not None and claimed.id == job.id
        queue.update(claimed, state="done", finished=ended)
    queue.file(old.id, "log").parent.mkdir(exist_ok=True)
    queue.file(old.id, "log").write_text("long ago")
    assert queue.prune(30) == 1
    assert {job.id for job in queue.jobs()} == {new.id, waits.id}
    assert not queue.file(old.id, "log").exists()


def test_prune_takes_what_visitors_left_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rbo_core.cli import main
    from rbo_core.training import RunStore, TrainConfig

    with RunStore(tmp_path) as store:
        mine = store.create(TrainConfig())
        monkeypatch.setenv("RBO_JOB_OWNER", "a" * 16)
        anns = store.create(TrainConfig())
        for run in (mine, anns):
            store.update(run, "done")
        assert main(["jobs", "prune", "--days", "1", "--data", str(tmp_path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["runs"] == 0, "both are new"
        assert main(["jobs", "prune", "--days", "0", "--data", str(tmp_path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["runs"] == 1
        assert [run.id for run in store.list()] == [mine]


@pytest.mark.parametrize("hears", [True, False])
def test_a_cancelled_command_that_does_not_ask_is_interrupted(
    queue: jobs.Queue, monkeypatch: pytest.MonkeyPatch, hears: bool
) -> None:
    """Who asks and is told to stop ends by itself and keeps what it has; nobody waits for the dispatcher's grace."""
    job = submit(queue)
    claimed = queue.claim(1, 1)
    assert claimed is not None
    queue.cancel(job.id)
    report, finished, interrupted = jobs.Reporter(queue, claimed), threading.Event(), threading.Event()
    asked = jobs.Reporter.cancelled

    def cancelled(self: jobs.Reporter) -> bool:
        return asked(self) and (not hears or self(1, 10))

    monkeypatch.setattr(jobs.Reporter, "cancelled", cancelled)
    for name, seconds in {"LISTEN": 0.001, "PATIENCE": 0.001, "HEARTBEAT": 0.01}.items():
        monkeypatch.setattr(worker, name, seconds)
    monkeypatch.setattr(worker._thread, "interrupt_main", lambda: (interrupted.set(), finished.set()))
    # The command that has heard it has ended.
    monkeypatch.setattr(report, "beat", lambda: finished.set() if report.heard else None)
    worker._beat(report, finished)
    assert interrupted.is_set() is not hears
    assert report.heard is hears


DEAF = """
import time
import rbo_core.cli
from rbo_core.jobs import worker

def deaf(words):
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass

rbo_core.cli.main = deaf
worker.PATIENCE = 0.05
worker.main()
"""


def test_a_cancelled_command_that_heeds_no_interrupt_ends_with_its_process(queue: jobs.Queue) -> None:
    """A kernel that is being compiled, for one."""
    job = submit(queue)
    assert queue.claim(1, 1) is not None
    environment = {**os.environ, JOB_VARIABLE: job.id, DATABASE_VARIABLE: str(queue.path)}
    queue.cancel(job.id)
    assert subprocess.run([sys.executable, "-c", DEAF], env=environment, timeout=120, check=False).returncode == 130
    assert queue.get(job.id).state == "cancelled"
