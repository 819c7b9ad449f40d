"""The queue of jobs: one SQLite table (WAL) that servers, workers and the command line share."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbo_core.database import open_database, transaction
from rbo_core.folder import data_folder

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, owner TEXT NOT NULL, key TEXT,
    argv TEXT NOT NULL, config TEXT, link TEXT NOT NULL, resumable INTEGER NOT NULL,
    state TEXT NOT NULL, cancel REAL, done REAL NOT NULL DEFAULT 0, total REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', attempt INTEGER NOT NULL DEFAULT 0,
    host TEXT, pid INTEGER, born REAL, heartbeat REAL,
    created REAL NOT NULL, started REAL, finished REAL);
CREATE INDEX jobs_by_state ON jobs (state, created)
"""

CONFIG = "@config"
"""In ``argv`` this word stands for the path of a file that holds the job's ``config`` as JSON."""
ACTIVE = ("queued", "running")
FINISHED = ("done", "failed", "cancelled", "interrupted")
COMMANDS = ("roll", "iron", "sweep", "train", "compare")
MAX_WAITING = 10  # of one owner: a stuck tab must not fill the queue
MAX_WAITING_IN_ALL = 60  # of everybody: a browser that keeps no cookie is a new owner every time


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read. Times are seconds since 1970.

    state: queued, running, done, failed, cancelled, or interrupted (its process vanished and it was not to be resumed).
    cancel: when somebody asked it to stop. done, total: progress in the command's own units (total 0: not known yet).
    attempt: how often it was started. started: its process, or its work where that said when it began. host, pid, born:
    the process that runs it and when that process began.
    """

    id: str
    kind: str
    title: str
    owner: str
    key: str | None
    argv: tuple[str, ...]
    config: Any
    link: str
    resumable: bool
    state: str
    cancel: float | None
    done: float
    total: float
    message: str
    attempt: int
    host: str | None
    pid: int | None
    born: float | None
    heartbeat: float | None
    created: float
    started: float | None
    finished: float | None

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def fraction(self) -> float:
        """Progress from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else float(self.state == "done")

    def remaining(self, now: float | None = None) -> float | None:
        """Seconds still to go at the pace so far; None while that cannot be told."""
        if self.state != "running" or self.started is None or not 0 < self.fraction < 1:
            return None
        spent = (time.time() if now is None else now) - self.started
        return max(0.0, spent / self.fraction - spent)


