"""The kernel that runs a tape: one operation after the other, each over a block of points.

A register is 1 + d rows of one array: the values of a block and their derivatives in each coordinate (forward mode). A
register that does not depend on a coordinate carries no derivative in it: which those are is known beforehand and
stands in the tape. Two more rows hold an operation's partial derivatives. Rows are named by their index: a slice of an
array costs as much as the work on a block.
"""

from __future__ import annotations

import math

import numpy as np

from landscapes.base import Floats, kernel
from landscapes.formula import codes
from landscapes.kernel_cache import njit
from landscapes.vector import BLOCK, sincos

#: Beyond this the fast sine loses digits (see `landscapes.vector.sincos`).
_FAR = 1e6
_TWO_OVER_ROOT_PI = 1.1283791670955126
_compiled = njit(cache=True, nogil=True, error_model="numpy")


@kernel
def formula_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """p = (number of registers, register of the result, its directions); t (operations, codes.COLUMNS) the tape."""
    n, d = x.shape
    size = min(BLOCK, n)
    width = 1 + d if grad else 1
    r = np.empty((int(p[0]) * width + 2, size))
    result, moves = int(p[1]) * width, int(p[2])
    for first in range(0, n, size):
        count = min(size, n - first)
        for q in range(t.shape[0]):
            op = int(t[q, codes.OPERATION])
            if op == codes.VARIABLE:
                out, k = int(t[q, codes.TARGET]) * width, int(t[q, codes.NUMBER])
                for m in range(count):
                    r[out, m] = x[first + m, k]
                if grad:
                    for m in range(count):
                        r[out + 1 + k, m] = 1.0
            elif op == codes.CONSTANT:
                out, number = int(t[q, codes.TARGET]) * width, t[q, codes.NUMBER]
                for m in range(count):
                    r[out, m] = number
            elif op <= codes.MULTIPLY_CONSTANT:
                _linear(r, t, q, width, count)
            else:
                if op >= codes.FUNCTIONS:
                    _function(r, t, q, width, count)
                elif op >= codes.MINIMUM:
                    _pair(r, t, q, width, count)
                else:
                    _power(r, t, q, width, count)
                _chain(r, t, q, width, count)
        for m in range(count):
            f[first + m] = r[result, m]
        for k in range(width - 1):
            if moves >> k & 1:
                for m in range(count):
                    g[first + m, k] = r[result + 1 + k, m]
            else:
                for m in range(count):
                    # Where the value is no number, neither is a slope.
                    g[first + m, k] = 0.0 if math.isfinite(r[result, m]) else math.nan


@_compiled
def _chain(r: Floats, t: Floats, q: int, width: int, count: int) -> None:
    """Derivatives of a result from its partial derivatives (the last two rows) and its arguments' derivatives."""
    out, a, b = int(t[q, 1]) * width, int(t[q, 2]) * width, int(t[q, 3]) * width
    a_moves, b_moves = int(t[q, 4]), int(t[q, 5])
    da = r.shape[0] - 2
    for k in range(1, width):
        a_here, b_here = a_moves >> (k - 1) & 1, b_moves >> (k - 1) & 1
        if a_here and b_here:
            for m in range(count):
                r[out + k, m] = r[da, m] * r[a + k, m] + r[da + 1, m] * r[b + k, m]
        elif a_here:
            for m in range(count):
                r[out + k, m] = r[da, m] * r[a + k, m]
        elif b_here:
            for m in range(count):
                r[out + k, m] = r[da + 1, m] * r[b + k, m]


@_compiled
def _linear(r: Floats, t: Floats, q: int, width: int, count: int) -> None:
    """Sums, products and quotients: row 0 is the value, the others derivatives in the directions that move."""
    op, out = int(t[q, 0]), int(t[q, 1]) * width
    a, b, c = int(t[q, 2]) * width, int(t[q, 3]) * width, t[q, 6]
    a_moves, b_moves = 2 * int(t[q, 4]) + 1, 2 * int(t[q, 5]) + 1
    for k in range(width):
        to, of, by = out + k, a + k, b + k
        a_here, b_here = a_moves >> k & 1, b_moves >> k & 1
        if op == codes.MULTIPLY:
            _product(r, out, a, b, (k, a_here, b_here), count)
        elif op == codes.DIVIDE:
            _quotient(r, out, a, b, (k, a_here, b_here), count)
        elif op == codes.MULTIPLY_CONSTANT:
            if a_here:
                for m in range(count):
                    r[to, m] = c * r[of, m]
        elif op == codes.ADD_CONSTANT:
            shift = c if k == 0 else 0.0
            if a_here:
                for m in range(count):
                    r[to, m] = r[of, m] + shift
        elif a_here and b_here and op == codes.ADD:
            for m in range(count):
                r[to, m] = r[of, m] + r[by, m]
        elif a_here and b_here:
            for m in range(count):
                r[to, m] = r[of, m] - r[by, m]
        elif a_here:
            for m in range(count):
                r[to, m] = r[of, m]
        elif b_here:
            sign = 1.0 if op == codes.ADD else -1.0
            for m in range(count):
                r[to, m] = sign * r[by, m]


