"""Products of small matrices in a compiled function, a tile of the result at a time in the processor's registers.

A library's product of matrices of 50 × 128 makes half of what the processor can: MKL takes kernels of half the vector
length on processors that are not Intel's, OpenBLAS unless the environment says otherwise before it is loaded. The tile
is what both do inside (Goto and van de Geijn 2008; Van Zee and van de Geijn 2015), and needs no copies at this size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from rbo_core.kernel_cache import njit

_FEATURES = llvm.get_host_cpu_features()
REGISTER = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx2") else 16
"""Bytes of a vector register."""
ROWS, VECTORS = (4, 2) if REGISTER == 32 else (5, 4)
"""Of a tile: with the vectors of b and one number of a it fills 16 registers, or 32."""

_INT, _INT32 = ir.IntType(64), ir.IntType(32)


def _tile(rows: int, vectors: int) -> Any:
    """The compiled ``tile(a, at, a_row, a_k, b, bt, b_k, c, ct, c_row, depth, count, add)``.

    For r < rows and j < count, at most ``vectors`` registers of numbers:
    c[ct + r c_row + j] = Σ_k a[at + r a_row + k a_k] b[bt + k b_k + j], k < depth, with arrays of one dimension; where
    ``add`` is true that is added to c.
    """

    def typed(typing_context: Any, a: Any, at: Any, a_row: Any, a_k: Any, b: Any, bt: Any, b_k: Any, c: Any, ct: Any,
              c_row: Any, depth: Any, count: Any, add: Any) -> Any:  # fmt: skip
        n = types.intp
        return types.void(a, n, n, n, b, n, n, c, n, n, n, n, types.boolean), _build(rows, vectors)

    return intrinsic(typed)


def _build(rows: int, vectors: int) -> Callable[..., Any]:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, at, a_row, a_k, b, bt, b_k, c, ct, c_row, depth, count, add = arguments
        kind = signature.args[0].dtype
        pointers = [
            builder.gep(context.make_array(signature.args[k])(context, builder, array).data, [start])
            for k, array, start in ((0, a, at), (4, b, bt), (7, c, ct))
        ]
        lanes = _Lanes(builder, context.get_data_type(kind), kind.bitwidth // 8)
        masks = [lanes.below(count, v) for v in range(vectors)]
        places = [[lanes.place(pointers[2], c_row, r, v) for v in range(vectors)] for r in range(rows)]
        added = lanes.spread(add)
        wanted = [builder.and_(mask, added) for mask in masks]
        before = [[lanes.load(places[r][v], wanted[v]) for v in range(vectors)] for r in range(rows)]
        row_of_a = [lanes.place(pointers[0], a_row, r, 0) for r in range(rows)]

        entry, loop, done = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(_INT)
        tile = [[builder.phi(lanes.type) for _ in range(vectors)] for _ in range(rows)]
        row_of_b = builder.gep(pointers[1], [builder.mul(k, b_k)])
        of_b = [lanes.load(lanes.place(row_of_b, _INT(0), 0, v), masks[v]) for v in range(vectors)]
        for r in range(rows):
            of_a = lanes.spread(builder.load(builder.gep(row_of_a[r], [builder.mul(k, a_k)])))
            for v in range(vectors):
                tile[r][v].add_incoming(before[r][v], entry)
                before[r][v] = lanes.fused(of_a, of_b[v], tile[r][v])
                tile[r][v].add_incoming(before[r][v], loop)
        following = builder.add(k, _INT(1))
        k.add_incoming(_INT(0), entry)
        k.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)

        builder.position_at_end(done)
        for r in range(rows):
            for v in range(vectors):
                lanes.store(before[r][v], places[r][v], masks[v])
        return context.get_dummy_value()

    return build


def _typed_square(
    typing_context: Any, a: Any, at: Any, a_row: Any, out: Any, ot: Any, out_row: Any, rows: Any, columns: Any
) -> Any:
    n = types.intp
    return types.void(a, n, n, out, n, n, n, n), _build_square


def _build_square(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    a, at, a_row, out, ot, out_row, rows, columns = arguments
    kind = signature.args[0].dtype
    source, target = (
        builder.gep(context.make_array(signature.args[k])(context, builder, array).data, [start])
        for k, array, start in ((0, a, at), (3, out, ot))
    )
    lanes = _Lanes(builder, context.get_data_type(kind), kind.bitwidth // 8)
    side = range(lanes.count)

    def masks(along: Any, across: Any) -> list[Any]:
        """Of the rows of a square of which so many numbers ``along`` and so many rows are there."""
        own = lanes.below(along, 0)
        return [builder.and_(own, lanes.spread(builder.icmp_signed("<", _INT(k), across))) for k in side]

    square = [
        lanes.load(lanes.place(source, a_row, k, 0), mask) for k, mask in zip(side, masks(columns, rows), strict=True)
    ]
    # Row k and row k + step exchange the quarters across the diagonal, at every scale.
    step = lanes.count // 2
    while step > 0:
        for k in (k for k in side if not k & step):
            low = [j if not j & step else lanes.count + j - step for j in side]
            high = [j + step if not j & step else lanes.count + j for j in side]
            above, under = square[k], square[k + step]
            square[k], square[k + step] = lanes.chosen(above, under, low), lanes.chosen(above, under, high)
        step //= 2
    for k, mask in zip(side, masks(rows, columns), strict=True):
        lanes.store(square[k], lanes.place(target, out_row, k, 0), mask)
    return context.get_dummy_value()


class _Lanes:
    """A register of numbers, and what the processor does with it."""

    def __init__(self, builder: Any, number: Any, size: int) -> None:
        self.count, self._builder, self._size = REGISTER // size, builder, size
        self.type = ir.VectorType(number, self.count)
        self._mask, name = ir.VectorType(ir.IntType(1), self.count), f"v{self.count}f{8 * size}"
        pointer = self.type.as_pointer()
        self._load = self._known(self.type, [pointer, _INT32, self._mask, self.type], f"llvm.masked.load.{name}.p0")
        self._store = self._known(
            ir.VoidType(), [self.type, pointer, _INT32, self._mask], f"llvm.masked.store.{name}.p0"
        )
        self._fused = self._known(self.type, [self.type] * 3, f"llvm.fmuladd.{name}")

    def _known(self, result: Any, arguments: list[Any], name: str) -> Any:
        return cgutils.get_or_insert_function(self._builder.module, ir.FunctionType(result, arguments), name)

    def place(self, start: Any, stride: Any, row: int, vector: int) -> Any:
        """Where a register's numbers lie: in row ``row``, the ``vector``-th of it."""
        offset = self._builder.add(self._builder.mul(stride, _INT(row)), _INT(vector * self.count))
        return self._builder.gep(start, [offset])

    def below(self, count: Any, vector: int) -> Any:
        """Which numbers of the ``vector``-th register lie before ``count``."""
        numbers = ir.VectorType(_INT, self.count)
        own = ir.Constant(numbers, [vector * self.count + k for k in range(self.count)])
        return self._builder.icmp_signed("<", own, self.spread(count))

    def spread(self, number: Any) -> Any:
        """The number in all places."""
        kind = ir.VectorType(number.type, self.count)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self._builder.insert_element(nothing, number, _INT32(0))
        return self._builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT32, self.count), None))

    def load(self, place: Any, mask: Any) -> Any:
        """The numbers there, 0 where the mask is."""
        place = self._builder.bitcast(place, self.type.as_pointer())
        return self._builder.call(self._load, [place, _INT32(self._size), mask, ir.Constant(self.type, None)])

    def store(self, numbers: Any, place: Any, mask: Any) -> None:
        """Write those that the mask lets through."""
        place = self._builder.bitcast(place, self.type.as_pointer())
        self._builder.call(self._store, [numbers, place, _INT32(self._size), mask])

    def chosen(self, a: Any, b: Any, places: list[int]) -> Any:
        """Numbers of a and, behind them, b."""
        return self._builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT32, self.count), places))

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c."""
        return self._builder.call(self._fused, [a, b, c])


_square: Any = intrinsic(_typed_square)
"""Compiled: out[ot + j out_row + i] = a[at + i a_row + j] for i < rows, j < columns, at most a register of numbers
each."""
_wide, _wide_row = _tile(ROWS, VECTORS), _tile(1, VECTORS)
_narrow, _narrow_row = _tile(2 * ROWS, 1), _tile(1, 1)


@njit(nogil=True)
def multiply(a: Any, a_row: int, a_k: int, b: Any, c: Any, shape: Any, add: bool) -> None:
    """c ← a b, or c ← c + a b: c[r columns + j] = Σ_k a[r a_row + k a_k] b[k columns + j].

    Args:
        a, b, c: one dimension each, of the same type; by its strides a is a matrix or the transpose of one.
        shape: (rows, depth, columns), each at least 1.
    """
    rows, depth, columns = shape
    register = REGISTER // a.itemsize
    j = 0
    while j < columns:
        # Two and more registers are left: a wide tile; one: a narrow one.
        wide = columns - j > register
        width = min(columns - j, VECTORS * register if wide else register)
        i = 0
        while i < rows:
            start, place = i * a_row, i * columns + j
            if wide and i + ROWS <= rows:
                _wide(a, start, a_row, a_k, b, j, columns, c, place, columns, depth, width, add)
                i += ROWS
            elif wide:
                _wide_row(a, start, a_row, a_k, b, j, columns, c, place, columns, depth, width, add)
                i += 1
            elif i + 2 * ROWS <= rows:
                _narrow(a, start, a_row, a_k, b, j, columns, c, place, columns, depth, width, add)
                i += 2 * ROWS
            else:
                _narrow_row(a, start, a_row, a_k, b, j, columns, c, place, columns, depth, width, add)
                i += 1
        j += width


@njit(nogil=True)
def transpose(a: Any, rows: int, columns: int, out: Any) -> None:
    """out (columns, rows) of a (rows, columns), one dimension each."""
    side = REGISTER // a.itemsize
    for i in range(0, rows, side):
        for j in range(0, columns, side):
            _square(a, i * columns + j, columns, out, j * rows + i, rows, min(side, rows - i), min(side, columns - j))
