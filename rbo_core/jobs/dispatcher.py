"""The dispatcher: a thread that starts queued jobs as subprocesses and notices how they end.

Jobs outlive the server that started them. A dispatcher therefore trusts only the database and the operating system: it
adopts running jobs whose process (same pid, same start time) is alive, and gives up those whose process vanished.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from rbo_core.jobs.queue import Job, Queue
from rbo_core.jobs.reporter import DATABASE_VARIABLE, JOB_VARIABLE, OWNER_VARIABLE

_LOG = logging.getLogger("rolling_ball")
PERIOD = 0.3  # seconds between two looks at the queue
GRACE = 10.0  # seconds a cancelled job has to end by itself
SILENCE = 60.0  # seconds without a sign of life after which a job on another machine, or not yet begun, is given up
ATTEMPTS = 3
JOBS_KEPT = 30.0  # days that ended jobs are remembered
PRUNING = 3600.0  # seconds between two looks for older ones


class Dispatcher:
    """Starts jobs of ``queue``: at most ``running_limit`` at once (default: one less than the cores), two an owner."""

    def __init__(
        self, queue: Queue, running_limit: int | None = None, owner_limit: int = 2, grace: float = GRACE
    ) -> None:
        self.queue = queue
        self.running_limit = max(1, (os.cpu_count() or 2) - 1) if running_limit is None else running_limit
        if self.running_limit < 1 or owner_limit < 1:
            raise ValueError(f"limits must be at least 1, got {self.running_limit} running and {owner_limit} an owner")
        self.owner_limit = owner_limit
        self.grace = grace
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._signs: dict[str, tuple[tuple[int, float | None] | None, float]] = {}  # last sign of life, and since when
        self._pruned = -PRUNING
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look at the queue in a thread (a second call changes nothing)."""
        if self._thread is None or not self._thread.is_alive():
            self._ending.clear()
            self._thread = threading.Thread(target=self._loop, name="job dispatcher", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop looking; running jobs go on and are adopted by the next dispatcher."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def collect(self) -> None:
        """Wait for the processes of jobs that have ended (a job says it is done a moment before its process is)."""
        running = {job.id for job in self.queue.jobs(states=("running",), limit=1000)}
        for job_id, child in list(self._children.items()):
            if job_id not in running:
                child.wait()
                del self._children[job_id]

    def tick(self) -> None:
        """One look: note what ended, stop what was cancelled, start what may start."""
        running = self.queue.jobs(states=("running",), limit=1000)
        self._signs = {job.id: self._signs[job.id] for job in running if job.id in self._signs}
        for job in running:
            if self._ended(job):
                self._give_up(job)
            elif job.cancel is not None and time.time() - job.cancel > self.grace:
                self._kill(job)
        for job_id, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[job_id]
        if time.monotonic() - self._pruned > PRUNING:
            self._pruned = time.monotonic()
            self.queue.prune(JOBS_KEPT)
        while claimed := self.queue.claim(self.running_limit, self.owner_limit):
            self._launch(claimed)

    def _loop(self) -> None:
        while not self._ending.wait(PERIOD):
            # A database that is busy, a disk that is full or a job like no other must not end the dispatcher, on which
            # everybody waits: it looks again.
            try:
                self.tick()
            except (sqlite3.Error, OSError):
                continue
            except Exception:
                _LOG.exception("the dispatcher goes on after an error")
                self._ending.wait(10 * PERIOD)

    def _launch(self, job: Job) -> None:
        folder = self.queue.file(job.id, "log").parent
        folder.mkdir(parents=True, exist_ok=True)
        if job.config is not None:
            self.queue.file(job.id, "json").write_text(json.dumps(job.config), encoding="utf-8")
        root = Path(__file__).resolve().parents[2]
        # One thread a job: with cores - 1 jobs at once, one core is always left for the pages.
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        environment = {
            **os.environ,
            **one_thread,
            JOB_VARIABLE: job.id,
            DATABASE_VARIABLE: str(self.queue.path),
            OWNER_VARIABLE: job.owner,
            "RBO_DATA_DIR": str(self.queue.path.parent),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")])),
        }
        try:
            with self.queue.file(job.id, "out").open("wb") as out, self.queue.file(job.id, "log").open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "rbo_core.jobs.worker"],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    env=environment,
                    cwd=Path.cwd(),
                    start_new_session=True,  # Ctrl-C on the server is not meant for its jobs
                )
        except OSError as problem:
            self.queue.update(job, state="failed", message=f"could not start: {problem}", finished=time.time())
            return
        self._children[job.id] = child
        born = None
        with contextlib.suppress(psutil.Error):
            born = psutil.Process(child.pid).create_time()
        self.queue.update(job, pid=child.pid, born=born)

    def _ended(self, job: Job) -> bool:
        """Whether the job's process is gone for certain."""
        if job.host != socket.gethostname() or job.pid is None or job.born is None:
            return self._silent(job)
        child = self._children.get(job.id)
        if child is not None:
            return child.poll() is not None
        return _process(job) is None

    def _silent(self, job: Job) -> bool:
        """Whether a process that cannot be looked at has given no sign of life for too long.

        Its clock may differ from ours, and a sign may even lie in the future: what counts as well is how long this
        dispatcher has seen no new one.
        """
        sign, now = (job.attempt, job.heartbeat), time.monotonic()
        seen, since = self._signs.get(job.id, (None, now))
        if sign != seen:
            since = now
        self._signs[job.id] = (sign, since)
        return time.time() - (job.heartbeat or 0.0) > SILENCE or now - since > SILENCE

    def _give_up(self, job: Job) -> None:
        """The process is gone although the job did not record its end."""
        how = self.queue.log(job.id, 1) or "killed, out of memory, or the machine restarted"
        self.queue.give_up(job, ATTEMPTS, how)

    def _kill(self, job: Job) -> None:
        process = _process(job) if job.host == socket.gethostname() else None
        if process is None:
            return
        family = [process]
        with contextlib.suppress(psutil.Error):
            family += process.children(recursive=True)
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        child = self._children.get(job.id)
        if child is not None:
            child.wait()


def _process(job: Job) -> psutil.Process | None:
    """The job's own process, or None when it is gone (another process may have its pid by now).

    A record without a time of birth names no process for certain: it may be anybody's.
    """
    if job.pid is None or job.born is None:
        return None
    try:
        process = psutil.Process(job.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        # Start times agree to the clock tick; a reused pid began later.
        return process if abs(process.create_time() - job.born) < 1.0 else None
    except psutil.Error:
        return None
