"""Opening the project's SQLite files: WAL, a version that is checked before anything is written, clear errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FORMAT_ID = 0x52424F31  # "RBO1": the file's application_id, so that a foreign database is never touched
PATIENCE = 30.0  # seconds that one process waits for another's transaction


def open_database(path: Path | str, version: int, schema: str, added: Sequence[str] = ()) -> sqlite3.Connection:
    """Open or create a database of this project; many processes may do so at the same instant.

    Args:
        path: the file; its folder is made when missing.
        version: the schema version this release writes.
        schema: statements that create the tables of an empty file.
        added: statements, ``CREATE TABLE IF NOT EXISTS``, for what later releases keep beside them; earlier ones leave
            these tables alone.

    Raises:
        ValueError: the file is not one of ours, or was written by a newer release. Such a file is left untouched.
    """
    path = Path(path)
    if _read_only(path):
        return _open_to_read(path, version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ValueError(f"cannot make the folder {path.parent}: {problem.strerror}; name another one") from problem
    with _opened(path, str(path)) as connection:
        with _snapshot(connection):
            empty = _is_empty(connection, path, version)
        if empty:
            _use_wal(connection)
            _create(connection, path, version, schema)
        for statement in added:
            if not _has(connection, _table(statement)):
                connection.execute(statement)
        connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _read_only(path: Path) -> bool:
    """Whether there is a file that can be read but not written, or not with its journal beside it."""
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _open_to_read(path: Path, version: int) -> sqlite3.Connection:
    """A database that can be listed and shown; a write is an error of SQLite's.

    Where no journal can be made SQLite has to be told that nobody writes meanwhile.
    """
    with _opened(path, f"{path.absolute().as_uri()}?mode=ro&immutable=1") as connection:
        if _is_empty(connection, path, version):
            raise ValueError(f"{path} is empty and cannot be written; name another file")
    return connection


@contextmanager
def _opened(path: Path, address: str) -> Iterator[sqlite3.Connection]:
    """A connection that is closed again when the block fails, and says why in the project's words."""
    try:
        connection = sqlite3.connect(
            address, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=address.startswith("file:")
        )
    except sqlite3.OperationalError as problem:
        raise ValueError(f"cannot open {path}: {problem}; check that its folder can be written") from problem
    try:
        yield connection
    except sqlite3.DatabaseError as problem:
        connection.close()
        if isinstance(problem, sqlite3.OperationalError):
            full = problem.sqlite_errorcode == sqlite3.SQLITE_FULL
            remedy = "free some space" if full else "check that its folder can be written"
            raise ValueError(f"cannot open {path}: {problem}; {remedy}") from problem
        raise ValueError(f"{path} is not a database of this project ({problem}); name another file") from problem
    except BaseException:
        connection.close()
        raise


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, with the write lock taken at once so that two processes queue instead of failing half-way."""
    with _within(connection, "BEGIN IMMEDIATE"):
        yield connection


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside is one state of the file, whatever other processes commit meanwhile."""
    with _within(connection, "BEGIN"):
        yield


@contextmanager
def _within(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_empty(connection: sqlite3.Connection, path: Path, version: int) -> bool:
    """Whether the file has yet to be filled. Call it inside a transaction: its three answers belong together."""
    found, owner = _pragma(connection, "user_version"), _pragma(connection, "application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != FORMAT_ID and (found or tables):
        raise ValueError(f"{path} is a database of another program; name another file")
    if found > version:
        raise ValueError(
            f"{path} was written by a newer release (format {found}, this one reads up to {version}); "
            "update the program or name another file"
        )
    return found == 0


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch an empty file to WAL. While another process does the same, SQLite answers "locked" without waiting."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.005)


def _create(connection: sqlite3.Connection, path: Path, version: int, schema: str) -> None:
    with transaction(connection):
        # Another process may have been first.
        if _is_empty(connection, path, version):
            for statement in schema.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={FORMAT_ID}")
            connection.execute(f"PRAGMA user_version={version}")


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name=?", (table,)).fetchone() is not None


def _table(statement: str) -> str:
    """The name in ``CREATE TABLE IF NOT EXISTS name (...)``."""
    return statement.split("(")[0].split()[-1]


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
