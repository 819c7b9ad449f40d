"""What the radius of a ball does on a plane of losses: where it cannot touch, and what it leaves of label noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbo_core.ironing import iron

Floats = NDArray[np.float64]
MATTERS = 0.1
"""Share of a plane that is out of a ball's reach from which on its radius is said to matter there."""


@dataclass(frozen=True, eq=False)
class Reach:
    """How much of a plane a ball cannot touch. radii: (K,) ascending; out: (K,), shares of the plane."""

    radii: Floats
    out: Floats

    @property
    def matters(self) -> float | None:
        """The smallest of the radii that cannot touch `MATTERS` of the plane; None where none is as large."""
        enough = np.flatnonzero(self.out >= MATTERS)
        return float(self.radii[enough[0]]) if enough.size else None


def reach_study(heights: Floats, spacing: tuple[float, float], radii: Floats) -> Reach:
    """Iron a plane (heights in units of the parameters) at every radius."""
    return Reach(radii, np.array([iron(heights, spacing, float(radius)).unreachable_share for radius in radii]))


@dataclass(frozen=True, eq=False)
class NoiseStudy:
    """What is left of label noise as the ball grows.

    radii (K,), with 0 first; left (K,): how far the noisy plane's shape is from the clean one's, as a share of the
    difference at ρ = 0 (offsets of the whole plane are no shape and are taken out); vanished: the smallest radius from
    which at most ``GONE`` of it is left, or None.
    """

    radii: Floats
    left: Floats
    vanished: float | None


GONE = 0.1


def noise_study(clean: Floats, noisy: Floats, spacing: tuple[float, float], radii: Floats) -> NoiseStudy:
    """Iron both planes (heights already in units of the parameters) at every radius and compare their shapes."""
    before = float((noisy - clean).std())
    left = [1.0]
    for radius in radii:
        difference = iron(noisy, spacing, float(radius)).ironed - iron(clean, spacing, float(radius)).ironed
        left.append(float(difference.std()) / before if before > 0 else 0.0)
    shares = np.array(left)
    gone = np.flatnonzero(np.maximum.accumulate(shares[::-1])[::-1] <= GONE)
    where = np.concatenate([[0.0], radii])
    return NoiseStudy(where, shares, float(where[gone[0]]) if gone.size else None)
