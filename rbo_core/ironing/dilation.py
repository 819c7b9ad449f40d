"""Dilation by a ball on a regular grid, exact to rounding: by its definition while the ball is small, else in O(n) a
row and row offset.

Both ways are the maximum over the same table, bit for bit: `direct` compares every sample under the ball, `envelope`
only the arcs that survive.

A surface is the maximum over row offsets dy of row dilations with the smaller radius ``sqrt(ρ² − dy²)``. Going from the
largest |dy| to 0 the radius grows, so each row is thinned once and for all as it goes, and the rows at +dy and −dy
share one envelope.

Kernels share nothing and run in parallel (``threads.py``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing.cap import cap, semicircle
from rbo_core.ironing.direct import direct_curve, direct_grid, direct_short_curve
from rbo_core.ironing.envelope import envelope, envelope_curve, thin
from rbo_core.ironing.field import Array
from rbo_core.kernel_cache import njit
from rbo_core.threads import in_parts, parts_of

DIRECT = 5_000
"""Samples under a ball up to which the direct maximum wins: a radius of 40 samples (measured: from 5 times faster than
the envelope at 10 samples to equal at 40 to 90, by how many arcs survive; ``benchmarks/bench_ironing.py``)."""
DIRECT_UNDERSIDE = 23_000
"""The same where balls that rest already are dilated from below, sign −1: a radius of 85 samples. They bend no more
than the ball does, so most of their arcs survive (measured: equal at 80 to 105 samples, whatever the ground)."""
DIRECT_CURVE = 301
"""The same on a curve: a radius of 150 samples (measured on a thousand to a million samples: 16 times as fast at 5
samples, twice at 50, equal at 150)."""
_PART = 3e6  # samples times samples under the ball (by the envelope: 300) of a curve that are worth a thread


def dilate_curve(f: Array, spacing: float, radius: float, crop: int = 0, sign: float = 1.0) -> Array:
    """Dilation of sign·f (N,) by a semicircle, on the samples crop .. N − crop; −inf where no sample is in reach."""
    width = 2.0 * radius / spacing
    if width < DIRECT_CURVE - 1 and f.size * width < _PART:
        return np.asarray(direct_short_curve(f, sign, spacing, radius, crop))
    table = semicircle(radius, spacing)
    out = np.empty(f.size - 2 * crop)
    direct = table.size <= DIRECT_CURVE

    def work(part: int, parts: int) -> None:
        start, stop = (out.size * k // parts for k in (part, part + 1))
        if direct:
            direct_curve(f, sign, table, crop, start, stop, out)
        else:
            envelope_curve(f, sign, spacing, radius, table, crop, start, stop, out)

    in_parts(work, int(out.size * min(table.size, DIRECT_CURVE) / _PART))
    return out


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
    ball = cap(radius, spacing)
    if not keep and ball.samples <= (DIRECT if sign > 0 else DIRECT_UNDERSIDE):
        return direct_grid(f, ball, crop, sign), np.empty((1, 0), np.int64)
    shape = (f.shape[0] - 2 * crop[0], f.shape[1] - 2 * crop[1])
    f = np.ascontiguousarray(f)

    def work(part: int, parts: int) -> tuple[Array, NDArray[np.int64]]:
        out = np.full(shape, -np.inf)
        contact = np.full(shape if keep else (1, 0), -1)
        _rows(f, sign, spacing[1], ball.radii, ball.tables, ball.reaches, part, parts, crop[0], crop[1], out, contact)
        return out, contact

    results = in_parts(work, min(parts_of(f.shape[0]), int(2**26 // f.size)))
    out, contact = results[0]
    for other, its_contact in results[1:]:
        if keep:
            np.copyto(contact, its_contact, where=other > out)
        np.maximum(out, other, out=out)
    return out, contact
