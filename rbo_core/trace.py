"""Run a method for many steps over a batch and record what happened to each ball."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ball.heights import MEASURED, check_radius, height_grid, radius_limits
from rbo_core.ball.penetration import penetration
from rbo_core.ball.rigid import RigidState
from rbo_core.checks import per_ball, require_count
from rbo_core.objective import Surface, SurfaceObjective, value_of
from rbo_core.points import PointMethod
from rbo_core.rolling import RBO

Floats = NDArray[np.float64]
Method = RBO | PointMethod
Progress = Callable[[int, int], object]

PATIENCE = 5
"""A ball has converged after this many successive steps below the tolerance."""
MAX_RECORD = 4 << 30
"""Most bytes a run may keep of its steps."""


class Status(IntEnum):
    """How a ball's run ended."""

    RUNNING = 0
    CONVERGED = 1
    LEFT_DOMAIN = 2
    NON_FINITE = 3

    @property
    def message(self) -> str:
        """A sentence for people."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.RUNNING: "still moving after the last step",
    Status.CONVERGED: "came to rest",
    Status.LEFT_DOMAIN: "left the domain of the surface; try a smaller learning rate",
    Status.NON_FINITE: "diverged to a non-finite value; try a smaller learning rate",
}


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a batch of B balls did in T steps on a surface of d parameters. A stopped ball keeps its last entry.

    Attributes:
        method, surface: what ran on what.
        position: (T+1, B, d) contact point (or the point itself for point methods), parameter units.
        loss: (T+1, B) loss f at ``position``.
        center: (T+1, B, d+1) ball centre, the height in units of the scaled loss λf; None for point methods.
        contacts: (T+1, B, C, d) tied contacts of a rigid ball, NaN-padded; None otherwise.
        gradient_count: (T+1, B) gradient evaluations spent up to each step, counted by the objective.
        evaluation_count: (T+1, B) value-only evaluations spent up to each step.
        status: (B,) Status; stopped_at: (B,) step after which nothing changes.
        seconds: wall time of the steps alone.
        seed: (B,) each ball's seed.
        cancelled: whether the progress callback ended the run early.
    """

    method: Method
    surface: Surface
    position: Floats
    loss: Floats
    center: Floats | None
    contacts: Floats | None
    gradient_count: NDArray[np.int64]
    evaluation_count: NDArray[np.int64]
    status: NDArray[np.int64]
    stopped_at: NDArray[np.int64]
    seconds: float
    seed: NDArray[np.int64]
    cancelled: bool = False

    @property
    def start(self) -> Floats:
        """(B, d) where the run began: the point, the contact, or, of a rigid ball, what its centre was lowered over."""
        rigid = self.center is not None and self.contacts is not None
        return self.center[0, :, :-1] if rigid and self.center is not None else self.position[0]

    @property
    def steps(self) -> int:
        """T, the number of steps recorded."""
        return self.position.shape[0] - 1

    @property
    def gradients(self) -> NDArray[np.int64]:
        """(B,) gradient evaluations spent."""
        return self.gradient_count[-1]

    @property
    def evaluations(self) -> NDArray[np.int64]:
        """(B,) value-only evaluations spent (the rigid contact search)."""
        return self.evaluation_count[-1]

    @cached_property
    def penetration(self) -> Floats | None:
        """(T+1, B) (ρ − d(c, Γ))/ρ against a dense scan of the surface.

        None for points, above 2 parameters, and for balls too large or too small to scan for (`heights.radius_limits`).
        """
        if self.center is None or self.surface.dim > 2 or not isinstance(self.method, RBO):
            return None
        count, batch = self.loss.shape
        radius = per_ball(self.method.radius, batch)
        scale = per_ball(self.method.loss_scale, batch)
        least, most = radius_limits(self.surface)
        if radius.min() < least or radius.max() > most:
            return None
        grid = height_grid(self.surface, MEASURED * float(radius.max()))
        value = value_of(self.surface)
        out = np.empty((count, batch))
        for b in range(batch):
            last = int(self.stopped_at[b]) + 1
            full = np.full(last, radius[b]), np.full(last, scale[b])
            out[:last, b] = penetration(grid, value, self.center[:last, b], *full)
            out[last:, b] = out[last - 1, b]
        return out


