"""The boxes in which methods are tuned: settings spread over them, and where they move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rbo_core.training.contestants import Box

Floats = NDArray[np.float64]

EDGE = 0.1
"""A winner within this share of an axis from its end stands at the edge of its box."""


def points(box: Box, count: int, draw: int = 0) -> dict[str, Floats]:
    """``count`` settings spread log-evenly over a box: the first points of a scrambled Sobol sequence.

    Args:
        draw: which of the scramblings; each is the same for every run.
    """
    with np.errstate(all="ignore"):
        unit = stats.qmc.Sobol(len(box), scramble=True, rng=np.random.default_rng(draw)).random_base2(
            math.ceil(math.log2(count))
        )[:count]
    return {
        name: np.exp(np.log(low) + unit[:, k] * np.log(high / low)) for k, (name, (low, high)) in enumerate(box.items())
    }


def at_edge(box: Box, chosen: Mapping[str, float]) -> tuple[str, ...]:
    """The axes on which ``chosen`` lies within EDGE of an end."""
    place = {name: math.log(chosen[name] / low) / math.log(high / low) for name, (low, high) in box.items()}
    return tuple(name for name, share in place.items() if not EDGE <= share <= 1 - EDGE)


def moved(box: Box, chosen: Mapping[str, float], axes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The box with the chosen value in the middle of each of the axes, as wide as before."""
    out = dict(box)
    for name in axes:
        low, high = box[name]
        half = math.sqrt(high / low)
        out[name] = (chosen[name] / half, chosen[name] * half)
    return out
