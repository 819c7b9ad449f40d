"""Running a sweep: chunks of cells, each one batched trace, over any `concurrent.futures.Executor`.

The executor decides where chunks run: a thread of this process, spawned processes, or a Dask cluster
(``distributed.Client(...).get_executor()``). Nothing here knows which. A ball's numbers depend on its own settings,
start and seed alone, so chunks, workers and interruptions leave no trace in the results.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.cancelled import Cancelled
from rbo_core.cluster import outcome
from rbo_core.record import bytes_a_step
from rbo_core.refining import refining_order
from rbo_core.sweep.cells import (
    Build,
    Group,
    batched_axes,
    build_method,
    build_surface,
    first_values,
    group,
    starts,
    static_axes,
    static_settings,
    steps,
    stream,
)
from rbo_core.sweep.measure import columns, measure
from rbo_core.sweep.spec import Sweep
from rbo_core.sweep.store import Store

Progress = Callable[[int, int], Any]
"""``progress(done cells, all cells)``; True ends the sweep with what is stored."""

PARENT_PERIOD = 1.0  # seconds between two looks of a worker whether its parent lives
CHUNK_BYTES = 96e6
CHUNK_BALLS = 2048


@dataclass(frozen=True)
class Chunk:
    """Work for one call of `compute`: cells that share everything but numeric settings of the method."""

    sweep: Sweep
    cells: tuple[int, ...]
    build: Build


def compute(chunk: Chunk, stop: Progress | None = None) -> NDArray[np.float64]:
    """Roll all balls of a chunk's cells in one batched trace; (cells, balls, columns).

    ``stop(steps done, steps in all)`` is asked now and then; True ends the work with `Cancelled`.
    """
    from rbo_core.trajectory import trace

    sweep = chunk.sweep
    static, rows = group(sweep, chunk.cells[0]), [sweep.cell(cell) for cell in chunk.cells]
    surface = build_surface(sweep, chunk.build, static)
    points = starts(sweep, surface)
    repeat = sweep.balls
    batched = {name: np.repeat([float(row[name]) for row in rows], repeat) for name in batched_axes(sweep)}
    method = build_method(sweep, {**static_settings(sweep, static), **batched})
    start = np.tile(np.repeat(points, len(sweep.seeds), axis=0), (len(rows), 1))
    # Every start gets a stream of its own; every cell gets the same streams, so cells differ by their settings alone.
    streams = [stream(seed, i) for i in range(len(points)) for seed in sweep.seeds]
    seed = np.tile(np.array(streams, dtype=np.int64), len(rows))
    run = trace(method, surface, start, steps(sweep, chunk.build, chunk.cells[0]), seed=seed, progress=stop)
    if run.cancelled:
        raise Cancelled
    return measure(run, surface, sweep.basin_radius, _largest(sweep, "radius")).reshape(len(rows), repeat, -1)


def run(
    sweep: Sweep,
    store: Store,
    build: Build,
    executor: Executor | None = None,
    *,
    progress: Progress | None = None,
    chunk_balls: int = CHUNK_BALLS,
    in_flight: int = 16,
) -> NDArray[np.float64]:
    """Compute the cells that the store lacks, store every chunk as it finishes, return everything.

    Args:
        executor: where chunks run; None computes them in this thread.
        chunk_balls: balls in one batched trace (at least one cell); it changes speed and memory, never results.
        in_flight: chunks handed to the executor at a time.

    Returns:
        (cells, balls, columns): see `rbo_core.sweep.measure.columns`.

    Raises:
        Cancelled: ``progress`` returned True. What was finished is stored.
        StoreFull: the disk is full. What was finished before is stored.
        ValueError: a setting or a surface is not valid; raised before anything is computed.
    """
    check(sweep, build)
    store.add(sweep, columns(sweep.dim))
    stored = set(store.done(sweep.id).tolist())
    done = len(stored)
    if progress is not None and progress(done, sweep.cells):
        raise Cancelled
    waiting = chunks(
        sweep, build, [cell for cell in refining_order(sweep.shape).tolist() if cell not in stored], chunk_balls
    )
    stop = None if progress is None else lambda steps_done, all_steps: progress(done, sweep.cells)
    for chunk, data in _results(waiting, executor, in_flight, stop):
        store.put(sweep.id, chunk.cells, data)
        done += len(chunk.cells)
        if progress is not None and progress(done, sweep.cells):
            raise Cancelled
    return store.data(sweep)


def workers(count: int) -> ProcessPoolExecutor:
    """``count`` local processes, spawned (a fork would copy locks that other threads hold)."""
    if count < 1:
        raise ValueError(f"workers must be at least 1, got {count}")
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_leave_with_parent, initargs=(os.getpid(),))


def _leave_with_parent(parent: int) -> None:
    """End this worker when the process that began it is gone, however that ended: nobody would fetch its results."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_PERIOD)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def check(sweep: Sweep, build: Build) -> None:
    """Build every surface and method of the sweep once, so that a bad setting is refused before any work."""
    seen = set()
    everything = {name: _numbers(sweep, name) for name in batched_axes(sweep)}
    for cell in range(sweep.cells) if static_axes(sweep) else (0,):
        static = group(sweep, cell)
        if static in seen:
            continue
        seen.add(static)
        surface = build_surface(sweep, build, static)
        points = starts(sweep, surface)
        low, high = np.asarray(surface.bounds).T
        outside = points[((points < low) | (points > high)).any(axis=1)]
        if len(outside):
            raise ValueError(f"starts must lie inside {low.tolist()} to {high.tolist()}, got {outside[0].tolist()}")
        build_method(sweep, {**static_settings(sweep, static), **first_values(sweep)})
        for name, values in everything.items():
            build_method(sweep, {**static_settings(sweep, static), **first_values(sweep), name: values})


