"""Who takes part: every track with the name and the colour it has in the picture, the sentence and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscapes import Landscape
from rbo_core.figures.player.track import Track
from rbo_core.figures.style import color, label
from rbo_core.figures.words import short

# Balls of several radii share the method's colour and differ in lightness, as far as the page's background allows.
TINTS = (0.0, -0.38, 0.42, -0.6, 0.62, 0.2, -0.2, -0.75)
TINTS_ON_DARK = (0.0, 0.42, -0.28, 0.7, 0.2, 0.56, -0.14, 0.84)
MAX_BALLS = len(TINTS)
"""So many balls can be told apart by their colour."""


def first_radii(surface: Landscape) -> tuple[float, float]:
    """Radii of two balls that differ at a glance and fare differently, landscape units: the surface's own, at which a
    ball parts from a point, and a quarter of it, at which one feels the wrinkles. A larger second ball would touch the
    ground outside of the window."""
    return float(surface.radius), float(f"{surface.radius / 4:.3g}")


@dataclass(frozen=True, eq=False)
class Entry:
    """A track under its name and colour."""

    track: Track
    label: str
    color: str


def entries(tracks: Sequence[Track], dark: bool = False) -> tuple[Entry, ...]:
    """Names and colours: balls are told apart by radius when there are several."""
    balls = [track for track in tracks if track.center is not None]
    tints = TINTS_ON_DARK if dark else TINTS
    out = []
    for track in tracks:
        if track.center is None:
            out.append(Entry(track, label(track.name), color(track.name)))
            continue
        name = "Ball" if len(balls) == 1 else f"Ball ρ = {short(float(track.method.radius))}"
        out.append(Entry(track, name, _tint(color(track.name), tints[balls.index(track) % len(tints)])))
    return tuple(out)


def _tint(hex_color: str, amount: float) -> str:
    target = 255 if amount > 0 else 0
    parts = [int(hex_color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (target - p) * abs(amount)):02X}" for p in parts)
