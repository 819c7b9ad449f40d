"""More values of an axis where an order parameter jumps: every stored cell is kept, whole rows are added between.

A map over even radii knows a jump no better than the distance of two of them. Each round halves the gaps, on a log axis
geometrically, over which the order parameter changes most in any row of the map; the others stay as they are. The
refined sweep is a sweep like any other, with an id of its own: what it shares with the one before is copied in the
store, and what is interrupted goes on, since equal results lead to equal refinements.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rbo_core.sweep.cells import Build
from rbo_core.sweep.engine import Progress, run
from rbo_core.sweep.measure import columns
from rbo_core.sweep.order_parameters import cell_map
from rbo_core.sweep.spec import Axis, Sweep
from rbo_core.sweep.store import Store

MOST_ROUNDS = 6
MOST_GAPS = 12
"""Most gaps halved in one round, those with the largest changes: a map grows by no more than this many rows."""
CHANGE = 0.2
"""A gap is halved when the order parameter changes over it by this part of its range in the whole map, in some row."""
FINEST = 1.004
"""Neighbours of a log axis that are nearer than this factor are not parted further (a linear axis: that part of its
length)."""


@dataclass(frozen=True)
class Refinement:
    """How a sweep is refined: by which order parameter, along which axis, in how many rounds (0: not at all)."""

    order: str = "in_basin"
    axis: str = "radius"
    rounds: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.rounds <= MOST_ROUNDS:
            raise ValueError(f"refine takes from 0 to {MOST_ROUNDS} rounds, got {self.rounds}")


def check(sweep: Sweep, how: Refinement) -> None:
    """Raise ValueError for a sweep that cannot be refined in this way."""
    if how.rounds == 0:
        return
    values = sweep.axis(how.axis).values
    if any(isinstance(value, str | bool) for value in values) or list(values) != sorted(map(float, values)):
        raise ValueError(f"refine needs an axis of increasing numbers, got {how.axis} = {list(values)[:6]}")
    if sweep.steps is None:
        raise ValueError("refine needs a number of steps: how many a budget of gradients buys depends on the grid")


def finer(sweep: Sweep, data: NDArray[np.float64], how: Refinement) -> Sweep | None:
    """The sweep with the gaps halved over which the order parameter changes most; None where no gap is left to halve.

    data: (cells, balls, columns) of the sweep; cells that are not stored or count nothing change nothing.
    """
    check(sweep, how)
    values = np.array(sweep.axis(how.axis).values, dtype=float)
    where = [axis.name for axis in sweep.grid].index(how.axis)
    grid = np.moveaxis(cell_map(sweep, data, how.order), where, 0).reshape(len(values), -1)
    known = grid[np.isfinite(grid)]
    if known.size == 0 or np.ptp(known) == 0:
        return None
    change = np.nan_to_num(np.abs(np.diff(grid, axis=0)), nan=0.0).max(axis=1) / np.ptp(known)
    low, high = values[:-1], values[1:]
    log = values[0] > 0
    wide = high / low > FINEST if log else high - low > (FINEST - 1) * (values[-1] - values[0])
    gaps = np.flatnonzero((change >= CHANGE) & wide)
    if gaps.size == 0:
        return None
    chosen = gaps[np.argsort(-change[gaps], kind="stable")[:MOST_GAPS]]
    middle = np.sqrt(low * high) if log else 0.5 * (low + high)
    # Twelve digits, as in `spec.spread`: the same on every machine.
    added = [float(f"{v:.12g}") for v in middle[chosen]]
    fine = Axis(how.axis, tuple(sorted({*map(float, values), *added})))
    return replace(sweep, grid=tuple(fine if axis.name == how.axis else axis for axis in sweep.grid))


def carry_over(store: Store, old: Sweep, new: Sweep) -> None:
    """Copy to the sweep ``new`` the stored cells of ``old``, of which it is a refinement."""
    store.add(new, columns(new.dim))
    index = np.unravel_index(np.arange(old.cells), old.shape)
    moved = [
        np.searchsorted(np.array(fine.values, dtype=float), np.array(coarse.values, dtype=float))[i]
        if fine.values != coarse.values
        else i
        for fine, coarse, i in zip(new.grid, old.grid, index, strict=True)
    ]
    store.copy(old.id, new.id, np.ravel_multi_index(moved, new.shape).tolist())


def deepest(sweep: Sweep, store: Store, how: Refinement) -> tuple[Sweep, bool]:
    """The most refined sweep whose predecessors are all stored whole, and whether nothing is left to refine or compute.

    Nothing is computed: its own cells may still be missing.
    """
    check(sweep, how)
    for _ in range(how.rounds):
        if store.count(sweep.id) < sweep.cells:
            return sweep, False
        following = finer(sweep, store.data(sweep), how)
        if following is None:
            return sweep, True
        if store.count(following.id) == 0:
            carry_over(store, sweep, following)
        sweep = following
    return sweep, store.count(sweep.id) == sweep.cells


def run_refined(
    sweep: Sweep,
    store: Store,
    build: Build,
    how: Refinement,
    executor: Executor | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Sweep, NDArray[np.float64]]:
    """Run a sweep and refine it, round by round; returns the refined sweep and its (cells, balls, columns).

    Raises:
        ValueError, Cancelled, StoreFull: as `run`; what was finished is stored, and the same call goes on.
    """
    while True:
        deep, complete = deepest(sweep, store, how)
        if complete:
            return deep, store.data(deep)
        run(deep, store, build, executor, progress=progress)
