"""Dilation of one row by a semicircle as an upper envelope of arcs: O(n), whatever the radius.

The arc that sample j carries, ``A_j(x) = f_j + sqrt(R² − (x − x_j)²)`` on ``|x − x_j| ≤ R``, is concave and all arcs
are translates of each other, so two arcs cross once: left of the crossing the left one is higher, right of it the right
one. The upper envelope is therefore a stack, as in the convex-hull trick (and as van Herk's and Felzenszwalb's distance
transforms do for parabolas): push the arcs from left to right, drop the top when the newcomer overtakes it before it
has overtaken the one below.

A dropped arc is covered by its neighbours wherever the centre is, and a point no ball of radius R can touch no larger
ball can touch either (shrink the larger ball about the point). So the survivors of one radius are all that the next
larger radius has to look at.

The crossing is found in closed form and then settled by comparing tabulated values, so the result is that of the
brute-force maximum over the same table, not an approximation of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.cap import semicircle
from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit

_BLOCK = 16_384  # centres whose envelope is in work at once: their arcs stay in the second-level cache
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
def envelope_curve(f, sign, spacing, radius, table, crop, start, stop, out):  # type: ignore[no-untyped-def]
    """As direct_curve, by envelopes of the arcs that reach a block of centres."""
    reach = table.size // 2
    block = max(_BLOCK, 8 * reach)  # neighbours share 2·reach arcs
    size = min(block + 2 * reach, f.size)
    index, height, begin = np.empty(size, np.int64), np.empty(size), np.empty(size)
    who = np.empty(block, np.int64)
    for a in range(start, stop, block):
        b = min(a + block, stop)
        count = 0
        for j in range(max(a + crop - reach, 0), min(b + crop + reach, f.size)):
            if sign * f[j] > -np.inf:
                index[count], height[count] = j, sign * f[j]
                count += 1
        count = thin(index, height, count, spacing, radius, begin)
        envelope(index, height, count, begin, spacing, table, reach, a + crop, out[a:b], who)


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
