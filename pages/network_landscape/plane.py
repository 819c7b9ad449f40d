"""The page "Network landscape": which runs and plane, their data from the cache, and the balls that roll on them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

import rbo_core
from pages.player import Ground, Racer, Readout, Scene
from pages.shared.controls import short
from pages.shared.page import cached
from pages.shared.runs import Run
from pages.shared.story import status_words
from rbo_core import Status
from rbo_core.figures.style import color, label
from rbo_core.ironing import Ironed, iron
from rbo_core.training import Method, RunStore, TrainConfig
from rbo_core.training import Run as Stored
from rbo_core.training.height_surface import HeightSurface
from rbo_core.training.landscape import (
    FOLDER,
    NoiseStudy,
    PlaneConfig,
    PlaneResult,
    comparable,
    load_plane,
    noise_study,
)
from rbo_core.training.results import result_path

DEFAULT_METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("rbo", {"lr": 1.0, "radius": 0.5}),
    ("sgd", {"lr": 1.0}),
    ("sam", {"lr": 1.0}),
)
SHOWN_AT_FIRST = ("rbo", "sgd", "sam")
STUDY_RADII = 10
RECENT = 20  # stored planes looked at for the one to open with


def default_runs() -> list[dict[str, Any]]:
    """What an empty store is offered: three methods on the digits, from one start, at equal gradients."""
    methods = [Method.of(name, **settings) for name, settings in DEFAULT_METHODS]
    return [TrainConfig(method=m, gradient_budget=640, diagnostics="none").to_dict() for m in methods]


def finished_runs() -> tuple[list[Stored], str]:
    """Stored runs that can be shown, newest first, and why the store cannot be read ("" when it can)."""
    try:
        with RunStore() as store:
            runs = [run for run in store.list() if run.state in ("done", "cancelled") and run.config.snapshots]
            return [run for run in runs if (store.path(run.id) / "snapshots").is_dir()], ""
    except (ValueError, sqlite3.Error) as error:
        return [], str(error)


def companions(run_id: str) -> dict[str, str]:
    """Run id to label of the run itself and of runs of other methods from the same start, in that order."""
    with RunStore() as store:
        found = {key: store.get(key).config.method for key in comparable(store, run_id)}
    return {key: _method_title(method) for key, method in found.items()}


def run_title(run: Stored) -> str:
    """A stored run in a few words."""
    c = run.config
    noise = f", {100 * c.label_noise:.0f} % wrong labels" if c.label_noise else ""
    accuracy = run.summary.get("test_accuracy")
    reached = f", {100 * accuracy:.1f} %" if isinstance(accuracy, int | float) else ""
    return f"{_method_title(c.method)} · {c.data}, {c.model}{noise}, seed {c.seed}{reached} · {run.id[:6]}"


def _method_title(method: Method) -> str:
    published = method.name == "rbo" and method["projection"] == "gradient"
    return label(method.name) + (", as published" if published else "")


def stored_plane(config: PlaneConfig) -> PlaneResult | None:
    """The computed plane, or None when it has not been computed; ValueError for a damaged file."""
    return load_plane(config.key)


def last_plane() -> PlaneConfig | None:
    """The plane computed last with the default settings: what the page opens with. None when there is none."""
    folder = result_path(FOLDER, "any").parent
    files = sorted(folder.glob("*.npz"), key=lambda file: -file.stat().st_mtime) if folder.is_dir() else []
    for file in files[:RECENT]:
        with contextlib.suppress(ValueError):
            found = load_plane(file.stem)
            if found is not None and PlaneConfig(runs=found.config.runs).key == file.stem:
                return found.config
    return None


def surface_of(result: PlaneResult, heights: np.ndarray) -> HeightSurface:
    """The plane as a surface to roll on, heights in units of the loss."""
    return HeightSurface(result.x, result.y, heights)


@cached
def ironed_plane(heights: np.ndarray, spacing: tuple[float, float], radius: float, scale: float) -> Ironed:
    """λ times the heights, ironed exactly on the grid; a radius below the spacing changes nothing."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return iron(scale * heights, spacing, radius)


