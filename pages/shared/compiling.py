"""Words for the first visitor of a machine: what runs first is compiled first, and that takes a while."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import streamlit as st

_COMPILED: set[tuple[Hashable, ...]] = set()


def compiled(*kernels: Hashable) -> bool:
    """Whether what these words name has run on this server."""
    return kernels in _COMPILED


@contextmanager
def compiling(*kernels: Hashable) -> Iterator[None]:
    """Say why one waits while what these words name runs for the first time."""
    if kernels in _COMPILED:
        yield
        return
    with st.spinner("Compiling for this machine: some ten seconds, the first time only"):
        yield
    _COMPILED.add(kernels)
