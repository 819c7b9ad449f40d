"""Work cut among threads of our own: compiled kernels release the interpreter's lock.

Not numba's threading layer: its fallback ("workqueue") aborts the process when two threads enter it at once, and every
visitor of the app has a thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numba

T = TypeVar("T")

MOST = 8
"""Threads at most."""
_ROWS = 48  # below this a thread costs more than it saves


@lru_cache(maxsize=1)
def threads() -> int:
    """How many run at once: as many as the process may use cores, or as NUMBA_NUM_THREADS says (a job's is 1)."""
    return max(1, min(int(vars(numba.config)["NUMBA_NUM_THREADS"]), MOST))


def in_parts(work: Callable[[int, int], T], at_most: int = MOST) -> list[T]:
    """``work(part, parts)`` for every part, the first in the caller's own thread; it must not cut its work again."""
    parts = max(1, min(threads(), at_most))
    others = [_pool().submit(work, part, parts) for part in range(1, parts)]
    return [work(0, parts), *(other.result() for other in others)]


def parts_of(rows: int) -> int:
    """Into how many parts so many rows are worth cutting at most."""
    return 1 if rows < _ROWS else MOST


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="rbo_core")


if hasattr(os, "register_at_fork"):
    # A forked child inherits the pool without its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
