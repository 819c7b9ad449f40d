"""Opening a database: many processes make one new file at the same instant, and every one of them finds it whole."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from rbo_core.database import open_database, transaction

SCHEMA = "CREATE TABLE one (x); CREATE TABLE two (y); CREATE INDEX one_by_x ON one (x)"
FILES, PROCESSES = 100, 6


def _opens(folder: Path, start: Barrier, told: multiprocessing.Queue[str]) -> None:
    """Open every file together with the other processes and write one row."""
    said = ""
    try:
        for k in range(FILES):
            start.wait(30)
            connection = open_database(folder / f"{k}.sqlite", 1, SCHEMA)
            with transaction(connection):
                connection.execute("INSERT INTO one VALUES (1)")
            connection.close()
    except Exception as problem:
        start.abort()
        said = f"{type(problem).__name__}: {problem}"
    told.put(said)


@contextmanager
def _ended(process: multiprocessing.process.BaseProcess) -> Iterator[None]:
    """Whatever the test does, its process is gone afterwards."""
    process.start()
    try:
        yield
    finally:
        process.join(0.2)
        process.kill()
        process.join()


@pytest.mark.slow
def test_many_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(PROCESSES), context.Queue()
    with ExitStack() as stack:
        for _ in range(PROCESSES):
            stack.enter_context(_ended(context.Process(target=_opens, args=(tmp_path, start, told))))
        said = [told.get(timeout=90) for _ in range(PROCESSES)]
    assert [text for text in said if text and "BrokenBarrier" not in text] == []
    for k in range(FILES):
        connection = open_database(tmp_path / f"{k}.sqlite", 1, SCHEMA)
        assert connection.execute("SELECT count(*) FROM one").fetchone() == (PROCESSES,)
        connection.close()
