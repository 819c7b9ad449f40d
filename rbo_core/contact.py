"""Where a rigid ball touches a curve or a surface: an exact global search in 1 or 2 dimensions.

A ball of radius ρ whose centre stands over θ rests on the graph of λf at the height

    h(θ) = max over |u| ≤ ρ of  λ f(θ + u) + √(ρ² − |u|²),

the grey-scale dilation of λf by a hemisphere. The maximiser θ + u* is the contact, and ∇h(θ) = u*/√(ρ² − |u*|²).
The search scans sampled heights with bounds that prune (so no contact of the grid is missed), keeps every local
maximum that could still win, and polishes those on the true surface until nothing more is to be gained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.heights import HeightGrid

MAX_CONTACTS = 4
"""Contacts kept for a ball; more than d + 1 of them never change where it can roll."""

CANDIDATES = 12

LEAP = 4.0
"""How many stencil sizes away the vertex of the quadratic is believed."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contacts:
    """The contacts of a batch of balls.

    Attributes:
        height: (B,) height h of the centre, in units of the scaled loss.
        point: (B, C, d) tied contacts, the highest first, NaN where there are fewer.
        slope: (B, C, d) ∇h of each contact's piece, u/√(ρ² − |u|²), NaN where there are fewer.
        evaluations: values of the surface spent on each ball searched.
    """

    height: Floats
    point: Floats
    slope: Floats
    evaluations: Ints

    def rows(self, which: Ints) -> Contacts:
        """The contacts of some of the balls."""
        return Contacts(self.height[which], self.point[which], self.slope[which], self.evaluations[which])

    def put(self, which: Ints, found: Contacts) -> None:
        """Overwrite the contacts of some of the balls."""
        self.height[which], self.point[which], self.slope[which] = found.height, found.point, found.slope


def find_contacts(
    grid: HeightGrid, value: Any, center: Floats, radius: Floats, loss_scale: Floats, tie: Floats
) -> Contacts:
    """All contacts of balls over ``center (B, d)`` that come within ``tie (B,)`` of the highest.

    Args:
        grid: heights that cover every ball's window.
        value: the surface's own loss, ``(P, d) → (P,)``.
        radius, loss_scale, tie: (B,) each; ``tie`` is a height.
    """
    batch, dim = center.shape
    nodes = np.empty((batch, CANDIDATES, 2))
    counts = np.empty(batch, dtype=np.int64)
    plane = center if dim == 2 else np.column_stack([center[:, 0], np.zeros(batch)])
    _scan(grid.low, grid.spacing, grid.first, grid.heights, grid.upper, *grid.block, plane, radius, loss_scale, tie,
          nodes, counts)  # fmt: skip
    owner = np.repeat(np.arange(batch), counts)
    start = nodes[np.arange(CANDIDATES) < counts[:, None]][:, :dim]
    point, height, evaluations = _polish(value, start, owner, center, radius, loss_scale, tie, grid.spacing[:dim])
    best = np.full(batch, -np.inf)
    points = np.full((batch, MAX_CONTACTS, dim), np.nan)
    slopes = np.full((batch, MAX_CONTACTS, dim), np.nan)
    _keep_ties(owner, point, height, center, radius, tie, grid.spacing[:dim], best, points, slopes)
    return Contacts(best, points, slopes, evaluations)


