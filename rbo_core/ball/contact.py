"""Where a rigid ball touches a curve or a surface: an exact global search in 1 or 2 dimensions.

A ball of radius ρ whose centre stands over θ rests on the graph of λf at the height

    h(θ) = max over |u| ≤ ρ of  λ f(θ + u) + √(ρ² − |u|²),

the grey-scale dilation of λf by a hemisphere. The maximiser θ + u* is the contact, and ∇h(θ) = u*/√(ρ² − |u*|²).
The search scans sampled heights with bounds that prune (so no contact of the grid is missed), keeps every local
maximum that could still win, and polishes those on the true surface until nothing more is to be gained. A ball that
covers few nodes of the grid is searched on a lattice of its own as well (``ball_lattice.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbo_core.ball import lattice as ball_lattice
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.lattice import FEW, insert_candidate

MAX_CONTACTS = 4
"""Contacts kept for a ball; more than d + 1 of them never change where it can roll."""

CANDIDATES = 12

STEEP = 0.5
"""|w|² from which the ground counts as steep (a slope of 2√2)."""

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
    # A curve runs along the rows of memory, as a surface's second axis does.
    order = [0, 1] if dim == 2 else [1, 0]
    plane = center if dim == 2 else np.column_stack([np.zeros(batch), center[:, 0]])
    _scan(grid.low[order], grid.spacing[order], grid.first[order], np.array(grid.heights.shape)[order],
          grid.heights.ravel(), np.array(grid.upper.shape)[order], grid.upper.ravel(), np.array(grid.block)[order],
          plane, radius, loss_scale, tie, nodes, counts)  # fmt: skip
    nodes = nodes[:, :, order]
    few = np.flatnonzero(radius < FEW[dim - 1] * grid.spacing[:dim].max())
    if few.size:
        _scan_balls(value, few, center[few], radius[few], loss_scale[few], tie[few], nodes, counts)
    owner = np.repeat(np.arange(batch), counts)
    start = nodes[np.arange(CANDIDATES) < counts[:, None]][:, :dim]
    # What tells two places apart: the grid's spacing, or a part of a ball that is as small.
    apart = np.minimum(grid.spacing[:dim], 0.25 * radius[:, None])
    w, height, evaluations = _polish(value, start, owner, center, radius, loss_scale, tie, apart)
    evaluations[few] += ball_lattice.lattice(dim)[0].shape[0]
    best = np.full(batch, -np.inf)
    points = np.full((batch, MAX_CONTACTS, dim), np.nan)
    slopes = np.full((batch, MAX_CONTACTS, dim), np.nan)
    _keep_ties(owner, w, height, center, radius, tie, apart, best, points, slopes)
    return Contacts(best, points, slopes, evaluations)


@njit(cache=True, nogil=True)
def _scan(
    low: Floats, spacing: Floats, first: Ints, size: Ints, heights: Floats, n_blocks: Ints, upper: Floats, block: Ints,
    center: Floats, radius: Floats, loss_scale: Floats, tie: Floats, nodes: Floats, counts: Ints,
) -> None:  # fmt: skip
    """Local maxima on the grid of F(u) = λ f(θ + u) + √(ρ² − |u|²) that may be, or tie with, the highest."""
    rows, columns = block[0], block[1]
    values = np.empty(nodes.shape[1])
    bound = np.empty(upper.size)
    lifted = np.empty((rows + 2, columns + 2))
    for b in range(center.shape[0]):
        rho, scale = radius[b], loss_scale[b]
        # Position of the centre and half-width of the window, in nodes. Positions count from node (0, 0), wherever the
        # grid begins: no rounding depends on its margin, and so none on the other balls of the batch.
        ci, cj = (center[b, 0] - low[0]) / spacing[0], (center[b, 1] - low[1]) / spacing[1]
        wi, wj = rho / spacing[0], rho / spacing[1]
        i0, i1 = max(0, int(np.ceil(ci - wi)) - first[0]), min(size[0] - 1, int(np.floor(ci + wi)) - first[0])
        j0, j1 = max(0, int(np.ceil(cj - wj)) - first[1]), min(size[1] - 1, int(np.floor(cj + wj)) - first[1])
        a0, a1, c0, c1 = i0 // rows, i1 // rows, j0 // columns, j1 // columns
        best, found = -np.inf, 0
        if i1 >= i0 and j1 >= j0:
            # No F in a block, nor between its nodes, is higher than its bound; the most promising block comes first.
            across = c1 - c0 + 1
            for a in range(a0, a1 + 1):
                near = max(0.0, first[0] + a * rows - 1 - ci, ci - (first[0] + a * rows + rows)) * spacing[0]
                rest = rho * rho - near * near
                line = bound[(a - a0) * across : (a - a0 + 1) * across]
                ceiling = upper[a * n_blocks[1] + c0 : a * n_blocks[1] + c1 + 1]
                begin = first[1] + c0 * columns
                for c in range(across):
                    ahead = begin + c * columns - 1 - cj
                    near = max(0.0, ahead, -ahead - columns - 1) * spacing[1]
                    gap = rest - near * near
                    line[c] = scale * ceiling[c] + np.sqrt(gap) if gap > 0.0 else -np.inf
            count = (a1 - a0 + 1) * across
            top = np.argmax(bound[:count])
            # First pass: the highest node. Second pass: every local maximum within reach of it.
            for turn in range(-1, count):
                k = top if turn < 0 else turn
                if bound[k] <= best or (turn == top):
                    continue
                a, c = a0 + k // across, c0 + k % across
                low_i, high_i = max(i0, a * rows), min(i1, a * rows + rows - 1)
                low_j, high_j = max(j0, c * columns), min(j1, c * columns + columns - 1)
                _lift(heights, size[1], first, low_i, high_i, low_j, high_j, ci, cj, spacing, rho, scale,
                      lifted)  # fmt: skip
                for i in range(high_i - low_i + 1):
                    for j in range(high_j - low_j + 1):
                        best = max(best, lifted[i, j])
            for k in range(count):
                if bound[k] < best - tie[b] or bound[k] == -np.inf:
                    continue
                a, c = a0 + k // across, c0 + k % across
                low_i, high_i = max(i0, a * rows), min(i1, a * rows + rows - 1)
                low_j, high_j = max(j0, c * columns), min(j1, c * columns + columns - 1)
                halo_i, halo_j = max(low_i - 1, 0), max(low_j - 1, 0)
                end_i, end_j = min(high_i + 1, size[0] - 1), min(high_j + 1, size[1] - 1)
                _lift(heights, size[1], first, halo_i, end_i, halo_j, end_j, ci, cj, spacing, rho, scale,
                      lifted)  # fmt: skip
                for i in range(low_i - halo_i, high_i - halo_i + 1):
                    for j in range(low_j - halo_j, high_j - halo_j + 1):
                        middle = lifted[i, j]
                        if middle == -np.inf:
                            continue
                        peak, drop = True, 0.0
                        for p in range(max(i - 1, 0), min(i + 1, end_i - halo_i) + 1):
                            for q in range(max(j - 1, 0), min(j + 1, end_j - halo_j) + 1):
                                peak = peak and lifted[p, q] <= middle
                                if lifted[p, q] > -np.inf:
                                    drop = max(drop, middle - lifted[p, q])
                            if not peak:
                                break
                        # Between nodes a maximum rises above its node by less than the drop to a neighbour.
                        if peak and middle + drop >= best - tie[b]:
                            found = insert_candidate(nodes[b], values, found, middle,
                                                     low[0] + (first[0] + halo_i + i) * spacing[0],
                                                     low[1] + (first[1] + halo_j + j) * spacing[1])  # fmt: skip
        if found == 0:
            # No node lies under the ball: begin straight below its centre.
            nodes[b, 0, 0], nodes[b, 0, 1] = center[b, 0], center[b, 1]
            found = 1
        counts[b] = found


@njit(cache=True, nogil=True)
def _lift(
    heights: Floats, stride: int, first: Ints, low_i: int, high_i: int, low_j: int, high_j: int, ci: float, cj: float,
    spacing: Floats, rho: float, scale: float, out: Floats,
) -> None:  # fmt: skip
    """F at a rectangle of nodes: the height of the centre of a ball touching there; −inf off its shadow."""
    begin = first[1] + low_j
    for i in range(high_i - low_i + 1):
        u = (first[0] + low_i + i - ci) * spacing[0]
        rest = rho * rho - u * u
        row = (low_i + i) * stride
        ground = heights[row + low_j : row + high_j + 1]
        line = out[i]
        for j in range(ground.size):
            v = (begin + j - cj) * spacing[1]
            gap = rest - v * v
            line[j] = scale * ground[j] + np.sqrt(gap) if gap >= 0.0 else -np.inf


def _scan_balls(
    value: Any, which: Ints, center: Floats, radius: Floats, loss_scale: Floats, tie: Floats, nodes: Floats,
    counts: Ints,
) -> None:  # fmt: skip
    """As `_scan`, on the lattices of small balls and the true surface."""
    dim = center.shape[1]
    square = (ball_lattice.lattice(dim)[0] ** 2).sum(axis=1)
    place = ball_lattice.places(center, radius, dim)
    lifted = loss_scale[:, None] * ball_lattice.heights(value, place)
    lifted += radius[:, None] * ((1.0 - square) / (1.0 + square))
    ball_lattice.peaks(lifted, place, tie, which, nodes, counts)


def _polish(
    value: Any, point: Floats, owner: Ints, center: Floats, radius: Floats, loss_scale: Floats, tie: Floats,
    apart: Floats,
) -> tuple[Floats, Floats, Ints]:  # fmt: skip
    """Climb from each candidate to the local maximum of F on the true surface.

    Places are found on the ball, by stereographic coordinates w, u = 2ρw/(1 + |w|²). On steep ground the stencil is
    square in w: there F of a plane is round about its maximum however steep the plane, while over the parameters it is
    a thin bent ridge along the ball's rim. Elsewhere it is square over the parameters, where straight crests are
    straight.

    A stencil of 3 (curve) or 9 (surface) points and the vertex of the quadratic through them: quadratic convergence
    where F is smooth, halving of the stencil at a crest where it is not. Ends when the stencil is 1e-9 of the
    radius or F is flat on it to rounding; candidates that cannot win any more or climb the same hill drop out.

    Returns:
        w (P, d) and F (P,) of each candidate, and the evaluations of each ball (B,).
    """
    count, dim = point.shape
    evaluations = np.zeros(radius.size, dtype=np.int64)
    center, radius, loss_scale = center[owner], radius[owner], loss_scale[owner]
    offsets = np.array([[[-1.0], [0.0], [1.0]]])
    if dim == 2:
        offsets = np.array([[[i, j] for i in (-1.0, 0.0, 1.0) for j in (-1.0, 0.0, 1.0)]])
    w, size = np.empty((count, dim)), np.empty(count)
    _to_ball(point, center, radius, apart.max(axis=1)[owner], w, size)
    height = np.full(count, -np.inf)
    live = np.arange(count)
    record = np.full(evaluations.size, -np.inf)

    def look(steps: Floats) -> tuple[Floats, Floats, Floats]:
        places = np.empty((live.size, *steps.shape[1:]))
        ground, lift = np.empty_like(places), np.empty(places.shape[:2])
        _spread(w, size, live, steps, center, radius, places, ground, lift)
        return places, value(ground.reshape(-1, dim)).reshape(lift.shape), lift

    for _ in range(60):
        stencil, loss, lift = look(offsets)
        leap = np.empty((live.size, dim))
        _vertex(loss, lift, loss_scale, live, leap)
        vertex, peak, top = look(leap[:, None])
        keep = np.empty(live.size, dtype=np.bool_)
        _climb(stencil, loss, vertex.reshape(-1, dim), peak.ravel(), top.ravel(), radius, loss_scale, live, owner, tie,
               w, height, size, record, keep)  # fmt: skip
        np.add.at(evaluations, owner[live], offsets.shape[1] + 1)
        live = live[keep]
        if live.size == 0:
            break
    return w, height, evaluations


@njit(cache=True)
def _to_ball(point: Floats, center: Floats, radius: Floats, apart: Floats, w: Floats, size: Floats) -> None:
    """Stereographic coordinates of nodes, and how far apart two of them are there."""
    for k in range(radius.size):
        rho, away = radius[k], 0.0
        for i in range(point.shape[1]):
            away += (point[k, i] - center[k, i]) ** 2
        down = np.sqrt(max(0.0, rho * rho - away))
        for i in range(point.shape[1]):
            w[k, i] = (point[k, i] - center[k, i]) / (rho + down)
        size[k] = 0.5 * apart[k] / rho
        if away > STEEP * (rho + down) ** 2:
            # An angle of apart / (ρ cos); at the rim, where the cosine is 0, √(2 apart / ρ).
            angle = min(apart[k] / down if down > 0.0 else np.inf, np.sqrt(2.0 * apart[k] / rho))
            size[k] = 0.5 * (1.0 + away / (rho + down) ** 2) * angle
        size[k] = min(0.25, size[k])


@njit(cache=True, inline="always")
def _square(w: Floats) -> float:
    square = 0.0
    for i in range(w.size):
        square += w[i] * w[i]
    return square


@njit(cache=True)
def _spread(
    w: Floats, size: Floats, live: Ints, steps: Floats, center: Floats, radius: Floats, places: Floats, ground: Floats,
    lift: Floats,
) -> None:  # fmt: skip
    """Places that lie ``size·steps`` from w, in w where the ball is steep, else in u/2ρ.

    steps (1 or live, S, d). Writes the places' w, the parameters under them, and the height of the centre above a
    contact there: where |w| > 1 that of a ball which hangs from it, so that F stays smooth; NaN off the ball.
    """
    dim = w.shape[1]
    for p in range(live.size):
        k, own = live[p], min(p, steps.shape[0] - 1)
        rho, square = radius[k], 0.0
        for i in range(dim):
            square += w[k, i] * w[k, i]
        to_unit = 1.0 if square > STEEP else 2.0 / (1.0 + square)
        stride = size[k] if square > STEEP else 2.0 * size[k]
        for s in range(steps.shape[1]):
            away = 0.0
            for i in range(dim):
                places[p, s, i] = to_unit * w[k, i] + stride * steps[own, s, i]
                away += places[p, s, i] * places[p, s, i]
            if square > STEEP:
                scale = 2.0 * rho / (1.0 + away)
                for i in range(dim):
                    ground[p, s, i] = center[k, i] + scale * places[p, s, i]
                lift[p, s] = 0.5 * scale * (1.0 - away)
            elif away > 1.0:
                for i in range(dim):
                    # The centre: a surface need not know NaN.
                    places[p, s, i], ground[p, s, i] = np.nan, center[k, i]
                lift[p, s] = np.nan
            else:
                down = np.sqrt(1.0 - away)
                part = 1.0 / (1.0 + down)
                for i in range(dim):
                    ground[p, s, i] = center[k, i] + rho * places[p, s, i]
                    places[p, s, i] *= part
                lift[p, s] = rho * down


@njit(cache=True, inline="always")
def _center_height(loss: float, lift: float, scale: float) -> float:
    """F, the height of the centre of a ball that touches where the ground has this loss."""
    height = scale * loss + lift
    return height if np.isfinite(height) else -np.inf


@njit(cache=True)
def _vertex(loss: Floats, lift: Floats, loss_scale: Floats, live: Ints, leap: Floats) -> None:
    """Steps (live, d) to the maximum of the quadratic through each stencil, 0 if none is near. Turns loss into F."""
    points, dim = loss.shape[1], leap.shape[1]
    for p in range(live.size):
        for s in range(points):
            loss[p, s] = _center_height(loss[p, s], lift[p, s], loss_scale[live[p]])
        if dim == 1:
            first = 0.5 * (loss[p, 2] - loss[p, 0])
            second = loss[p, 2] - 2.0 * loss[p, 1] + loss[p, 0]
            leap[p, 0] = -first / second if second < 0.0 and abs(first) <= -LEAP * second else 0.0
        else:
            # Stencil index is 3·(i + 1) + (j + 1).
            a = 0.5 * (loss[p, 7] - loss[p, 1])
            b = 0.5 * (loss[p, 5] - loss[p, 3])
            aa = loss[p, 7] - 2.0 * loss[p, 4] + loss[p, 1]
            bb = loss[p, 5] - 2.0 * loss[p, 4] + loss[p, 3]
            ab = 0.25 * (loss[p, 8] - loss[p, 6] - loss[p, 2] + loss[p, 0])
            det = aa * bb - ab * ab
            leap[p, 0], leap[p, 1] = 0.0, 0.0
            if np.isfinite(det) and aa < 0.0 and det > 0.0:
                u = -(bb * a - ab * b) / det
                v = -(aa * b - ab * a) / det
                if abs(u) <= LEAP and abs(v) <= LEAP:
                    leap[p, 0], leap[p, 1] = u, v


@njit(cache=True)
def _climb(
    stencil: Floats, loss: Floats, vertex: Floats, peak: Floats, lift: Floats, radius: Floats, loss_scale: Floats,
    live: Ints, owner: Ints, tie: Floats, w: Floats, height: Floats, size: Floats, record: Floats,
    keep: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Move each candidate to the best place seen, choose the next stencil size, and say who goes on."""
    points, dim = stencil.shape[1], stencil.shape[2]
    middle = points // 2
    rise = np.empty(live.size)
    for p in range(live.size):
        k = live[p]
        best, lowest, where = loss[p, middle], loss[p, middle], middle
        for s in range(points):
            if loss[p, s] > best and _square(stencil[p, s]) <= 1.0:
                best, where = loss[p, s], s
            lowest = min(lowest, loss[p, s])
        top = _center_height(peak[p], lift[p], loss_scale[k])
        if top > best and _square(vertex[p]) <= 1.0:
            # The next stencil is of the order of the step just made, so a Newton-like iteration stays one.
            step = 0.0
            for i in range(dim):
                step = max(step, abs(vertex[p, i] - stencil[p, middle, i]))
                w[k, i] = vertex[p, i]
            best = top
            size[k] = min(2.0 * size[k], max(0.03125 * size[k], 2.0 * step))
        elif where != middle:
            for i in range(dim):
                w[k, i] = stencil[p, where, i]
            # Uphill along the stencil: stride out, unless it hangs over the ball's rim.
            size[k] *= 0.5 if lowest == -np.inf else 1.5
        else:
            size[k] *= 0.5
        height[k] = max(height[k], best)
        record[owner[k]] = max(record[owner[k]], height[k])
        rise[p] = best - lowest
        rounding = 4e-16 * (abs(best) + radius[k])
        keep[p] = size[k] > 1e-9 and not (rise[p] <= rounding)
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
                apart = max(apart, abs(w[k, i] - w[other, i]))
            if keep[q] and apart < 0.5 * max(size[k], size[other]):
                if height[k] >= height[other]:
                    keep[q] = False
                else:
                    keep[p] = False
            q += 1


@njit(cache=True)
def _keep_ties(
    owner: Ints, w: Floats, height: Floats, center: Floats, radius: Floats, tie: Floats, spread: Floats,
    best: Floats, points: Floats, slopes: Floats,
) -> None:  # fmt: skip
    """Group polished candidates by ball: the highest first, then distinct ones within the tie."""
    slots, dim = points.shape[1], points.shape[2]
    used = np.zeros(best.size, dtype=np.int64)
    place = np.empty(dim)
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
            square = _square(w[chosen])
            for i in range(dim):
                place[i] = center[b, i] + radius[b] * (2.0 * w[chosen, i] / (1.0 + square))
            distinct = True
            for c in range(used[b]):
                apart = 0.0
                for i in range(dim):
                    apart = max(apart, abs(points[b, c, i] - place[i]) - 0.25 * spread[b, i])
                if apart <= 0.0:
                    distinct = False
            if not distinct:
                continue
            for i in range(dim):
                points[b, used[b], i] = place[i]
                slopes[b, used[b], i] = 2.0 * w[chosen, i] / max(1.0 - square, 1e-15)
            used[b] += 1
        p = end
