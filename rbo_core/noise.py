"""Counter-based normal noise: draw n of a ball is a function of (seed, n) alone.

A ball therefore sees the same noise alone, in a batch, in any chunk of a sweep and on any worker.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from rbo_core.kernel_cache import njit


@njit(cache=True)
def _mix(z: Any) -> Any:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that scrambles all 64 bits."""
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    return z ^ (z >> uint64(31))


@njit(cache=True)
def _fill_normal(seed: NDArray[np.int64], draw: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    golden = uint64(0x9E3779B97F4A7C15)
    unit = 1.0 / 9007199254740992.0
    for n in range(out.shape[0]):
        for b in range(out.shape[1]):
            key = _mix(_mix(uint64(seed[b]) + golden) ^ (uint64(draw[n]) * golden))
            for i in range(out.shape[2]):
                first = _mix(key + uint64(2 * i + 1) * golden)
                second = _mix(key + uint64(2 * i + 2) * golden)
                # Box-Muller; the half keeps the logarithm's argument above zero.
                u = (float(first >> uint64(11)) + 0.5) * unit
                v = float(second >> uint64(11)) * unit
                out[n, b, i] = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


def standard_normal(seed: NDArray[np.int64], draw: NDArray[np.int64], dim: int) -> NDArray[np.float64]:
    """Standard normal numbers ``(N, B, dim)`` for draws ``draw (N,)`` of each ball's stream ``seed (B,)``."""
    out = np.empty((draw.shape[0], seed.shape[0], dim))
    _fill_normal(seed, draw, out)
    return out
