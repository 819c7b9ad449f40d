"""Candidates of a contact on the height grid: the nodes at which F has a local maximum that may be the highest.

F(θ + u) = λ f(θ + u) + √(ρ² − |u|²) is the height of a centre over θ whose ball would touch at θ + u. The nodes under
the ball come in blocks, and each block knows the highest its ground can be (`heights.py`). With the highest that the
ball itself can be over the block, that is a bound on F::

            .-~~~-.          the ball over the block: √(ρ² − near²), `near` the block's distance from θ
         .~    .    ~.
    ····/······|······\\···   the block's highest ground: upper
    _/\\_|_/\\/\\_|/\\__/\\_|_/   ▔▔▔▔▔▔
        |   |  |  |   |      bound = λ · upper + √(ρ² − near²)
            a block

First pass: the highest node, block by block from the most promising on; a block whose bound is below it is skipped.
Second pass: every local maximum in the blocks that still may hold one, each block with a halo of one node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.candidates import Candidates, drop_from, insert
from rbo_core.ball.heights import HeightGrid
from rbo_core.ball.kernels import helper, kernel
from rbo_core.ball.records import Record, Records

Floats = NDArray[np.float64]


class Under(NamedTuple):
    """The nodes and blocks under a ball.

    at_i, at_j: its centre, in nodes from node (0, 0) of the un-extended window, wherever the grid begins: no rounding
    depends on the grid's margin, and so none on the other balls of the batch. i0 … j1: first and last row and column of
    nodes, a0 … c1 of blocks, counted from the grid's first. radius, loss_scale: the ball's.
    """

    radius: float
    loss_scale: float
    at_i: float
    at_j: float
    i0: int
    i1: int
    j0: int
    j1: int
    a0: int
    a1: int
    c0: int
    c1: int


class Part(NamedTuple):
    """A rectangle of nodes, ends included."""

    i0: int
    i1: int
    j0: int
    j1: int


@kernel
def scan(grid: HeightGrid, balls: Records, dim: int, found: Candidates) -> None:
    """Fill ``found`` with the candidates of each ball; straight below the centre where no node lies under it."""
    bound = np.empty(grid.upper.size)
    tile = np.empty((grid.nodes.high + 2) * (grid.nodes.wide + 2))
    for b in range(balls.size):
        ball = balls[b]
        # A curve is a surface of one row, at 0.
        x, y = (ball.center[0], ball.center[1]) if dim == 2 else (0.0, ball.center[0])
        under = _under(grid, ball, x, y)
        if under.i1 >= under.i0 and under.j1 >= under.j0:
            count = (under.a1 - under.a0 + 1) * (under.c1 - under.c0 + 1)
            first = _bound_blocks(grid, under, bound)
            best = -np.inf
            # The most promising block first: with what it holds, most others are skipped.
            for turn in range(-1, count):
                k = first if turn < 0 else turn
                if bound[k] > best and turn != first:
                    best = max(best, _highest_node(grid, under, k, tile))
            floor = best - ball.tie
            for k in range(count):
                if bound[k] > -np.inf and bound[k] >= floor:
                    part = _block(grid, under, k)
                    score = _lift(grid, under, _with_halo(grid, part), tile)
                    _insert_peaks(grid, part, score, floor, found, b)
        if found.kept[b] == 0:
            insert(found, b, -np.inf, x, y)


@helper
def _under(grid: HeightGrid, ball: Record, x: float, y: float) -> Under:
    nodes = grid.nodes
    at_i, at_j = (x - nodes.low_i) / nodes.step_i, (y - nodes.low_j) / nodes.step_j
    wide_i, wide_j = ball.radius / nodes.step_i, ball.radius / nodes.step_j
    rows, columns = grid.heights.shape
    i0 = max(0, int(np.ceil(at_i - wide_i)) - nodes.first_i)
    i1 = min(rows - 1, int(np.floor(at_i + wide_i)) - nodes.first_i)
    j0 = max(0, int(np.ceil(at_j - wide_j)) - nodes.first_j)
    j1 = min(columns - 1, int(np.floor(at_j + wide_j)) - nodes.first_j)
    high, wide = nodes.high, nodes.wide
    blocks = i0 // high, i1 // high, j0 // wide, j1 // wide
    return Under(ball.radius, ball.loss_scale, at_i, at_j, i0, i1, j0, j1, *blocks)


@helper
def _bound_blocks(grid: HeightGrid, under: Under, bound: Floats) -> int:
    """Write each block's bound: no F at its nodes, nor between them, is higher; −inf off the ball's shadow.

    Returns the block of the highest bound.
    """
    nodes = grid.nodes
    rho, scale = under.radius, under.loss_scale
    across = under.c1 - under.c0 + 1
    highest, first = -np.inf, 0
    for a in range(under.a0, under.a1 + 1):
        top = nodes.first_i + a * nodes.high
        near = max(0.0, top - 1 - under.at_i, under.at_i - (top + nodes.high)) * nodes.step_i
        rest = rho * rho - near * near
        line = bound[(a - under.a0) * across : (a - under.a0 + 1) * across]
        ceiling = grid.upper[a, under.c0 : under.c1 + 1]
        left = nodes.first_j + under.c0 * nodes.wide
        for c in range(across):
            ahead = left + c * nodes.wide - 1 - under.at_j
            near = max(0.0, ahead, -ahead - nodes.wide - 1) * nodes.step_j
            gap = rest - near * near
            line[c] = scale * ceiling[c] + np.sqrt(gap) if gap > 0.0 else -np.inf
            if line[c] > highest:
                highest, first = line[c], (a - under.a0) * across + c
    return first


@helper
def _highest_node(grid: HeightGrid, under: Under, k: int, tile: Floats) -> float:
    """The highest F at the nodes of block k."""
    best = -np.inf
    lifted = _lift(grid, under, _block(grid, under, k), tile)
    for i in range(lifted.shape[0]):
        for j in range(lifted.shape[1]):
            best = max(best, lifted[i, j])
    return best


@helper
def _insert_peaks(grid: HeightGrid, part: Part, score: Floats, floor: float, found: Candidates, b: int) -> None:
    """Add a block's local maxima that may, between nodes, rise to ``floor`` to ball b's candidates.

    score: F at the block's nodes and their halo.
    """
    first = _with_halo(grid, part)
    for i in range(part.i0 - first.i0, part.i1 - first.i0 + 1):
        for j in range(part.j0 - first.j0, part.j1 - first.j0 + 1):
            if score[i, j] == -np.inf:
                continue
            drop = drop_from(score, i, j)
            if drop >= 0.0 and score[i, j] + drop >= floor:
                x = grid.nodes.low_i + (grid.nodes.first_i + first.i0 + i) * grid.nodes.step_i
                y = grid.nodes.low_j + (grid.nodes.first_j + first.j0 + j) * grid.nodes.step_j
                insert(found, b, score[i, j], x, y)


@helper
def _with_halo(grid: HeightGrid, part: Part) -> Part:
    """A rectangle of nodes and those round it."""
    rows, columns = grid.heights.shape
    return Part(max(part.i0 - 1, 0), min(part.i1 + 1, rows - 1), max(part.j0 - 1, 0), min(part.j1 + 1, columns - 1))


@helper
def _block(grid: HeightGrid, under: Under, k: int) -> Part:
    """The nodes of the k-th block under the ball, of those under the ball."""
    high, wide = grid.nodes.high, grid.nodes.wide
    across = under.c1 - under.c0 + 1
    top, left = (under.a0 + k // across) * high, (under.c0 + k % across) * wide
    return Part(
        max(under.i0, top), min(under.i1, top + high - 1), max(under.j0, left), min(under.j1, left + wide - 1)
    )  # fmt: skip


@helper
def _lift(grid: HeightGrid, under: Under, part: Part, tile: Floats) -> Floats:
    """F at a rectangle of nodes: the height of the centre of a ball touching there; −inf off its shadow."""
    rho, scale = under.radius, under.loss_scale
    rows, columns = part.i1 - part.i0 + 1, part.j1 - part.j0 + 1
    out = tile[: rows * columns].reshape(rows, columns)
    for i in range(rows):
        u = (grid.nodes.first_i + part.i0 + i - under.at_i) * grid.nodes.step_i
        rest = rho * rho - u * u
        ground = grid.heights[part.i0 + i, part.j0 : part.j1 + 1]
        line, begin, spacing = out[i], grid.nodes.first_j + part.j0, grid.nodes.step_j
        for j in range(columns):
            v = (begin + j - under.at_j) * spacing
            gap = rest - v * v
            line[j] = scale * ground[j] + np.sqrt(gap) if gap >= 0.0 else -np.inf
    return out
