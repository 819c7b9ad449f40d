"""How a command that runs as a job reports its progress and learns that it should stop."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time

from rbo_core.jobs.queue import Job, Queue

JOB_VARIABLE, DATABASE_VARIABLE, OWNER_VARIABLE = "RBO_JOB_ID", "RBO_JOBS_DB", "RBO_JOB_OWNER"
INTERVAL = 0.25  # seconds between two writes of progress
HEARTBEAT = 2.0  # seconds between two signs of life


class Reporter:
    """Call it with (done, total, message); it answers True when the job should stop.

    Writing is limited to a few times a second, so it may be called in a tight loop. Trouble with the database never
    stops the work.
    """

    def __init__(self, queue: Queue, job: Job) -> None:
        self.queue, self.job = queue, job
        self._last = 0.0
        self._stop = False
        self.heard = False  # whether the command knows that it should stop

    def __call__(self, done: float, total: float, message: str = "") -> bool:
        now = time.monotonic()
        # Python and torch have been loaded: from here on the pace is that of the work.
        begun = {"started": time.time()} if self._last == 0.0 and done == 0 else {}
        if now - self._last < INTERVAL and done < total:
            self.heard = self._stop
            return self._stop
        self._last = now
        self.heard = self._write(done=float(done), total=float(total), message=message, **begun)
        return self.heard

    def cancelled(self) -> bool:
        """Whether the job should stop; writes nothing, so it may be asked often."""
        with contextlib.suppress(sqlite3.Error, ValueError):
            self._stop = self._stop or self.queue.get(self.job.id).cancel is not None
        return self._stop

    def beat(self) -> bool:
        """A sign of life; True when the job should stop."""
        return self._write()

    def _write(self, **values: float | str) -> bool:
        try:
            # A newer attempt runs instead of this one: this one has been given up and must end.
            known = self.queue.update(self.job, heartbeat=time.time(), **values)
            self._stop = self._stop or not known or self.queue.get(self.job.id).cancel is not None
        except sqlite3.Error:
            pass
        return self._stop


class _Silent(Reporter):
    """Outside a job there is nobody to tell."""

    def __init__(self) -> None:
        pass

    def __call__(self, done: float, total: float, message: str = "") -> bool:
        return False

    def beat(self) -> bool:
        return False


_made: Reporter | None = None
_lock = threading.Lock()


def reporter() -> Reporter:
    """This process's reporter: of the job named in the environment, or one that does nothing."""
    global _made
    job_id, path = os.environ.get(JOB_VARIABLE), os.environ.get(DATABASE_VARIABLE)
    if not job_id or not path:
        return _Silent()
    with _lock:
        if _made is None or _made.job.id != job_id:
            queue = Queue(path)
            _made = Reporter(queue, queue.get(job_id))
        return _made
