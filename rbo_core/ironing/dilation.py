"""Dilation by a hemisphere on a regular grid, exact to rounding, in O(n) per row and row offset.

One row first. The arc that sample j carries, ``A_j(x) = f_j + sqrt(R² − (x − x_j)²)`` on ``|x − x_j| ≤ R``, is concave
and all arcs are translates of each other, so two arcs cross once: left of the crossing the left one is higher, right of
it the right one. The upper envelope is therefore a stack, as in the convex-hull trick (and as van Herk's and
Felzenszwalb's distance transforms do for parabolas): push the arcs from left to right, drop the top when the newcomer
overtakes it before it has overtaken the one below.

A dropped arc is covered by its neighbours wherever the centre is, and a point no ball of radius R can touch no larger
ball can touch either (shrink the larger ball about the point). So the survivors of one radius are all that the next
larger radius has to look at.

A surface is the maximum over row offsets dy of row dilations with the smaller radius ``sqrt(ρ² − dy²)``. Going from the
largest |dy| to 0 the radius grows, so each row is thinned once and for all as it goes, and the rows at +dy and −dy
share one envelope.

A ball of few samples on a surface needs no envelope: the maximum over its cap, offset by offset along whole rows, runs
as fast as the processor loads and compares (four samples at a time or more), and that beats the envelope up to some
:data:`DIRECT` samples. Both are the maximum over the same table, bit for bit.

The crossing is found in closed form and then settled by comparing tabulated values, so the result is that of the
brute-force maximum over the same table, not an approximation of it. Kernels share nothing and run in parallel
(``threads.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.kernel_cache import njit
from rbo_core.threads import MOST, in_parts

Array = NDArray[np.float64]

DIRECT = 5_000
"""Samples under a ball up to which the direct maximum wins: a radius of 40 samples (measured: from 5 times faster than
the envelope at 10 samples to equal at 40 to 90, by how many arcs survive; ``benchmarks/bench_ironing.py``)."""
DIRECT_CURVE = 81
"""The same on a curve: a radius of 40 samples (measured on a thousand to a million samples: twice to four times as fast
at 5 to 20 samples, equal at 50)."""
_PARALLEL_ROWS = 48  # below this a thread costs more than it saves
_TIE = 1e-12  # crossings closer than this, relative to the row's extent, count as a tie: both arcs are kept


@njit(cache=True, nogil=True)
def _crossing(dx, df, r):  # type: ignore[no-untyped-def]
    """Abscissa, from the left arc's centre, at which the arc at (dx > 0, df) overtakes the arc at (0, 0)."""
    d2 = dx * dx + df * df
    if 2.0 * dx * r >= d2:  # the circles' upper intersection lies on both upper arcs
        return 0.5 * dx - df * np.sqrt(max(r * r / d2 - 0.25, 0.0))
    return dx - r if df > 0.0 else r  # the higher one wins up to the end of its support


@njit(cache=True, nogil=True)
def thin(index, height, count, spacing, r, begin):  # type: ignore[no-untyped-def]
    """Keep only the arcs on the upper envelope, in place; returns how many.

    index (n,) int64 ascending and height (n,) hold `count` arcs; begin (n,) receives the abscissa where each survivor
    takes over.
    """
    if count == 0:
        return 0
    tie = _TIE * (r + spacing * (index[count - 1] + 1))
    top = 0
    begin[0] = spacing * index[0] - r
    for t in range(1, count):
        j, v = index[t], height[t]
        while True:
            x = spacing * index[top] + _crossing(spacing * (j - index[top]), v - height[top], r)
            if x < begin[top] - tie:  # never true for the bottom arc: nobody else reaches its left end
                top -= 1
            else:
                break
        top += 1
        index[top], height[top], begin[top] = j, v, x
    return top + 1


@njit(cache=True, nogil=True)
def envelope(index, height, count, begin, spacing, table, reach, first, out, who):  # type: ignore[no-untyped-def]
    """out[i] = max over arcs of height + table[reach + (first + i) − index]; −inf where no arc reaches.

    table (2 reach + 1,) is the sampled semicircle; first is the grid index of out[0]. who[i] receives the winner's
    index.
    """
    n = out.size
    out[:] = -np.inf
    start = 0
    for t in range(count):
        j, v = index[t], height[t]
        if t == 0:
            start = j - reach
        stop = j + reach + 1
        following = stop
        if t + 1 < count:
            j2, v2 = index[t + 1], height[t + 1]
            low = j2 - reach
            if low >= stop:
                following = low
            else:
                k = int(np.ceil(begin[t + 1] / spacing))
                k = min(max(k, low), stop)
                while k > low and v2 + table[reach + k - 1 - j2] >= v + table[reach + k - 1 - j]:
                    k -= 1
                while k < stop and v2 + table[reach + k - j2] < v + table[reach + k - j]:
                    k += 1
                stop = k
                following = k
        a = max(start - first, 0)
        b = min(stop - first, n)
        shift = reach + first - j
        for i in range(a, b):
            value = v + table[shift + i]
            if value > out[i]:
                out[i] = value
                who[i] = j
        start = following


