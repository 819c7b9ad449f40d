"""Crests and how long each of them holds: at which radius the ball that rests against it lets go.

A sample m of f carries the ball above itself, at height f(m) + ρ, unless some higher sample y carries it higher. With
d = |y − m| and Δ = f(y) − f(m) > 0 that happens when ``f(y) + √(ρ² − d²) > f(m) + ρ``, that is from

    ρ(d, Δ) = (d² + Δ²) / 2Δ,   at least d,

on: the radius of the ball that has m at its south pole and y on its rim's lower half (y above the rim, Δ > d, is met as
soon as it is in reach, at ρ = d). So a crest, a local maximum of f, is a maximum of the dilation h exactly while ρ is
below its *lifetime*, the least ρ(d, Δ) over all higher samples, and h has no other maxima: an arc that is not at its
apex rises towards it. Between two sharp crests w apart on a slope s this is the critical radius w(1 + s²)/2s.

Because ρ(d, Δ) ≥ d the search goes outwards in rings of blocks and ends where the distance exceeds the best radius
found; a block whose highest sample cannot beat that is skipped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.field import Array, Field, checked_heights
from rbo_core.ironing.persistence import basins
from rbo_core.kernel_cache import njit

_BLOCK = {1: (1, 64), 2: (16, 16)}  # samples a block, rows and columns: about the square root of what a search sees


@dataclass(frozen=True, eq=False)
class Crests:
    """The crests (P,) of a landscape inside its window, from the longest lifetime to the shortest.

    position: (P,) on a curve, (P, 2) on a surface, parameter units. height: λf there. lifetime: the radius from which
    the crest is no maximum of the dilation, inf for one that nothing overtops. index: flat index of the sample in the
    window. parent: place in this list of the crest into which each merges at its lifetime (the branches of the merge
    tree over ρ), −1 where it lasts for ever or gives way to ground that rises beyond the window. ended_by: position of
    the higher sample that ends it, NaN where nothing does.
    """

    position: Array
    height: Array
    lifetime: Array
    index: NDArray[np.int64]
    parent: NDArray[np.int64]
    ended_by: Array

    def holding(self, radius: float) -> NDArray[np.bool_]:
        """Which crests (P,) hold a ball of this radius: those that live longer."""
        return self.lifetime > radius

    def count(self, radius: ArrayLike) -> NDArray[np.int64]:
        """How many crests live longer than each radius: the number of maxima of the dilation."""
        return np.asarray((self.lifetime > np.asarray(radius, float)[..., None]).sum(axis=-1), np.int64)


def crests(heights: ArrayLike, spacing: float | Sequence[float]) -> Crests:
    """Crests of bare heights (N,) or (N, M) on a regular grid, with the lifetime of each; exact on the samples.

    Samples on the window's edge are no crests, but they may end one. Positions count from the first sample. A plateau
    is one crest.

    Raises:
        ValueError: as iron does, for heights or a spacing that make no grid.
    """
    f, steps = checked_heights(heights, spacing)
    axes = tuple(np.arange(n) * s for n, s in zip(f.shape, steps, strict=True))
    return field_crests(Field(f, tuple(0 for _ in steps), steps, axes))


def field_crests(field: Field) -> Crests:
    """As `crests`, on a sampled landscape: ground beyond the window may end a crest, as it carries the ball."""
    f, pad = field.extended, field.pad
    top = basins(-np.where(np.isfinite(f), f, f[np.isfinite(f)].min() - 1.0)).floor
    shape = f.shape if f.ndim == 2 else (1, f.size)
    margin = pad if f.ndim == 2 else (0, pad[0])
    row, column = top // shape[1], top % shape[1]
    # One sample in from the window's edge: a maximum on the edge of a window without surroundings is a cut, no crest.
    edge = tuple(max(p, 1) for p in pad)
    inside = (column >= edge[-1]) & (column < shape[1] - edge[-1])
    if f.ndim == 2:
        inside &= (row >= edge[0]) & (row < shape[0] - edge[0])
    top = np.sort(top[inside])
    spacing = field.spacing if f.ndim == 2 else (1.0, field.spacing[0])
    ground = np.ascontiguousarray(f.reshape(shape))
    lifetime, ender = _lifetimes(ground, top, spacing[0], spacing[1], *_BLOCK[f.ndim])
    order = np.argsort(-lifetime, kind="stable")
    top, lifetime, ender = top[order], lifetime[order], ender[order]
    parent = _parents(ground, top, lifetime, ender)
    index = (top // shape[1] - margin[0]) * (shape[1] - 2 * margin[1]) + top % shape[1] - margin[1]
    ended_by = np.where(ender[:, None] >= 0, _places(field, ender), np.nan)
    position = _places(field, top)
    if f.ndim == 1:
        position, ended_by = position[:, 0], ended_by[:, 0]
    return Crests(position, ground.ravel()[top], lifetime, index, parent, ended_by)


def _places(field: Field, flat: NDArray[np.int64]) -> Array:
    """Coordinates (P, d) of samples by their flat index into field.extended."""
    where = np.unravel_index(np.maximum(flat, 0), field.extended.shape)
    steps = zip(where, field.pad, field.axes, field.spacing, strict=True)
    return np.stack([axis[0] + (i - pad) * step for i, pad, axis, step in steps], axis=1)


def rest_lifetimes(found: Crests) -> Array:
    """Radius at which the rest in each gap between neighbouring crests of a curve is gone, (P + 1,) from left to right.

    Crests and rests of h alternate, and a crest that is overtopped meets the rest on the side from which that happens:
    both end there, and the rest on its other side goes on in the joined gap. The outermost gaps reach to the window's
    edge.
    """
    alive = np.sort(found.position).tolist()
    rests = list(range(len(alive) + 1))  # the gap in which each rest that is left was born
    end = np.full(len(rests), np.inf)
    for k in np.argsort(found.lifetime, kind="stable"):
        if not np.isfinite(found.lifetime[k]):
            break
        at = bisect_left(alive, float(found.position[k]))
        gone = at + 1 if found.ended_by[k] > found.position[k] else at
        end[rests.pop(gone)] = found.lifetime[k]
        del alive[at]
    return end


def round_crest_radius(width: ArrayLike, slope: ArrayLike, curvature_radius: ArrayLike) -> Array:
    """Critical radius ``w(1 + s²)/2|s| − r`` of two equal crests that are round, w apart on a slope s, with radius of
    curvature r where the ball touches them.

    A round crest is a sharp one dilated by a ball of radius r, and radii add.
    """
    w, s = np.asarray(width, float), np.abs(np.asarray(slope, float))
    with np.errstate(divide="ignore", over="ignore"):
        sharp = np.where(s > 0, w * (1.0 + s * s) / (2.0 * s), np.inf)
    return np.maximum(sharp - np.asarray(curvature_radius, float), 0.0)


def _parents(f: Array, top: NDArray[np.int64], lifetime: Array, ender: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each crest goes: up from the sample that ended it to that one's crest, on to the first that still lives."""
    place = np.full(f.size, -1, np.int64)
    place[top] = np.arange(top.size)
    parent = np.full(top.size, -1, np.int64)
    # From the highest down: a crest gives way to something higher, whose own end is then known.
    for k in np.argsort(-f.ravel()[top], kind="stable"):
        if ender[k] < 0:
            continue
        to = place[_climb(f, int(ender[k]))]
        while to >= 0 and lifetime[to] <= lifetime[k]:
            to = parent[to]
        parent[k] = to
    return parent