@_compiled
def _product(r: Floats, out: int, a: int, b: int, row: tuple[int, int, int], count: int) -> None:
    k, a_here, b_here = row
    if k == 0:
        for m in range(count):
            r[out, m] = r[a, m] * r[b, m]
    elif a_here and b_here:
        for m in range(count):
            r[out + k, m] = r[a, m] * r[b + k, m] + r[b, m] * r[a + k, m]
    elif a_here:
        for m in range(count):
            r[out + k, m] = r[b, m] * r[a + k, m]
    elif b_here:
        for m in range(count):
            r[out + k, m] = r[a, m] * r[b + k, m]


@_compiled
def _quotient(r: Floats, out: int, a: int, b: int, row: tuple[int, int, int], count: int) -> None:
    k, a_here, b_here = row
    if k == 0:
        for m in range(count):
            r[out, m] = r[a, m] / r[b, m]
    elif a_here and b_here:
        for m in range(count):
            r[out + k, m] = (r[a + k, m] - r[out, m] * r[b + k, m]) / r[b, m]
    elif a_here:
        for m in range(count):
            r[out + k, m] = r[a + k, m] / r[b, m]
    elif b_here:
        for m in range(count):
            r[out + k, m] = -r[out, m] * r[b + k, m] / r[b, m]


@_compiled
def _whole_power(u: float, n: int) -> float:
    """uⁿ for n ≥ 0 by repeated squaring."""
    result, factor = 1.0, u
    while n > 0:
        if n & 1:
            result *= factor
        n >>= 1
        if n > 0:
            factor *= factor
    return result


@_compiled
def _power(r: Floats, t: Floats, q: int, width: int, count: int) -> None:
    """Powers, and quotients with a constant: values, and the partial derivatives in the last two rows."""
    op, out, u, v = int(t[q, 0]), int(t[q, 1]) * width, int(t[q, 2]) * width, int(t[q, 3]) * width
    c, da = t[q, 6], r.shape[0] - 2
    grad = width > 1
    if op == codes.DIVIDE_CONSTANT:
        for m in range(count):
            r[out, m], r[da, m] = r[u, m] / c, 1.0 / c
    elif op == codes.CONSTANT_DIVIDE:
        for m in range(count):
            r[out, m] = c / r[u, m]
            r[da, m] = -r[out, m] / r[u, m]
    elif op == codes.SQUARE:
        for m in range(count):
            r[out, m], r[da, m] = r[u, m] * r[u, m], 2.0 * r[u, m]
    elif op == codes.WHOLE_POWER:
        n = int(abs(c))
        for m in range(count):
            lower = _whole_power(r[u, m], n - 1)
            power = lower * r[u, m]
            if c > 0:
                r[out, m], r[da, m] = power, c * lower
            else:
                r[out, m] = 1.0 / power
                r[da, m] = c * r[out, m] / r[u, m]
    elif op == codes.REAL_POWER:
        for m in range(count):
            r[out, m], r[da, m] = r[u, m] ** c, (c * r[u, m] ** (c - 1.0) if grad else 0.0)
    elif op == codes.CONSTANT_POWER:
        rate = math.log(c) if c > 0 else math.nan
        for m in range(count):
            r[out, m] = c ** r[u, m]
            r[da, m] = rate * r[out, m]
    elif op == codes.POWER:
        for m in range(count):
            r[out, m] = r[u, m] ** r[v, m]
            if grad:
                r[da, m] = r[v, m] * r[u, m] ** (r[v, m] - 1.0)
                r[da + 1, m] = (
                    r[out, m] * math.log(r[u, m]) if r[u, m] > 0.0 else (0.0 if r[out, m] == 0.0 else math.nan)
                )