def _numbers(sweep: Sweep, name: str) -> NDArray[np.float64]:
    values = sweep.axis(name).values
    words = [value for value in values if isinstance(value, str)]
    if words:
        raise ValueError(f"grid.{name} must hold numbers, got {words[0]!r}; write a list, or low:high:countlog")
    return np.array([float(value) for value in values])


def chunks(sweep: Sweep, build: Build, cells: Sequence[int], chunk_balls: int = CHUNK_BALLS) -> Iterator[Chunk]:
    """Cut ``cells`` (in the order given) into chunks that one trace can hold."""
    if chunk_balls < 1:
        raise ValueError(f"chunk_balls must be at least 1, got {chunk_balls}")
    groups: dict[Group, list[int]] = {}
    for cell in cells:
        groups.setdefault(group(sweep, cell), []).append(cell)
    for members in groups.values():
        balls = min(chunk_balls, CHUNK_BYTES / ball_bytes(sweep.dim, steps(sweep, build, members[0])))
        size = max(1, int(balls / sweep.balls))
        for first in range(0, len(members), size):
            yield Chunk(sweep, tuple(members[first : first + size]), build)


def _results(
    waiting: Iterator[Chunk], executor: Executor | None, in_flight: int, stop: Progress | None
) -> Iterator[tuple[Chunk, NDArray[np.float64]]]:
    """Chunks and their results in the order in which they finish."""
    if executor is None:
        for chunk in waiting:
            yield chunk, compute(chunk, stop)
        return
    pending: dict[Future[NDArray[np.float64]], Chunk] = {}
    try:
        more = True
        while more or pending:
            while more and len(pending) < in_flight:
                following = next(waiting, None)
                if following is None:
                    more = False
                else:
                    pending[executor.submit(compute, following)] = following
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                chunk = pending.pop(future)
                yield chunk, _result(future)
    finally:
        for future in pending:
            future.cancel()


def _result(future: Future[NDArray[np.float64]]) -> NDArray[np.float64]:
    try:
        return outcome(future)
    except BrokenProcessPool as problem:
        raise ValueError(
            f"a worker process ended before its work was done ({problem or type(problem).__name__}; out of memory?); "
            "what was finished is stored: run the same command to go on, with fewer workers if memory is short"
        ) from problem


def _largest(sweep: Sweep, name: str) -> float:
    """The largest value of a numeric axis; 0 when the grid does not vary it."""
    return max((float(v) for axis in sweep.grid if axis.name == name for v in axis.values), default=0.0)


def ball_bytes(dim: int, total: int) -> float:
    """Bytes of one ball's recorded path of ``total`` steps."""
    return float((total + 1) * bytes_a_step(dim))
