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

The crossing is found in closed form and then settled by comparing tabulated values, so the result is that of the
brute-force maximum over the same table, not an approximation of it. Kernels release the GIL and share nothing: threads
of our own, not numba's threading layer, run them in parallel, which is safe for many sessions at once.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

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


def _dilate_grid(
    f: Array, spacing: tuple[float, float], radius: float, crop: tuple[int, int], sign: float, keep: bool
) -> tuple[Array, NDArray[np.int64]]:
    dy, dx = spacing
    steps = semicircle(radius, dy).size // 2
    caps = [semicircle(radius, dx, k * dy) for k in range(steps + 1)]
    tables = np.zeros((steps + 1, caps[0].size))
    for k, cap in enumerate(caps):
        tables[k, : cap.size] = cap
    reaches = np.array([cap.size // 2 for cap in caps])
    radii = np.sqrt(np.maximum(radius * radius - (np.arange(steps + 1) * dy) ** 2, 0.0))
    shape = (f.shape[0] - 2 * crop[0], f.shape[1] - 2 * crop[1])
    f = np.ascontiguousarray(f)
    parts = 1 if f.shape[0] < _PARALLEL_ROWS else max(1, min(os.cpu_count() or 1, 8, int(2**26 // f.size) or 1))

    def work(part: int) -> tuple[Array, NDArray[np.int64]]:
        out = np.full(shape, -np.inf)
        contact = np.full(shape if keep else (1, 0), -1)
        _rows(f, sign, dx, radii, tables, reaches, part, parts, crop[0], crop[1], out, contact)
        return out, contact

    if parts == 1:
        return work(0)
    with ThreadPoolExecutor(parts) as pool:
        results = list(pool.map(work, range(parts)))
    out, contact = results[0]
    for other, its_contact in results[1:]:
        if keep:
            np.copyto(contact, its_contact, where=other > out)
        np.maximum(out, other, out=out)
    return out, contact