@_compiled
def _pair(r: Floats, t: Floats, q: int, width: int, count: int) -> None:
    """Functions of two numbers and noise: values, and the partial derivatives in the last two rows."""
    op, out, u, v = int(t[q, 0]), int(t[q, 1]) * width, int(t[q, 2]) * width, int(t[q, 3]) * width
    da, seed = r.shape[0] - 2, np.uint64(0)
    if op >= codes.NOISE1:
        seed = np.uint64(int(t[q, 6]))
    if op == codes.MINIMUM or op == codes.MAXIMUM:
        sign = 1.0 if op == codes.MINIMUM else -1.0
        for m in range(count):
            # No number wins over every number; of equals the first counts.
            first = (sign * r[u, m] <= sign * r[v, m]) or r[u, m] != r[u, m]
            r[out, m] = r[u, m] if first else r[v, m]
            r[da, m], r[da + 1, m] = (1.0, 0.0) if first else (0.0, 1.0)
    elif op == codes.MODULO:
        for m in range(count):
            turns = math.floor(r[u, m] / r[v, m])
            r[out, m], r[da, m], r[da + 1, m] = r[u, m] - turns * r[v, m], 1.0, -turns
    elif op == codes.ARCTAN2:
        for m in range(count):
            r[out, m] = math.atan2(r[u, m], r[v, m])
            square = r[u, m] * r[u, m] + r[v, m] * r[v, m]
            r[da, m], r[da + 1, m] = r[v, m] / square, -r[u, m] / square
    elif op == codes.NOISE1:
        for m in range(count):
            r[out, m], r[da, m], r[da + 1, m] = _noise(r[u, m], 0.0, seed)
    elif op == codes.NOISE2:
        for m in range(count):
            r[out, m], r[da, m], r[da + 1, m] = _noise(r[u, m], r[v, m], seed)


@_compiled
def _lattice(i: int, j: int, seed: np.uint64) -> float:
    """A number in [−1, 1) that depends on the lattice point and the seed alone (SplitMix64's finaliser)."""
    h = seed * np.uint64(0xD1342543DE82EF95) + np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
    h += np.uint64(j) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(0x165667B19E3779F9)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return float(h >> np.uint64(11)) * 2.0**-52 - 1.0


@_compiled
def _noise(x: float, y: float, seed: np.uint64) -> tuple[float, float, float]:
    """Value noise on the whole numbers' lattice, joined by fifth-degree steps (C²): value and both derivatives."""
    if not (abs(x) < 1e15 and abs(y) < 1e15):
        return math.nan, math.nan, math.nan
    cx, cy = math.floor(x), math.floor(y)
    i, j = int(cx), int(cy)
    s, r = x - cx, y - cy
    p, dp = s * s * s * (10.0 + s * (6.0 * s - 15.0)), 30.0 * s * s * (1.0 + s * (s - 2.0))
    q, dq = r * r * r * (10.0 + r * (6.0 * r - 15.0)), 30.0 * r * r * (1.0 + r * (r - 2.0))
    v00, v10 = _lattice(i, j, seed), _lattice(i + 1, j, seed)
    v01, v11 = _lattice(i, j + 1, seed), _lattice(i + 1, j + 1, seed)
    low, high = v00 + p * (v10 - v00), v01 + p * (v11 - v01)
    return low + q * (high - low), dp * ((1.0 - q) * (v10 - v00) + q * (v11 - v01)), dq * (high - low)


@_compiled
def _waves(r: Floats, op: int, u: int, out: int, slope: int, count: int) -> None:
    """Sine, cosine and tangent; the fast sine, unless an argument of the block is too large for it."""
    far = 0
    for m in range(count):
        far += 1 if abs(r[u, m]) > _FAR else 0
    if far == 0 and op == codes.COS:
        for m in range(count):
            sine, cosine = sincos(r[u, m])
            r[out, m], r[slope, m] = cosine, -sine
        return
    if far == 0:
        for m in range(count):
            r[out, m], r[slope, m] = sincos(r[u, m])
    else:
        for m in range(count):
            # Point by point: which sine a point gets must not depend on its neighbours.
            if abs(r[u, m]) <= _FAR:
                r[out, m], r[slope, m] = sincos(r[u, m])
            elif math.isfinite(r[u, m]):
                r[out, m], r[slope, m] = math.sin(r[u, m]), math.cos(r[u, m])
            else:
                r[out, m], r[slope, m] = math.nan, math.nan
    if op == codes.COS:
        for m in range(count):
            r[out, m], r[slope, m] = r[slope, m], -r[out, m]
    elif op == codes.TAN:
        for m in range(count):
            r[out, m] = r[out, m] / r[slope, m]
            r[slope, m] = 1.0 + r[out, m] * r[out, m]


