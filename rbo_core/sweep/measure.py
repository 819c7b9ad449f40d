"""What is kept of a ball's run: one row of numbers, from which every order parameter is an average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.trajectory import Status, Trajectory

PENETRATION_SAMPLES = 8  # instants of a run at which the depth is measured: a dense scan costs far more than a step

COLUMNS = (
    "status",
    "stopped_at",
    "final_loss",
    "diverged",
    "in_basin",
    "reached_at",
    "distance",
    "path",
    "displacement",
    "mean_penetration",
    "worst_penetration",
    "gradients",
    "evaluations",
)
"""Columns kept for every ball, before its final position.

status: `rbo_core.Status`; stopped_at: step after which nothing changed; diverged: 1 if it broke down or left the
domain uphill; in_basin: 1 if it ended within the basin radius of the global minimum (a rigid ball: its centre or any of
the places where it touches the ground, so that rounding, which picks the one that is reported, has no say);
reached_at: first step of the last stay in the basin, NaN if it did not end there; distance: from the end to the
global minimum; path: length of the way in the parameters; displacement: from the start to the end; penetration: mean
and largest over a few instants of the run, NaN for points; gradients, evaluations: spent.
"""


def columns(dim: int) -> tuple[str, ...]:
    """All columns on a surface of ``dim`` parameters."""
    return (*COLUMNS, *(f"final_x{i}" for i in range(dim)))


def basin_radius(surface: Any, chosen: float | None) -> float:
    """How near the global minimum counts as its basin: as chosen, else a twentieth of the domain's width.

    The minimum's own wrinkle would be the wrong measure: a wide ball rests on the crests around it.
    """
    return chosen if chosen is not None else 0.05 * float(np.max(surface.bounds[:, 1] - surface.bounds[:, 0]))


def measure(
    run: Trajectory, surface: Any, chosen_radius: float | None = None, largest_ball: float = 0.0
) -> NDArray[np.float64]:
    """(B, columns) of a run; each row depends on its own ball alone.

    ``largest_ball`` is the largest radius of the whole sweep: depths are measured on the grid that it needs, because
    grids of different extent differ in the last bit.
    """
    position = run.position
    batch, dim = position.shape[1:]
    # A rigid ball rests on the crests beside a minimum while its centre stands over it: its centre is where it is.
    place = position if run.center is None or run.contacts is None else run.center[:, :, :dim]
    out = np.full((batch, len(COLUMNS) + dim), np.nan)
    column = {name: i for i, name in enumerate(COLUMNS)}
    status, final = np.asarray(run.status), run.loss[-1]
    broken = status == Status.NON_FINITE
    left = (status == Status.LEFT_DOMAIN) & ~(final < run.loss[0])
    out[:, column["status"]] = status
    out[:, column["stopped_at"]] = run.stopped_at
    out[:, column["final_loss"]] = final
    out[:, column["diverged"]] = broken | left
    moves = np.zeros(batch)
    for t in range(len(place) - 1):  # step by step: a sum over time that does not depend on the batch
        moves += _norm(place[t + 1] - place[t])
    out[:, column["path"]] = moves
    out[:, column["displacement"]] = _norm(place[-1] - place[0])
    out[:, column["gradients"]] = run.gradients
    out[:, column["evaluations"]] = run.evaluations
    out[:, len(COLUMNS) :] = place[-1]
    minimum = getattr(surface, "minimum", None)
    if minimum is not None:
        near = basin_radius(surface, chosen_radius)
        away = np.minimum(_norm(place - minimum.x), _norm(position - minimum.x))
        if run.contacts is not None:
            away = np.fmin(away, np.fmin.reduce(_norm(run.contacts - minimum.x), axis=2))
        inside = away <= near
        out[:, column["distance"]] = away[-1]
        out[:, column["in_basin"]] = inside[-1]
        entered = len(inside) - np.argmin(inside[::-1], axis=0)
        entered = np.where(inside.all(axis=0), 0, entered)
        out[:, column["reached_at"]] = np.where(inside[-1], entered, np.nan)
    part = np.arange(1, PENETRATION_SAMPLES + 1) / PENETRATION_SAMPLES
    depth = run.penetration_at(np.round(part[:, None] * run.stopped_at).astype(np.int64), largest_ball)
    if depth is not None:
        out[:, column["mean_penetration"]] = depth.mean(axis=0)
        out[:, column["worst_penetration"]] = depth.max(axis=0)
    return out


def _norm(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length over the last axis, added up in a fixed order."""
    square = v[..., 0] * v[..., 0]
    for i in range(1, v.shape[-1]):
        square = square + v[..., i] * v[..., i]
    return np.sqrt(square)
