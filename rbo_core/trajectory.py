"""Run a method for many steps over a batch and record what happened to each ball."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ball.penetration import penetration_on
from rbo_core.checks import per_ball, require_count
from rbo_core.compiled.program import Program, program_of
from rbo_core.method import BatchedMethod, Floats, Marching, State
from rbo_core.objective import Surface, SurfaceObjective
from rbo_core.record import Record, check_memory
from rbo_core.schedule import RadiusSchedule, Sizes
from rbo_core.status import Status
from rbo_core.watch import PATIENCE, Watch

__all__ = ["PATIENCE", "Progress", "Status", "Trajectory", "trace"]

Mask = NDArray[np.bool_]
Progress = Callable[[int, int], object]

BLOCK = 1024
"""Steps that a compiled run takes before anybody looks whether its balls still roll."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a batch of B balls did in T steps on a surface of d parameters. A stopped ball keeps its last entry.

    Attributes:
        method, surface: what ran on what; with a radius schedule, the ball of the radius it began with.
        position: (T+1, B, d) contact point (or the point itself for point methods), parameter units.
        loss: (T+1, B) loss f at ``position``.
        center: (T+1, B, d+1) ball centre, the height in units of the scaled loss λf; None for point methods.
        radius: (T+1, B) radius of each ball after each step; None for point methods.
        contacts: (T+1, B, C, d) tied contacts of a rigid ball, NaN-padded; None otherwise.
        gradient_count: (T+1, B) gradient evaluations spent up to each step, counted by the objective.
        evaluation_count: (T+1, B) value-only evaluations spent up to each step.
        status: (B,) Status; stopped_at: (B,) step after which nothing changes.
        seconds: wall time of the steps alone.
        seed: (B,) each ball's seed.
        cancelled: whether the progress callback ended the run early.
        schedule: of the radius, as it was given; None for the method's own.
    """

    method: BatchedMethod[Any]
    surface: Surface
    position: Floats
    loss: Floats
    center: Floats | None
    radius: Floats | None
    contacts: Floats | None
    gradient_count: NDArray[np.int64]
    evaluation_count: NDArray[np.int64]
    status: NDArray[np.int64]
    stopped_at: NDArray[np.int64]
    seconds: float
    seed: NDArray[np.int64]
    cancelled: bool = False
    schedule: RadiusSchedule | None = None

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
        """(T+1, B) (ρ − d(c, Γ))/ρ against a dense scan of the surface, as :meth:`penetration_at` measures it."""
        return self.penetration_at(np.broadcast_to(np.arange(self.steps + 1)[:, None], self.loss.shape))

    def penetration_at(self, steps: NDArray[np.int64], largest_ball: float = 0.0) -> Floats | None:
        """(S, B) the penetration of each ball after its ``steps (S, B)``.

        None for points, above 2 parameters, and where no ball of the batch can be scanned for
        (`heights.radius_limits`); NaN for the ones that are too small. ``largest_ball``: see `penetration_on`.
        """
        sphere = self.method.sphere
        if self.center is None or sphere is None or self.radius is None:
            return None
        batch = self.loss.shape[1]
        # A ball that has stopped is measured once.
        places, again = np.unique(np.minimum(steps, self.stopped_at) * batch + np.arange(batch), return_inverse=True)
        step, ball = np.divmod(places, batch)
        scale = per_ball(sphere.loss_scale, batch)[ball]
        depth = penetration_on(self.surface, self.center[step, ball], self.radius[step, ball], scale, largest_ball)
        return None if depth is None else depth[again.reshape(steps.shape)]


def trace(
    method: BatchedMethod[Any],
    surface: Surface,
    start: ArrayLike,
    steps: int,
    seed: int | ArrayLike = 0,
    progress: Progress | None = None,
    tolerance: float = 1e-6,
    radius: RadiusSchedule | None = None,
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
        radius: schedule of the radius, of all balls and instead of the method's own. No ball has come to rest before
            the last change.

    Raises:
        ValueError: for a start of the wrong shape or outside the domain, a bad number of steps or seed, or a rigid
            ball too large or too small to search for its contacts.
    """
    require_count("steps", steps)
    bounds = np.asarray(surface.bounds, dtype=float)
    x = _checked_start(start, bounds)
    batch, dim = x.shape
    check_memory(steps, batch, dim)
    _check_batch(method, batch)
    seeds = _checked_seed(seed, batch)
    sizes = Sizes(method, radius, steps, surface)
    method = sizes.method(0)
    objective = SurfaceObjective(surface, batch, seeds, method.gradient_noise)
    watch = Watch(sizes.method(steps), bounds, batch, steps, tolerance, sizes.settled)
    objective.active = watch.active

    began = time.perf_counter()
    state = method.init(objective, x)
    record = Record(steps, state, objective)
    roll = _Roll(sizes, objective, watch, record, state)
    report_every = max(1, steps // 100)
    cancelled = False
    while roll.done < steps and objective.active.any():
        roll.on(min(steps - roll.done, BLOCK if progress is None else report_every - roll.done % report_every))
        told = progress is not None and (roll.done % report_every == 0 or roll.done == steps)
        if told and progress is not None and progress(roll.done, steps):
            cancelled = True
            break
    done = roll.done
    if done < steps and not cancelled:
        record.hold(done)
        done = steps
        if progress is not None:
            progress(steps, steps)
    seconds = time.perf_counter() - began

    record.cut(done)
    position = record.kept["position"]
    # Measured, not spent: the loss at every place, and the centre where the state does not keep it.
    f, g = surface.value_and_grad(np.ascontiguousarray(position.reshape(-1, dim)))
    loss = f.reshape(position.shape[:2])
    center, stopped_at = record.kept.get("center"), np.minimum(watch.stopped_at, done)
    rows = sizes.rows(done, stopped_at)
    if center is None:
        center = (method if radius is None else method.resized(rows)).center(position, loss, g.reshape(position.shape))
    return Trajectory(
        method, surface, position, loss, center, rows, record.kept.get("contacts"), record.gradient_count,
        record.evaluation_count, watch.status, stopped_at, seconds, np.broadcast_to(seeds, (batch,)), cancelled,
        radius,
    )  # fmt: skip


class _Roll:
    """A run under way: step by step, or, from the second step on, where method and surface allow, block by block.

    done: steps taken.
    """

    def __init__(self, sizes: Sizes, objective: SurfaceObjective, watch: Watch, record: Record, state: State) -> None:
        self.done = 0
        self._sizes, self._objective, self._watch, self._record, self._state = sizes, objective, watch, record, state
        self._method = sizes.method(0)
        self._program: Program | None = None
        self._marching: Marching | None = None

    def on(self, most: int) -> None:
        """Take one step, or as many as ``most`` at once."""
        if self.done == 1 and self._sizes.radii is None:
            self._marching = self._method.marching(self._objective, self._state)
            if self._marching is None:
                self._program = program_of(self._method, self._objective, self._state)
        if self._marching is not None:
            self._marching.on(self.done, self.done + most, self._watch, self._record)
            self.done += most
        elif self._program is not None:
            self._march(self._program, most)
        else:
            self._step()

    def _step(self) -> None:
        t, objective, state = self.done + 1, self._objective, self._state
        with np.errstate(all="ignore"):  # trouble of one ball is data: its status
            if self._sizes.changes(t):
                self._method = self._sizes.method(t)
                state = self._method.refitted(objective, state)
            new, _ = self._method.step(objective, state)
        took, _ = self._watch.see(t, state.place, new.place[None], new.x[None])
        self._state = _merge(took > 0, new, state)
        self._record.write(t, self._state, objective)
        self.done = t

    def _march(self, program: Program, steps: int) -> None:
        before = self._record.kept["position"][self.done]
        spent = program.spent(steps)
        path = program.march(steps)
        took, tried = self._watch.see(self.done + 1, before, path, path)
        self._record.fill(self.done, path, took, spent[np.minimum(np.arange(1, steps + 1)[:, None], tried)])
        self._objective.gradients += spent[tried]
        self.done += steps


def _merge(take: Mask, new: Any, old: Any) -> Any:
    """``new`` for the balls in ``take``, ``old`` for the others; what has no batch axis is new."""
    if take.all():
        return new
    fields = []
    for a, b in zip(new, old, strict=True):
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            a = np.where(take.reshape(-1, *[1] * (a.ndim - 1)), a, b)
        fields.append(a)
    return type(new)(*fields)


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


def _check_batch(method: BatchedMethod[Any], batch: int) -> None:
    for name, setting in vars(method).items():
        shape = np.shape(setting)
        if shape not in ((), (batch,)):
            raise ValueError(f"{name} must be one number or {batch}, one a ball; got shape {shape}")
