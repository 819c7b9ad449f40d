"""The page "Race": who races, the scene, the sentence and the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import landscapes
from pages.player import Ground, Racer, Readout, Scene
from pages.shared.basins import Catchment, catchment
from pages.shared.controls import get_surface, short
from pages.shared.page import cached
from pages.shared.runs import Run, moving_steps
from pages.shared.story import outcome, status_words
from rbo_core.figures.style import color, label
from rbo_core.ironing import iron_landscape

SHAPES = {
    "sgd": "circle",
    "momentum": "square",
    "adam": "diamond",
    "adamw": "star",
    "sam": "triangle",
    "entropy_sgd": "cross",
}
CURVES = {"loss": "Loss", "distance": "Distance", "penetration": "Penetration"}
"""What the lower panel shows."""
DEEPEST = "deepest penetration (% of the radius)"
CURVE_LABELS = {"loss": "loss", "distance": "distance to the minimum", "penetration": "penetration, % of ρ"}
# Balls of several radii share the method's colour and differ in lightness, as far as the page's background allows.
TINTS = (0.0, -0.38, 0.42, -0.6, 0.62, 0.2, -0.2, -0.75)
TINTS_ON_DARK = (0.0, 0.42, -0.28, 0.7, 0.2, 0.56, -0.14, 0.84)
AXES = {"step": "Steps", "gradients": "Gradients", "milliseconds": "ms"}
MAX_BALLS = len(TINTS)


@dataclass(frozen=True, eq=False)
class Entry:
    """A racer's run with the name and colour it has on this page."""

    run: Run
    label: str
    color: str


def parse_radii(text: str) -> tuple[float, ...]:
    """Radii from what a visitor typed ("0.1, 1.6"), one fewer than MAX_BALLS at most.

    Raises:
        ValueError: when a part is no positive number, or there are too many.
    """
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    radii = []
    for part in parts:
        try:
            value = float(part)
        except ValueError:
            raise ValueError(f"a radius must be a positive number, got {part[:20]!r}; write them as 0.1, 1.6") from None
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"radius must be positive, got {short(value)}")
        radii.append(value)
    if len(radii) >= MAX_BALLS:
        raise ValueError(f"at most {MAX_BALLS} balls race at once, got {len(radii) + 1}; leave some radii out")
    return tuple(radii)


def entries(runs: Sequence[Run], dark: bool = False) -> tuple[Entry, ...]:
    """Names and colours: balls are told apart by radius when there are several."""
    balls = [run for run in runs if run.center is not None]
    tints = TINTS_ON_DARK if dark else TINTS
    out = []
    for run in runs:
        if run.center is None:
            out.append(Entry(run, label(run.name), color(run.name)))
            continue
        name = "Ball" if len(balls) == 1 else f"Ball ρ = {short(float(run.method.radius))}"
        out.append(Entry(run, name, _tint(color(run.name), tints[balls.index(run) % len(tints)])))
    return tuple(out)


def _tint(hex_color: str, amount: float) -> str:
    target = 255 if amount > 0 else 0
    parts = [int(hex_color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (target - p) * abs(amount)):02X}" for p in parts)


def race_scene(
    surface: landscapes.Landscape,
    raced: Sequence[Entry],
    *,
    axis: str = "step",
    curve: str = "loss",
    ironed: bool = False,
    contour: bool = True,
) -> Scene:
    """The race as the player shows it; heights are λ f with the first ball's λ, so that balls are truly round."""
    ball = next((entry.run.method for entry in raced if entry.run.center is not None), None)
    scale = float(ball.loss_scale) if ball is not None else 1.0
    key = (surface.name, tuple(sorted(surface.parameters.items())))
    x, y, heights = grid_of(*key)
    sheet = ironed_of(*key, float(ball.radius), scale, heights.shape[0]) if ironed and ball is not None else None
    width = float(np.ptp(surface.bounds[0]))
    runs = [entry.run for entry in raced]
    longest = max((len(run.loss) for run in runs), default=1)
    frames = min(longest, round(1.08 * moving_steps(runs, width)) + 12)
    lowest = surface.minimum
    return Scene(
        ground=Ground(x, scale * heights, y, ironed=sheet),
        racers=tuple(_racer(entry, scale, axis, curve, frames) for entry in raced),
        bounds=surface.bounds,
        x_label="θ₁",
        y_label="θ₂",
        height_label="loss" if scale == 1.0 else f"λ × loss, λ = {scale:g}",
        minimum=np.array([*np.atleast_1d(lowest.x), scale * float(lowest.value)]),
        loss_x_label={"gradients": "gradient evaluations", "milliseconds": "ms of compute"}.get(axis, "step"),
        loss_label=CURVE_LABELS[curve],
        contour=contour,
        title=f"{', '.join(entry.label for entry in raced) or 'Nothing'} on the surface {surface.title}",
    )