@njit(cache=True, nogil=True)
def _climb(f, i):  # type: ignore[no-untyped-def]
    """Flat index of the maximum above sample i: from neighbour to highest neighbour."""
    rows, columns = f.shape
    while True:
        r, c = i // columns, i % columns
        best = i
        for a in range(max(r - 1, 0), min(r + 2, rows)):
            for b in range(max(c - 1, 0), min(c + 2, columns)):
                if f[a, b] > f[best // columns, best % columns]:
                    best = a * columns + b
        if best == i:
            return i
        i = best


@njit(cache=True, nogil=True)
def _ending(d2, rise):  # type: ignore[no-untyped-def]
    """Radius from which a sample `rise` > 0 higher, at squared distance d2, carries the ball higher."""
    if rise * rise >= d2:
        return np.sqrt(d2)
    return (d2 + rise * rise) / (2.0 * rise)


@njit(cache=True, nogil=True)
def _block_tops(f, by, bx):  # type: ignore[no-untyped-def]
    rows, columns = f.shape
    tops = np.full(((rows + by - 1) // by, (columns + bx - 1) // bx), -np.inf)
    for r in range(rows):
        for c in range(columns):
            tops[r // by, c // bx] = max(tops[r // by, c // bx], f[r, c])
    return tops


@njit(cache=True, nogil=True)
def _search_block(f, own, r, c, rows, columns, steps, best, ender):  # type: ignore[no-untyped-def]
    """The least radius at which a sample of the block rows × columns ends the crest (r, c), if it is below best."""
    for a in range(rows[0], rows[1]):
        dy2 = ((a - r) * steps[0]) ** 2
        for b in range(columns[0], columns[1]):
            rise = f[a, b] - own
            if rise > 0.0:
                radius = _ending(dy2 + ((b - c) * steps[1]) ** 2, rise)
                if radius < best:
                    best, ender = radius, a * f.shape[1] + b
    return best, ender


@njit(cache=True, nogil=True)
def _gap(low, high, at, step):  # type: ignore[no-untyped-def]
    """Distance along one axis from sample `at` to the nearest of the samples low … high − 1."""
    return step * max(low - at, at - high + 1, 0)


@njit(cache=True, nogil=True)
def _search(f, tops, own, r, c, steps, block):  # type: ignore[no-untyped-def]
    best, ender = np.inf, -1
    home_y, home_x = r // block[0], c // block[1]
    for ring in range(max(tops.shape)):
        nearest = np.inf
        for u in range(max(home_y - ring, 0), min(home_y + ring + 1, tops.shape[0])):
            whole = abs(u - home_y) == ring
            for v in range(home_x - ring, home_x + ring + 1, 1 if whole or ring == 0 else 2 * ring):
                if v < 0 or v >= tops.shape[1]:
                    continue
                rows = (u * block[0], min((u + 1) * block[0], f.shape[0]))
                columns = (v * block[1], min((v + 1) * block[1], f.shape[1]))
                d2 = _gap(rows[0], rows[1], r, steps[0]) ** 2 + _gap(columns[0], columns[1], c, steps[1]) ** 2
                nearest = min(nearest, d2)
                rise = tops[u, v] - own
                if rise > 0.0 and _ending(d2, rise) < best:
                    best, ender = _search_block(f, own, r, c, rows, columns, steps, best, ender)
        if nearest >= best * best:  # every later ring is farther still
            break
    return best, ender


@njit(cache=True, nogil=True)
def _lifetimes(f, top, step_y, step_x, by, bx):  # type: ignore[no-untyped-def]
    """Lifetime of every crest of f (rows, columns) and the flat index of the sample that ends it (−1: none)."""
    tops = _block_tops(f, by, bx)
    lifetime, ender = np.empty(top.size), np.empty(top.size, np.int64)
    for k in range(top.size):
        r, c = top[k] // f.shape[1], top[k] % f.shape[1]
        lifetime[k], ender[k] = _search(f, tops, f[r, c], r, c, (step_y, step_x), (by, bx))
    return lifetime, ender
