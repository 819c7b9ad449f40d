"""Arrays that are not computed but written down: what a step does to a Symbol becomes an operation on a Tape.

A Symbol stands for an array over the batch: ``rows`` (B,), ``column`` (B, 1) or ``points`` (B, d). Each of its columns
is a register, a vector (B,), so that all operations are elementwise::

    g = Symbol(points, registers 3 and 4)     vecdot(g, g)  ──►  5 = 3 · 3
                                                                 6 = 4 · 4
                                                                 5 = 5 + 6

Numbers and arrays (B,) of a method's settings are constant registers. What changes with the number of steps taken, and
with nothing else, is a StepCount or a Later: known beforehand for every step, and read in.

A step that does what cannot be written down (it looks into an array, or calls a library) raises Unrecordable, and runs
step by step.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from rbo_core.checks import Number

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Values = Callable[[Ints], Floats]
"""The rows (n, W, B) that W registers take in n steps, from how many steps were taken before each."""

ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, ABSOLUTE, SQRT, COPY, EVALUATE = range(9)
ROWS, COLUMN, POINTS = "rows", "column", "points"
_UFUNCS = {
    np.add: ADD, np.subtract: SUBTRACT, np.multiply: MULTIPLY, np.divide: DIVIDE, np.minimum: MINIMUM,
    np.absolute: ABSOLUTE, np.sqrt: SQRT,
}  # fmt: skip
_OPERATORS: dict[Callable[[Any, Any], Any], int] = {
    operator.add: ADD, operator.sub: SUBTRACT, operator.mul: MULTIPLY, operator.truediv: DIVIDE,
}  # fmt: skip


class Unrecordable(TypeError):
    """A step does something that a Tape does not know."""


class Tape:
    """The operations of one or more recorded steps, over registers in the order in which they were made.

    operations: (operation, registers written, registers read). constants: register to its number or array (B,).
    read_in: (registers, Values), for each number that the steps taken decide.
    """

    def __init__(self, batch: int, dim: int) -> None:
        self.batch, self.dim = batch, dim
        self.operations: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = []
        self.constants: dict[int, Floats] = {}
        self.read_in: list[tuple[tuple[int, ...], Values]] = []
        self._known: dict[bytes, int] = {}
        self.registers = 0

    def new(self, count: int = 1) -> tuple[int, ...]:
        """Registers that nothing has been written to yet."""
        self.registers += count
        return tuple(range(self.registers - count, self.registers))

    def symbol(self, kind: str) -> Symbol:
        """A Symbol of new registers."""
        return Symbol(self, kind, self.new(self.dim if kind == POINTS else 1))

    def write(self, operation: int, *read: int) -> int:
        """Note an elementwise operation; the register of its result."""
        (out,) = self.new()
        self.operations.append((operation, (out,), read))
        return out

    def constant(self, values: Floats) -> int:
        """The register of a number () or of one a ball (B,)."""
        key = np.asarray(values, dtype=float).tobytes() + bytes([values.ndim])
        if key not in self._known:
            (self._known[key],) = self.new()
            self.constants[self._known[key]] = values
        return self._known[key]

    def evaluate(self, x: Symbol) -> tuple[Symbol, Symbol]:
        """Note an evaluation of the surface: loss (B,) and gradient (B, d) at ``x (B, d)``."""
        f, g = self.symbol(ROWS), self.symbol(POINTS)
        self.operations.append((EVALUATE, f.registers + g.registers, x.registers))
        return f, g

    def given(self, kind: str, values: Values) -> Symbol:
        """A Symbol whose values are read in at each step."""
        symbol = self.symbol(kind)
        self.read_in.append((symbol.registers, values))
        return symbol

    def operand(self, value: Any) -> Symbol:
        """A number, an array of settings or a Later as a Symbol."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Later):
            return value.on(self)
        if not isinstance(value, bool | int | float | np.number | np.ndarray):
            raise Unrecordable(f"{type(value).__name__} beside a recorded array")
        array = np.asarray(value, dtype=float)
        if array.shape in ((), (1,)):
            return Symbol(self, "", (self.constant(array.reshape(())),))
        if array.shape == (self.batch,):
            return Symbol(self, ROWS, (self.constant(array),))
        if array.shape == (self.batch, 1):
            return Symbol(self, COLUMN, (self.constant(np.ascontiguousarray(array[:, 0])),))
        raise Unrecordable(f"an array of shape {array.shape} beside a recorded one")