def _racer(entry: Entry, scale: float, axis: str, curve: str, frames: int) -> Racer:
    run = entry.run
    cut = slice(0, frames)
    readouts = [
        Readout("loss", run.loss[cut]),
        Readout("to the minimum", run.distance[cut]),
        Readout("gradients", run.gradients[cut].astype(float), "integer"),
    ]
    if run.penetration is not None:
        readouts.append(Readout("penetration", np.maximum(run.penetration[cut], 0.0), "percent"))
    ball = run.center is not None
    return Racer(
        name=run.name,
        label=entry.label,
        color=entry.color,
        position=np.column_stack([run.position[cut], scale * run.loss[cut]]),
        center=run.center[cut] if run.center is not None else None,
        radius=float(run.method.radius) if ball else None,
        contacts=_on_the_surface(run)[cut] if run.contacts is not None else None,
        status=status_words(run),
        stopped_at=min(run.stopped_at, frames - 1),
        shape="ball" if ball else SHAPES.get(run.name, "cross"),
        loss=series(run, curve)[cut],
        loss_x=spent(run, axis)[cut],
        readouts=tuple(readouts),
    )


def series(run: Run, curve: str) -> np.ndarray:
    """(T+1,) what the lower panel shows of a run; NaN where a point has no such thing."""
    if curve == "distance":
        return run.distance
    if curve == "penetration":
        return np.full(len(run.loss), np.nan) if run.penetration is None else 100 * np.maximum(run.penetration, 0.0)
    return run.loss


def _on_the_surface(run: Run) -> np.ndarray:
    """(T+1, C, 3) contacts of a rigid ball: all lie on the ball, so their heights follow from its centre."""
    assert run.contacts is not None and run.center is not None
    centre = run.center[:, None, :]
    below = float(run.method.radius) ** 2 - np.sum((run.contacts - centre[..., :2]) ** 2, axis=-1)
    height = centre[..., 2] - np.sqrt(np.maximum(below, 0.0))
    return np.concatenate([run.contacts, height[..., None]], axis=-1)


def spent(run: Run, axis: str) -> np.ndarray:
    """(T+1,) what the run had cost up to each step: steps, gradient evaluations or milliseconds (spread evenly)."""
    step = np.minimum(np.arange(len(run.loss)), run.stopped_at).astype(float)
    if axis == "gradients":
        return run.gradients.astype(float)
    if axis == "milliseconds":
        return step * (1000 * run.seconds / max(run.stopped_at, 1))
    return np.arange(len(run.loss), dtype=float)


