"""x + s·d and its kin in one pass over memory where the namespace has one, else by plain arithmetic.

The form of ``rbo_core.torch.namespace`` overwrites the first array, so that a network's parameters move in place;
NumPy's leaves it alone. A step must therefore take a :func:`kept` copy of a point it returns to. A method's memory
(its velocity) is never overwritten: a step that breaks off in the middle leaves it as it was.
"""

from __future__ import annotations

from typing import Any

from rbo_core.checks import Number
from rbo_core.objective import Array, Objective


def moved(xp: Any, x: Array, scale: Number, direction: Array) -> Array:
    """x + scale·direction (B, d), with scale a number or (B, 1); x must not be used afterwards."""
    fused = getattr(xp, "moved", None)
    return x + scale * direction if fused is None else fused(x, scale, direction)


def drawn(xp: Any, x: Array, share: Number, goal: Array) -> Array:
    """x + share·(goal − x) (B, d), with share a number or (B, 1); x must not be used afterwards."""
    fused = getattr(xp, "drawn", None)
    return x + share * (goal - x) if fused is None else fused(x, share, goal)


def pushed(xp: Any, velocity: Array | None, momentum: Number, push: Array) -> Array:
    """β·velocity + push (B, d), a new array, with β a number or (B, 1)."""
    if velocity is None:
        return 1.0 * push
    fused = getattr(xp, "pushed", None)
    return momentum * velocity + push if fused is None else fused(velocity, momentum, push)


def moved_from(xp: Any, start: Array, scale: Number, direction: Array, into: Array) -> Array:
    """start + scale·direction (B, d), as ``moved``, but ``start`` stays as it is and ``into`` is overwritten."""
    fused = getattr(xp, "moved_from", None)
    return start + scale * direction if fused is None else fused(start, scale, direction, into)


def drawn_from(xp: Any, start: Array, share: Number, goal: Array, into: Array) -> Array:
    """start + share·(goal − start) (B, d), as ``drawn``, but ``start`` stays as it is and ``into`` is overwritten."""
    fused = getattr(xp, "drawn_from", None)
    return start + share * (goal - start) if fused is None else fused(start, share, goal, into)


def moved_where(xp: Any, good: Array, x: Array, scale: Number, direction: Array) -> Array:
    """x + scale·direction (B, d) for the balls that are ``good (B,)``, x for others; both must not be used afterwards.

    ``good`` may be one bool for all.
    """
    if isinstance(good, bool):
        return moved(xp, x, scale, direction) if good else x
    fused = getattr(xp, "moved_where", None)
    return xp.where(good[:, None], x + scale * direction, x) if fused is None else fused(good, x, scale, direction)


def quotient(xp: Any, a: Array, b: Array) -> Array:
    """a/b (B,), not finite where b is zero."""
    fused = getattr(xp, "quotient", None)
    return a / b if fused is None else fused(a, b)


def taken_where(xp: Any, good: Array, new: Array, old: Array) -> Array:
    """new (B, d) for the balls that are ``good (B,)``, old (B, d) for the others; ``good`` may be one bool for all."""
    return (new if good else old) if isinstance(good, bool) else xp.where(good[:, None], new, old)


def kept(objective: Objective, x: Array) -> Array:
    """The point x after its evaluation, which a step returns to: x itself where nothing is overwritten, else a copy.

    It must stay as it is: an objective that can undo a step keeps it too, and hands out its own.
    """
    start = getattr(objective, "start", None)
    return copied(objective.xp, x) if start is None else start[None, :]


def copied(xp: Any, x: Array) -> Array:
    """A point that later moves leave alone: x itself where nothing is overwritten, else a copy."""
    copy = getattr(xp, "copied", None)
    return x if copy is None else copy(x)


def usable(objective: Objective, value: Array) -> Array:
    """Whether an evaluation's ``value (B,)`` is finite, where the objective wants to go on without it; else True.

    Such an objective (a network's) has a method ``left_out`` that is told; on a surface trouble shows as it is.
    """
    told = getattr(objective, "left_out", None)
    if told is None:
        return True
    finite = objective.xp.isfinite(value)
    told(finite)
    return finite
