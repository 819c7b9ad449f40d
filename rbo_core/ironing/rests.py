"""Where a rigid ball can rest on a curve, at every radius, and which crests keep it out of the global basin.

The centre of a rigid ball without momentum goes down the dilation h, so it ends at the rest between the two crests of
h beside its start: nothing has to roll to know that. The crests that are left at a radius ρ are those that live longer
(`crests`). As ρ grows they let go one by one, and each takes one rest with it: that is the bifurcation diagram.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rbo_core.ironing.crests import Crests, field_crests
from rbo_core.ironing.field import Array, Field
from rbo_core.ironing.sweeping import sweep_field


@dataclass(frozen=True, eq=False)
class Rests:
    """Every rest at every radius, one row each (M,): radius, position of the centre, height h − ρ of its south pole,
    and the stretch of ground low to high whose balls come to it. Parameter units; heights λf."""

    radius: Array
    position: Array
    height: Array
    low: Array
    high: Array

    def at(self, radius: float) -> Rests:
        """The rests at the listed radius nearest to the one given, from left to right."""
        own = self.radius == self.radius[np.abs(np.log(self.radius / radius)).argmin()]
        return Rests(self.radius[own], self.position[own], self.height[own], self.low[own], self.high[own])


def rests(field: Field, radii: ArrayLike) -> Rests:
    """The rests of rigid balls of the given radii on a sampled curve, each between two crests of h or a crest and the
    window's edge; at an edge towards which h falls there is no rest, the ball leaves.

    Sample the field with margin ≥ the largest radius.

    Raises:
        ValueError: for a surface, and for radii as sweep_field does.
    """
    if len(field.shape) != 1:
        raise ValueError(f"rests are listed for curves, got a surface of shape {field.shape}")
    x = field.axes[0]
    swept = sweep_field(field, radii)
    found = field_crests(field)
    rows: list[tuple[float, ...]] = []
    for radius, h in zip(swept.radii.tolist(), swept.ironed, strict=True):
        held = np.sort(found.position[found.lifetime > radius])
        edges = np.concatenate([x[:1], held, x[-1:]])
        cuts = np.searchsorted(x, edges - 0.5 * field.spacing[0])
        for left, right, low, high in zip(cuts[:-1], cuts[1:], edges[:-1], edges[1:], strict=True):
            lowest = int(left + h[left : right + 1].argmin()) if right > left else int(left)
            if 0 < lowest < x.size - 1:
                rows.append((radius, float(x[lowest]), float(h[lowest]), float(low), float(high)))
    return Rests(*np.array(rows, float).reshape(-1, 5).T)


def follow(listed: Rests, start: float, radii: ArrayLike) -> Array:
    """Where a ball rests (K,) whose radius goes slowly through `radii` (K,), up or down as they go, from `start` on.

    At each radius it rolls into the rest of the stretch on which it stands; NaN from where it has left the curve on.
    Growing, it leaps when the crest that holds it lets go; shrinking, it stays behind the crests that rise again: the
    way back is another (hysteresis).
    """
    rho = np.asarray(radii, float)
    out, x = np.full(rho.size, np.nan), float(start)
    for k, radius in enumerate(rho.tolist()):
        here = listed.at(radius)
        own = np.flatnonzero((here.low <= x) & (x <= here.high))
        if own.size == 0:
            break
        out[k] = x = float(here.position[own[0]])
    return out


def holder(found: Crests, at: float, radius: float) -> int | None:
    """Place in `found` of the crest that holds a ball of this radius resting at `at`: of the two living crests beside
    it, the one that lets go first; None where that is none or none ever does."""
    living = np.flatnonzero(found.lifetime > radius)
    left, right = living[found.position[living] <= at], living[found.position[living] > at]
    beside = [int(left[found.position[left].argmax()])] if left.size else []
    beside += [int(right[found.position[right].argmin()])] if right.size else []
    first = min(beside, key=lambda k: float(found.lifetime[k]), default=None)
    return first if first is not None and np.isfinite(found.lifetime[first]) else None


@dataclass(frozen=True)
class Guard:
    """A crest that borders the global basin until it lets go.

    position: parameter units. radius: its lifetime. opens: True if the balls behind it then roll into the global basin,
    False if the global basin's own balls then roll out. low, high: the ground whose balls reach the global rest, or,
    where that is gone, the one it joined, once the crest has let go.
    """

    position: float
    radius: float
    opens: bool
    low: float
    high: float


def guards(found: Crests, at: float, low: float, high: float) -> tuple[Guard, ...]:
    """The guard crests of the rest at `at` on a curve from low to high, in the order in which they let go.

    One that is overtopped from outside opens the basin behind it to the global one; one that is overtopped from inside
    takes the global rest with it, and is the last.
    """
    alive = np.sort(found.position).tolist()
    made: list[Guard] = []
    for k in np.argsort(found.lifetime, kind="stable"):
        radius, x = float(found.lifetime[k]), float(found.position[k])
        if not np.isfinite(radius):
            break
        place, gap = bisect_left(alive, x), bisect_left(alive, at)
        del alive[place]
        if gap - place not in (0, 1):
            continue
        from_inside = bool((found.ended_by[k] > x) == (gap == place + 1))
        gap = bisect_left(alive, at)
        left = alive[gap - 1] if gap > 0 else float(low)
        right = alive[gap] if gap < len(alive) else float(high)
        made.append(Guard(x, radius, not from_inside, left, right))
        if from_inside:
            break
    return tuple(made)
