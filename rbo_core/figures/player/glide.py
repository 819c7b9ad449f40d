"""A ball that glides over the whole ground, so that one sees what its centre sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.figures.player.scene import Ground, Racer, Readout, Scene
from rbo_core.figures.style import color
from rbo_core.figures.words import short
from rbo_core.ironing import Ironed

Floats = NDArray[np.float64]
DRAWN = 2400
"""Most samples of a curve that are sent."""
SIDE = 136
"""Most samples of a surface along an axis."""
FRAMES = 480


def glide_scene(ironed: Ironed, title: str, minimum: Floats | None = None) -> Scene:
    """The ground, what a ball of this radius sees of it, and the ball itself on its way from one end to the other.

    On a surface it goes along the middle of the second parameter. minimum: (d + 1,) is marked.
    """
    center, slope = _way(ironed)
    kept = np.unique(np.round(np.linspace(0, len(center) - 1, FRAMES)).astype(int))
    center, slope = center[kept], slope[kept]
    dim = slope.shape[1]
    # The contact lies below the centre along the normal of the centre's surface: u = −ρ ∇h/√(1 + |∇h|²).
    down = ironed.radius / np.sqrt(1.0 + np.sum(slope * slope, axis=1))
    contact = np.column_stack([center[:, :dim] + slope * down[:, None], center[:, dim] - down])
    height = center[:, dim] - ironed.radius
    ball = Racer(
        name="rbo", label="Ball", color=color("rbo"), position=contact, center=center, radius=ironed.radius,
        status="at the end", readouts=(Readout("the ground seen, h − ρ", height),),
    )  # fmt: skip
    return Scene(
        ground=_ground(ironed), racers=(ball,), x_label="θ" if dim == 1 else "θ₁", height_label="height",
        minimum=minimum, loss_panel=False, contour=dim == 2, clickable=False, duration=9.0, title=title,
    )  # fmt: skip


def said(ironed: Ironed) -> str:
    """What is seen, in a sentence."""
    seen = "dashed line" if ironed.heights.ndim == 1 else "violet sheet"
    share = round(100 * ironed.unreachable_share)
    return (
        f"The ball of radius {short(ironed.radius)} glides over the ground; the {seen} is what its centre sees. "
        f"It cannot touch {share} % of the ground."
    )


def _way(ironed: Ironed) -> tuple[Floats, Floats]:
    """(N, d + 1) centres over the samples of a curve, or of a surface's middle row, and (N, d) the slope of h there."""
    if ironed.heights.ndim == 1:
        (x,) = ironed.axes
        return np.column_stack([x, ironed.center]), np.gradient(ironed.center, x)[:, None]
    x, y = ironed.axes
    middle = len(y) // 2
    along: Floats = np.gradient(ironed.center, x, axis=0)
    across: Floats = np.gradient(ironed.center, y, axis=1)
    center = np.column_stack([x, np.full_like(x, y[middle]), ironed.center[:, middle]])
    return center, np.column_stack([along[:, middle], across[:, middle]])


def _ground(ironed: Ironed) -> Ground:
    if ironed.heights.ndim == 1:
        every = max(1, len(ironed.heights) // DRAWN)
        return Ground(
            ironed.axes[0][::every], ironed.heights[::every], ironed=ironed.ironed[::every],
            ironed_label="what the ball sees", reachable=ironed.reachable[::every],
        )  # fmt: skip
    every = max(1, -(-len(ironed.heights) // SIDE))
    x, y = (axis[::every] for axis in ironed.axes)
    return Ground(x, ironed.heights[::every, ::every].T, y, ironed=ironed.ironed[::every, ::every].T)
