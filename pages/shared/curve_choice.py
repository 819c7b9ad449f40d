"""Which curve of training runs is drawn, and against what."""

from __future__ import annotations

from pages.shared.controls import choice
from rbo_core.figures.curves import MAIN, QUANTITIES

AXES = {"gradients": "Gradients", "epoch": "Epochs", "seconds": "Seconds"}


def curve_choice(segmented: bool = False) -> tuple[str, str]:
    """Quantity and axis of the main plot. segmented: in a row above it rather than as lists."""
    titles = {name: QUANTITIES[name].title.capitalize() for name in MAIN}
    if segmented:
        quantity = choice("Shown", "quantity", titles, kind="segmented", quiet=True)
        return quantity, choice("Against", "axis", AXES, kind="segmented")
    return choice("Shown", "quantity", titles), choice("Against", "axis", AXES)