@njit(cache=True)
def _scan(
    low: Floats, spacing: Floats, first: Ints, heights: Floats, upper: Floats, rows: int, columns: int, center: Floats,
    radius: Floats, loss_scale: Floats, tie: Floats, nodes: Floats, counts: Ints,
) -> None:  # fmt: skip
    """Local maxima on the grid of F(u) = λ f(θ + u) + √(ρ² − |u|²) that may be, or tie with, the highest."""
    n, m = heights.shape
    flat = m == 1
    values = np.empty(nodes.shape[1])
    oi, oj = first[0], first[1]
    for b in range(center.shape[0]):
        rho, scale = radius[b], loss_scale[b]
        # Position of the centre and half-width of the window, in nodes. Positions count from node (0, 0), wherever the
        # grid begins: no rounding depends on its margin, and so none on the other balls of the batch.
        ci = (center[b, 0] - low[0]) / spacing[0]
        cj = 0.0 if flat else (center[b, 1] - low[1]) / spacing[1]
        wi = rho / spacing[0]
        wj = 0.0 if flat else rho / spacing[1]
        i0, i1 = max(0, int(np.ceil(ci - wi)) - oi), min(n - 1, int(np.floor(ci + wi)) - oi)
        j0, j1 = max(0, int(np.ceil(cj - wj)) - oj), min(m - 1, int(np.floor(cj + wj)) - oj)
        best = -np.inf
        found = 0
        # One node a block first: a good lower bound lets most blocks be skipped.
        for a in range(i0 // rows, i1 // rows + 1) if i1 >= i0 else range(0):
            for c in range(j0 // columns, j1 // columns + 1):
                i = min(max(a * rows + rows // 2, i0), i1)
                j = min(max(c * columns + columns // 2, j0), j1)
                best = max(best, _touch(heights[i, j], oi + i - ci, oj + j - cj, spacing, rho, scale))
        # First pass: the highest node. Second pass: every local maximum within reach of it.
        for sweep in range(2):
            for a in range(i0 // rows, i1 // rows + 1) if i1 >= i0 else range(0):
                for c in range(j0 // columns, j1 // columns + 1):
                    low_i, high_i = max(i0, a * rows), min(i1, a * rows + rows - 1)
                    low_j, high_j = max(j0, c * columns), min(j1, c * columns + columns - 1)
                    di = max(0.0, max(oi + low_i - ci, ci - (oi + high_i)) - 1.0) * spacing[0]
                    dj = 0.0 if flat else max(0.0, max(oj + low_j - cj, cj - (oj + high_j)) - 1.0) * spacing[1]
                    gap = rho * rho - di * di - dj * dj
                    if gap <= 0.0 or scale * upper[a, c] + np.sqrt(gap) < best - tie[b]:
                        continue
                    if sweep == 0:
                        for i in range(low_i, high_i + 1):
                            for j in range(low_j, high_j + 1):
                                best = max(best, _touch(heights[i, j], oi + i - ci, oj + j - cj, spacing, rho, scale))
                        continue
                    before = here = -np.inf
                    if flat:  # one root a node: the last node's neighbour is the next node
                        if low_i > 0:
                            before = _touch(heights[low_i - 1, 0], oi + low_i - 1 - ci, 0.0, spacing, rho, scale)
                        here = _touch(heights[low_i, 0], oi + low_i - ci, 0.0, spacing, rho, scale)
                    for i in range(low_i, high_i + 1):
                        for j in range(low_j, high_j + 1):
                            peak, drop = True, 0.0
                            if flat:
                                after = -np.inf
                                if i + 1 < n:
                                    after = _touch(heights[i + 1, 0], oi + i + 1 - ci, 0.0, spacing, rho, scale)
                                middle = here
                                if middle == -np.inf or before > middle or after > middle:
                                    peak = False
                                else:
                                    drop = max(middle - before if before > -np.inf else 0.0,
                                               middle - after if after > -np.inf else 0.0)  # fmt: skip
                                before, here = middle, after
                            else:
                                middle = _touch(heights[i, j], oi + i - ci, oj + j - cj, spacing, rho, scale)
                                if middle == -np.inf:
                                    continue
                                for k in range(max(i - 1, 0), min(i + 2, n)):
                                    for q in range(max(j - 1, 0), min(j + 2, m)):
                                        if k == i and q == j:
                                            continue
                                        there = _touch(heights[k, q], oi + k - ci, oj + q - cj, spacing, rho, scale)
                                        if there > middle:
                                            peak = False
                                        elif there > -np.inf:
                                            drop = max(drop, middle - there)
                            # Between nodes a maximum rises above its node by less than the drop to a neighbour.
                            if peak and middle + drop >= best - tie[b]:
                                found = insert_candidate(nodes[b], values, found, middle,
                                                low[0] + (oi + i) * spacing[0],
                                                low[1] + (oj + j) * spacing[1])  # fmt: skip
        if found == 0:
            # No node lies under the ball: begin straight below its centre.
            nodes[b, 0, 0], nodes[b, 0, 1] = center[b, 0], center[b, 1]
            found = 1
        counts[b] = found


@njit(cache=True, inline="always")
def _touch(height: float, di: float, dj: float, spacing: Floats, rho: float, scale: float) -> float:
    """F at a node di, dj nodes off the centre: height of the centre of a ball touching there; −inf off its shadow."""
    u, v = di * spacing[0], dj * spacing[1]
    gap = rho * rho - u * u - v * v
    return scale * height + np.sqrt(gap) if gap >= 0.0 else -np.inf


@njit(cache=True)
def insert_candidate(nodes: Floats, values: Floats, found: int, here: float, x: float, y: float) -> int:
    """Keep the highest candidates, in descending order."""
    size = nodes.shape[0]
    if found == size and here <= values[size - 1]:
        return found
    k = min(found, size - 1)
    while k > 0 and values[k - 1] < here:
        values[k] = values[k - 1]
        nodes[k] = nodes[k - 1]
        k -= 1
    values[k] = here
    nodes[k, 0], nodes[k, 1] = x, y
    return min(found + 1, size)


def _polish(
    value: Any, point: Floats, owner: Ints, center: Floats, radius: Floats, loss_scale: Floats, tie: Floats,
    spacing: Floats,
) -> tuple[Floats, Floats, Ints]:  # fmt: skip
    """Climb from each candidate to the local maximum of F on the true surface.

    A stencil of 3 (curve) or 9 (surface) points and the vertex of the quadratic through them: quadratic convergence
    where F is smooth, halving of the stencil at a crest where it is not. Ends when the stencil is 1e-9 of the
    radius or F is flat on it to rounding; candidates that cannot win any more or climb the same hill drop out.
    """
    count, dim = point.shape
    evaluations = np.zeros(radius.size, dtype=np.int64)
    center, radius, loss_scale = center[owner], radius[owner], loss_scale[owner]
    offsets = np.array([[-1.0], [0.0], [1.0]])
    if dim == 2:
        offsets = np.array([[i, j] for i in (-1.0, 0.0, 1.0) for j in (-1.0, 0.0, 1.0)])
    size = np.minimum(spacing.max(), 0.5 * radius)
    height = np.full(count, -np.inf)
    point = point.copy()
    live = np.arange(count)
    record = np.full(evaluations.size, -np.inf)
    for _ in range(60):
        stencil = np.empty((live.size, offsets.shape[0], dim))
        _spread(point, size, live, offsets, stencil)
        loss = value(stencil.reshape(-1, dim)).reshape(live.size, -1)
        vertex = np.empty((live.size, dim))
        _vertex(stencil, loss, center, radius, loss_scale, live, size, vertex)
        peak = value(vertex)
        keep = np.empty(live.size, dtype=np.bool_)
        _climb(
            stencil, loss, vertex, peak, center, radius, loss_scale, live, owner, tie, point, height, size, record, keep
        )
        np.add.at(evaluations, owner[live], offsets.shape[0] + 1)
        live = live[keep]
        if live.size == 0:
            break
    return point, height, evaluations


@njit(cache=True)
def _spread(point: Floats, size: Floats, live: Ints, offsets: Floats, stencil: Floats) -> None:
    for p in range(live.size):
        for s in range(offsets.shape[0]):
            for i in range(offsets.shape[1]):
                stencil[p, s, i] = point[live[p], i] + size[live[p]] * offsets[s, i]


@njit(cache=True, inline="always")
def _center_height(x: Floats, loss: float, center: Floats, rho: float, scale: float) -> float:
    gap = rho * rho
    for i in range(x.size):
        gap -= (x[i] - center[i]) ** 2
    if gap < 0.0 or not np.isfinite(loss):
        return -np.inf
    return scale * loss + np.sqrt(gap)


@njit(cache=True)
def _vertex(
    stencil: Floats, loss: Floats, center: Floats, radius: Floats, loss_scale: Floats, live: Ints, size: Floats,
    vertex: Floats,
) -> None:  # fmt: skip
    """Maximum of the quadratic through the stencil, or its middle where there is none inside it. Turns loss into F."""
    points, dim = stencil.shape[1], stencil.shape[2]
    for p in range(live.size):
        k = live[p]
        for s in range(points):
            loss[p, s] = _center_height(stencil[p, s], loss[p, s], center[k], radius[k], loss_scale[k])
        middle = points // 2
        for i in range(dim):
            vertex[p, i] = stencil[p, middle, i]
        if dim == 1:
            first = 0.5 * (loss[p, 2] - loss[p, 0])
            second = loss[p, 2] - 2.0 * loss[p, 1] + loss[p, 0]
            if second < 0.0 and abs(first) <= -LEAP * second:
                vertex[p, 0] -= size[k] * first / second
        else:
            # Stencil index is 3·(i + 1) + (j + 1).
            a = 0.5 * (loss[p, 7] - loss[p, 1])
            b = 0.5 * (loss[p, 5] - loss[p, 3])
            aa = loss[p, 7] - 2.0 * loss[p, 4] + loss[p, 1]
            bb = loss[p, 5] - 2.0 * loss[p, 4] + loss[p, 3]
            ab = 0.25 * (loss[p, 8] - loss[p, 6] - loss[p, 2] + loss[p, 0])
            det = aa * bb - ab * ab
            if np.isfinite(det) and aa < 0.0 and det > 0.0:
                u = -(bb * a - ab * b) / det
                v = -(aa * b - ab * a) / det
                if abs(u) <= LEAP and abs(v) <= LEAP:
                    vertex[p, 0] += size[k] * u
                    vertex[p, 1] += size[k] * v


@njit(cache=True)
def _climb(
    stencil: Floats, loss: Floats, vertex: Floats, peak: Floats, center: Floats, radius: Floats, loss_scale: Floats,
    live: Ints, owner: Ints, tie: Floats, point: Floats, height: Floats, size: Floats, record: Floats,
    keep: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Move each candidate to the best point seen, choose the next stencil size, and say who goes on."""
    points, dim = stencil.shape[1], stencil.shape[2]
    middle = points // 2
    rise = np.empty(live.size)
    for p in range(live.size):
        k = live[p]
        best, lowest, where = loss[p, middle], loss[p, middle], middle
        for s in range(points):
            if loss[p, s] > best:
                best, where = loss[p, s], s
            lowest = min(lowest, loss[p, s])
        top = _center_height(vertex[p], peak[p], center[k], radius[k], loss_scale[k])
        if top > best:
            # The next stencil is of the order of the step just made, so a Newton-like iteration stays one.
            step = 0.0
            for i in range(dim):
                step = max(step, abs(vertex[p, i] - stencil[p, middle, i]))
                point[k, i] = vertex[p, i]
            best = top
            size[k] = min(2.0 * size[k], max(0.125 * size[k], 2.0 * step))
        elif where != middle:
            for i in range(dim):
                point[k, i] = stencil[p, where, i]
            # Uphill along the stencil: stride out, unless it hangs over the ball's rim.
            size[k] *= 0.5 if lowest == -np.inf else 1.5
        else:
            size[k] *= 0.5
        height[k] = max(height[k], best)
        record[owner[k]] = max(record[owner[k]], height[k])
        rise[p] = best - lowest
        rounding = 4e-16 * (abs(best) + radius[k])
        keep[p] = size[k] > 1e-9 * radius[k] and not (rise[p] <= rounding)
    for p in range(live.size):
        k = live[p]
        if not keep[p]:
            continue
        # What is left to gain is of the order of the rise on the stencil.
        if height[k] + 4.0 * rise[p] < record[owner[k]] - tie[owner[k]]:
            keep[p] = False
        q = p + 1
        while keep[p] and q < live.size and owner[live[q]] == owner[k]:
            other = live[q]
            apart = 0.0
            for i in range(dim):
                apart = max(apart, abs(point[k, i] - point[other, i]))
            if keep[q] and apart < 0.5 * max(size[k], size[other]):
                if height[k] >= height[other]:
                    keep[q] = False
                else:
                    keep[p] = False
            q += 1


@njit(cache=True)
def _keep_ties(
    owner: Ints, point: Floats, height: Floats, center: Floats, radius: Floats, tie: Floats, spacing: Floats,
    best: Floats, points: Floats, slopes: Floats,
) -> None:  # fmt: skip
    """Group polished candidates by ball: the highest first, then distinct ones within the tie."""
    slots, dim = points.shape[1], points.shape[2]
    used = np.zeros(best.size, dtype=np.int64)
    for p in range(owner.size):
        best[owner[p]] = max(best[owner[p]], height[p])
    taken = np.zeros(owner.size, dtype=np.bool_)
    p = 0
    while p < owner.size:
        b = owner[p]
        end = p
        while end < owner.size and owner[end] == b:
            end += 1
        for _ in range(slots):
            chosen = -1
            for q in range(p, end):
                if taken[q] or height[q] < best[b] - tie[b]:
                    continue
                if chosen < 0 or height[q] > height[chosen]:
                    chosen = q
            if chosen < 0:
                break
            taken[chosen] = True
            distinct = True
            for c in range(used[b]):
                apart = 0.0
                for i in range(dim):
                    apart = max(apart, abs(points[b, c, i] - point[chosen, i]) - 0.25 * spacing[i])
                if apart <= 0.0:
                    distinct = False
            if not distinct:
                continue
            gap = radius[b] * radius[b]
            for i in range(dim):
                gap -= (point[chosen, i] - center[b, i]) ** 2
            down = np.sqrt(max(gap, 1e-30 * radius[b] * radius[b]))
            for i in range(dim):
                points[b, used[b], i] = point[chosen, i]
                slopes[b, used[b], i] = (point[chosen, i] - center[b, i]) / down
            used[b] += 1
        p = end
