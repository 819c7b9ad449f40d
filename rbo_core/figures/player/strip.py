"""The radius strip: one ball's runs at many radii from the same start, drawn into the control that sets the radius.

It follows the picture as a message of its own, because its runs stay the same while only the radius changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rbo_core.figures.player.payload import Floats, message


@dataclass(frozen=True, eq=False)
class StripRun:
    """The run at one radius, thinned to n of its steps.

    steps: (n,) step numbers, rising, the last one included; center, contact: (n, d+1); loss, gradients: (n,).
    stopped: the step after which it no longer moved. status, sentence: words for its end (the sentence is HTML).
    outcome: what the strip draws, NaN for a run that has no end to draw.
    """

    radius: float
    steps: np.ndarray
    center: np.ndarray
    contact: np.ndarray
    loss: np.ndarray
    gradients: np.ndarray
    stopped: int
    status: str
    sentence: str
    outcome: float


@dataclass(frozen=True)
class Mark:
    """A rival's end, a level line in its colour."""

    name: str
    color: str
    value: float


@dataclass(frozen=True, eq=False)
class Strip:
    """Everything one strip draws.

    id: the batch; it equals `RadiusRange.batch` of the scene it belongs to. label: what the outcome is. bounds: lowest
    and highest outcome drawn. lowest: the outcome at the global minimum, None to leave it out. crests: (K,) radii at
    which a crest lets the ball go.
    """

    id: str
    runs: tuple[StripRun, ...]
    label: str
    bounds: tuple[float, float]
    lowest: float | None = None
    marks: tuple[Mark, ...] = ()
    crests: np.ndarray | None = None


def thinned(last: int, most: int = 120) -> np.ndarray:
    """(n,) step numbers from 0 to `last`, evenly spread, `most` at most."""
    return np.unique(np.round(np.linspace(0, last, min(last + 1, most))).astype(int))


def pack_strip(strip: Strip, name: str) -> bytes:
    """Serialise for the browser: a byte of length and the player's name, then a message as `payload.pack` writes it."""
    floats = Floats()
    header = {
        "id": strip.id,
        "label": strip.label,
        "low": float(strip.bounds[0]),
        "high": float(strip.bounds[1]),
        "lowest": strip.lowest,
        "marks": [{"name": m.name, "color": m.color, "value": m.value} for m in strip.marks if np.isfinite(m.value)],
        "crests": floats.add(strip.crests),
        "runs": [_run(run, floats) for run in strip.runs],
    }
    label = name.encode()
    return bytes([len(label)]) + label + message(header, floats)


def _run(run: StripRun, floats: Floats) -> dict[str, Any]:
    return {
        "radius": run.radius,
        "stopped": run.stopped,
        "status": run.status,
        "sentence": run.sentence,
        "outcome": run.outcome if np.isfinite(run.outcome) else None,
        **{name: floats.add(getattr(run, name)) for name in ("steps", "center", "contact", "loss", "gradients")},
    }
