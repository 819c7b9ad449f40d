"""The scene of the page "Roll" and of the home page: a curve at true scale, a ball, and points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import landscapes
from pages.player import Ground, Racer, Readout, Scene
from pages.shared.runs import Run, curve, moving_steps
from pages.shared.story import status_words
from rbo_core.figures.style import color, label
from rbo_core.ironing import iron

SAMPLES = 2400
SHAPES = {"sgd": "circle", "momentum": "square", "adam": "diamond", "adamw": "star", "sam": "triangle"}


def roll_scene(
    surface: landscapes.Landscape,
    runs: Sequence[Run],
    *,
    axis: str = "step",
    ironed: bool = False,
    loss_panel: bool = True,
    clickable: bool = True,
    readouts: bool = True,
    duration: float | None = None,
) -> Scene:
    """The runs on a 1-parameter surface. Heights are λ f, with the ball's λ, so that the ball is truly round.

    axis: "step" or "gradients", the x axis of the loss panel. ironed: draw what the ball's centre sees, h − ρ.
    """
    ball = next((run.method for run in runs if run.center is not None), None)
    scale = float(ball.loss_scale) if ball is not None else 1.0
    low, high = (float(value) for value in surface.bounds[0])
    parameters = tuple(sorted(surface.parameters.items()))
    x, height = curve(surface.name, parameters, low, high, SAMPLES)
    height = scale * height
    smooth = reachable = None
    if ironed and ball is not None:
        result = iron(height, float(x[1] - x[0]), float(ball.radius))
        smooth, reachable = result.ironed, result.reachable
    lowest = surface.minimum
    frames = min(max((len(run.loss) for run in runs), default=1), round(1.08 * moving_steps(runs, high - low)) + 12)
    return Scene(
        ground=Ground(x, height, ironed=smooth, ironed_label="what the ball sees", reachable=reachable),
        racers=tuple(_racer(run, scale, axis, frames, readouts) for run in runs),
        bounds=surface.bounds,
        minimum=np.array([float(np.atleast_1d(lowest.x)[0]), scale * float(lowest.value)]),
        height_label="loss" if scale == 1.0 else f"λ × loss, λ = {scale:g}",
        loss_panel=loss_panel,
        loss_x_label="gradient evaluations" if axis == "gradients" else "step",
        clickable=clickable,
        duration=duration,
        title=f"{', '.join(_label(run) for run in runs) or 'Nothing'} on the curve {surface.title}",
    )


def _racer(run: Run, scale: float, axis: str, frames: int, with_readouts: bool) -> Racer:
    # Frames after the last visible movement would only make the visitor wait.
    cut = slice(0, frames)
    readouts = [
        Readout("to the minimum", run.distance[cut]),
        Readout("gradients", run.gradients[cut].astype(float), "integer"),
    ]
    if run.penetration is not None:
        readouts.insert(0, Readout("penetration", np.maximum(run.penetration[cut], 0.0), "percent"))
    ball = run.center is not None
    return Racer(
        name=run.name,
        label=_label(run),
        color=color(run.name),
        position=np.column_stack([run.position[cut, 0], scale * run.loss[cut]]),
        center=run.center[cut] if run.center is not None else None,
        radius=float(run.method.radius) if ball else None,
        contacts=_on_the_curve(run)[cut] if run.contacts is not None else None,
        status=status_words(run),
        stopped_at=min(run.stopped_at, frames - 1),
        shape="ball" if ball else SHAPES.get(run.name, "cross"),
        loss=run.loss[cut],
        loss_x=run.gradients[cut].astype(float) if axis == "gradients" else None,
        readouts=tuple(readouts) if with_readouts else (),
    )


def _on_the_curve(run: Run) -> np.ndarray:
    """(T+1, C, 2) contacts of a rigid ball: all lie on the ball, so their heights follow from its centre."""
    assert run.contacts is not None and run.center is not None
    x = run.contacts[:, :, 0]
    centre_x, centre_y = run.center[:, :1], run.center[:, 1:]
    inside = np.maximum(float(run.method.radius) ** 2 - (x - centre_x) ** 2, 0.0)
    return np.stack([x, centre_y - np.sqrt(inside)], axis=2)


def _label(run: Run) -> str:
    return "Ball" if run.center is not None else label(run.name)
