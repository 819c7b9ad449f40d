"""The loop that runs a Program: all operations of a step, for all steps, without Python in between.

It is compiled once, for all surfaces and methods.
"""

from __future__ import annotations

import math
from typing import Any

from rbo_core.compiled.surface import kernel_at
from rbo_core.compiled.symbols import ABSOLUTE, ADD, DIVIDE, EVALUATE, MINIMUM, MULTIPLY, SQRT, SUBTRACT
from rbo_core.kernel_cache import njit


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    address: int, p: Any, t: Any, code: Any, begin: Any, places: Any, phase: int,
    registers: Any, given: Any, f: Any, x: Any, g: Any, path: Any,
) -> None:  # fmt: skip
    """Run ``len(path)`` steps of L balls.

    address, p, t: the surface's kernel. code (N, 4): operation, register written, registers read; of an evaluation its
    row of ``places``: the registers of x, f and g. begin (P + 1,): where in the code each of P successive steps begins,
    of which ``phase`` comes first. registers (R, L): the first d hold x, the last W what is read in: given (steps, W,
    L).
    f (L,), x (L, d), g (L, d): for the kernel. path (steps, L, d): receives x after each step.
    """
    kernel = kernel_at(address)
    lanes, dim = x.shape
    first_given = registers.shape[0] - given.shape[1]
    for step in range(path.shape[0]):
        for w in range(given.shape[1]):
            for m in range(lanes):
                registers[first_given + w, m] = given[step, w, m]
        for i in range(begin[phase], begin[phase + 1]):
            operation, out, a, b = code[i, 0], code[i, 1], code[i, 2], code[i, 3]
            if operation != EVALUATE:
                for m in range(lanes):
                    u, v = registers[a, m], registers[b, m]
                    if operation == ADD:
                        u = u + v
                    elif operation == SUBTRACT:
                        u = u - v
                    elif operation == MULTIPLY:
                        u = u * v
                    elif operation == DIVIDE:
                        u = u / v
                    elif operation == MINIMUM:
                        u = u if u < v or u != u else v  # NaN wins, as in NumPy
                    elif operation == ABSOLUTE:
                        u = abs(u)
                    elif operation == SQRT:
                        u = math.sqrt(u)
                    registers[out, m] = u
            else:
                for j in range(dim):
                    for m in range(lanes):
                        x[m, j] = registers[places[out, j], m]
                kernel(x, p, t, f, g, True)
                for m in range(lanes):
                    registers[places[out, dim], m] = f[m]
                for j in range(dim):
                    for m in range(lanes):
                        registers[places[out, dim + 1 + j], m] = g[m, j]
        phase = (phase + 1) % (begin.size - 1)
        for j in range(dim):
            for m in range(lanes):
                path[step, m, j] = registers[j, m]
