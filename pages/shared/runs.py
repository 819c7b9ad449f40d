"""Runs as compact arrays, cached: a page asks for a run by its settings and draws what comes back.

A whole `Trajectory` keeps the surface and float64 batches; a page needs one ball in float32 and its outcome in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

import landscapes
import rbo_core
from pages.shared.controls import get_surface
from pages.shared.page import cached
from rbo_core import Status

_COMPILED: set[tuple[Any, ...]] = set()


@dataclass(frozen=True, eq=False)
class Run:
    """One ball's or point's run of T steps.

    method: its settings; status, stopped_at: how and after which step it ended.
    position (T+1, d) float64 parameters; loss (T+1,); height (T+1,) loss times the loss scale of the picture.
    center (T+1, d+1) and penetration (T+1,) of a ball, contacts (T+1, C, d) of a rigid one, else None.
    gradients (T+1,) gradient evaluations spent up to each step; distance (T+1,) to the surface's global minimum.
    """

    method: Any
    status: Status
    stopped_at: int
    position: np.ndarray
    loss: np.ndarray
    gradients: np.ndarray
    evaluations: int
    distance: np.ndarray
    center: np.ndarray | None
    penetration: np.ndarray | None
    contacts: np.ndarray | None
    seconds: float

    @property
    def place(self) -> np.ndarray:
        """(T+1, d) where it is seen to be: the ball's centre (a contact may jump from wall to wall), else the point."""
        return self.position if self.center is None else self.center[:, : self.position.shape[1]]

    @property
    def name(self) -> str:
        """The method's name, as in `rbo_core.figures.style.COLORS`."""
        return str(self.method.name)


def run_on(
    surface: landscapes.Landscape,
    method: Any,
    start: tuple[float, ...],
    steps: int,
    seed: int,
    with_penetration: bool,
    samples: int | None = None,
) -> Run:
    """Run one method from one start (d,), from the cache when the same run was asked for before.

    samples: at how many steps, spread evenly, the penetration is measured (None: at all); between them it is
    interpolated.

    Raises:
        ValueError: for a start outside the domain, or steps or seed that `trace` refuses.
    """
    key = (surface.name, surface.dim, tuple(sorted(surface.parameters.items())))
    kernels = (*key[:2], method.name, getattr(method, "projection", ""))
    if kernels not in _COMPILED:  # the first call of a kernel compiles it, which is no part of the method's cost
        with st.spinner("Compiling the ball for this machine: some ten seconds, the first time only"):
            rbo_core.trace(method, surface, [list(start)], 1, seed=seed)
        _COMPILED.add(kernels)
    return _run(surface, key, method, start, steps, seed, with_penetration, samples)


@cached
def _run(
    _surface: landscapes.Landscape,
    key: tuple[Any, ...],
    method: Any,
    start: tuple[float, ...],
    steps: int,
    seed: int,
    with_penetration: bool,
    samples: int | None = None,
) -> Run:
    # `key` identifies the surface for the cache; a landscape itself is left out of Streamlit's hash by its underscore.
    done = rbo_core.trace(method, _surface, [list(start)], steps, seed=seed)
    position = done.position[:, 0, :]
    lowest = np.atleast_1d(_surface.minimum.x)
    return Run(
        method=method,
        status=Status(int(done.status[0])),
        stopped_at=int(done.stopped_at[0]),
        position=position,
        loss=done.loss[:, 0],
        gradients=done.gradient_count[:, 0],
        evaluations=int(done.evaluations[0]),
        distance=np.linalg.norm(position - lowest, axis=1),
        center=None if done.center is None else done.center[:, 0],
        penetration=_penetration(done, samples) if with_penetration else None,
        contacts=None if done.contacts is None else done.contacts[:, 0],
        seconds=done.seconds,
    )


def _penetration(done: rbo_core.Trajectory, samples: int | None) -> np.ndarray | None:
    last = int(done.stopped_at[0])
    if done.center is None or samples is None or samples > last:
        return None if done.penetration is None else done.penetration[:, 0]
    kept = np.unique(np.round(np.linspace(0, last, samples)).astype(int))
    thin = replace(done, loss=done.loss[kept], center=done.center[kept], stopped_at=np.array([len(kept) - 1]))
    assert thin.penetration is not None
    return np.interp(np.arange(len(done.loss)), kept, thin.penetration[:, 0])


def moving_steps(runs: Sequence[Run], width: float) -> int:
    """After how many steps no run goes anywhere new, by what an eye can see (0.5 % of the domain's width).

    A run that oscillates for ever has settled once it keeps to what its last tenth covers.
    """
    last = 1
    for run in runs:
        path = run.place
        tail = path[-max(2, len(path) // 10) :]
        low, high = tail.min(axis=0) - 0.005 * width, tail.max(axis=0) + 0.005 * width
        away = np.flatnonzero(((path < low) | (path > high)).any(axis=1))
        last = max(last, int(away[-1]) + 2 if len(away) else 1)
    return last


@cached
def curve(name: str, parameters: tuple[tuple[str, float], ...], low: float, high: float, samples: int) -> np.ndarray:
    """(2, samples) x and f(x) of a 1-parameter surface, for drawing."""
    surface = get_surface(name, 1, **dict(parameters))
    x = np.linspace(low, high, samples)
    return np.stack([x, surface.value(x[:, None])])
