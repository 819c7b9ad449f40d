"""The store: exact, all or nothing, and safe against other programs, newer releases and full disks."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from rbo_core import sweep
from rbo_core.sweep import StoreFull

SPEC = sweep.parse({"surface": "bowl", "method": "rbo", "grid": {"radius": "0.1:1:10log"}, "starts": 40, "steps": 5})
COLUMNS = sweep.columns(1)


def table(cells: int) -> np.ndarray:
    data = np.random.default_rng(0).normal(size=(cells, SPEC.balls, len(COLUMNS)))
    data[0, 0, 0], data[0, 0, 1], data[0, 0, 2] = np.nan, -0.0, 5e-324
    return data


def test_what_is_read_is_bit_for_bit_what_was_stored(tmp_path: Path) -> None:
    data = table(3)
    with sweep.Store(tmp_path / "s.sqlite") as store:
        store.add(SPEC, COLUMNS)
        store.put(SPEC.id, [7, 0, 3], data)
    with sweep.Store(tmp_path / "s.sqlite") as store:
        assert store.done(SPEC.id).tolist() == [0, 3, 7]
        assert store.count(SPEC.id) == 3
        found = store.data(SPEC)
        assert found[[7, 0, 3]].tobytes() == data.tobytes()
        assert np.isnan(found[[1, 2, 4, 5, 6, 8, 9]]).all()
        assert store.spec(SPEC.id) == SPEC
        assert [(row[0], row[2]) for row in store.sweeps()] == [(SPEC.id, 3)]
        store.delete(SPEC.id)
        assert store.sweeps() == []
        with pytest.raises(ValueError, match="no sweep"):
            store.spec(SPEC.id)


def test_two_stores_on_one_file(tmp_path: Path) -> None:
    data = table(2)
    with sweep.Store(tmp_path / "s.sqlite") as one, sweep.Store(tmp_path / "s.sqlite") as two:
        one.add(SPEC, COLUMNS)
        two.add(SPEC, COLUMNS)
        one.put(SPEC.id, [0], data[:1])
        two.put(SPEC.id, [0, 1], np.stack([data[0], data[1]]))
        assert one.data(SPEC)[:2].tobytes() == data.tobytes()


def test_a_full_disk_keeps_what_was_stored(tmp_path: Path) -> None:
    data = table(10)
    with sweep.Store(tmp_path / "s.sqlite") as store:
        store.add(SPEC, COLUMNS)
        store.put(SPEC.id, [0, 1], data[:2])
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreFull, match="full; what was stored is intact"):
            store.put(SPEC.id, range(2, 10), data[2:])
        assert store.done(SPEC.id).tolist() == [0, 1]
    with sweep.Store(tmp_path / "s.sqlite") as again:
        assert again._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert again.data(SPEC)[:2].tobytes() == data[:2].tobytes()
        again.put(SPEC.id, range(2, 10), data[2:])
        assert again.data(SPEC).tobytes() == data.tobytes()


def test_a_newer_store_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    sweep.Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=2")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"newer release \(format 2, this one reads up to 1\)"):
        sweep.Store(path)
    assert path.read_bytes() == before


def test_foreign_files_are_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match="database of another program"):
        sweep.Store(path)
    assert path.read_bytes() == before
    path.write_text("hello " * 1000)
    with pytest.raises(ValueError, match="not a database of this project"):
        sweep.Store(path)
    with pytest.raises(ValueError, match="cannot open"):
        sweep.Store(tmp_path)


def test_wrong_shape_is_refused(tmp_path: Path) -> None:
    with sweep.Store(tmp_path / "s.sqlite") as store:
        store.add(SPEC, COLUMNS)
        with pytest.raises(ValueError, match="2 tables for 1 cells"):
            store.put(SPEC.id, [0], table(2))
        with pytest.raises(ValueError, match="other columns"):
            store.add(SPEC, COLUMNS[:-1])
