"""Which samples of a surface a ball can touch, with its centre anywhere and not only above grid points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.dilation import Array, parts_of
from rbo_core.kernel_cache import njit
from rbo_core.threads import in_parts


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


@njit(cache=True, nogil=True)
def _inside(q_up, q_y, q_x, n_up, n_y, n_x, radius):  # type: ignore[no-untyped-def]
    """How far sample q, relative to the sample tried, rises above the ball's underside; ≤ 0 when it clears the ball."""
    squared = radius * radius - (q_y - radius * n_y) ** 2 - (q_x - radius * n_x) ** 2
    return q_up + np.sqrt(squared) - radius * n_up if squared > 0.0 else -np.inf


@njit(cache=True, nogil=True)
def _fits(f, contact, r, c, p, q, dy, dx, radius, half_y, half_x):  # type: ignore[no-untyped-def]
    """Is there a centre at distance ρ from sample (r, c), which has slopes p and q, at which the ball enters
    nothing?"""
    rows, columns = f.shape
    slack = 1e-9 * radius
    n_up = 1.0 / np.sqrt(1.0 + p * p + q * q)
    n_y, n_x = -p * n_up, -q * n_up
    for _ in range(_TRIES):
        u = int(np.floor((r * dy + radius * n_y) / dy)) - half_y
        v = int(np.floor((c * dx + radius * n_x) / dx)) - half_x
        if u < 0 or v < 0 or u >= contact.shape[0] or v >= contact.shape[1]:
            return False
        worst, w_up, w_y, w_x = slack, 0.0, 0.0, 0.0
        for k in range(13):
            if k < 9:
                a, b = r + k // 3 - 1, c + k % 3 - 1
            else:
                carrier = contact[
                    min(u + (k - 9) // 2, contact.shape[0] - 1), min(v + (k - 9) % 2, contact.shape[1] - 1)
                ]
                a, b = carrier // columns, carrier % columns
            if a < 0 or b < 0 or a >= rows or b >= columns or (a == r and b == c) or f[a, b] == -np.inf:
                continue
            q_up, q_y, q_x = f[a, b] - f[r, c], (a - r) * dy, (b - c) * dx
            depth = _inside(q_up, q_y, q_x, n_up, n_y, n_x, radius)
            if depth > worst:
                worst, w_up, w_y, w_x = depth, q_up, q_y, q_x
        if worst <= slack:
            return True
        distance2 = w_up * w_up + w_y * w_y + w_x * w_x
        over = n_up * w_up + n_y * w_y + n_x * w_x - distance2 / (2.0 * radius)
        if over <= 0.0:  # the ball is under q, not in it: no turn helps
            return False
        turn = 1.001 * over / distance2
        n_up, n_y, n_x = n_up - turn * w_up, n_y - turn * w_y, n_x - turn * w_x
        length = np.sqrt(n_up * n_up + n_y * n_y + n_x * n_x)
        if length < 0.1 or n_up <= 0.0:
            return False
        n_up, n_y, n_x = n_up / length, n_y / length, n_x / length
    return False


@njit(cache=True, nogil=True)
def _touched(f, contact, gap, most, rounding, dy, dx, radius, pad_y, pad_x, half_y, half_x, part, parts, out):  # type: ignore[no-untyped-def]
    rows, columns = f.shape
    n, m = gap.shape
    for i in range(part, n, parts):
        for j in range(m):
            out[i, j] = gap[i, j] <= rounding
            if out[i, j] or gap[i, j] > most[i // _BLOCK, j // _BLOCK]:
                continue
            r, c = i + pad_y, j + pad_x
            r0, r1, c0, c1 = max(r - 1, 0), min(r + 1, rows - 1), max(c - 1, 0), min(c + 1, columns - 1)
            p = (f[r1, c] - f[r0, c]) / (max(r1 - r0, 1) * dy)
            q = (f[r, c1] - f[r, c0]) / (max(c1 - c0, 1) * dx)
            if np.isfinite(p) and np.isfinite(q):
                out[i, j] = _fits(f, contact, r, c, p, q, dy, dx, radius, half_y, half_x)
