"""Training runs on disk: an SQLite table of runs and metrics, and one folder of tensors a run."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from filelock import BaseFileLock, FileLock, Timeout
from numpy.typing import NDArray
from torch import nn

from rbo_core.database import open_database, transaction
from rbo_core.folder import data_folder
from rbo_core.jobs.reporter import OWNER_VARIABLE
from rbo_core.training.checkpoint import load_tree, save_tree
from rbo_core.training.config import TrainConfig
from rbo_core.training.records import (
    LONGEST_NAME,
    LONGEST_NOTE,
    METRICS,
    NOTES,
    OWNERS,
    SCHEMA,
    StoredRun,
    select,
)

SILENT = 900.0  # seconds without news after which a run without a lock counts as interrupted


class BeingTrained(ValueError):
    """Another process trains the run."""


class RunStore:
    """All runs of one folder (default: the environment's RBO_DATA_DIR, else ./runs). Safe across processes.

    A run whose record is broken (by hand, or by a newer release) is left out of :meth:`list` and named in ``broken``.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = Path(folder if folder is not None else data_folder())
        self._connection = open_database(self.folder / "training.sqlite", 1, SCHEMA, (OWNERS, NOTES))
        tables = {str(row[0]) for row in self._connection.execute("SELECT name FROM sqlite_master").fetchall()}
        self._select = select(tables)
        self.broken: dict[str, str] = {}

    def __enter__(self) -> RunStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def path(self, run_id: str) -> Path:
        """The folder of a run's tensors."""
        if not run_id.isalnum():
            raise ValueError(f"a run's id has letters and digits only, got {run_id!r}")
        return self.folder / "training" / run_id

    def create(self, config: TrainConfig) -> str:
        """Enter a new run; returns its id."""
        run_id, now = uuid.uuid4().hex[:12], time.time()
        with transaction(self._connection) as c:
            row = (run_id, now, now, "running", "", json.dumps(config.to_dict()), "{}")
            c.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            if owner := os.environ.get(OWNER_VARIABLE):
                c.execute("INSERT INTO owners VALUES (?, ?)", (run_id, owner))
        return run_id

    def update(self, run_id: str, state: str, message: str = "", summary: dict[str, Any] | None = None) -> None:
        """Set a run's state and, if given, its summary."""
        with transaction(self._connection) as c:
            c.execute("UPDATE runs SET state=?, message=?, updated=? WHERE id=?", (state, message, time.time(), run_id))
            if summary is not None:
                c.execute("UPDATE runs SET summary=? WHERE id=?", (json.dumps(summary), run_id))

    def annotate(self, run_id: str, name: str, note: str) -> None:
        """Write a name and a note to a run, in place of what it had; both empty take them away.

        Raises:
            ValueError: there is no such run, or they are too long.
        """
        # One line for the name; of control characters only line breaks are kept, in the note.
        name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        note = "\n".join("".join(c for c in line if c.isprintable()).rstrip() for line in note.splitlines()).strip()
        for what, text, most in (("name", name, LONGEST_NAME), ("note", note, LONGEST_NOTE)):
            if len(text) > most:
                raise ValueError(f"a run's {what} has at most {most:,} characters, got {len(text):,}; shorten it")
        with transaction(self._connection) as c:
            if c.execute("SELECT 1 FROM runs WHERE id=?", (run_id,)).fetchone() is None:
                raise ValueError(f"there is no run {run_id!r} to write to; it may have been deleted meanwhile")
            c.execute("DELETE FROM notes WHERE run=?", (run_id,))
            if name or note:
                c.execute("INSERT INTO notes VALUES (?, ?, ?)", (run_id, name, note))

    def add_metrics(self, run_id: str, row: dict[str, float]) -> None:
        """Enter one epoch's numbers; what is missing is NULL. An epoch entered again is replaced."""
        values = [run_id, *(row.get(name) for name in METRICS)]
        with transaction(self._connection) as c:
            c.execute(f"INSERT OR REPLACE INTO metrics VALUES ({', '.join('?' * len(values))})", values)
            c.execute("UPDATE runs SET updated=? WHERE id=?", (time.time(), run_id))

    def forget_after(self, run_id: str, epoch: float) -> None:
        """Drop metrics later than ``epoch`` (before a run goes on from a checkpoint)."""
        with transaction(self._connection) as c:
            c.execute("DELETE FROM metrics WHERE run=? AND epoch>?", (run_id, epoch))

    def get(self, run_id: str) -> StoredRun:
        """A run by id.

        Raises:
            ValueError: there is none, or its record cannot be read.
        """
        row = self._connection.execute(f"{self._select} WHERE id=?", (run_id,)).fetchone()
        if row is None:
            raise ValueError(f"there is no run {run_id!r} in {self.folder}; list them with `train --list`")
        return self._run(row)

    def exists(self, run_id: str) -> bool:
        """Whether there is a record of the run."""
        return self._connection.execute("SELECT 1 FROM runs WHERE id=?", (run_id,)).fetchone() is not None

    def owner(self, run_id: str) -> str:
        """Whose run it is ("" for the command line's, and for one that is not there); works for broken records too."""
        row = self._connection.execute("SELECT owner FROM owners WHERE run=?", (run_id,)).fetchone()
        return str(row[0]) if row is not None else ""

    def list(self, *, most: int | None = None, **equal: Any) -> list[StoredRun]:
        """Runs, the newest first; ``list(data="digits", state="done")`` keeps those with these values.

        most: look no further when so many have been found.

        Names are ``state``, fields of :class:`TrainConfig`, or ``method`` (by name).
        """
        self.broken = {}
        found = []
        for row in self._connection.execute(f"{self._select} ORDER BY created DESC, id").fetchall():
            try:
                run = self._run(row)
            except ValueError as problem:
                self.broken[str(row[0])] = str(problem)
                continue
            known = {**run.config.to_dict(), "method": run.config.method.name, "state": run.state}
            if all(known.get(name) == value for name, value in equal.items()):
                found.append(run)
                if len(found) == most:
                    break
        return found

    def metrics(self, run_id: str) -> dict[str, NDArray[np.float64]]:
        """Column name -> (epochs + 1,) values, NaN where something was not measured."""
        rows = self._connection.execute(
            f"SELECT {', '.join(METRICS)} FROM metrics WHERE run=? ORDER BY epoch", (run_id,)
        ).fetchall()
        table = np.array(rows, dtype=float).reshape(len(rows), len(METRICS))
        return dict(zip(METRICS, table.T, strict=True))

    def delete(self, run_id: str) -> None:
        """Remove a run with its metrics and tensors; no error when it is not there."""
        with transaction(self._connection) as c:
            c.execute("DELETE FROM metrics WHERE run=?", (run_id,))
            c.execute("DELETE FROM runs WHERE id=?", (run_id,))
            c.execute("DELETE FROM owners WHERE run=?", (run_id,))
            c.execute("DELETE FROM notes WHERE run=?", (run_id,))
        shutil.rmtree(self.path(run_id), ignore_errors=True)

    def save_snapshot(self, run_id: str, epoch: int, parameters: torch.Tensor) -> None:
        """Keep the flat parameters after an epoch."""
        save_tree(self.path(run_id) / "snapshots", f"epoch{epoch:05d}", {"epoch": epoch, "parameters": parameters})

    def trajectory(self, run_id: str) -> tuple[NDArray[np.int64], torch.Tensor]:
        """(epochs (T,), parameters (T, n)), in the order of ``model.parameters()``, flattened.

        Raises:
            ValueError: the run kept no snapshots.
        """
        folder = self.path(run_id) / "snapshots"
        names = sorted(file.name.removesuffix(".current") for file in folder.glob("*.current"))
        trees = [load_tree(folder, name) for name in names]
        if not trees:
            raise ValueError(f"run {run_id} kept no snapshots; train it with snapshots on")
        return np.array([t["epoch"] for t in trees]), torch.stack([t["parameters"] for t in trees])

    def model(self, run_id: str) -> nn.Module:
        """The run's network with its latest parameters, on the CPU, in evaluation mode.

        Raises:
            ValueError: the run has no parameters yet.
        """
        from rbo_core.training.data import load
        from rbo_core.training.models import build_model

        config = self.get(run_id).config
        saved = load_tree(self.path(run_id), "checkpoint")
        if saved is None:
            raise ValueError(f"run {run_id} has no parameters yet; wait for its first epoch")
        data = load(config.data, config.data_dir)
        with torch.random.fork_rng():
            model = build_model(config.model, data.shape, data.classes)
        if config.precision == "float64":
            model = model.double()
        model.load_state_dict(saved["model"])
        return model.eval()

    @contextmanager
    def held(self, run_id: str) -> Iterator[None]:
        """Train the run while the block lasts: no other process may, and whoever looks sees that its process lives.

        The lock is the operating system's: it is gone with the process, however that ends.

        Raises:
            BeingTrained: another process trains it.
        """
        lock = self._lock_of(run_id)
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=2.0)  # who only looks holds it for a moment
        except Timeout:
            raise BeingTrained(f"run {run_id} is being trained by another process; wait for it") from None
        try:
            yield
        finally:
            lock.release()

    def _lock_of(self, run_id: str) -> BaseFileLock:
        return FileLock(self.path(run_id) / "lock")

    def _alive(self, run_id: str, updated: float) -> bool:
        """Whether a process trains the run. Earlier releases take no lock: theirs count as long as they are new."""
        if not run_id.isalnum():
            return False
        lock = self._lock_of(run_id)
        if not Path(lock.lock_file).exists():
            return time.time() - updated < SILENT
        try:
            with lock.acquire(blocking=False):
                return False
        except (Timeout, OSError):
            return True

    def _run(self, row: tuple[Any, ...]) -> StoredRun:
        run_id, created, updated, state, message, config, summary, owner, name, note = row
        if state == "running" and not self._alive(run_id, updated):
            state = "interrupted"
        try:
            made = TrainConfig.from_dict(json.loads(config))
            known = json.loads(summary)
            return StoredRun(
                run_id, created, updated, state, message, made, known, owner or "", name or "", note or ""
            )  # fmt: skip
        except (TypeError, ValueError) as problem:
            raise ValueError(f"run {run_id} cannot be read ({problem}); delete it") from problem