class _Arithmetic(ABC):
    """Sums, differences, products and quotients with others, on either side, by one method."""

    __slots__ = ()

    @abstractmethod
    def _with(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool = False) -> Any:
        """``operation(self, other)``, or with the two ``swapped``."""

    def __add__(self, other: Any) -> Any:
        return self._with(operator.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._with(operator.add, other, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self._with(operator.sub, other)

    def __rsub__(self, other: Any) -> Any:
        return self._with(operator.sub, other, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self._with(operator.mul, other)

    def __rmul__(self, other: Any) -> Any:
        return self._with(operator.mul, other, swapped=True)

    def __truediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, other, swapped=True)


class Symbol(_Arithmetic):
    """An array over the batch that notes on a Tape what is done to it. kind: ROWS, COLUMN, POINTS, "" for a number."""

    __slots__ = ("kind", "registers", "tape")

    def __init__(self, tape: Tape, kind: str, registers: tuple[int, ...]) -> None:
        self.tape, self.kind, self.registers = tape, kind, registers

    def _with(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool = False) -> Symbol:
        return self._note(_OPERATORS[operation], other, swapped)

    def _note(self, operation: int, other: Any, swapped: bool = False) -> Symbol:
        other = self.tape.operand(other)
        a, b = (other, self) if swapped else (self, other)
        kinds = {a.kind, b.kind} - {""}
        if len(kinds) == 2 and ROWS in kinds:  # (B,) with (B, d) is no row beside its row
            raise Unrecordable("an array (B,) beside an array (B, d)")
        kind = POINTS if POINTS in kinds else kinds.pop() if kinds else ""
        width = max(len(a.registers), len(b.registers))
        pairs = [(c.registers * width)[:width] for c in (a, b)]
        return Symbol(self.tape, kind, tuple(self.tape.write(operation, p, q) for p, q in zip(*pairs, strict=True)))

    def _alone(self, operation: int) -> Symbol:
        return Symbol(self.tape, self.kind, tuple(self.tape.write(operation, p, p) for p in self.registers))

    def __neg__(self) -> Symbol:
        return self._note(MULTIPLY, -1.0)  # the same bits, NaN's sign apart

    def __abs__(self) -> Symbol:
        return self._alone(ABSOLUTE)

    @property
    def shape(self) -> tuple[int, ...]:
        return {"": (), ROWS: (self.tape.batch,), COLUMN: (self.tape.batch, 1)}.get(
            self.kind, (self.tape.batch, len(self.registers))
        )

    def __getitem__(self, key: Any) -> Symbol:
        """``[:, None]`` of an array (B,), ``[:, j]`` of one (B, d)."""
        if isinstance(key, tuple) and len(key) == 2 and key[0] == slice(None):
            if self.kind == ROWS and key[1] is None:
                return Symbol(self.tape, COLUMN, self.registers)
            if self.kind == POINTS and isinstance(key[1], int):
                return Symbol(self.tape, ROWS, (self.registers[key[1]],))
        raise Unrecordable(f"a recorded array was indexed by {key!r}")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Symbol:
        """What NumPy does where one of its arrays comes first: ``array * symbol``."""
        operation = _UFUNCS.get(ufunc)
        if operation is None or method != "__call__" or options:
            raise Unrecordable(f"{ufunc.__name__} of a recorded array")
        first, *rest = (self.tape.operand(one) for one in inputs)
        return first._note(operation, rest[0]) if rest else first._alone(operation)

    def _look(self, *_: Any, **__: Any) -> NoReturn:
        raise Unrecordable("a recorded array has no values yet, and knows no other arithmetic")

    def __getattr__(self, name: str) -> NoReturn:
        raise Unrecordable(f"{name} of a recorded array")

    __lt__ = __le__ = __gt__ = __ge__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __mod__ = __floordiv__ = _look
    __array__ = __array_function__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = _look


class SymbolNamespace:
    """The few array functions of a step (``arrays.py``), on Symbols."""

    @staticmethod
    def sqrt(x: Symbol) -> Symbol:
        return x._alone(SQRT)

    @staticmethod
    def minimum(a: Symbol, b: Symbol) -> Symbol:
        return a._note(MINIMUM, b)

    @staticmethod
    def vecdot(a: Symbol, b: Symbol) -> NoReturn:
        raise Unrecordable("a scalar product of many parameters")

    @staticmethod
    def ones_like(x: Symbol) -> Symbol:
        return _filled(x, 1.0)

    @staticmethod
    def zeros_like(x: Symbol) -> Symbol:
        return _filled(x, 0.0)

    @staticmethod
    def isfinite(x: Symbol) -> NoReturn:
        raise Unrecordable("isfinite of a recorded array")

    @staticmethod
    def where(condition: Any, a: Symbol, b: Symbol) -> NoReturn:
        raise Unrecordable("where on recorded arrays")


def _filled(x: Symbol, value: float) -> Symbol:
    return Symbol(x.tape, x.kind, (x.tape.constant(np.asarray(value)),) * len(x.registers))


class StepCount:
    """The steps taken, where a step is recorded: unknown, but for its remainder by ``period``.

    The recorded step is the one after ``phase + k·period`` steps, k = 0, 1, …; this number is by ``offset`` more.
    """

    __array_ufunc__ = None  # arrays leave it to the methods below

    def __init__(self, phase: int, period: int, offset: int = 0) -> None:
        self.phase, self.period, self.offset = phase, period, offset

    def __add__(self, other: int) -> StepCount:
        return StepCount(self.phase, self.period, self.offset + other)

    def __sub__(self, other: int) -> StepCount:
        return self + -other

    def __mod__(self, other: int) -> int:
        if self.period % other:
            raise Unrecordable(f"a step that depends on the steps taken modulo {other}")
        return (self.phase + self.offset) % other

    def __rpow__(self, base: Number) -> Later:
        return Later(lambda taken: base ** (taken + self.offset))


class Later(_Arithmetic):
    """A number, or one a ball, that is a function of the steps taken: Python computes it for each step beforehand."""

    __array_ufunc__ = None  # arrays leave it to the methods below

    def __init__(self, of: Callable[[int], Number]) -> None:
        self._of = of

    def _with(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool = False) -> Any:
        if isinstance(other, Symbol):
            return NotImplemented  # it reads this number in
        later = other._of if isinstance(other, Later) else lambda taken: other
        if swapped:
            return Later(lambda taken: operation(later(taken), self._of(taken)))
        return Later(lambda taken: operation(self._of(taken), later(taken)))

    def __pow__(self, other: Any) -> Any:
        return self._with(operator.pow, other)

    def __neg__(self) -> Later:
        return Later(lambda taken: -self._of(taken))

    def on(self, tape: Tape) -> Symbol:
        """As a Symbol whose values are read in."""
        kind = COLUMN if np.ndim(self._of(1)) else ""

        def values(taken: Ints) -> Floats:
            rows = [np.ravel(self._of(t)) for t in taken.tolist()]
            return np.stack([np.broadcast_to(row, (tape.batch,)) for row in rows])[:, None, :]

        return tape.given(kind, values)
