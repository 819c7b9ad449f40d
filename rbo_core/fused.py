"""x + s·d and its kin in one pass over memory where the namespace has one, else by plain arithmetic.

The form of ``rbo_core.torch.namespace`` overwrites the first array, so that a network's parameters move in place;
NumPy's leaves it alone. A step must therefore take a :func:`kept` copy of a point it returns to.
"""

from __future__ import annotations

from typing import Any

from rbo_core.checks import Number
from rbo_core.objective import Array


def moved(xp: Any, x: Array, scale: Number, direction: Array) -> Array:
    """x + scale·direction (B, d), with scale a number or (B, 1); x must not be used afterwards."""
    fused = getattr(xp, "moved", None)
    return x + scale * direction if fused is None else fused(x, scale, direction)


def drawn(xp: Any, x: Array, share: Number, goal: Array) -> Array:
    """x + share·(goal − x) (B, d), with share a number or (B, 1); x must not be used afterwards."""
    fused = getattr(xp, "drawn", None)
    return x + share * (goal - x) if fused is None else fused(x, share, goal)


def pushed(xp: Any, velocity: Array | None, momentum: Number, push: Array) -> Array:
    """β·velocity + push (B, d), with β a number or (B, 1); ``velocity`` must not be used afterwards, ``push`` may."""
    if velocity is None:
        return 1.0 * push
    fused = getattr(xp, "pushed", None)
    return momentum * velocity + push if fused is None else fused(velocity, momentum, push)


def kept(xp: Any, x: Array) -> Array:
    """A point that later moves leave alone: x itself where nothing is overwritten, else a copy."""
    copy = getattr(xp, "kept", None)
    return x if copy is None else copy(x)
