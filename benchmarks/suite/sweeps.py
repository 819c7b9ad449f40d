"""Ball-steps a second of one sweep: on one process, on two, and on a Dask cluster of two workers; and what more cells
cost."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial

import landscapes
from benchmarks.suite.measure import Report, Row, growth, seconds, steady
from rbo_core import sweep


def run(quick: bool) -> Report:
    """The same sweep everywhere; processes and cluster are up before the clock starts, their first sweep is the first
    call."""
    report = Report()
    side, rounds = (4, 1) if quick else (20, 3)
    spec = _described(side)
    steps = spec.cells * spec.balls * 300
    alone: float | None = None
    for who in ("1 process", "2 processes", "Dask, 2 workers"):
        try:
            with _workers(who) as executor:
                first, *later = (seconds(lambda where=executor: _swept(spec, where)) for _ in range(1 + rounds))
                took = statistics.median(later)
        except ImportError:
            report.notes.append("Dask left out, it is not installed: pip install -r requirements-cluster.txt")
            continue
        alone = took if alone is None else alone
        report.rows.append(Row(f"{side}² cells × 16 balls × 300 steps", who, steps / took, "ball-steps/s", first,
                               alone / took, rounds))  # fmt: skip
    report.notes.append("sweeps: the ratio is speed, relative to one process")
    sides = (2, 3, 4) if quick else (3, 5, 10, 20)
    cost = [steady(partial(_swept, _described(side), None), rounds) for side in sides]
    cells = [side**2 for side in sides]
    report.growth.append(growth("a sweep's seconds, 16 balls × 300 steps a cell, over cells", "1 process", cells, cost))
    return report


def _described(side: int) -> sweep.Sweep:
    grid = {"radius": f"0.05:3:{side}log", "learning_rate": f"0.001:1:{side}log"}
    method = {"name": "rbo", "projection": "rigid"}
    return sweep.parse({"surface": "wrinkled_bowl", "method": method, "grid": grid, "starts": 16, "steps": 300})


def _swept(spec: sweep.Sweep, executor: Executor | None) -> None:
    with sweep.Store(":memory:") as store:
        sweep.run(spec, store, landscapes.get, executor)


@contextlib.contextmanager
def _workers(who: str) -> Iterator[Executor | None]:
    if who == "1 process":
        yield None
    elif who == "2 processes":
        with sweep.workers(2) as executor:
            yield executor
    else:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
            client.get_executor() as executor,
        ):
            yield executor
