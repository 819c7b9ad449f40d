"""A Dask cluster, where work may go instead of this machine: which, how it is reached, what is said when it fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
VARIABLE = "RBO_SCHEDULER"
TIMEOUT = "10s"


def scheduler(named: str | None = None) -> str | None:
    """The scheduler's address: the one named, else what RBO_SCHEDULER says, else None (work stays here)."""
    return named or os.environ.get(VARIABLE, "").strip() or None


@contextmanager
def connected(named: str | None = None) -> Iterator[Any]:
    """A ``distributed.Client`` of the scheduler named, or of RBO_SCHEDULER's; None where neither names one.

    Raises:
        ValueError: Dask is not installed, or nobody answers there.
    """
    address = scheduler(named)
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            f"the Dask scheduler {address} needs Dask here: pip install -r requirements-cluster.txt"
        ) from None
    try:
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise ValueError(
            f"no Dask scheduler answers at {address} ({_first(problem)}): start one there (dask scheduler), or name "
            f"another by --scheduler or {VARIABLE}; without either the work is done on this machine"
        ) from None
    with client:
        yield client


def outcome(future: Future[T]) -> T:
    """What a worker found.

    Raises:
        ValueError: the cluster gave the work up, or a worker lacks what it needs; any other error is the work's own.
    """
    go_on = "what was finished is stored: run the same command to go on"
    try:
        return future.result()
    except CancelledError as problem:
        raise ValueError(f"the Dask scheduler is gone ({problem or type(problem).__name__}); {go_on}") from problem
    except ModuleNotFoundError as problem:
        raise ValueError(f"a worker of the cluster lacks {problem.name}: install the lab there too") from problem
    except Exception as problem:
        if type(problem).__name__ != "KilledWorker":  # of Dask, which need not be installed
            raise
        raise ValueError(
            f"Dask gave a piece of work up after its workers ended over it ({_first(problem)}); {go_on}, with workers "
            "that have more memory"
        ) from problem


def _first(problem: Exception) -> str:
    return str(problem).splitlines()[0] if str(problem) else type(problem).__name__
