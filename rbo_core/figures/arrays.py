"""The numbers of Plotly figures, for a page that is small: each array once, and a map's heights in 16 bits."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LARGE = 1000
"""Numbers of an array that is worth 16 bits: a step of 1/65534 of their range, or of its logarithm, is never seen."""
HOLE = 65535
_SPREAD = 30.0
"""Ratio of the largest to the smallest number from which on steps follow the logarithm, or small ones lose digits."""


@dataclass
class Arrays:
    """packed: what `figures_page.js` makes arrays of, in the order of the numbers that stand for them."""

    packed: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def shared(self, told: Any) -> Any:
        """A figure as JSON, with ``{"@": number}`` where Plotly has an array in base 64."""
        if isinstance(told, dict):
            if "bdata" in told:
                return {"@": self._number(told)}
            return {name: self.shared(value) for name, value in told.items()}
        return [self.shared(one) for one in told] if isinstance(told, list) else told

    def _number(self, told: dict[str, Any]) -> int:
        key = told["dtype"], told["bdata"], str(told.get("shape", ""))
        if key not in self._known:
            self._known[key] = len(self.packed)
            self.packed.append(_quantised(told))
        return self._known[key]


def _quantised(told: dict[str, Any]) -> dict[str, Any]:
    if told["dtype"] not in ("f4", "f8"):
        return told
    values = np.frombuffer(base64.b64decode(told["bdata"]), f"<{told['dtype']}").astype(np.float64)
    finite = np.isfinite(values)
    if len(values) < LARGE or not finite.any():
        return told
    low, high = float(values[finite].min()), float(values[finite].max())
    log = low > 0 and high > _SPREAD * low
    if log:
        values, low, high = np.log(values, where=finite, out=values), float(np.log(low)), float(np.log(high))
    step = (high - low) / (HOLE - 1) or 1.0
    whole = np.where(finite, np.round((values - low) / step), HOLE).astype("<u2")
    bits = base64.b64encode(whole.tobytes()).decode()
    return {"bits": bits, "low": low, "step": step, "log": log, "shape": told.get("shape", "")}
