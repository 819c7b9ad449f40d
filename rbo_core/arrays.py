"""The array functions that the batched steps use, over any namespace of the array API.

A few of them move points in one pass over memory where the namespace has such a function: the form of
``rbo_core.torch.namespace`` overwrites its first array, so that a network's parameters move in place (the rule stands
at the top of ``fused.py``). :func:`plain` gives any other namespace the same functions in plain arithmetic, once, so
that a step never has to ask.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from rbo_core.checks import Number

Array = Any
"""An array of the namespace in use: ``numpy.ndarray`` on analytic surfaces, ``torch.Tensor`` for networks."""

FEW = 4
"""Parameters up to which a scalar product is summed one after the other, so that its bits are the same on all machines
(a library may fuse a product and a sum where the processor can)."""


class Namespace(Protocol):
    """What a step may ask of ``objective.xp``. x, direction, goal, ...: (B, d); scale, share, momentum: a number or
    (B, 1); all others (B,)."""

    def sqrt(self, x: Array, /) -> Array: ...

    def minimum(self, a: Array, b: Array, /) -> Array: ...

    def isfinite(self, x: Array, /) -> Array: ...

    def ones_like(self, x: Array, /) -> Array: ...

    def zeros_like(self, x: Array, /) -> Array: ...

    def where(self, condition: Array, a: Array, b: Array, /) -> Array: ...

    def vecdot(self, a: Array, b: Array, /) -> Array:
        """Row-wise scalar products: (B, d), (B, d) -> (B,)."""
        ...

    def moved(self, x: Array, scale: Number, direction: Array, /) -> Array:
        """x + scale·direction; x must not be used afterwards."""
        ...

    def drawn(self, x: Array, share: Number, goal: Array, /) -> Array:
        """x + share·(goal − x); x must not be used afterwards."""
        ...

    def pushed(self, velocity: Array, momentum: Number, push: Array, /) -> Array:
        """momentum·velocity + push, a new array."""
        ...

    def moved_from(self, start: Array, scale: Number, direction: Array, into: Array, /) -> Array:
        """start + scale·direction; ``start`` stays as it is and ``into`` may be overwritten."""
        ...

    def drawn_from(self, start: Array, share: Number, goal: Array, into: Array, /) -> Array:
        """start + share·(goal − start); ``start`` stays as it is and ``into`` may be overwritten."""
        ...

    def moved_where(self, good: Array, x: Array, scale: Number, direction: Array, /) -> Array:
        """x + scale·direction for the rows that are good (B,), x for others; both must not be used afterwards."""
        ...

    def quotient(self, a: Array, b: Array, /) -> Array:
        """a/b (B,), not finite where b is zero."""
        ...

    def copied(self, x: Array, /) -> Array:
        """A point that later moves leave alone: x itself where nothing is overwritten, else a copy."""
        ...


class _Plain:
    """A namespace of the array API with the moves in plain arithmetic: they overwrite nothing."""

    def __init__(self, xp: Any) -> None:
        self.sqrt, self.minimum, self.isfinite, self._vecdot = xp.sqrt, xp.minimum, xp.isfinite, xp.vecdot
        self.ones_like, self.zeros_like, self.where = xp.ones_like, xp.zeros_like, xp.where

    def vecdot(self, a: Array, b: Array) -> Array:
        if a.shape[1] > FEW:
            return self._vecdot(a, b)
        terms = a * b
        total = terms[:, 0]
        for j in range(1, a.shape[1]):
            total = total + terms[:, j]
        return total

    @staticmethod
    def moved(x: Array, scale: Number, direction: Array) -> Array:
        return x + scale * direction

    @staticmethod
    def drawn(x: Array, share: Number, goal: Array) -> Array:
        return x + share * (goal - x)

    @staticmethod
    def pushed(velocity: Array, momentum: Number, push: Array) -> Array:
        return momentum * velocity + push

    @staticmethod
    def moved_from(start: Array, scale: Number, direction: Array, into: Array) -> Array:
        return start + scale * direction

    @staticmethod
    def drawn_from(start: Array, share: Number, goal: Array, into: Array) -> Array:
        return start + share * (goal - start)

    def moved_where(self, good: Array, x: Array, scale: Number, direction: Array) -> Array:
        return self.where(good[:, None], x + scale * direction, x)

    @staticmethod
    def quotient(a: Array, b: Array) -> Array:
        return a / b

    @staticmethod
    def copied(x: Array) -> Array:
        return x


@cache
def plain(xp: Any) -> Namespace:
    """A namespace of the array API (``numpy``, ``array_api_strict``, ...) as a step uses it."""
    return _Plain(xp)
