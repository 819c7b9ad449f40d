"""Where on its window a formula is no number, and which operation is to blame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from landscapes.base import NO_TABLE, Floats
from landscapes.formula import codes
from landscapes.formula.kernel import formula_kernel
from landscapes.formula.resolution import window_lines
from landscapes.formula.tape import Tape

_SAMPLES = 2_001
_LINES = 10
_MAX_NAMED = 3
_HUGE = 1e3
_LONG_TAPE = 400

Value = Callable[[Floats], Floats]


def gaps(value: Value, tape: Tape, bounds: Floats) -> tuple[str, ...]:
    """Sentences about the gaps of a formula on its window: what is not defined, where, and at which character."""
    dim = len(bounds)
    samples = _SAMPLES if dim == 1 else _SAMPLES // 5
    lines = window_lines(bounds, 0, samples, 1 if dim == 1 else _LINES)
    x = lines.reshape(-1, dim)
    f = value(x)
    said = _undefined(f, x, tape, bounds)
    if len(tape.rows) <= _LONG_TAPE:
        said += [s for s in _poles(value, tape, lines, f) if s not in said]
    return tuple(said[:_MAX_NAMED])


def _undefined(f: Floats, x: Floats, tape: Tape, bounds: Floats) -> list[str]:
    broken = ~np.isfinite(f)
    if not broken.any():
        return []
    share = float(broken.mean())
    index = np.flatnonzero(broken)
    first = x[index[0]]
    cause = _cause(tape, first)
    if x.shape[1] == 1:
        ends = np.flatnonzero(np.diff(index) > 1)
        last = x[index[ends[0]] if ends.size else index[-1], 0]
        where = f"from x = {first[0]:.4g} to {last:.4g}" if last > first[0] else f"at x = {first[0]:.4g}"
        more = f", {100 * share:.2g} % of the window" if ends.size else ""
    else:
        middle = x[index[index.size // 2]]
        where, more = f"in {100 * share:.2g} % of the window, for instance at ({middle[0]:.4g}, {middle[1]:.4g})", ""
    return [f"Gap {where}{more}: {cause}."]


def _poles(value: Value, tape: Tape, lines: Floats, f: Floats) -> list[str]:
    """Divisions by zero between samples, where the formula runs away on both sides or one."""
    dim = lines.shape[2]
    x = lines.reshape(-1, dim)
    finite = f[np.isfinite(f)]
    if finite.size == 0:
        return []
    usual = float(np.quantile(np.abs(finite), 0.9)) + 1e-300
    said = []
    for k, below in _denominators(tape, x):
        z = below.reshape(lines.shape[:2])
        with np.errstate(all="ignore"):
            crosses = np.argwhere((z[:, :-1] * z[:, 1:] <= 0.0) & np.isfinite(z[:, :-1]) & np.isfinite(z[:, 1:]))
        for line, cell in crosses[:: max(1, len(crosses) // 8)][:8]:
            a, b = lines[line, cell], lines[line, cell + 1]
            near = _zero(tape, k, a, b)
            beside = np.array([near - 1e-7 * (b - a), near + 1e-7 * (b - a)])
            with np.errstate(all="ignore"):
                size = np.abs(value(beside)).max()
            if not size < _HUGE * usual:
                place = f"x = {near[0] + 0.0:.4g}" if dim == 1 else f"({near[0] + 0.0:.4g}, {near[1] + 0.0:.4g})"
                said.append(f"It runs away at {place}: division by zero (character {tape.at[k] + 1}).")
                break
    return said


def _denominators(tape: Tape, x: Floats) -> list[tuple[int, Floats]]:
    """Row and values of what each division of the tape divides by."""
    found = []
    for k, inputs, _ in _steps(tape, x):
        op, c = int(tape.rows[k, codes.OPERATION]), tape.rows[k, codes.NUMBER]
        if op == codes.DIVIDE:
            found.append((k, inputs[:, 1]))
        elif op == codes.CONSTANT_DIVIDE or (op in (codes.WHOLE_POWER, codes.REAL_POWER) and c < 0):
            found.append((k, inputs[:, 0]))
        elif op == codes.TAN:
            angle = inputs[:, 0]
            found.append((k, np.cos(np.where(np.isfinite(angle), angle, 0.0))))
    return found


def _zero(tape: Tape, k: int, a: Floats, b: Floats) -> Floats:
    """The place between a and b at which what row k divides by vanishes, by bisection."""

    def below(x: Floats) -> float:
        return next(float(z[0]) for row, z in _denominators(tape, x[None]) if row == k)

    sign = below(a)
    for _ in range(40):
        middle = 0.5 * (a + b)
        here = below(middle)
        if here == 0.0:
            return middle
        if (here > 0) == (sign > 0):
            a = middle
        else:
            b = middle
    return 0.5 * (a + b)


def _steps(tape: Tape, x: Floats) -> list[tuple[int, Floats, Floats]]:
    """Every row's inputs (P, 2) and result (P,), by running the rows one at a time."""
    register = np.zeros((int(tape.head[0]), len(x)))
    one = np.zeros((3, codes.COLUMNS))
    one[:2, codes.TARGET] = one[:2, codes.NUMBER] = 0, 1
    head = np.array([3.0, 2.0, 0.0])
    variables = x if x.shape[1] > 1 else np.repeat(x, 2, axis=1)  # the two rows before read two of them
    out = []
    for k, row in enumerate(tape.rows):
        inputs = np.ascontiguousarray(register[row[[codes.FIRST, codes.SECOND]].astype(int)].T)
        one[2] = row
        one[2, [codes.TARGET, codes.FIRST, codes.SECOND]] = 2, 0, 1
        f = np.empty(len(x))
        formula_kernel(variables if row[codes.OPERATION] == codes.VARIABLE else inputs, head, one, f, NO_TABLE, False)
        register[int(row[codes.TARGET])] = f
        out.append((k, inputs, f))
    return out


def _cause(tape: Tape, place: Floats) -> str:
    """The first operation that turns numbers into none at a place."""
    for k, inputs, f in _steps(tape, place[None]):
        if not np.isfinite(f[0]):
            op = int(tape.rows[k, codes.OPERATION])
            reads = 1 if op >= codes.FUNCTIONS else 2
            if np.isfinite(inputs[0, :reads]).all():
                return f"{_blame(op, inputs[0], tape.rows[k, codes.NUMBER])} (character {tape.at[k] + 1})"
    return "the number overflows"


def _blame(op: int, inputs: Floats, c: float) -> str:
    a, b = inputs
    if op == codes.LOG:
        return "logarithm of a negative number" if a < 0 else "logarithm of zero"
    if op == codes.SQRT:
        return "root of a negative number"
    if (op == codes.DIVIDE and b == 0) or (op == codes.CONSTANT_DIVIDE and a == 0):
        return "division by zero"
    if op in (codes.WHOLE_POWER, codes.REAL_POWER, codes.POWER):
        if a == 0:
            return "division by zero"
        if a < 0 and op != codes.WHOLE_POWER:
            return "a negative number to a power that is not whole"
    if op == codes.MODULO and b == 0:
        return "division by zero"
    words = {codes.ASIN: "asin", codes.ACOS: "acos", codes.ATANH: "atanh", codes.ACOSH: "acosh"}
    if op in words and np.isfinite(a):
        return f"{words[op]} of a number outside its range"
    return "the number overflows"
