"""Which samples of a surface a ball can touch, with its centre anywhere and not only above grid points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit
from rbo_core.threads import in_parts, parts_of


def touched(
    f: Array,
    contact: NDArray[np.int64],
    gap: Array,
    spacing: tuple[float, float],
    radius: float,
    pad: tuple[int, int],
    half: tuple[int, int],
) -> NDArray[np.bool_]:
    """(N, M) bool for the window that leaves pad samples of f out on every side.

    A sample is touched when a ball above some grid point touches it: its gap, closing − f on the window, is zero. Where
    the ground bends upward the offset surface contracts, and the one centre that touches a sample may lie between grid
    points. So for the others a centre is sought at distance ρ from the sample, from the normal by central differences
    on. It must clear the eight neighbours (that is the curvature test) and whatever carries the balls above the
    four grid points round it: `contact`, from dilate_grid_with_contacts on the window that leaves `half` samples of f
    out. A sample q is cleared by the unit vector n to the centre when ``n·(q − p) ≤ |q − p|²/(2ρ)``, a half-space,
    so a centre inside something is turned out of the worst half-space and tried again (alternating projections).

    Most samples need no such search, for a large gap rules a touch out. Let a ball at c, at distance ρ from p, clear
    what is looked at, and let g be the grid point of c's cell that is nearest to p, q its carrier. g is no farther from
    p than c is, so with s(v) = √(ρ² − |v|²)::

        f(p) + gap(p) ≤ h(g) − s(g − p)     the closing's definition
                      ≤ h(g) − s(c − p)     and h(g) = f(q) + s(g − q),  f(q) ≤ f(p) + s(c − p) − s(c − q)
               gap(p) ≤ s(g − q) − s(c − q) ≤ s(r) − s(r + δ)

    with r = |g − q| and δ the cell's diagonal. The largest of these over the grid points within ρ of p bounds its gap.
    """
    out = np.empty(gap.shape, np.bool_)
    most = _most_gap(contact, f.shape[1], spacing, radius, pad, half, gap.shape)
    rounding = 1e-12 * (radius + float(np.abs(gap).max(initial=0.0)) + float(np.abs(f[np.isfinite(f)]).max()))
    places = (spacing[0], spacing[1], radius, pad[0], pad[1], half[0], half[1])
    most_parts = parts_of(gap.shape[0])
    in_parts(lambda part, parts: _touched(f, contact, gap, most, rounding, *places, part, parts, out), most_parts)
    return out


_BLOCK = 16
"""Samples an axis for which gaps have one bound."""


def _most_gap(
    contact: NDArray[np.int64],
    columns: int,
    spacing: tuple[float, float],
    radius: float,
    pad: tuple[int, int],
    half: tuple[int, int],
    shape: tuple[int, ...],
) -> Array:
    """For each block of the window's samples, the largest gap that a touched one may have; ∞ where none is known."""
    blocks = tuple(-(-n // _BLOCK) for n in shape)
    drop = np.zeros(contact.shape)
    places = (spacing[0], spacing[1], radius, half[0], half[1])
    in_parts(lambda part, parts: _drops(contact, columns, *places, part, parts, drop), parts_of(len(contact)))
    out = np.empty(blocks)
    near = [int(radius / s) + 2 for s in spacing]
    for a in range(blocks[0]):
        top = a * _BLOCK + pad[0] - half[0]
        rows = drop[max(top - near[0], 0) : top + _BLOCK + near[0]].max(axis=0)
        for b in range(blocks[1]):
            left = b * _BLOCK + pad[1] - half[1]
            out[a, b] = rows[max(left - near[1], 0) : left + _BLOCK + near[1]].max()
    return out * (1.0 + 1e-6) + 1e-6 * radius


@njit(cache=True, nogil=True)
def _drops(contact, columns, dy, dx, radius, half_y, half_x, part, parts, out):  # type: ignore[no-untyped-def]
    """s(r) − s(r + δ) of each grid point and its carrier; ∞ where a centre in a cell at it may see it on no ball."""
    diagonal = np.sqrt(dy * dy + dx * dx)
    for i in range(part, contact.shape[0], parts):
        for j in range(contact.shape[1]):
            carrier = contact[i, j]
            row = carrier // columns
            y, x = (i + half_y - row) * dy, (j + half_x - (carrier - row * columns)) * dx
            near = np.sqrt(y * y + x * x)
            far = near + diagonal
            if carrier < 0 or far >= radius:
                out[i, j] = np.inf
            else:
                out[i, j] = np.sqrt(radius * radius - near * near) - np.sqrt(radius * radius - far * far)


_TRIES = 12
_NEIGHBOURS = 8
_ROOM = 16  # for eight neighbours, then the carriers of a cell's four corners; the rest stays far away


@njit(cache=True, nogil=True)
def _look_at(k, row, column, f, r, c, dy, dx, up, y, x):  # type: ignore[no-untyped-def]
    """Sample (row, column) relative to (r, c) becomes number k of what is looked at; far away where there is none."""
    missing = row < 0 or column < 0 or row >= f.shape[0] or column >= f.shape[1] or (row == r and column == c)
    if missing or f[row, column] == -np.inf:
        up[k], y[k], x[k] = 0.0, np.inf, np.inf
    else:
        up[k], y[k], x[k] = f[row, column] - f[r, c], (row - r) * dy, (column - c) * dx


@njit(cache=True, nogil=True)
def _neighbours(f, r, c, dy, dx, up, y, x):  # type: ignore[no-untyped-def]
    """Look at the eight neighbours of (r, c), row by row; whether all of them are there."""
    if 0 < r < f.shape[0] - 1 and 0 < c < f.shape[1] - 1:
        z = f[r, c]
        up[0], up[1], up[2] = f[r - 1, c - 1] - z, f[r - 1, c] - z, f[r - 1, c + 1] - z
        up[3], up[4] = f[r, c - 1] - z, f[r, c + 1] - z
        up[5], up[6], up[7] = f[r + 1, c - 1] - z, f[r + 1, c] - z, f[r + 1, c + 1] - z
        y[0] = y[1] = y[2] = x[0] = x[3] = x[5] = -1.0
        y[3] = y[4] = x[1] = x[6] = 0.0
        y[5] = y[6] = y[7] = x[2] = x[4] = x[7] = 1.0
        lowest = np.inf
        for k in range(_NEIGHBOURS):
            y[k] *= dy
            x[k] *= dx
            lowest = min(lowest, up[k])
        if lowest > -np.inf:
            return True
    for k in range(_NEIGHBOURS):
        place = k if k < 4 else k + 1
        _look_at(k, r + place // 3 - 1, c + place % 3 - 1, f, r, c, dy, dx, up, y, x)
    return False


@njit(cache=True, nogil=True)
def _depths(up, y, x, n_up, n_y, n_x, radius, out):  # type: ignore[no-untyped-def]
    """How far each sample looked at rises above the underside of the ball; −inf for those beside it."""
    center_up, center_y, center_x = radius * n_up, radius * n_y, radius * n_x
    for k in range(up.size):  # a length that is not known beforehand: else the compiler unrolls instead of vectorising
        squared = radius * radius - (y[k] - center_y) ** 2 - (x[k] - center_x) ** 2
        depth = up[k] + np.sqrt(max(squared, 0.0)) - center_up
        out[k] = depth if squared > 0.0 else -np.inf


@njit(cache=True, nogil=True)
def _fits(f, contact, r, c, p, q, dy, dx, radius, half_y, half_x, up, y, x, depth):  # type: ignore[no-untyped-def]
    """Is there a centre at distance ρ from sample (r, c), which has slopes p and q, at which the ball enters
    nothing? The last four arguments are room for what is looked at; the neighbours are there already."""
    columns = f.shape[1]
    slack = 1e-9 * radius
    n_up = 1.0 / np.sqrt(1.0 + p * p + q * q)
    n_y, n_x = -p * n_up, -q * n_up
    cell_u, cell_v = -1, -1
    for _ in range(_TRIES):
        u = int(np.floor((r * dy + radius * n_y) / dy)) - half_y
        v = int(np.floor((c * dx + radius * n_x) / dx)) - half_x
        if u < 0 or v < 0 or u >= contact.shape[0] or v >= contact.shape[1]:
            return False
        if u != cell_u or v != cell_v:
            cell_u, cell_v = u, v
            for k in range(4):
                carrier = contact[min(u + k // 2, contact.shape[0] - 1), min(v + k % 2, contact.shape[1] - 1)]
                row = carrier // columns
                _look_at(_NEIGHBOURS + k, row, carrier - row * columns, f, r, c, dy, dx, up, y, x)
        _depths(up, y, x, n_up, n_y, n_x, radius, depth)
        worst, k = slack, -1
        for j in range(_NEIGHBOURS + 4):
            if depth[j] > worst:
                worst, k = depth[j], j
        if k < 0:
            return True
        distance2 = up[k] * up[k] + y[k] * y[k] + x[k] * x[k]
        over = n_up * up[k] + n_y * y[k] + n_x * x[k] - distance2 / (2.0 * radius)
        if over <= 0.0:  # the ball is under the sample, not in it: no turn helps
            return False
        turn = 1.001 * over / distance2
        n_up, n_y, n_x = n_up - turn * up[k], n_y - turn * y[k], n_x - turn * x[k]
        length = np.sqrt(n_up * n_up + n_y * n_y + n_x * n_x)
        if length < 0.1 or n_up <= 0.0:
            return False
        n_up, n_y, n_x = n_up / length, n_y / length, n_x / length
    return False


@njit(cache=True, nogil=True)
def _hemmed_in(up, dy, dx, radius):  # type: ignore[no-untyped-def]
    """Do the eight neighbours alone, which rise by up (8,), leave no ball room?

    With a, b the rises of two opposite neighbours at distance s, the direction n to the centre has
    ``n·a + n_s s ≤ A`` and ``n·b − n_s s ≤ B``, A = (s² + a²)/2ρ and B alike: n_up is at most (A + B)/(a + b), and at
    each n_up the part n_s lies in an interval. The square of |n| over such a set is largest at an end of each; where
    that is below 1, no direction is left.
    """
    slack = 2e-9 * radius  # of `_fits`, with a margin
    half, diagonal = 0.5 / radius, dy * dy + dx * dx
    a, b, c, d = up[1], up[6], up[3], up[4]
    above_y, below_y = (dy * dy + a * a) * half + slack, (dy * dy + b * b) * half + slack
    above_x, below_x = (dx * dx + c * c) * half + slack, (dx * dx + d * d) * half + slack
    flat_y, flat_x = max(above_y, below_y) / dy, max(above_x, below_x) / dx
    if not flat_y * flat_y + flat_x * flat_x < 1.0:
        return False
    most = 1.0
    if a + b > 0.0:
        most = min(most, (above_y + below_y) / (a + b))
    if c + d > 0.0:
        most = min(most, (above_x + below_x) / (c + d))
    for k in (0, 2):
        e, g = up[k], up[7 - k]
        if e + g > 0.0:
            most = min(most, ((2.0 * diagonal + e * e + g * g) * half + 2.0 * slack) / (e + g))
    steep_y = max(abs(most * a - above_y), abs(below_y - most * b)) / dy
    steep_x = max(abs(most * c - above_x), abs(below_x - most * d)) / dx
    return most * most + steep_y * steep_y + steep_x * steep_x < 1.0 - 1e-9


@njit(cache=True, nogil=True)
def _touched(f, contact, gap, most, rounding, dy, dx, radius, pad_y, pad_x, half_y, half_x, part, parts, out):  # type: ignore[no-untyped-def]
    rows, columns = f.shape
    n, m = gap.shape
    up, y, x, depth = np.zeros(_ROOM), np.full(_ROOM, np.inf), np.full(_ROOM, np.inf), np.empty(_ROOM)
    for i in range(part, n, parts):
        for j in range(m):
            out[i, j] = gap[i, j] <= rounding
            if out[i, j] or gap[i, j] > most[i // _BLOCK, j // _BLOCK]:
                continue
            r, c = i + pad_y, j + pad_x
            if _neighbours(f, r, c, dy, dx, up, y, x) and _hemmed_in(up, dy, dx, radius):
                continue
            r0, r1, c0, c1 = max(r - 1, 0), min(r + 1, rows - 1), max(c - 1, 0), min(c + 1, columns - 1)
            p = (f[r1, c] - f[r0, c]) / (max(r1 - r0, 1) * dy)
            q = (f[r, c1] - f[r, c0]) / (max(c1 - c0, 1) * dx)
            if np.isfinite(p) and np.isfinite(q):
                out[i, j] = _fits(f, contact, r, c, p, q, dy, dx, radius, half_y, half_x, up, y, x, depth)