def trace(
    method: Method,
    surface: Surface,
    start: ArrayLike,
    steps: int,
    seed: int | ArrayLike = 0,
    progress: Progress | None = None,
    tolerance: float = 1e-6,
) -> Trajectory:
    """Run ``method`` on ``surface`` for ``steps`` steps from each row of ``start``.

    Args:
        method: RBO, SGD, Momentum, Adam, AdamW, SAM or EntropySGD; its numbers may be arrays (B,).
        surface: has ``value_and_grad``, ``bounds`` and ``dim``; rigid balls also use ``value`` and ``finest_scale``.
        start: (B, d) or (d,) inside the bounds.
        steps: T ≥ 1.
        seed: one seed (all balls then see the same noise) or (B,) seeds. A ball's noise depends on its seed alone.
        progress: called with (steps done, T); a true answer cancels, and what was done is returned.
        tolerance: a ball has come to rest when it moves less than ``tolerance`` times its radius (a point: times the
            width of the domain) in each of several successive steps, and, with momentum, is not pushed on either: a
            turning point is no rest.

    Raises:
        ValueError: for a start of the wrong shape or outside the domain, a bad number of steps or seed, or a rigid
            ball too large or too small to search for its contacts.
    """
    require_count("steps", steps)
    bounds = np.asarray(surface.bounds, dtype=float)
    x = _checked_start(start, bounds)
    batch = x.shape[0]
    _check_memory(steps, x)
    _check_batch(method, batch)
    if isinstance(method, RBO) and method.projection == "rigid" and x.shape[1] <= 2:
        check_radius(surface, np.asarray(method.radius))
    seeds = _checked_seed(seed, batch)
    objective = SurfaceObjective(surface, batch, seeds, method.gradient_noise)
    rest = tolerance * _scale_of_rest(method, bounds, batch)
    inertia = _inertia(method, batch)

    began = time.perf_counter()
    state: Any = method.init(objective, x)
    rigid = isinstance(state, RigidState)
    position = np.empty((steps + 1, *x.shape))
    gradient_count = np.zeros((steps + 1, batch), dtype=np.int64)
    evaluation_count = np.zeros((steps + 1, batch), dtype=np.int64)
    position[0] = state.x
    evaluation_count[0] = objective.evaluations
    centers = np.empty((steps + 1, batch, x.shape[1] + 1)) if rigid else None
    contacts = np.empty((steps + 1, *state.points.shape)) if rigid else None
    _record_rigid(state, 0, centers, contacts)
    status = np.full(batch, Status.RUNNING, dtype=np.int64)
    stopped_at = np.full(batch, steps, dtype=np.int64)
    still = np.zeros(batch, dtype=np.int64)
    last_move = np.zeros(x.shape)
    report_every = max(1, steps // 100)
    cancelled = False
    done = steps

    for t in range(1, steps + 1):
        with np.errstate(all="ignore"):  # trouble of one ball is data: its status, below
            new: Any = method.step(objective, state)[0]
        here = new.center if rigid else new.x
        active = objective.active
        finite = np.isfinite(here).all(axis=1) & np.isfinite(new.x).all(axis=1)
        inside = ((here >= bounds[:, 0]) & (here <= bounds[:, 1])).all(axis=1)
        move = here - (state.center if rigid else state.x)
        still = np.where(_settled(move, last_move, inertia, rest), still + 1, 0)
        broken = active & ~finite
        left = active & finite & ~inside
        at_rest = active & finite & inside & (still >= PATIENCE)
        status[broken], status[left], status[at_rest] = Status.NON_FINITE, Status.LEFT_DOMAIN, Status.CONVERGED
        stopped_at[broken | left] = t - 1
        stopped_at[at_rest] = t
        # A ball that breaks or leaves keeps its last good place; finished balls stay as they are.
        advance = active & finite & inside
        state = _merge(advance, new, state)
        last_move = np.where(finite[:, None], move, 0.0)
        objective.active = advance & ~at_rest
        position[t] = state.x
        gradient_count[t], evaluation_count[t] = objective.gradients, objective.evaluations
        _record_rigid(state, t, centers, contacts)
        if progress is not None and (t % report_every == 0 or t == steps) and progress(t, steps):
            cancelled, done = True, t
            break
        if not objective.active.any():
            for record in (position, gradient_count, evaluation_count, centers, contacts):
                if record is not None:
                    record[t + 1 :] = record[t]
            if progress is not None:
                progress(steps, steps)
            break

    seconds = time.perf_counter() - began
    keep = slice(0, done + 1)
    stopped_at = np.minimum(stopped_at, done)
    position = position[keep]
    loss, centers = _measure(method, surface, position, centers[keep] if centers is not None else None)
    return Trajectory(
        method, surface, position, loss, centers, contacts[keep] if contacts is not None else None,
        gradient_count[keep], evaluation_count[keep], status, stopped_at, seconds,
        np.broadcast_to(seeds, (batch,)), cancelled,
    )  # fmt: skip


def _measure(
    method: Method, surface: Surface, position: Floats, centers: Floats | None
) -> tuple[Floats, Floats | None]:
    """Loss at every recorded position and, for a local projection, the centre p + ρν; measured, not spent."""
    count, batch, dim = position.shape
    f, g = surface.value_and_grad(np.ascontiguousarray(position.reshape(-1, dim)))
    loss = f.reshape(count, batch)
    if not isinstance(method, RBO) or centers is not None:
        return loss, centers
    scale = per_ball(method.loss_scale, batch)
    radius = per_ball(method.radius, batch)
    slope = scale[:, None] * g.reshape(position.shape)
    lift = radius / np.sqrt(1.0 + np.sum(slope * slope, axis=2))
    centers = np.concatenate([position - lift[..., None] * slope, (scale * loss + lift)[..., None]], axis=2)
    return loss, centers


def _merge(take: NDArray[np.bool_], new: Any, old: Any) -> Any:
    """``new`` for the balls in ``take``, ``old`` for the others; fields without a batch axis are new."""
    if take.all():
        return new
    fields = []
    for a, b in zip(new, old, strict=True):
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            a = np.where(take.reshape(-1, *[1] * (a.ndim - 1)), a, b)
        fields.append(a)
    return type(new)(*fields)


def _settled(move: Floats, last_move: Floats, inertia: Floats | None, rest: Floats) -> NDArray[np.bool_]:
    """(B,) whether the last step hardly moved a ball *and* the ground hardly pushes it.

    At its turning point a ball with momentum stands nearly still for some steps: what the ground pushes it in a step,
    m − β m₋ for two successive moves, tells it from a ball at rest. The speed to which that push could drive the ball,
    (m − β m₋)/(1 − β), must be small too. Without momentum both conditions are the same one.
    """
    settled: NDArray[np.bool_] = _length(move) <= rest
    if inertia is not None:
        settled &= _length(move - inertia[:, None] * last_move) <= (1.0 - inertia) * rest
    return settled


def _inertia(method: Method, batch: int) -> Floats | None:
    """(B,) momentum β of a heavy ball or point, None for a batch without."""
    beta = per_ball(vars(method).get("momentum", 0.0), batch)
    return beta if beta.any() else None


def _length(move: Floats) -> Floats:
    return np.sqrt(np.sum(move**2, axis=1))


def _record_rigid(state: Any, t: int, centers: Floats | None, contacts: Floats | None) -> None:
    if centers is not None and contacts is not None:
        centers[t, :, :-1] = state.center
        centers[t, :, -1] = state.height
        contacts[t] = state.points


def _scale_of_rest(method: Method, bounds: Floats, batch: int) -> Floats:
    if isinstance(method, RBO):
        return per_ball(method.radius, batch)
    return np.full(batch, float((bounds[:, 1] - bounds[:, 0]).max()))


def _check_memory(steps: int, x: Floats) -> None:
    """A record keeps positions, centres, tied contacts and counts of every step."""
    bytes_a_step = 8 * x.shape[0] * (7 * x.shape[1] + 4)
    most = MAX_RECORD // bytes_a_step
    if steps > most:
        raise ValueError(
            f"steps must be at most {most:,} for {x.shape[0]} ball{'s' * (x.shape[0] > 1)} in one run, got {steps:,}: "
            f"their record would take {steps * bytes_a_step / 2**30:.0f} GB; roll fewer steps or fewer balls at once"
        )


def _checked_start(start: ArrayLike, bounds: Floats) -> Floats:
    try:
        x = np.array(start, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"start must be numbers of shape (B, {len(bounds)}), got {start!r}") from None
    if x.ndim == 1:
        x = x[None, :]
    if x.ndim != 2 or x.shape[1] != len(bounds) or x.shape[0] == 0:
        raise ValueError(
            f"start must have shape (B, {len(bounds)}) for a surface of {len(bounds)} parameters, "
            f"got shape {np.shape(start)}"
        )
    if not np.isfinite(x).all():
        raise ValueError(f"start must be finite, got {x[~np.isfinite(x).all(axis=1)][0].tolist()}")
    outside = ((x < bounds[:, 0]) | (x > bounds[:, 1])).any(axis=1)
    if outside.any():
        window = " × ".join(f"[{low:g}, {high:g}]" for low, high in bounds)
        raise ValueError(f"start {x[outside][0].tolist()} lies outside the domain; choose it inside {window}")
    return x


def _checked_seed(seed: int | ArrayLike, batch: int) -> NDArray[np.int64]:
    array = np.asarray(seed)
    if array.dtype.kind not in "iu" or array.shape not in ((), (batch,)):
        raise ValueError(f"seed must be a whole number or {batch} of them, one a ball; got {seed!r}")
    return array.astype(np.int64)


def _check_batch(method: Method, batch: int) -> None:
    for name, setting in vars(method).items():
        shape = np.shape(setting)
        if shape not in ((), (batch,)):
            raise ValueError(f"{name} must be one number or {batch}, one a ball; got shape {shape}")
