"""Words for the first visitor of a machine: what runs first is compiled first, and that takes a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import streamlit as st

WORDS = "Compiling for this machine: some ten seconds, the first time only"
LOOK = 0.1
"""Seconds between two looks whether the visitor wants something else meanwhile."""

_COMPILED: set[tuple[Hashable, ...]] = set()
_UNDER_WAY: dict[tuple[Hashable, ...], Future[object]] = {}
_LOCK = threading.Lock()
_THREAD = ThreadPoolExecutor(1, "compile")  # numba compiles one thing at a time


def compiled(*kernels: Hashable) -> bool:
    """Whether what these words name has run on this server."""
    return kernels in _COMPILED


@contextmanager
def compiling(*kernels: Hashable) -> Iterator[None]:
    """Say why one waits while what these words name runs for the first time."""
    if kernels in _COMPILED:
        yield
        return
    with st.spinner(WORDS, show_time=True):
        yield
    _COMPILED.add(kernels)


def compile_first(work: Callable[[], object], *kernels: Hashable) -> None:
    """Run what compiles these kernels, once for the server, and say why one waits.

    It runs in a thread of its own: a press on Cancel, another setting or another page is heard at once, and the
    compiling goes on for who comes next. work: calls nothing of Streamlit's.

    Raises:
        Whatever the work raises; who asks next has it tried again.
    """
    if kernels in _COMPILED:
        return
    with _LOCK:
        if kernels not in _UNDER_WAY:
            _UNDER_WAY[kernels] = _THREAD.submit(work)
        under_way = _UNDER_WAY[kernels]
    with st.spinner(WORDS, show_time=True):
        while not under_way.done():
            wait([under_way], LOOK)
            st.session_state.get(WORDS)  # ends this run of the page if another is asked for
    with _LOCK:
        if _UNDER_WAY.get(kernels) is under_way:
            del _UNDER_WAY[kernels]
    under_way.result()
    _COMPILED.add(kernels)
