"""Measured heights as surfaces: files (``read``), the heights that are known by name (``store``), their C² spline."""

from landscapes.maps.examples import EXAMPLES, SCALE, SPACING
from landscapes.maps.read import MAX_BYTES, UNITS, HeightFile, read
from landscapes.maps.store import keep, raw, thinned
from landscapes.maps.surface import MAP

DEFINITIONS = (MAP,)

__all__ = [
    "DEFINITIONS",
    "EXAMPLES",
    "MAX_BYTES",
    "SCALE",
    "SPACING",
    "UNITS",
    "HeightFile",
    "keep",
    "raw",
    "read",
    "thinned",
]
