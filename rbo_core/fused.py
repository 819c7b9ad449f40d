"""The moves of points as the steps use them, over ``objective.xp`` (``arrays.py``), and who may overwrite an array.

The rule, in ``rolling.py``, ``footpoint.py`` and ``points.py``: a network's parameters move in place, so ``moved`` and
``drawn`` write into their first array where the namespace can (NumPy leaves it alone). A step may therefore use an
array that it gave them no more, and takes a ``kept`` copy of a point to which it returns. It owns its point and the
arrays it made, and hands them on once: a projection owns the start, offset and plane it is given. A velocity is never
overwritten (``pushed`` makes a new one): a step that breaks off leaves it as it was.
"""

from __future__ import annotations

from rbo_core.arrays import Array, Namespace
from rbo_core.checks import Number
from rbo_core.objective import Objective


def moved(xp: Namespace, x: Array, scale: Number, direction: Array) -> Array:
    """x + scale·direction (B, d), with scale a number or (B, 1); x must not be used afterwards."""
    return xp.moved(x, scale, direction)


def drawn(xp: Namespace, x: Array, share: Number, goal: Array) -> Array:
    """x + share·(goal − x) (B, d), with share a number or (B, 1); x must not be used afterwards."""
    return xp.drawn(x, share, goal)


def pushed(xp: Namespace, velocity: Array | None, momentum: Number, push: Array) -> Array:
    """β·velocity + push (B, d), a new array, with β a number or (B, 1)."""
    return 1.0 * push if velocity is None else xp.pushed(velocity, momentum, push)


def moved_from(xp: Namespace, start: Array, scale: Number, direction: Array, into: Array) -> Array:
    """start + scale·direction (B, d), as ``moved``, but ``start`` stays as it is and ``into`` is overwritten."""
    return xp.moved_from(start, scale, direction, into)


def drawn_from(xp: Namespace, start: Array, share: Number, goal: Array, into: Array) -> Array:
    """start + share·(goal − start) (B, d), as ``drawn``, but ``start`` stays as it is and ``into`` is overwritten."""
    return xp.drawn_from(start, share, goal, into)


def moved_where(xp: Namespace, good: Array, x: Array, scale: Number, direction: Array) -> Array:
    """x + scale·direction (B, d) for the balls that are ``good (B,)``, x for others; both must not be used afterwards.

    ``good`` may be one bool for all.
    """
    if isinstance(good, bool):
        return xp.moved(x, scale, direction) if good else x
    return xp.moved_where(good, x, scale, direction)


def quotient(xp: Namespace, a: Array, b: Array) -> Array:
    """a/b (B,), not finite where b is zero."""
    return xp.quotient(a, b)


def taken_where(xp: Namespace, good: Array, new: Array, old: Array) -> Array:
    """new (B, d) for the balls that are ``good (B,)``, old (B, d) for the others; ``good`` may be one bool for all."""
    return (new if good else old) if isinstance(good, bool) else xp.where(good[:, None], new, old)


def kept(objective: Objective, x: Array) -> Array:
    """The point x after its evaluation, which a step returns to: x itself where nothing is overwritten, else a copy.

    It must stay as it is: an objective that can undo a step keeps it too, and hands out its own.
    """
    start = objective.start
    return objective.xp.copied(x) if start is None else start[None, :]


def copied(xp: Namespace, x: Array) -> Array:
    """A point that later moves leave alone: x itself where nothing is overwritten, else a copy."""
    return xp.copied(x)


def usable(objective: Objective, value: Array) -> Array:
    """Whether an evaluation's ``value (B,)`` is finite, where the objective wants to go on without it; else True."""
    if objective.left_out is None:
        return True
    finite = objective.xp.isfinite(value)
    objective.left_out(finite)
    return finite
