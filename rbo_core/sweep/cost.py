"""What a sweep will cost, and when that is too much."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from rbo_core.cancelled import Cancelled
from rbo_core.sweep.cells import Build, Group, group, steps
from rbo_core.sweep.engine import CHUNK_BALLS, CHUNK_BYTES, Chunk, ball_bytes, check, compute
from rbo_core.sweep.measure import columns
from rbo_core.sweep.spec import Sweep

PROBE_SECONDS = 1.0


@dataclass(frozen=True)
class Limits:
    """What a sweep may cost before it is refused: seconds of wall clock, bytes of results, and bytes of memory for the
    paths that one worker records at a time."""

    seconds: float = 24 * 3600.0
    result_bytes: float = 2e9
    memory_bytes: float = 4e9


@dataclass(frozen=True)
class Estimate:
    """What a sweep will cost: counts exact, ``seconds`` from a short probe, divided by the workers."""

    cells: int
    balls: int
    ball_steps: float
    seconds: float
    result_bytes: int
    chunk_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.cells:,} cells, {self.balls:,} balls, {self.ball_steps:,.0f} ball-steps: about "
            f"{duration(self.seconds)}, {self.result_bytes / 1e6:,.1f} MB of results"
        )


def estimate(sweep: Sweep, build: Build, worker_count: int = 1) -> Estimate:
    """What the sweep costs, from a probe of about a second for each surface on cells spread over the grid."""
    check(sweep, build)
    groups: dict[Group, list[int]] = {}
    spread = np.unique(np.linspace(0, sweep.cells - 1, 64).astype(int)).tolist()
    for cell in spread:
        groups.setdefault(group(sweep, cell), []).append(cell)
    ball_steps, seconds, longest = 0.0, 0.0, 0
    for cells in groups.values():
        total = steps(sweep, build, cells[0])
        longest = max(longest, total)
        share = len(cells) / len(spread) * sweep.cells
        ball_steps += share * sweep.balls * total
        seconds += _seconds(sweep, build, cells, share, PROBE_SECONDS / len(groups))
    width = len(columns(sweep.dim))
    return Estimate(
        cells=sweep.cells,
        balls=sweep.cells * sweep.balls,
        ball_steps=ball_steps,
        seconds=seconds / worker_count,
        result_bytes=sweep.cells * sweep.balls * width * 8,
        # A chunk is cut to CHUNK_BYTES, but never below one cell.
        chunk_bytes=int(max(one := ball_bytes(sweep.dim, longest) * sweep.balls, min(CHUNK_BYTES, one * sweep.cells))),
    )


def _seconds(sweep: Sweep, build: Build, cells: list[int], count: float, patience: float) -> float:
    """Seconds of ``count`` cells like these on one core.

    More and more of them are rolled to their end, as the sweep will do it, until the patience is over: balls that come
    to rest early, and what a batch costs whatever it holds, are then in the time. A cell that is not done by then is
    taken to go on at the pace of its first steps.
    """
    total = steps(sweep, build, cells[0])
    held = CHUNK_BYTES / ball_bytes(sweep.dim, total)
    size = max(1, int(min(CHUNK_BALLS, held) / sweep.balls))
    rolled = min(total, max(1, int(total * held / sweep.balls)))  # what the memory of a chunk can record of a cell
    sweep = replace(sweep, steps=rolled, gradients=None)
    compute(Chunk(replace(sweep, steps=1), (cells[0],), build))  # compiles and fills caches
    begin, taken = time.perf_counter(), [(0, 0.0)]
    few = 1
    while True:
        chosen = cells[:: max(1, len(cells) // few)][:few]
        some = tuple(dict.fromkeys(chosen))
        spent, share = _timed(Chunk(sweep, some, build), patience)
        taken.append((len(some), spent / share))
        if time.perf_counter() - begin > patience or len(some) >= min(size, len(cells)):
            break
        few *= 4
    (n1, t1), (n2, t2) = taken[-2:]
    if n1 == 0 or n2 == n1:
        each, start = t2 / n2, 0.0
    else:
        each = max(t2 - t1, 0.1 * t2) / (n2 - n1)
        start = max(0.0, t2 - each * n2)
    return float(count * each + math.ceil(count / size) * start) * total / rolled


def _timed(chunk: Chunk, patience: float) -> tuple[float, float]:
    """Seconds that a chunk took, and how much of it was done when the patience was over (1: all)."""
    begin = time.perf_counter()
    share = [1.0]

    def late(done: int, total: int) -> bool:
        share[0] = max(done, 1) / max(total, 1)
        return time.perf_counter() - begin > patience

    try:
        compute(chunk, late)
    except Cancelled:
        return time.perf_counter() - begin, share[0]
    return time.perf_counter() - begin, 1.0


def refuse(cost: Estimate, limits: Limits) -> None:
    """ValueError with the estimate when a sweep would cost more than its limits."""
    if cost.result_bytes > limits.result_bytes:
        raise ValueError(
            f"the grid is too large: {cost}; the limit is {limits.result_bytes / 1e6:,.0f} MB of results. "
            "Take fewer values, starts or seeds, or raise the limit (--max-megabytes)"
        )
    if cost.chunk_bytes > limits.memory_bytes:
        raise ValueError(
            f"the balls of one cell would take {cost.chunk_bytes / 1e9:,.1f} GB of memory while they roll; "
            f"the limit is {limits.memory_bytes / 1e9:,.1f} GB. Take fewer steps, starts or seeds"
        )
    if cost.seconds > limits.seconds:
        raise ValueError(
            f"the sweep would take too long: {cost}; the limit is {duration(limits.seconds)}. "
            "Take fewer values, starts or steps, more workers, or raise the limit (--max-hours)"
        )


def refuse_size(sweep: Sweep, limits: Limits) -> None:
    """The part of `refuse` that needs no probe: grids whose results alone are beyond the limit."""
    size = sweep.cells * sweep.balls * len(columns(sweep.dim)) * 8
    if size > limits.result_bytes:
        raise ValueError(
            f"the grid is too large: {sweep.cells:,} cells of {sweep.balls:,} balls, {size / 1e6:,.0f} MB of results; "
            f"the limit is {limits.result_bytes / 1e6:,.0f} MB. "
            "Take fewer values, starts or seeds, or raise the limit (--max-megabytes)"
        )


def duration(seconds: float) -> str:
    """Seconds as people say them: ``45 s``, ``12 min``, ``3.2 h``, ``2.5 days``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
