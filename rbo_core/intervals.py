"""Confidence intervals: of a mean over seeds (Student), and of a share of outcomes (Wilson)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def student(values: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Mean over the first axis and the half width of its interval by Student's t.

    Args:
        values: (n, ...), NaN where one of the n has no value.

    Returns:
        mean (...), NaN where there is no value; half (...), NaN where there are fewer than two.
    """
    table = np.asarray(values, dtype=float)
    known = np.isfinite(table)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, np.where(known, table, 0.0).sum(axis=0) / count, np.nan)
        squares = np.where(known, (table - mean) ** 2, 0.0).sum(axis=0)
        deviation = np.sqrt(squares / (count - 1.0))
        quantile = special.stdtrit(np.maximum(count - 1, 1), 0.5 + level / 2)
        half = np.where(count > 1, quantile * deviation / np.sqrt(np.maximum(count, 1)), np.nan)
    return mean, half


def wilson(share: Floats, count: NDArray[np.int64], level: float = 0.95) -> tuple[Floats, Floats]:
    """Lowest and highest true share that fit an observed ``share`` of ``count`` outcomes (Wilson 1927).

    Unlike a bootstrap it has a width where all outcomes are equal.
    """
    z = float(special.ndtri(0.5 + level / 2))
    n = np.maximum(count, 1)
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.minimum(share, center - half), np.maximum(share, center + half)