class Queue:
    """The queue in the data folder (environment variable RBO_DATA_DIR, default ``./runs``). Safe between threads."""

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path is not None else data_folder() / "jobs.sqlite"
        self.path = self.path.absolute()
        self._connection = open_database(self.path, SCHEMA_VERSION, SCHEMA)
        self._lock = threading.RLock()

    def submit(
        self,
        kind: str,
        argv: Sequence[str],
        *,
        config: Any = None,
        owner: str = "",
        title: str = "",
        key: str | None = None,
        link: str = "",
        resumable: bool = True,
    ) -> Job:
        """Put a command into the queue.

        Args:
            kind: what sort of job ("sweep", "train", ...), for lists.
            argv: words after ``python -m rbo_core``; the word `CONFIG` becomes the path of a file with ``config``.
            owner: who asks (a visitor); at most two jobs of one owner run at a time.
            key: while a job with the same key waits or runs, that one is returned instead of a second.
            link: address within the app that shows the job, such as ``Phases?job=``; the id is appended.
            resumable: run the same command again, up to three times, when its process vanished.
        """
        words = tuple(str(word) for word in argv)
        if not words or words[0] not in COMMANDS:
            raise ValueError(f"a job must run one of {', '.join(COMMANDS)}; got {' '.join(words) or 'nothing'!r}")
        job_id = secrets.token_hex(6)
        row = {
            "id": job_id,
            "kind": kind,
            "title": title or " ".join(words),
            "owner": owner,
            "key": key,
            "argv": json.dumps(words),
            "config": None if config is None else json.dumps(config, allow_nan=False),
            "link": f"{link}{job_id}" if link else "",
            "resumable": int(resumable),
            "state": "queued",
            "created": time.time(),
        }
        with self._lock, transaction(self._connection):
            if key is not None:
                same = self._select("key = ? AND state IN ('queued', 'running') AND cancel IS NULL", (key,))
                if same:
                    return same[0]
            if owner and len(self._select("owner = ? AND state = 'queued'", (owner,))) >= MAX_WAITING:
                raise ValueError(f"{MAX_WAITING} of your jobs are waiting already; cancel one or let them finish")
            if self._count("state = 'queued'") >= MAX_WAITING_IN_ALL:
                raise ValueError(f"the queue is full: {MAX_WAITING_IN_ALL} jobs are waiting; try again later")
            marks = ", ".join("?" for _ in row)
            self._connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """The job of that id; ValueError when there is none."""
        with self._lock:
            found = self._select("id = ?", (job_id,))
        if not found:
            raise ValueError(f"no job {job_id!r} in {self.path}; `jobs list` shows what is there")
        return found[0]

    def jobs(self, owner: str | None = None, states: Sequence[str] | None = None, limit: int = 100) -> list[Job]:
        """Jobs, newest first."""
        where, values = ["1"], []
        if owner is not None:
            where.append("owner = ?")
            values.append(owner)
        if states is not None:
            where.append(f"state IN ({', '.join('?' for _ in states)})")
            values.extend(states)
        with self._lock:
            return self._select(
                " AND ".join(where), tuple(values), f"ORDER BY created DESC, rowid DESC LIMIT {int(limit)}"
            )

    def position(self, job_id: str) -> int:
        """How many jobs wait in front of this one (0: it is next, or does not wait)."""
        job = self.get(job_id)
        if job.state != "queued":
            return 0
        query = "SELECT count(*) FROM jobs WHERE state = 'queued' AND rowid < (SELECT rowid FROM jobs WHERE id = ?)"
        with self._lock:
            return int(self._connection.execute(query, (job_id,)).fetchone()[0])

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop: a waiting one ends at once, a running one at its next report; finished ones stay."""
        self.get(job_id)
        now = time.time()
        with self._lock, transaction(self._connection):
            self._connection.execute(
                "UPDATE jobs SET state = 'cancelled', cancel = ?, finished = ? WHERE id = ? AND state = 'queued'",
                (now, now, job_id),
            )
            self._connection.execute(
                "UPDATE jobs SET cancel = coalesce(cancel, ?) WHERE id = ? AND state = 'running'", (now, job_id)
            )
        return self.get(job_id)

    def result(self, job_id: str) -> Any:
        """What the command printed as JSON (with ``--json``), or None."""
        try:
            text = self.file(job_id, "out").read_text(encoding="utf-8")
            return json.loads(text)
        except (OSError, ValueError):
            return None

    def log(self, job_id: str, last: int = 20) -> str:
        """The last lines the command wrote to its standard error."""
        try:
            text = self.file(job_id, "log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.replace("\r", "\n").splitlines()[-last:])

    def file(self, job_id: str, ending: str) -> Path:
        """Path of a job's file beside the database: ``json`` (config), ``out``, ``log``."""
        return self.path.parent / "jobs" / f"{job_id}.{ending}"

    def claim(self, running_limit: int, owner_limit: int) -> Job | None:
        """Take the job whose turn it is and mark it running; None when nothing may start.

        Whoever has the fewest jobs running is next, and of those the one who has waited longest. Jobs without an owner
        (of the command line) count as one owner's, but without its limit.
        """
        with self._lock, transaction(self._connection):
            running = self._select("state = 'running'")
            if len(running) >= running_limit:
                return None
            busy = Counter(job.owner for job in running)
            waiting = self._select("state = 'queued'", (), "ORDER BY rowid")
            able = [job for job in waiting if not job.owner or busy[job.owner] < owner_limit]
            if not able:
                return None
            job = min(able, key=lambda one: busy[one.owner])  # the first of equals: the oldest
            now = time.time()
            process = {"host": socket.gethostname(), "pid": None, "born": None, "heartbeat": now}
            self._update(job.id, {"state": "running", "attempt": job.attempt + 1, "started": now, **process})
            return self.get(job.id)

    def update(self, job: Job, **values: Any) -> bool:
        """Change columns of this very attempt of a running job; False when it is no longer the running attempt."""
        with self._lock, transaction(self._connection):
            now = self._select("id = ?", (job.id,))
            if not now or now[0].state != "running" or now[0].attempt != job.attempt:
                return False
            self._update(job.id, values)
            return True

    def give_up(self, job: Job, attempts: int, why: str) -> bool:
        """This attempt's process is gone: cancelled if that was asked for, again if it may go on, else interrupted.

        What was asked is read with the lock held: a Cancel pressed a moment ago must not start the job again.
        """
        with self._lock, transaction(self._connection):
            now = self._select("id = ?", (job.id,))
            if not now or now[0].state != "running" or now[0].attempt != job.attempt:
                return False
            if now[0].cancel is not None:
                end = {"state": "cancelled", "message": "cancelled", "finished": time.time()}
            elif job.resumable and job.attempt < attempts:
                end = {"state": "queued", "message": "its process vanished; it will go on where it stopped"}
            else:
                end = {"state": "interrupted", "message": f"its process vanished ({why})", "finished": time.time()}
            self._update(job.id, end)
            return True

    def prune(self, days: float) -> int:
        """Forget jobs that ended more than so many days ago, with their files; returns how many. Results stay."""
        ended = f"state IN ({', '.join('?' for _ in FINISHED)}) AND coalesce(finished, created) < ?"
        values = (*FINISHED, time.time() - days * 86400)
        with self._lock, transaction(self._connection):
            old = [row[0] for row in self._connection.execute(f"SELECT id FROM jobs WHERE {ended}", values)]
            self._connection.execute(f"DELETE FROM jobs WHERE {ended}", values)
        for job_id in old:
            for ending in ("json", "out", "log"):
                self.file(job_id, ending).unlink(missing_ok=True)
        return len(old)

    def close(self) -> None:
        """Close the file; the queue cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def _count(self, where: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM jobs WHERE {where}").fetchone()[0])

    def _update(self, job_id: str, values: Mapping[str, Any]) -> None:
        marks = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(f"UPDATE jobs SET {marks} WHERE id = ?", (*values.values(), job_id))

    def _select(self, where: str, values: tuple[Any, ...] = (), tail: str = "") -> list[Job]:
        names = tuple(Job.__dataclass_fields__)
        rows = self._connection.execute(f"SELECT {', '.join(names)} FROM jobs WHERE {where} {tail}", values).fetchall()
        jobs = (_job(dict(zip(names, row, strict=True))) for row in rows)
        return [job for job in jobs if job is not None]


def _job(row: dict[str, Any]) -> Job | None:
    """A record as a job; None when it cannot be read (by hand, or by a damaged disk): all others go on."""
    try:
        row["argv"] = tuple(str(word) for word in json.loads(row["argv"]))
        row["config"] = None if row["config"] is None else json.loads(row["config"])
        row["resumable"] = bool(row["resumable"])
        for name in ("done", "total", "created"):
            row[name] = float(row[name])
        return Job(**row)
    except (TypeError, ValueError):
        return None
