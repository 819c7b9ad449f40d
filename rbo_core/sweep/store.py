"""Where results go: one SQLite file for many sweeps, one row a cell, written chunk by chunk.

A row holds the cell's balls as a little-endian float64 table, so what is read back is bit for bit what was computed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from rbo_core.database import open_database, transaction
from rbo_core.folder import data_folder
from rbo_core.sweep.spec import Sweep, dumps, loads

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE sweeps (id TEXT PRIMARY KEY, spec TEXT NOT NULL, columns TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE cells (sweep TEXT NOT NULL REFERENCES sweeps(id), cell INTEGER NOT NULL, data BLOB NOT NULL,
                    PRIMARY KEY (sweep, cell))
"""


class StoreFull(ValueError):
    """The disk is full. What was stored before is intact; the same sweep goes on from there."""


def default_path() -> Path:
    """``sweeps.sqlite`` in the data folder (environment variable RBO_DATA_DIR, default ``./runs``)."""
    return data_folder() / "sweeps.sqlite"


class Store:
    """An open store; use it as a context manager. Safe to share between threads."""

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self._connection = open_database(self.path, SCHEMA_VERSION, SCHEMA)
        self._lock = threading.Lock()

    def add(self, sweep: Sweep, columns: Sequence[str]) -> str:
        """Register a sweep (a second time changes nothing); returns its id."""
        row = (sweep.id, dumps(sweep), json.dumps(list(columns)), time.time())
        with self._lock, self._write():
            self._connection.execute("INSERT OR IGNORE INTO sweeps VALUES (?, ?, ?, ?)", row)
        if self.columns(sweep.id) != tuple(columns):
            raise ValueError(f"{self.path} holds sweep {sweep.id} with other columns; name another store")
        return sweep.id

    def put(self, sweep_id: str, cells: Sequence[int], data: NDArray[np.float64]) -> None:
        """Store the finished ``cells``: data (cells, balls, columns). One transaction: all of them or none.

        Raises:
            StoreFull: the disk is full; nothing of this chunk is stored, everything before it is.
        """
        if len(cells) != len(data):
            raise ValueError(f"data must hold one table a cell, got {len(data)} tables for {len(cells)} cells")
        table = np.ascontiguousarray(data, dtype="<f8")
        rows = [(sweep_id, int(cell), table[i].tobytes()) for i, cell in enumerate(cells)]
        with self._lock, self._write():
            # A cell that is there already was computed from the same description: it is the same, bit for bit.
            self._connection.executemany("INSERT OR IGNORE INTO cells VALUES (?, ?, ?)", rows)

    def copy(self, source: str, target: str, cells: Sequence[int]) -> None:
        """Give the sweep ``target`` what is stored of ``source``: its cell i becomes the target's ``cells[i]``.

        Raises:
            StoreFull: the disk is full; nothing is copied.
        """
        rows = [(target, int(cell), source, i) for i, cell in enumerate(cells)]
        with self._lock, self._write():
            self._connection.executemany(
                "INSERT OR IGNORE INTO cells SELECT ?, ?, data FROM cells WHERE sweep = ? AND cell = ?", rows
            )

    def done(self, sweep_id: str) -> NDArray[np.int64]:
        """Sorted numbers of the cells stored so far."""
        with self._lock:
            rows = self._connection.execute("SELECT cell FROM cells WHERE sweep = ? ORDER BY cell", (sweep_id,))
            return np.array([row[0] for row in rows], dtype=np.int64)

    def count(self, sweep_id: str) -> int:
        """Number of cells stored so far."""
        with self._lock:
            found = self._connection.execute("SELECT count(*) FROM cells WHERE sweep = ?", (sweep_id,)).fetchone()
        return int(found[0])

    def spec(self, sweep_id: str) -> Sweep:
        """The description of a stored sweep; ValueError when there is none of that id."""
        with self._lock:
            row = self._connection.execute("SELECT spec FROM sweeps WHERE id = ?", (sweep_id,)).fetchone()
        if row is None:
            raise ValueError(f"no sweep {sweep_id!r} in {self.path}; `sweep list` shows what is there")
        return loads(row[0])

    def columns(self, sweep_id: str) -> tuple[str, ...]:
        """Names of the columns stored for every ball."""
        with self._lock:
            row = self._connection.execute("SELECT columns FROM sweeps WHERE id = ?", (sweep_id,)).fetchone()
        if row is None:
            raise ValueError(f"no sweep {sweep_id!r} in {self.path}; `sweep list` shows what is there")
        return tuple(json.loads(row[0]))

    def data(self, sweep: Sweep) -> NDArray[np.float64]:
        """(cells, balls, columns) of everything stored; NaN where a cell is not there yet."""
        columns = self.columns(sweep.id)
        data = np.full((sweep.cells, sweep.balls, len(columns)), np.nan)
        with self._lock:
            for cell, blob in self._connection.execute("SELECT cell, data FROM cells WHERE sweep = ?", (sweep.id,)):
                data[cell] = np.frombuffer(blob, dtype="<f8").reshape(data.shape[1:])
        return data

    def sweeps(self) -> list[tuple[str, float, int]]:
        """(id, time it was made in seconds since 1970, stored cells) of every sweep, newest first."""
        with self._lock:
            return self._connection.execute(
                "SELECT id, created, (SELECT count(*) FROM cells WHERE sweep = id) FROM sweeps ORDER BY created DESC"
            ).fetchall()

    def delete(self, sweep_id: str) -> None:
        """Forget a sweep and its cells."""
        with self._lock, self._write():
            self._connection.execute("DELETE FROM cells WHERE sweep = ?", (sweep_id,))
            self._connection.execute("DELETE FROM sweeps WHERE id = ?", (sweep_id,))

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[None]:
        """A transaction whose full disk is a `StoreFull`."""
        try:
            with transaction(self._connection):
                yield
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
                raise StoreFull(
                    f"the disk with {self.path} is full; what was stored is intact: "
                    "free some space and run the same command to go on"
                ) from problem
            raise
