"""How the compiled functions of the ball are compiled."""

from __future__ import annotations

from rbo_core.kernel_cache import njit

kernel = njit(cache=True, nogil=True)
"""A function that Python calls: compiled once on a machine, and run without the interpreter's lock."""

helper = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]  # not in numba's stubs
"""A function that only kernels call: no entry for Python, whose code takes longer to compile than most helpers do."""

inlined = njit(inline="always")
"""A helper of a line or two, written into its callers before they are compiled: it takes no time of its own."""
