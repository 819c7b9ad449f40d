"""Where numba keeps compiled kernels when the installation cannot be written and there is no home.

Every module with kernels takes ``njit`` from here, so that the place is found before the first one.
"""

from __future__ import annotations

import os
import tempfile
import warnings

import numba
from numba import njit

__all__ = ["njit"]


def _ensure_cache() -> None:
    """Give numba a temporary folder when it finds none: it would raise at the first kernel.

    It tries ``__pycache__`` beside the code, then the user's cache folder. The new one is this process's own (a cache
    holds code); processes that it starts share it.
    """
    try:
        njit(cache=True)(_probe)
    except RuntimeError:
        folder = tempfile.mkdtemp(prefix="numba-cache-")
        os.environ["NUMBA_CACHE_DIR"] = folder
        vars(numba.config)["CACHE_DIR"] = folder  # read at each kernel; the variable was read at the import
        warnings.warn(
            f"neither the installation nor a home can be written: kernels are compiled anew, into {folder}; "
            "name a lasting folder with NUMBA_CACHE_DIR",
            stacklevel=2,
        )


def _probe() -> None:
    """Never called, never compiled."""


_ensure_cache()
