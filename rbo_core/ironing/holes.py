"""Holes in measured heights, and what one should be told about heights that a ball is to roll on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from rbo_core.ironing.morphology import Ironed

Array = NDArray[np.float64]

NO_DATA = (-9999.0, -32768.0, -float(np.finfo(np.float32).max), float(np.finfo(np.float32).max), -3.4e38, 3.4e38)
"""Values by which files of terrain and metrology mark "no data", NaN apart."""
FLAT_DISC = 300.0
"""Heights that range over more radii than this make the ball a flat disc."""
DEGREES = {"°", "deg", "degree", "degrees", "dd"}


def no_data_value(heights: ArrayLike) -> float | None:
    """The value by which these heights seem to mark holes, None when none of the usual ones occurs."""
    f = np.asarray(heights, float)
    for value in NO_DATA:
        if np.isclose(f, value, rtol=1e-6, atol=0.0).any():
            return value
    return None


def with_holes(heights: ArrayLike, no_data: float | None = None) -> tuple[Array, tuple[str, ...]]:
    """Heights with NaN in their holes, and what to say about values that were recognised without being asked for.

    no_data: the value that marks holes; None recognises the usual ones, NaN none but NaN itself.
    """
    f = np.array(heights, dtype=float)
    marks = NO_DATA if no_data is None else (float(no_data),)
    said = []
    low, high = np.fmin.reduce(f, axis=None, initial=np.inf), np.fmax.reduce(f, axis=None, initial=-np.inf)
    for value in marks:
        slack = 1e-5 * abs(value)
        if not (low - slack <= value <= high + slack):
            continue
        hole = np.isclose(f, value, rtol=1e-6, atol=0.0)
        if hole.any():
            f[hole] = np.nan
            if no_data is None:
                share = 100.0 * float(hole.mean())
                said.append(f"{value:g} ({share:.2g} % of the samples) is taken as no data: nothing is there")
    return f, tuple(said)


def without_holes(heights: Array) -> Array:
    """The same heights, the mean in their holes: for sums that must not be drawn to one side."""
    hole = np.isnan(heights)
    return np.where(hole, heights[~hole].mean(), heights) if hole.any() else heights


def concerns_of(ironed: Ironed, units: tuple[str, str] | None = None) -> tuple[str, ...]:
    """What a reader should be told before trusting the picture; sentences without a full stop."""
    f, radius = ironed.heights, ironed.radius
    span = float(np.nanmax(f) - np.nanmin(f))
    said = []
    if span > FLAT_DISC * radius:
        said.append(
            f"heights range over {span / radius:,.0f} radii: to them the ball is a flat disc; "
            "choose a larger radius or a smaller vertical scale"
        )
    lift = float(np.nanmax(ironed.closing - f, initial=0.0))
    if 0.0 < span < 0.1 * radius and lift <= 1e-3 * span:
        said.append(
            f"heights range over {span / radius:.2g} radii and the ball touches them everywhere: it does nothing; "
            "choose a larger radius or a larger vertical scale"
        )
    if units is not None and units[0].strip().lower() != units[1].strip().lower():
        how = " (1° of latitude is 111.2 km)" if units[0].strip().lower() in DEGREES else ""
        said.append(
            f"spacing is in {units[0]} and heights are in {units[1]}: a ball is round only where both have one unit; "
            f"convert one of them{how}"
        )
    return tuple(said)
