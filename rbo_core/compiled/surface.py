"""A surface's own kernel, for loops that are compiled themselves.

Such a loop takes the address of the kernel and calls it through :func:`kernel_at`, so it is compiled once for all
surfaces. (numba can pass the function itself, but takes 30 µs a call to unpack it.)
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LINE, _TABLE = types.float64[::1], types.float64[:, ::1]
_SIGNATURE = types.void(_TABLE, _LINE, _TABLE, _LINE, _TABLE, types.boolean)
"""``kernel(x (B, d), p, t, f (B,), g (B, d), grad)``, as in ``landscapes/base.py``."""


class SurfaceKernel(NamedTuple):
    """A compiled kernel, its constants p and its table t."""

    call: Any
    p: Floats
    t: Floats

    @property
    def address(self) -> int:
        """For :func:`kernel_at`."""
        return _address(self.call)


def kernel_of(surface: Any) -> SurfaceKernel | None:
    """The surface's kernel; None where it has no compiled one."""
    compiled = getattr(surface, "compiled", None)
    if compiled is None or not isinstance(compiled[0], CPUDispatcher):
        return None
    # Its types are those of arrays that can be written to and lie in order.
    p, t = (np.require(table, dtype=float, requirements=["C", "W"]) for table in compiled[1:])
    return SurfaceKernel(compiled[0], p, t)


@cache
def _address(dispatcher: Any) -> int:
    compiled = dispatcher.get_compile_result(_SIGNATURE)
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name))


def _kernel_at(typing_context: Any, address: Any) -> Any:
    function = types.FunctionType(_SIGNATURE)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        built = cgutils.create_struct_proxy(function)(context, builder)
        built.c_addr = builder.inttoptr(arguments[0], cgutils.voidptr_t)
        return built._getvalue()

    return function(types.intp), build


kernel_at: Any = intrinsic(_kernel_at)
"""In a compiled function: the kernel at an address, to be called."""
