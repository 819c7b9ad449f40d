"""Which runs and planes the page Network landscape has, and what of them is kept in the cache."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings

import numpy as np

from pages.shared.page import cached
from rbo_core.figures.style import label
from rbo_core.figures.words import noise_words
from rbo_core.ironing import Ironed, iron
from rbo_core.training import Method, RunStore, StoredRun
from rbo_core.training.landscape import FOLDER, PlaneConfig, PlaneResult, comparable, load_plane
from rbo_core.training.plane_reading import NoiseStudy, Reach, noise_study, reach_study
from rbo_core.training.results import recent_results

SHOWN_AT_FIRST = ("rbo", "sgd", "sam")
STUDY_RADII = 10
REACH_RADII = 16


def finished_runs() -> tuple[list[StoredRun], str]:
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


def run_title(run: StoredRun) -> str:
    """A stored run in a few words."""
    c = run.config
    noise = f", {noise_words(c.label_noise)}" if c.label_noise else ""
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
    for file in recent_results(FOLDER):
        with contextlib.suppress(ValueError):
            found = load_plane(file.stem)
            if found is not None and PlaneConfig(runs=found.config.runs).key == file.stem:
                return found.config
    return None


def recent_planes(count: int = 3) -> list[PlaneResult]:
    """The planes that were stored last, newest first; damaged ones are left out."""
    found: list[PlaneResult] = []
    for file in recent_results(FOLDER, most=count):
        with contextlib.suppress(ValueError):
            if (made := load_plane(file.stem)) is not None and made.seconds > 0:
                found.append(made)
    return found


@cached
def ironed_plane(heights: np.ndarray, spacing: tuple[float, float], radius: float, scale: float) -> Ironed:
    """λ times the heights, ironed exactly on the grid; a radius below the spacing changes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return iron(scale * heights, spacing, radius)


@cached
def study_of(
    clean: np.ndarray, noisy: np.ndarray, spacing: tuple[float, float], scale: float, radii: tuple[float, float]
) -> NoiseStudy:
    """What is left of label noise at radii between the two ends."""
    return noise_study(scale * clean, scale * noisy, spacing, np.geomspace(*radii, STUDY_RADII))


def reach_of(result: PlaneResult, scale: float) -> Reach:
    """How much of the plane balls between twice its grid's spacing and half its width cannot touch."""
    ends = 2 * max(result.spacing), 0.5 * float(result.x[-1] - result.x[0])
    return _reach_of(result.own, result.spacing, scale, ends)


@cached
def _reach_of(heights: np.ndarray, spacing: tuple[float, float], scale: float, radii: tuple[float, float]) -> Reach:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rounded = [float(f"{radius:.2g}") for radius in np.geomspace(*radii, REACH_RADII)]
        return reach_study(scale * heights, spacing, np.unique(rounded))


def natural_scale(heights: np.ndarray, width: float) -> float:
    """The λ at which the plane's relief is a third of its width: of the form 1, 2, 5 times a power of ten."""
    relief = float(np.percentile(heights, 98) - heights.min())
    raw = 0.35 * width / max(relief, 1e-9)
    power = 10.0 ** np.floor(np.log10(raw))
    return float(f"{power * (1 if raw / power < 2 else 2 if raw / power < 5 else 5):.6g}")
