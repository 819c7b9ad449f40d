"""What one cell of a sweep rolls: its surface, method, starts, noise streams and number of steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.methods import method_class
from rbo_core.settings import Value, settings_of
from rbo_core.sweep.spec import SURFACE_PREFIX, Sweep

Build = Callable[..., Any]
"""``build(name, dim=..., **parameters)`` gives the surface (``landscapes.get``); importable by name, so it pickles."""
Group = tuple[tuple[str, Value], ...]
"""The settings that cells must share to be rolled in one trace, and their values."""


def starts(sweep: Sweep, surface: Any) -> NDArray[np.float64]:
    """The starts (S, d): as given, spread over the surface's bounds (midpoints; a low-discrepancy set in 2-D), or drawn
    evenly at random from them: then intervals of shares are what they say."""
    if not isinstance(sweep.starts, int):
        return np.array(sweep.starts, dtype=float)
    low, high = np.asarray(surface.bounds, dtype=float).T
    if sweep.random_starts is not None:
        generator = np.random.default_rng(sweep.random_starts)
        return np.asarray(generator.uniform(low, high, size=(sweep.starts, len(low))))
    k = np.arange(sweep.starts)[:, None] + 0.5
    # The R_d sequence (Roberts 2018), a generalised golden ratio; its 1-D member is replaced by exact midpoints.
    ratio = (1.0, 1.618033988749895, 1.324717957244746)[min(sweep.dim, 2)]
    unit = k / sweep.starts if sweep.dim == 1 else np.mod(k / ratio ** np.arange(1, sweep.dim + 1), 1.0)
    return low + (high - low) * unit


def steps(sweep: Sweep, build: Build, cell: int = 0) -> int:
    """Steps that a cell's balls roll: as given, or as many as the budget of gradients buys at that cell's price."""
    if sweep.steps is not None:
        return sweep.steps
    assert sweep.gradients is not None  # checked when the sweep was made
    return max(1, int(sweep.gradients / price(sweep, build, cell)))


def price(sweep: Sweep, build: Build, cell: int = 0) -> float:
    """Evaluations of the surface that one step costs in ``cell``'s group, counted on runs of 8 steps in up to 16 cells.

    A value that a rigid ball asks for while it looks for its contact counts as much as a gradient.
    """
    return _price(sweep, build, group(sweep, cell))


@lru_cache(maxsize=1024)
def _price(sweep: Sweep, build: Build, static: Group) -> float:
    from rbo_core.trajectory import trace

    cells = [cell for cell in range(sweep.cells) if group(sweep, cell) == static]
    rows = [sweep.cell(cell) for cell in cells[:: max(1, len(cells) // 16)][:16]]
    batched = {name: np.array([float(row[name]) for row in rows]) for name in batched_axes(sweep)}
    surface = build_surface(sweep, build, static)
    method = build_method(sweep, {**static_settings(sweep, static), **batched})
    points = starts(sweep, surface)
    run = trace(method, surface, points[np.arange(len(rows)) % len(points)], 8, seed=0)
    return max(1.0, float(np.sum(run.gradients + run.evaluations) / max(1, int(np.sum(run.stopped_at)))))


def stream(seed: int, start: int) -> int:
    """Seed of the noise of start number ``start`` under ``seed``."""
    return int(np.random.SeedSequence([seed, start]).generate_state(1, dtype=np.uint64)[0] >> np.uint64(1))


def _method_class(sweep: Sweep) -> Any:
    return method_class(sweep.method, called="method.name")


def build_method(sweep: Sweep, settings: dict[str, Any]) -> Any:
    """The sweep's method with ``settings``; ValueError names a setting that it does not have."""
    cls = _method_class(sweep)
    known = {one.name for one in settings_of(cls)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ValueError(f"method {sweep.method!r} has no setting {unknown[0]!r}; it has {', '.join(sorted(known))}")
    return cls(**settings)


@lru_cache(maxsize=64)
def batched_axes(sweep: Sweep) -> tuple[str, ...]:
    """Axes whose settings may differ from ball to ball within one trace."""
    batchable = {one.name for one in settings_of(_method_class(sweep)) if one.batchable}
    return tuple(axis.name for axis in sweep.grid if axis.name in batchable)


@lru_cache(maxsize=64)
def static_axes(sweep: Sweep) -> tuple[str, ...]:
    """Axes whose settings a whole trace shares: words, switches, counts, and the surface's parameters."""
    batched = batched_axes(sweep)
    return tuple(axis.name for axis in sweep.grid if axis.name not in batched)


def group(sweep: Sweep, cell: int) -> Group:
    """What a cell cannot share a trace over: its surface's parameters and its non-numeric settings."""
    names = static_axes(sweep)
    if not names:
        return ()
    row = sweep.cell(cell)
    return tuple((name, row[name]) for name in names)


def first_values(sweep: Sweep) -> dict[str, float]:
    """The first value of each batched axis."""
    return {name: float(sweep.axis(name).values[0]) for name in batched_axes(sweep)}


def build_surface(sweep: Sweep, build: Build, static: Group) -> Any:
    """The surface of a group of cells."""
    varied = {name.removeprefix(SURFACE_PREFIX): value for name, value in static if name.startswith(SURFACE_PREFIX)}
    return build(sweep.surface, dim=sweep.dim, **{**dict(sweep.surface_parameters), **varied})


def static_settings(sweep: Sweep, static: Group) -> dict[str, Value]:
    """The method's settings that a group of cells shares."""
    return {**dict(sweep.settings), **{name: v for name, v in static if not name.startswith(SURFACE_PREFIX)}}