@cached
def grid_of(name: str, parameters: tuple[tuple[str, float], ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Axes (N,), (N,) and heights (N, N), fine enough for the surface's wrinkles as far as the payload allows."""
    surface = get_surface(name, 2, **dict(parameters))
    (a, b), (c, d) = surface.bounds
    samples = int(np.clip(np.ceil(3 * (b - a) / surface.finest_scale), 72, 136))
    x, y = np.linspace(a, b, samples), np.linspace(c, d, samples)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return x, y, np.asarray(surface.value(points)).reshape(samples, samples)


@cached
def ironed_of(
    name: str, parameters: tuple[tuple[str, float], ...], radius: float, scale: float, samples: int
) -> np.ndarray:
    """(N, N) what the centre of a ball of this radius sees, h − ρ, rows along the second parameter."""
    done = iron_landscape(get_surface(name, 2, **dict(parameters)), radius, samples, scale)
    return done.ironed.T


@cached
def _basins_of(
    name: str, parameters: tuple[tuple[str, float], ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    made = catchment(get_surface(name, 2, **dict(parameters)))
    return made.low, made.spacing, made.bottom, made.home


def basins_of(surface: landscapes.Landscape) -> Catchment:
    """The surface's basins, from the cache."""
    return Catchment(*_basins_of(surface.name, tuple(sorted(surface.parameters.items()))))


def rests_on(run: Run) -> np.ndarray:
    """(C, 2) where a run ended on the ground: the point, or the ball's centre from above and all its contacts."""
    last = run.stopped_at
    spots = [run.place[last], run.position[last]]
    if run.contacts is not None:
        spots += list(run.contacts[last])
    return np.array(spots)


def result_table(raced: Sequence[Entry], basins: Catchment) -> pd.DataFrame:
    """One row a racer: final loss, distance to the global minimum, gradients, evaluations, status, global basin."""
    rows = []
    for entry in raced:
        run = entry.run
        last = run.stopped_at
        rows.append(
            {
                "racer": entry.label,
                "final loss": float(run.loss[last]),
                "distance to the minimum": float(run.distance[last]),
                "gradients": int(run.gradients[last]),
                "value evaluations": int(run.evaluations),
                DEEPEST: _deepest(run),
                "milliseconds": round(1000 * run.seconds, 1),
                "status": status_words(run),
                "steps": int(last),
                "in the global basin": bool(basins.reached(rests_on(run)).any()),
            }
        )
    return pd.DataFrame(rows)


def _deepest(run: Run) -> float:
    return float("nan") if run.penetration is None else 100 * max(float(np.nanmax(run.penetration)), 0.0)


def race_story(raced: Sequence[Entry], finest: float) -> str:
    """What happened, in one HTML sentence; equal outcomes are told together and the winner is named."""
    if not raced:
        return "Nobody races: choose an optimizer in the sidebar."
    told = [(outcome(entry.run, finest), entry) for entry in raced]
    texts = list(dict.fromkeys(text for text, _ in told))
    said = ". ".join(f"{_names([e for t, e in told if t == text])} {text}" for text in texts) + "."
    sunk = [(depth, entry) for entry in raced if (depth := _deepest(entry.run)) > 1]
    said += "".join(f" {_names([e])} sank into the ground by up to {depth:.0f} % of its radius." for depth, e in sunk)
    sound = [entry for entry in raced if np.isfinite(entry.run.loss[entry.run.stopped_at])]
    if len(raced) < 2 or not sound:
        return said
    best = min(sound, key=lambda entry: float(entry.run.loss[entry.run.stopped_at]))
    end = float(best.run.loss[best.run.stopped_at])
    return f"{said} {_names([best])} ends lowest, at a loss of {short(end)}."


def _names(raced: Sequence[Entry]) -> str:
    names = [f'<b><span style="color:{entry.color}">●</span>\N{NO-BREAK SPACE}{entry.label}</b>' for entry in raced]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def paths_table(raced: Sequence[Entry]) -> pd.DataFrame:
    """Every step of every racer: racer, step, x1, x2, loss, gradients and a ball's centre."""
    frames = []
    for entry in raced:
        run, last = entry.run, entry.run.stopped_at + 1
        columns: dict[str, object] = {"racer": entry.label, "step": np.arange(last)}
        columns |= {f"x{i + 1}": run.position[:last, i] for i in range(run.position.shape[1])}
        columns |= {"loss": run.loss[:last], "gradients": run.gradients[:last]}
        if run.center is not None:
            columns |= {f"center_{n}": run.center[:last, i] for i, n in enumerate(("x1", "x2", "height"))}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["racer", "step"])