@njit(cache=True, nogil=True)
def _merge(row, who, base, out, contact, keep):  # type: ignore[no-untyped-def]
    if keep:
        for i in range(out.size):
            if row[i] > out[i]:
                out[i] = row[i]
                contact[i] = base + who[i]
    else:
        for i in range(out.size):
            out[i] = max(out[i], row[i])


@njit(cache=True, nogil=True)
def _rows(f, sign, spacing_x, radii, tables, reaches, part, parts, top, left, out, contact):  # type: ignore[no-untyped-def]
    """Accumulate the dilation of sign·f from rows part, part + parts, ... into out, whose (0, 0) is grid point (top,
    left)."""
    n_rows, n_cols = f.shape
    out_rows, out_cols = out.shape
    steps = radii.size - 1
    index = np.empty(n_cols, np.int64)
    height = np.empty(n_cols)
    begin = np.empty(n_cols)
    row = np.empty(out_cols)
    who = np.empty(out_cols, np.int64)
    keep = contact.size > 0
    for s in range(part, n_rows, parts):
        count = 0
        for j in range(n_cols):
            if f[s, j] * sign > -np.inf:
                index[count] = j
                height[count] = f[s, j] * sign
                count += 1
        for dy in range(steps, -1, -1):
            up, down = s - dy - top, s + dy - top
            if (up < 0 or up >= out_rows) and (down < 0 or down >= out_rows):
                continue
            reach = reaches[dy]
            count = thin(index, height, count, spacing_x, radii[dy], begin)
            envelope(index, height, count, begin, spacing_x, tables[dy], reach, left, row, who)
            if 0 <= up < out_rows:
                _merge(row, who, s * n_cols, out[up], contact[up] if keep else contact[0], keep)
            if dy > 0 and 0 <= down < out_rows:
                _merge(row, who, s * n_cols, out[down], contact[down] if keep else contact[0], keep)


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"}, error_model="numpy")
def _direct(padded, tables, reaches, margin, part, parts, out):  # type: ignore[no-untyped-def]
    """out[i] = max over the cap, for rows part, part + parts, ...; `padded` holds `margin` more samples on every side.

    Of the cap's columns k and k + 1 are taken together, and with them their mirror images: eight loads for one update
    of the row. The maximum before the sum is that after it, since rounding keeps order.
    """
    n, m = out.shape
    for i in range(part, n, parts):
        row = out[i]
        for dy in range(reaches.size):
            up, down = padded[margin[0] + i - dy], padded[margin[0] + i + dy]
            reach = reaches[dy]
            for k in range(0, reach + 1, 2):
                right, left = margin[1] + k, margin[1] - k
                further = 1 if k < reach else 0
                near, far = tables[dy, reach + k], tables[dy, reach + k + further]
                a, b, c, d = up[left : left + m], up[right : right + m], down[left : left + m], down[right : right + m]
                left, right = left - further, right + further
                p, q, r, s = up[left : left + m], up[right : right + m], down[left : left + m], down[right : right + m]
                for j in range(m):
                    one = max(max(a[j], b[j]), max(c[j], d[j])) + near
                    other = max(max(p[j], q[j]), max(r[j], s[j])) + far
                    row[j] = max(row[j], max(one, other))


def semicircle(radius: float, spacing: float, offset: float = 0.0) -> Array:
    """``sqrt(radius² − offset² − (k·spacing)²)`` for the integers k where it is real: (2·reach + 1,), symmetric.

    The rim is decided as the plain formula decides it in floating point: a sample counts when the difference is ≥ 0.
    """
    squared = radius * radius - offset * offset
    reach = int(np.sqrt(max(squared, 0.0)) / spacing) + 1
    k = np.arange(-reach, reach + 1)
    left = squared - (k * spacing) ** 2
    return np.sqrt(np.maximum(left[left >= 0.0], 0.0))


def dilate_row(
    f: Array, spacing: float, radius: float, crop: int = 0, sign: float = 1.0
) -> tuple[Array, NDArray[np.int64], Array]:
    """Dilation of sign·f (N,) by a semicircle, on the samples crop .. N − crop.

    Returns the dilation (N − 2 crop,), the indices of the surviving arcs (M,) int64, and the abscissae (M + 1,)
    between which each is on the envelope (units of spacing, sample 0 at 0). Samples at −inf carry no arc.
    """
    index = np.flatnonzero(f * sign > -np.inf).astype(np.int64)
    return dilate_arcs(index, f[index] * sign, f.size, spacing, radius, crop)


