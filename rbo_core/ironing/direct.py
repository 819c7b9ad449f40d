"""Dilation by the definition, as fast as the processor loads and compares: what wins while the ball is small.

The maximum over the ball's samples, taken offset by offset along whole rows, so that one instruction serves four or
eight samples. A sample and its mirror image carry the same height of the cap, so it is added once to the larger of the
two: the maximum before the sum is that after it, since rounding keeps order.
"""

from __future__ import annotations

import numpy as np

from rbo_core.ironing.cap import Cap, sampled_semicircle
from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit
from rbo_core.threads import in_parts, parts_of

_TILE = 1024  # samples whose maxima are in work at once: they, and those under the ball, stay in the first-level cache


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"}, error_model="numpy")
def direct_curve(f, sign, table, crop, start, stop, out):  # type: ignore[no-untyped-def]
    """out[i] = max over k of sign·f[crop + i + k] + table[reach + k], for i = start .. stop.

    Four offsets and their mirror images are taken together: nine loads and one store for eight comparisons.
    """
    n, reach = f.size, table.size // 2
    near = np.empty(_TILE + 2 * reach)
    for begin in range(start, stop, _TILE):
        m = min(_TILE, stop - begin)
        first = crop + begin - reach
        low, high = max(first, 0), min(first + m + 2 * reach, n)
        near[:] = -np.inf
        source, place = f[low:high], near[low - first : max(high - first, 0)]
        for j in range(place.size):
            place[j] = sign * source[j]
        row, middle, top = out[begin : begin + m], near[reach : reach + m], table[reach]
        for j in range(m):
            row[j] = middle[j] + top
        for k in range(1, reach + 1, 4):
            # Beyond the rim the last offset is taken again, which changes no maximum.
            p, q, r = min(k + 1, reach), min(k + 2, reach), min(k + 3, reach)
            a, b = near[reach - k : reach - k + m], near[reach + k : reach + k + m]
            c, d = near[reach - p : reach - p + m], near[reach + p : reach + p + m]
            e, g = near[reach - q : reach - q + m], near[reach + q : reach + q + m]
            h, i = near[reach - r : reach - r + m], near[reach + r : reach + r + m]
            s, t, u, v = table[reach + k], table[reach + p], table[reach + q], table[reach + r]
            for j in range(m):
                one = max(max(a[j], b[j]) + s, max(c[j], d[j]) + t)
                other = max(max(e[j], g[j]) + u, max(h[j], i[j]) + v)
                row[j] = max(row[j], max(one, other))


@njit(cache=True, nogil=True)
def direct_short_curve(f, sign, spacing, radius, crop):  # type: ignore[no-untyped-def]
    """The whole of a short curve, its table too, in one call: that takes 2 µs, each call from Python nearly one."""
    out = np.empty(f.size - 2 * crop)
    direct_curve(f, sign, sampled_semicircle(radius, spacing, 0.0), crop, 0, out.size, out)
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"}, error_model="numpy")
def _direct_grid(padded, tables, reaches, margin, part, parts, out):  # type: ignore[no-untyped-def]
    """out[i] = max over the cap, for rows part, part + parts, ...; `padded` holds `margin` more samples on every side.

    Of the cap's columns k and k + 1 are taken together, and with them their mirror images: eight loads for one update
    of the row.
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


def direct_grid(f: Array, ball: Cap, crop: tuple[int, int], sign: float) -> Array:
    """Dilation of sign·f (N, M) by the cap, on the window that leaves crop out on every side; a negative crop adds."""
    steps, reach = ball.reaches.size - 1, int(ball.reaches[0])
    margin = np.array([max(steps, crop[0]), max(reach, crop[1])])
    rows, columns = (int(m - c) for m, c in zip(margin, crop, strict=True))
    padded = np.full((f.shape[0] + 2 * rows, f.shape[1] + 2 * columns), -np.inf)
    np.multiply(f, sign, out=padded[rows : rows + f.shape[0], columns : columns + f.shape[1]])
    out = np.full((f.shape[0] - 2 * crop[0], f.shape[1] - 2 * crop[1]), -np.inf)

    def work(part: int, parts: int) -> None:
        _direct_grid(padded, ball.tables, ball.reaches, margin, part, parts, out)

    in_parts(work, parts_of(out.shape[0]))
    return out