@cached
def study_of(
    clean: np.ndarray, noisy: np.ndarray, spacing: tuple[float, float], scale: float, low: float, high: float
) -> NoiseStudy:
    """What is left of label noise at radii from low to high."""
    return noise_study(scale * clean, scale * noisy, spacing, np.geomspace(low, high, STUDY_RADII))


def natural_scale(heights: np.ndarray, width: float) -> float:
    """The λ at which the plane's relief is a third of its width: of the form 1, 2, 5 times a power of ten."""
    relief = float(np.percentile(heights, 98) - heights.min())
    raw = 0.35 * width / max(relief, 1e-9)
    power = 10.0 ** np.floor(np.log10(raw))
    return float(f"{power * (1 if raw / power < 2 else 2 if raw / power < 5 else 5):.6g}")


@cached
def rolled(
    x: np.ndarray,
    y: np.ndarray,
    heights: np.ndarray,
    _method: Any,
    settings: str,
    start: tuple[float, float],
    steps: int,
) -> Run:
    """One run of a method (``settings``: its repr, for the cache) on the plane."""
    surface = HeightSurface(x, y, heights)
    done = rbo_core.trace(_method, surface, [list(start)], steps)
    position = done.position[:, 0]
    lowest = np.unravel_index(int(heights.argmin()), heights.shape)
    bottom = np.array([x[lowest[0]], y[lowest[1]]])
    rigid = getattr(_method, "projection", "") == "rigid"
    return Run(
        method=_method, status=Status(int(done.status[0])), stopped_at=int(done.stopped_at[0]), position=position,
        loss=done.loss[:, 0], gradients=done.gradient_count[:, 0], evaluations=int(done.evaluations[0]),
        distance=np.linalg.norm(position - bottom, axis=1),
        center=None if done.center is None else done.center[:, 0],
        penetration=None if done.center is None or rigid else done.penetration[:, 0],
        contacts=None, seconds=done.seconds,
    )  # fmt: skip


def scene(result: PlaneResult, heights: np.ndarray, ironed: Ironed | None, runs: Sequence[Run], scale: float) -> Scene:
    """Ball and point on the plane; heights are λ times the loss, so that the ball is round in the plane's own unit."""
    lowest = np.unravel_index(int(heights.argmin()), heights.shape)
    height = float(np.ptp(scale * heights)) / float(result.x[-1] - result.x[0])
    return Scene(
        ground=Ground(result.x, scale * heights.T, result.y, ironed=None if ironed is None else ironed.ironed.T),
        racers=tuple(_racer(run, scale) for run in runs),
        bounds=np.array([[result.x[0], result.x[-1]], [result.y[0], result.y[-1]]]),
        x_label="first axis",
        y_label="second axis",
        height_label="loss" if scale == 1.0 else f"λ × loss, λ = {short(scale)}",
        minimum=np.array([result.x[lowest[0]], result.y[lowest[1]], scale * heights[lowest]]),
        height_scale=None if height < 1.25 else 0.6 / height,
        title="A ball and a point on the loss plane of a network",
    )


def _racer(run: Run, scale: float) -> Racer:
    last = run.stopped_at + 1
    cut = slice(0, last)
    ball = run.center is not None
    return Racer(
        name=run.name,
        label="Ball" if ball else label(run.name),
        color=color(run.name),
        position=np.column_stack([run.position[cut], scale * run.loss[cut]]),
        center=run.center[cut] if run.center is not None else None,
        radius=float(run.method.radius) if ball else None,
        status=status_words(run),
        stopped_at=last - 1,
        shape="ball" if ball else "circle",
        loss=run.loss[cut],
        readouts=(Readout("loss", run.loss[cut]), Readout("to the lowest point", run.distance[cut])),
    )
