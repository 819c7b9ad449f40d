"""A formula's tree to a tape: constants folded, equal parts computed once, values put into few registers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from landscapes.base import Floats
from landscapes.formula import codes
from landscapes.formula.parse import Node
from landscapes.formula.problem import FormulaError
from landscapes.formula.words import CONSTANTS, VARIABLES

MAX_OPERATIONS = 2000
MAX_TERMS = 500
MAX_REGISTERS = 400
MAX_VISITS = 12_000
"""Most nodes looked at while sums are written out: bounds the time, whatever folds away."""
MAX_SEED = 10_000

Value = float | int
"""While a tape is made: a float is a constant, an int the number of a computed value."""

_FUNCTION_CODES = {
    "sin": codes.SIN, "cos": codes.COS, "tan": codes.TAN, "asin": codes.ASIN, "acos": codes.ACOS, "atan": codes.ATAN,
    "sinh": codes.SINH, "cosh": codes.COSH, "tanh": codes.TANH, "asinh": codes.ASINH, "acosh": codes.ACOSH,
    "atanh": codes.ATANH, "exp": codes.EXP, "log": codes.LOG, "sqrt": codes.SQRT, "cbrt": codes.CBRT,
    "abs": codes.ABS, "floor": codes.FLOOR, "ceil": codes.CEIL, "round": codes.ROUND, "sign": codes.SIGN,
    "erf": codes.ERF,
}  # fmt: skip
_PAIR_CODES = {
    "min": codes.MINIMUM, "max": codes.MAXIMUM, "mod": codes.MODULO, "atan2": codes.ARCTAN2,
    "add": codes.ADD, "sub": codes.SUBTRACT, "mul": codes.MULTIPLY, "div": codes.DIVIDE, "pow": codes.POWER,
}  # fmt: skip
_COMMUTE = {codes.ADD, codes.MULTIPLY}


@dataclass(frozen=True, eq=False)
class Tape:
    """A formula ready to run: ``rows`` (operations, codes.COLUMNS), ``head`` = (registers, result, its directions).

    at: the character of the formula that each row comes from.
    """

    rows: Floats
    head: Floats
    at: tuple[int, ...]


def compile_tape(text: str, tree: Node, dim: int, sliders: Mapping[str, float]) -> Tape:
    """The tape of a tree in ``dim`` variables. FormulaError for a second variable on a curve, and past the limits."""
    maker = _Maker(text, dim)
    result = maker.value(tree, {**CONSTANTS, **sliders})
    if isinstance(result, float):
        if not math.isfinite(result):
            raise FormulaError(_no_number(result), text, tree.at)
        result = maker.emit(codes.CONSTANT, tree.at, number=result)
    return maker.tape(result)


def _no_number(value: float) -> str:
    return "this is no number" if math.isnan(value) else "this is too large to compute with (it overflows)"


class _Maker:
    def __init__(self, text: str, dim: int) -> None:
        self.text, self.dim = text, dim
        self.visits = 0
        self.rows: list[tuple[int, int, int, float]] = []  # operation, values read (−1: none), number
        self.moves: list[int] = []
        self.at: list[int] = []
        self.known: dict[tuple[int, int, int, float], int] = {}

    def value(self, node: Node, names: Mapping[str, float]) -> Value:
        """The value of a node, its operations emitted."""
        kind, at = node.kind, node.at
        self.visits += 1
        if self.visits > MAX_VISITS:
            raise FormulaError("this is too long with its sums written out: take fewer terms", self.text, at)
        if kind == "number":
            return float(node.value)
        if kind == "name":
            return self._name(node, names)
        if kind == "sum":
            return self._sum(node, names)
        args = [self.value(arg, names) for arg in node.args]
        if kind == "neg":
            return self.pair(codes.MULTIPLY, args[0], -1.0, at)
        if kind != "call":
            return self.pair(_PAIR_CODES[kind], args[0], args[1], at)
        return self._call(node, args)

    def _name(self, node: Node, names: Mapping[str, float]) -> Value:
        if node.value in names:
            return float(names[node.value])
        axis = VARIABLES[node.value]
        if axis >= self.dim:
            raise FormulaError(
                f"{node.value} is a second variable, and a curve has one: choose a surface (dim=2)", self.text, node.at
            )
        return self.emit(codes.VARIABLE, node.at, number=float(axis))

    def _sum(self, node: Node, names: Mapping[str, float]) -> Value:
        ends = [self.value(arg, names) for arg in node.args[:2]]
        for end, arg in zip(ends, node.args[:2], strict=True):
            if not isinstance(end, float) or not math.isfinite(end) or end != round(end):
                got = f", got {end:g}" if isinstance(end, float) else ""
                raise FormulaError(f"a sum runs from one whole number to another{got}", self.text, arg.at)
        first, last = int(ends[0]), int(ends[1])
        if last - first >= MAX_TERMS:
            raise FormulaError(
                f"a sum has at most {MAX_TERMS} terms, got {last - first + 1:,}", self.text, node.args[1].at
            )
        total: Value = 0.0
        for k in range(first, last + 1):
            term = self.value(node.args[2], {**names, node.value: float(k)})
            total = term if k == first else self.pair(codes.ADD, total, term, node.at)
        return total

    def _call(self, node: Node, args: list[Value]) -> Value:
        name, at = node.value, node.at
        if name in _FUNCTION_CODES:
            return self.function(_FUNCTION_CODES[name], args[0], at)
        if name in ("sec", "csc", "cot"):
            below = self.function({"sec": codes.COS, "csc": codes.SIN, "cot": codes.TAN}[name], args[0], at)
            return self.pair(codes.DIVIDE, 1.0, below, at)
        if name in ("log2", "log10"):
            return self.pair(codes.DIVIDE, self.function(codes.LOG, args[0], at), math.log(float(name[3:])), at)
        if name == "step":
            lifted = self.pair(codes.ADD, self.function(codes.SIGN, args[0], at), 1.0, at)
            return self.pair(codes.MULTIPLY, lifted, 0.5, at)
        if name == "hypot":
            squares = [self.pair(codes.POWER, arg, 2.0, at) for arg in args]
            return self.function(codes.SQRT, self.pair(codes.ADD, squares[0], squares[1], at), at)
        if name == "noise":
            return self._noise(node, args)
        result = args[0]
        for arg in args[1:]:
            result = self.pair(_PAIR_CODES[name], result, arg, at)
        return result

    def _noise(self, node: Node, args: list[Value]) -> Value:
        seed: Value = 0.0
        if len(args) == self.dim + 1:
            seed = args.pop()
        if len(args) > self.dim:
            raise FormulaError("noise takes one place on a curve, two on a surface, and a seed", self.text, node.at)
        if not isinstance(seed, float) or not 0 <= seed <= MAX_SEED or seed != round(seed):
            raise FormulaError(
                f"the seed of noise is a whole number from 0 to {MAX_SEED}", self.text, node.args[len(args)].at
            )
        places = [arg if isinstance(arg, int) else self.emit(codes.CONSTANT, node.at, number=arg) for arg in args]
        if len(places) == 1:
            return self.emit(codes.NOISE1, node.at, places[0], number=seed)
        return self.emit(codes.NOISE2, node.at, places[0], places[1], number=seed)

    def pair(self, op: int, a: Value, b: Value, at: int) -> Value:
        """An operation of two values; of two constants the constant itself."""
        if isinstance(a, float) and isinstance(b, float):
            return _folded(op, a, b)
        if op in _COMMUTE and isinstance(a, float):
            a, b = b, a
        if isinstance(b, float) and isinstance(a, int):
            short = self._with_constant(op, a, b, at)
            if short is not None:
                return short
            b = self.emit(codes.CONSTANT, at, number=b)
        elif isinstance(a, float) and isinstance(b, int):
            if op == codes.DIVIDE:
                return self.emit(codes.CONSTANT_DIVIDE, at, b, number=a)
            if op == codes.POWER and a > 0:
                return self.emit(codes.CONSTANT_POWER, at, b, number=a)
            if op == codes.SUBTRACT:
                return self.pair(codes.ADD, self.emit(codes.MULTIPLY_CONSTANT, at, b, number=-1.0), a, at)
            a = self.emit(codes.CONSTANT, at, number=a)
        assert isinstance(a, int)
        assert isinstance(b, int)
        if op in _COMMUTE and a > b:
            a, b = b, a
        return self.emit(op, at, a, b)

    def _with_constant(self, op: int, a: int, b: float, at: int) -> Value | None:
        if op == codes.POWER:
            if b == 2.0:
                return self.emit(codes.SQUARE, at, a)
            if b == 1.0 or b == 0.0:
                return a if b else 1.0
            if b == 0.5:
                return self.emit(codes.SQRT, at, a)
            if abs(b) <= 64 and b == round(b):
                return self.emit(codes.WHOLE_POWER, at, a, number=b)
            return self.emit(codes.REAL_POWER, at, a, number=b)
        short = {codes.ADD: codes.ADD_CONSTANT, codes.SUBTRACT: codes.ADD_CONSTANT,
                 codes.MULTIPLY: codes.MULTIPLY_CONSTANT, codes.DIVIDE: codes.DIVIDE_CONSTANT}  # fmt: skip
        if op not in short:
            return None
        if (op in (codes.MULTIPLY, codes.DIVIDE) and b == 1.0) or (op in (codes.ADD, codes.SUBTRACT) and b == 0.0):
            return a
        return self.emit(short[op], at, a, number=-b if op == codes.SUBTRACT else b)

    def function(self, op: int, a: Value, at: int) -> Value:
        """A function of one value; of a constant the constant itself."""
        return _folded(op, a, a) if isinstance(a, float) else self.emit(op, at, a)

    def emit(self, op: int, at: int, a: int = -1, b: int = -1, number: float = 0.0) -> int:
        """Append an operation, or find the same one; returns its value's number."""
        key = (op, a, b, number)
        if key in self.known:
            return self.known[key]
        if len(self.rows) >= MAX_OPERATIONS:
            raise FormulaError(f"a formula has at most {MAX_OPERATIONS:,} operations, sums written out", self.text, at)
        if op == codes.VARIABLE:
            moves = 1 << int(number)
        else:
            moves = (self.moves[a] if a >= 0 else 0) | (self.moves[b] if b >= 0 else 0)
        self.rows.append(key)
        self.moves.append(moves)
        self.at.append(at)
        self.known[key] = len(self.rows) - 1
        return self.known[key]

    def tape(self, result: int) -> Tape:
        """Put the values that the result needs into registers, each free again after its last use."""
        needed = self._needed(result)
        last = {}
        for k in needed:
            last.update({arg: k for arg in self.rows[k][1:3] if arg >= 0})
        last[result] = len(self.rows)
        register: dict[int, int] = {}
        free: list[int] = []
        count = 0
        rows = np.zeros((len(needed), codes.COLUMNS))
        for row, k in zip(rows, needed, strict=True):
            op, a, b, number = self.rows[k]
            if free:
                register[k] = free.pop()
            else:
                register[k], count = count, count + 1
            ra, rb = (register[arg] if arg >= 0 else 0 for arg in (a, b))
            row[:] = (op, register[k], ra, rb, self.moves[a] if a >= 0 else 0, self.moves[b] if b >= 0 else 0, number)
            free += [register[arg] for arg in {a, b} if arg >= 0 and last[arg] == k]
        if count > MAX_REGISTERS:
            raise FormulaError(
                f"a formula needs at most {MAX_REGISTERS} values at once, this one {count}: write it shorter",
                self.text, self.at[result],
            )  # fmt: skip
        head = np.array([count, register[result], self.moves[result]], dtype=float)
        return Tape(rows, head, tuple(self.at[k] for k in needed))

    def _needed(self, result: int) -> list[int]:
        wanted = {result}
        for k in range(result, -1, -1):
            if k in wanted:
                wanted.update(arg for arg in self.rows[k][1:3] if arg >= 0)
        return sorted(wanted)


def _folded(op: int, a: float, b: float) -> float:
    """What the kernel would compute of two constants."""
    if op == codes.ADD:
        return a + b
    if op == codes.SUBTRACT:
        return a - b
    if op == codes.MULTIPLY:
        return a * b
    from landscapes.formula.kernel import formula_kernel

    rows = np.zeros((3, codes.COLUMNS))
    rows[0, [codes.OPERATION, codes.TARGET, codes.NUMBER]] = codes.CONSTANT, 0, a
    rows[1, [codes.OPERATION, codes.TARGET, codes.NUMBER]] = codes.CONSTANT, 1, b
    rows[2, [codes.OPERATION, codes.TARGET, codes.FIRST, codes.SECOND]] = op, 2, 0, 1
    f = np.empty(1)
    formula_kernel(np.zeros((1, 1)), np.array([3.0, 2.0, 0.0]), rows, f, np.zeros((0, 0)), False)
    return float(f[0])
