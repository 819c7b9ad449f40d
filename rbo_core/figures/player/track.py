"""One ball's or point's run out of a trajectory's batch, with what a scene, a sentence and a table need of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core import Status, Trajectory

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Track:
    """What one ball or point did in T steps on a surface of d parameters.

    method: its settings; status, stopped_at: how and after which step it ended.
    position (T+1, d) parameters; loss (T+1,).
    center (T+1, d+1), radius (T+1,) and penetration (T+1,) of a ball, contacts (T+1, C, d) of a rigid one, else None.
    gradients (T+1,) gradient evaluations spent up to each step; distance (T+1,) to the surface's global minimum.
    seconds: wall time of the whole batch it was part of.
    below: loss of the ground straight below where it ended: a ball's contact, on a crest, lies higher than that.
    """

    method: Any
    status: Status
    stopped_at: int
    position: Floats
    loss: Floats
    gradients: NDArray[np.int64]
    evaluations: int
    distance: Floats
    center: Floats | None
    radius: Floats | None
    penetration: Floats | None
    contacts: Floats | None
    seconds: float
    below: float | None = None

    @property
    def end_loss(self) -> float:
        """The loss where it ended, comparable between balls and points: of the ground straight below."""
        known = self.below is not None and np.isfinite(self.below)
        return float(self.below) if known and self.below is not None else float(self.loss[self.stopped_at])

    @property
    def place(self) -> Floats:
        """(T+1, d) where it is seen to be: the ball's centre (a contact may jump from wall to wall), else the point."""
        return self.position if self.center is None else self.center[:, : self.position.shape[1]]

    @property
    def name(self) -> str:
        """The method's name, as in `rbo_core.figures.style.COLORS`."""
        return str(self.method.name)

    @property
    def breathes(self) -> bool:
        """Whether its radius changed on the way."""
        return self.radius is not None and bool(np.ptp(self.radius) > 0)

    @property
    def rests_on(self) -> Floats:
        """(C, d) where it ended on the ground: the point, or the ball's centre from above and all its contacts."""
        last = self.stopped_at
        spots = [self.place[last], self.position[last]]
        if self.contacts is not None:
            spots += list(self.contacts[last])
        return np.array(spots)

    @property
    def deepest(self) -> float:
        """The deepest penetration in percent of the radius, 0 for a ball that never sank in; NaN where not measured."""
        return float("nan") if self.penetration is None else 100 * max(float(np.nanmax(self.penetration)), 0.0)


def track_of(run: Trajectory, ball: int = 0, *, minimum: ArrayLike | None = None, depths: int | None = None) -> Track:
    """The run of one ball of a batch.

    Args:
        ball: its row in the batch.
        minimum: (d,) where the distance is measured to; by default the surface's global minimum.
        depths: at how many steps, spread evenly, the penetration is measured, interpolated between them (a dense scan
            of the surface for each): None at every step, 0 nowhere.

    Raises:
        ValueError: when the surface does not know its minimum and none is given.
    """
    if run.position.shape[1] > 1:
        run = _alone(run, ball)
    position = run.position[:, 0]
    lowest = np.atleast_1d(_minimum_of(run) if minimum is None else minimum)
    last = int(run.stopped_at[0])
    spot = position[last] if run.center is None else run.center[last, 0, : position.shape[1]]
    below = float(run.surface.value_and_grad(np.ascontiguousarray(spot[None]))[0][0])
    return Track(
        method=run.method,
        status=Status(int(run.status[0])),
        stopped_at=int(run.stopped_at[0]),
        position=position,
        loss=run.loss[:, 0],
        gradients=run.gradient_count[:, 0],
        evaluations=int(run.evaluations[0]),
        distance=np.linalg.norm(position - lowest, axis=1),
        center=None if run.center is None else run.center[:, 0],
        radius=None if run.radius is None else run.radius[:, 0],
        penetration=_penetration(run, depths),
        contacts=None if run.contacts is None else run.contacts[:, 0],
        seconds=run.seconds,
        below=below,
    )


def moving_steps(tracks: Sequence[Track], width: float) -> int:
    """After how many steps nobody goes anywhere new, by what an eye can see (0.5 % of the domain's width).

    A run that oscillates for ever has settled once it keeps to what its last tenth covers.
    """
    last = 1
    for track in tracks:
        path = track.place
        tail = path[-max(2, len(path) // 10) :]
        low, high = tail.min(axis=0) - 0.005 * width, tail.max(axis=0) + 0.005 * width
        away = np.flatnonzero(((path < low) | (path > high)).any(axis=1))
        last = max(last, int(away[-1]) + 2 if len(away) else 1)
    return last


def _minimum_of(run: Trajectory) -> ArrayLike:
    known = getattr(run.surface, "minimum", None)
    if known is None:
        raise ValueError(f"the surface {run.surface!r} does not know its minimum; pass minimum=, a point of its own")
    return np.asarray(known.x)


def _alone(run: Trajectory, ball: int) -> Trajectory:
    """The trajectory of one ball of the batch, its settings single numbers."""
    row = slice(ball, ball + 1)
    own: dict[str, Any] = {
        field.name: float(np.asarray(value)[ball])
        for field in fields(run.method)
        if np.ndim(value := getattr(run.method, field.name)) == 1
    }
    return replace(
        run,
        method=replace(run.method, **own) if own else run.method,
        position=run.position[:, row],
        loss=run.loss[:, row],
        center=None if run.center is None else run.center[:, row],
        radius=None if run.radius is None else run.radius[:, row],
        contacts=None if run.contacts is None else run.contacts[:, row],
        gradient_count=run.gradient_count[:, row],
        evaluation_count=run.evaluation_count[:, row],
        status=run.status[row],
        stopped_at=run.stopped_at[row],
        seed=run.seed[row],
    )


def _penetration(run: Trajectory, samples: int | None) -> Floats | None:
    """(T+1,) of a batch of one."""
    last = int(run.stopped_at[0])
    if run.center is None or samples == 0:
        return None
    if samples is None or samples > last:
        return None if run.penetration is None else run.penetration[:, 0]
    kept = np.unique(np.round(np.linspace(0, last, samples)).astype(np.int64))
    depth = run.penetration_at(kept[:, None])
    return None if depth is None else np.interp(np.arange(len(run.loss)), kept, depth[:, 0])
