"""A radius that changes from step to step: a ball that grows, shrinks or breathes (:class:`RadiusSchedule`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.checks import per_ball, require, require_choice, require_count
from rbo_core.method import BatchedMethod
from rbo_core.objective import Surface

Floats = NDArray[np.float64]

SHAPES = ("linear", "exponential", "cosine")
"""How the radius goes from one knot to the next."""
MOST_KNOTS = 100_000
LATEST = 10_000_000
"""The last step that a knot may have."""
HELP = (
    "write linear:FIRST:LAST:STEPS, exponential:FIRST:LAST:STEPS, cosine:FIRST:LAST:STEPS, "
    "breathing:SMALL:LARGE:GROW:SHRINK, constant:RADIUS, or knots such as linear:0=0.2:400=0.8:900=0.2; "
    "add :repeat to begin again at the end"
)


@dataclass(frozen=True)
class RadiusSchedule:
    """The radius ρ of a ball as a function of the step.

    Attributes:
        knots: (step, ρ) pairs, steps rising from 0 on: ρ has this value in that step. Later than the last it stays.
        between: from knot to knot, ρ goes "linear", "exponential" (equal ratios) or "cosine" (gently off and on).
        repeat: begin again at the last knot, for ever.

    Radii that are known step by step are ``RadiusSchedule(tuple(enumerate(radii)))``.

    >>> RadiusSchedule.linear(0.2, 0.8, 3).radii(4).round(1).tolist()
    [0.2, 0.4, 0.6, 0.8, 0.8]
    """

    knots: tuple[tuple[int, float], ...]
    between: str = "linear"
    repeat: bool = False

    def __post_init__(self) -> None:
        require_choice("radius schedule", self.between, SHAPES)
        if not 1 <= len(self.knots) <= MOST_KNOTS:
            raise ValueError(f"a radius schedule has 1 to {MOST_KNOTS:,} knots, got {len(self.knots):,}")
        for knot in self.knots:
            if not isinstance(knot, Sequence) or len(knot) != 2:
                raise ValueError(f"a knot of a radius schedule is a step and a radius, got {knot!r}")
            require_count("step of a knot", knot[0], 0)
            require("radius of a knot", knot[1], above=0)
        steps = [int(step) for step, _ in self.knots]
        if steps[0] != 0 or steps != sorted(set(steps)) or steps[-1] > LATEST:
            raise ValueError(f"the knots' steps must rise from 0 to at most {LATEST:,}, got {steps[:6]}")
        if not isinstance(self.repeat, bool) or (self.repeat and len(steps) == 1):
            raise ValueError(f"repeat must be true or false, and needs two knots, got {self.repeat!r}")
        object.__setattr__(self, "knots", tuple((int(step), float(radius)) for step, radius in self.knots))

    @classmethod
    def constant(cls, radius: float) -> RadiusSchedule:
        """ρ throughout."""
        return cls(((0, radius),))

    @classmethod
    def ramp(cls, first: float, last: float, steps: int, between: str = "linear") -> RadiusSchedule:
        """From ``first`` to ``last`` in ``steps`` steps, which then stays."""
        require_count("steps of a radius schedule", steps)
        return cls(((0, first), (steps, last)), between)

    @classmethod
    def linear(cls, first: float, last: float, steps: int) -> RadiusSchedule:
        """In equal steps."""
        return cls.ramp(first, last, steps)

    @classmethod
    def exponential(cls, first: float, last: float, steps: int) -> RadiusSchedule:
        """In equal ratios."""
        return cls.ramp(first, last, steps, "exponential")

    @classmethod
    def breathing(cls, small: float, large: float, grow: int, shrink: int, repeat: bool = False) -> RadiusSchedule:
        """Grow from ``small`` to ``large`` in ``grow`` steps, shrink back in ``shrink``; again and again if asked."""
        require_count("steps of growing", grow)
        require_count("steps of shrinking", shrink)
        require("large radius of a breathing ball", large, above=float(small))
        return cls(((0, small), (grow, large), (grow + shrink, small)), "linear", repeat)

    def radii(self, steps: int) -> Floats:
        """(T+1,) the radius in each of the steps 0 (the start) to T."""
        return self.at(np.arange(steps + 1, dtype=float))

    def at(self, step: float | Floats) -> Floats:
        """The radius at a step, or at each of several."""
        times, radii = (np.array(column, dtype=float) for column in zip(*self.knots, strict=True))
        t = np.asarray(step, dtype=float)
        t = np.mod(t, times[-1]) if self.repeat else np.minimum(t, times[-1])
        left = np.clip(np.searchsorted(times, t, side="right") - 1, 0, max(times.size - 2, 0))
        right = np.minimum(left + 1, times.size - 1)
        length = np.maximum(times[right] - times[left], 1.0)
        return between(radii[left], radii[right], (t - times[left]) / length, self.between)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"knots": [list(knot) for knot in self.knots], "between": self.between, "repeat": self.repeat}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RadiusSchedule:
        """The inverse of :meth:`to_dict`.

        Raises:
            ValueError: for a name that does not exist, and values that are no schedule.
        """
        if unknown := sorted(set(values) - {"knots", "between", "repeat"}):
            raise ValueError(f"a radius schedule has no {unknown[0]!r}; it has knots, between, repeat")
        knots = values.get("knots")
        if not isinstance(knots, list | tuple):
            raise ValueError(f"a radius schedule needs knots, a list of [step, radius], got {knots!r}")
        rest = {name: values[name] for name in ("between", "repeat") if name in values}
        return cls(tuple(tuple(knot) if isinstance(knot, list) else knot for knot in knots), **rest)

    def __str__(self) -> str:
        knots = ":".join(f"{step}={radius!r}" for step, radius in self.knots)
        return f"{self.between}:{knots}{':repeat' * self.repeat}"

    @classmethod
    def parse(cls, text: str) -> RadiusSchedule:
        """From what a person types (see ``HELP``), or from ``str`` of a schedule.

        Raises:
            ValueError: with what can be written.
        """
        word, *parts = text.strip().split(":")
        repeat = bool(parts) and parts[-1] == "repeat"
        parts = parts[: len(parts) - repeat]
        try:
            if word in SHAPES and "=" in text:
                pairs = [part.split("=") for part in parts]
                return cls(tuple((int(step), float(radius)) for step, radius in pairs), word, repeat)
            if word in SHAPES and len(parts) == 3:
                return cls(((0, float(parts[0])), (int(parts[2]), float(parts[1]))), word, repeat)
            if word == "breathing" and len(parts) == 4:
                return cls.breathing(float(parts[0]), float(parts[1]), int(parts[2]), int(parts[3]), repeat)
            if word == "constant" and len(parts) == 1 and not repeat:
                return cls.constant(float(parts[0]))
        except ValueError as problem:
            raise ValueError(f"radius schedule {text[:80]!r}: {problem}; {HELP}") from None
        raise ValueError(f"radius schedule {text[:80]!r} is none; {HELP}")


def between(first: Any, last: Any, share: Any, shape: str) -> Any:
    """The value a ``share`` (0 to 1) of the way from ``first`` to ``last`` > 0, exact at both; shape: of SHAPES."""
    first, last, share = np.asarray(first, float), np.asarray(last, float), np.asarray(share, float)
    if shape == "exponential":
        value = first * (last / first) ** share
    else:
        way = 0.5 * (1.0 - np.cos(math.pi * share)) if shape == "cosine" else share
        value = first + (last - first) * way
    return np.where(share >= 1.0, last, np.where(first == last, first, value))


class Sizes:
    """The method in each step of a run.

    settled: the step from which on its radius stays; radii: (T+1,) of the steps, None where the method keeps its own.
    """

    def __init__(self, method: BatchedMethod[Any], radius: RadiusSchedule | None, steps: int, surface: Surface) -> None:
        """Raises ``ValueError`` for a point that is given a radius, and for a ball that cannot roll on the surface."""
        self._method, self.settled = method, 0
        self.radii: Floats | None = None
        if radius is None:
            method.check_surface(surface)
            return
        if not isinstance(radius, RadiusSchedule):
            raise ValueError(f"radius must be a RadiusSchedule, got {radius!r}; put a constant one into the method")
        self.radii = radius.radii(steps)
        for extreme in (self.radii.min(), self.radii.max()):
            method.resized(float(extreme)).check_surface(surface)
        changes = np.flatnonzero(np.diff(self.radii))
        self.settled = int(changes[-1]) + 1 if changes.size else 0

    def changes(self, t: int) -> bool:
        """Whether step ``t`` ≥ 1 is taken with another radius than the one before."""
        return self.radii is not None and bool(self.radii[t] != self.radii[t - 1])

    def method(self, t: int) -> BatchedMethod[Any]:
        """The method in step ``t``."""
        return self._method if self.radii is None else self._method.resized(float(self.radii[t]))

    def rows(self, steps: int, stopped_at: NDArray[np.int64]) -> Floats | None:
        """(T+1, B) the radius of each ball up to step T; one that has stopped keeps its last. None for points."""
        if self._method.sphere is None:
            return None
        step = np.minimum(np.arange(steps + 1)[:, None], stopped_at)
        if self.radii is not None:
            return self.radii[step]
        return np.broadcast_to(per_ball(self._method.sphere.radius, stopped_at.size), step.shape)