def dilate_arcs(
    index: NDArray[np.int64], height: Array, n: int, spacing: float, radius: float, crop: int = 0
) -> tuple[Array, NDArray[np.int64], Array]:
    """As dilate_row, from arcs that survived a smaller radius."""
    index, height = index.astype(np.int64), height.astype(np.float64)  # copies: thinned in place
    begin = np.empty(index.size + 1)
    count = int(thin(index, height, index.size, spacing, radius, begin))
    table = semicircle(radius, spacing)
    out = np.empty(n - 2 * crop)
    envelope(index, height, count, begin, spacing, table, table.size // 2, crop, out, np.empty(out.size, np.int64))
    if count:
        begin[count] = spacing * index[count - 1] + radius
    return out, index[:count], begin[: count + 1]


def dilate_curve(f: Array, spacing: float, radius: float, crop: int = 0, sign: float = 1.0) -> Array:
    """The dilation of dilate_row alone, without its arcs: the same bits, by the direct maximum where that is faster."""
    table = semicircle(radius, spacing)
    if table.size > DIRECT_CURVE:
        return dilate_row(f, spacing, radius, crop, sign)[0]
    cap = _Cap(np.array([radius]), np.array([table.size // 2]), table[None])
    return _dilate_directly(f[None], cap, (0, crop), sign)[0]


def dilate_grid(
    f: Array, spacing: tuple[float, float], radius: float, crop: tuple[int, int] = (0, 0), sign: float = 1.0
) -> Array:
    """Dilation of sign·f (N, M) by a hemisphere, on the window that leaves crop = (rows, columns) out on every side."""
    return _dilate_grid(f, spacing, radius, crop, sign, keep=False)[0]


def dilate_grid_with_contacts(
    f: Array, spacing: tuple[float, float], radius: float, crop: tuple[int, int] = (0, 0)
) -> tuple[Array, NDArray[np.int64]]:
    """As dilate_grid, and for each centre the flat index into f of a sample that carries the ball (−1: none)."""
    return _dilate_grid(f, spacing, radius, crop, 1.0, keep=True)


@dataclass(frozen=True, eq=False)
class _Cap:
    """The sampled upper half of a ball, a row of samples for each row offset dy = 0 .. S.

    radii (S + 1,): the row's own radius; reaches (S + 1,): its samples to either side; tables (S + 1, W): its heights,
    from the left, in the first 2 reach + 1 places.
    """

    radii: Array
    reaches: NDArray[np.int64]
    tables: Array

    @property
    def samples(self) -> int:
        """How many samples lie under the ball."""
        return int(2 * (2 * self.reaches[1:] + 1).sum() + 2 * self.reaches[0] + 1)


def _cap(radius: float, spacing: tuple[float, float]) -> _Cap:
    dy, dx = spacing
    steps = semicircle(radius, dy).size // 2
    rows = [semicircle(radius, dx, k * dy) for k in range(steps + 1)]
    tables = np.zeros((steps + 1, rows[0].size))
    for k, row in enumerate(rows):
        tables[k, : row.size] = row
    radii = np.sqrt(np.maximum(radius * radius - (np.arange(steps + 1) * dy) ** 2, 0.0))
    return _Cap(radii, np.array([row.size // 2 for row in rows]), tables)


def _dilate_grid(
    f: Array, spacing: tuple[float, float], radius: float, crop: tuple[int, int], sign: float, keep: bool
) -> tuple[Array, NDArray[np.int64]]:
    cap = _cap(radius, spacing)
    if not keep and cap.samples <= DIRECT:
        return _dilate_directly(f, cap, crop, sign), np.empty((1, 0), np.int64)
    shape = (f.shape[0] - 2 * crop[0], f.shape[1] - 2 * crop[1])
    f = np.ascontiguousarray(f)

    def work(part: int, parts: int) -> tuple[Array, NDArray[np.int64]]:
        out = np.full(shape, -np.inf)
        contact = np.full(shape if keep else (1, 0), -1)
        _rows(f, sign, spacing[1], cap.radii, cap.tables, cap.reaches, part, parts, crop[0], crop[1], out, contact)
        return out, contact

    results = in_parts(work, min(parts_of(f.shape[0]), int(2**26 // f.size)))
    out, contact = results[0]
    for other, its_contact in results[1:]:
        if keep:
            np.copyto(contact, its_contact, where=other > out)
        np.maximum(out, other, out=out)
    return out, contact


def _dilate_directly(f: Array, cap: _Cap, crop: tuple[int, int], sign: float) -> Array:
    steps, reach = cap.reaches.size - 1, int(cap.reaches[0])
    margin = np.array([max(steps, crop[0]), max(reach, crop[1])])
    beyond = [(int(m - c),) * 2 for m, c in zip(margin, crop, strict=True)]
    padded = np.pad(sign * f, beyond, constant_values=-np.inf)
    out = np.full((f.shape[0] - 2 * crop[0], f.shape[1] - 2 * crop[1]), -np.inf)

    def work(part: int, parts: int) -> None:
        _direct(padded, cap.tables, cap.reaches, margin, part, parts, out)

    in_parts(work, parts_of(out.shape[0]))
    return out


def parts_of(rows: int) -> int:
    """Into how many parts so many rows are worth cutting at most."""
    return 1 if rows < _PARALLEL_ROWS else MOST