@_compiled
def _function(r: Floats, t: Floats, q: int, width: int, count: int) -> None:
    """A function of one number and its derivative (the last row but one); at a kink or a step the derivative is 0."""
    op, out, u = int(t[q, 0]), int(t[q, 1]) * width, int(t[q, 2]) * width
    slope = r.shape[0] - 2
    if op <= codes.TAN:
        _waves(r, op, u, out, slope, count)
    elif op == codes.EXP:
        for m in range(count):
            r[out, m] = math.exp(r[u, m])
            r[slope, m] = r[out, m]
    elif op == codes.LOG:
        for m in range(count):
            r[out, m], r[slope, m] = (math.log(r[u, m]) if r[u, m] >= 0.0 else math.nan), 1.0 / r[u, m]
    elif op == codes.SQRT:
        for m in range(count):
            r[out, m] = math.sqrt(r[u, m]) if r[u, m] >= 0.0 else math.nan
            r[slope, m] = 0.5 / r[out, m]
    elif op == codes.ABS:
        for m in range(count):
            r[out, m], r[slope, m] = abs(r[u, m]), np.sign(r[u, m])
    elif op <= codes.ATAN:
        _inverse_waves(r, op, u, out, slope, count)
    elif op <= codes.ATANH:
        _hyperbolic(r, op, u, out, slope, count)
    elif op == codes.CBRT:
        for m in range(count):
            root = math.copysign(abs(r[u, m]) ** (1.0 / 3.0), r[u, m])
            r[out, m] = root - (root * root * root - r[u, m]) / (3.0 * root * root) if root != 0.0 else root
            r[slope, m] = 1.0 / (3.0 * r[out, m] * r[out, m])
    elif op == codes.ERF:
        for m in range(count):
            r[out, m], r[slope, m] = math.erf(r[u, m]), _TWO_OVER_ROOT_PI * math.exp(-r[u, m] * r[u, m])
    else:
        for m in range(count):
            r[slope, m] = 0.0
            if op == codes.FLOOR:
                r[out, m] = np.floor(r[u, m])
            elif op == codes.CEIL:
                r[out, m] = np.ceil(r[u, m])
            elif op == codes.ROUND:
                r[out, m] = np.floor(r[u, m] + 0.5)
            else:
                r[out, m] = np.sign(r[u, m])


@_compiled
def _inverse_waves(r: Floats, op: int, u: int, out: int, slope: int, count: int) -> None:
    for m in range(count):
        w = r[u, m]
        if op == codes.ATAN:
            r[out, m], r[slope, m] = math.atan(w), 1.0 / (1.0 + w * w)
        else:
            rate = 1.0 / math.sqrt(1.0 - w * w) if abs(w) <= 1.0 else math.nan
            inside = abs(w) <= 1.0
            if op == codes.ASIN:
                r[out, m], r[slope, m] = (math.asin(w) if inside else math.nan), rate
            else:
                r[out, m], r[slope, m] = (math.acos(w) if inside else math.nan), -rate


@_compiled
def _hyperbolic(r: Floats, op: int, u: int, out: int, slope: int, count: int) -> None:
    for m in range(count):
        w = r[u, m]
        if op == codes.SINH:
            r[out, m], r[slope, m] = math.sinh(w), math.cosh(w)
        elif op == codes.COSH:
            r[out, m], r[slope, m] = math.cosh(w), math.sinh(w)
        elif op == codes.TANH:
            r[out, m] = math.tanh(w)
            r[slope, m] = 1.0 - r[out, m] * r[out, m]
        elif op == codes.ASINH:
            r[out, m], r[slope, m] = math.asinh(w), 1.0 / math.sqrt(w * w + 1.0)
        elif op == codes.ACOSH:
            r[out, m] = math.acosh(w) if w >= 1.0 else math.nan
            r[slope, m] = 1.0 / math.sqrt(w * w - 1.0) if w >= 1.0 else math.nan
        else:
            r[out, m] = math.atanh(w) if abs(w) <= 1.0 else math.nan
            r[slope, m] = 1.0 / (1.0 - w * w)
