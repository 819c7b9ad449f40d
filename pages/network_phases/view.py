"""What the page Network phases says of a map: a cell's numbers, the sentence, the table; and starting the ensemble."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.network_phases.controls import DATA
from pages.shared import network_examples, network_jobs, network_runs
from pages.shared.controls import short
from pages.shared.growing import Growing, grow
from pages.shared.page import LINK_VERSION, cached
from pages.shared.take_away import Takings, figure_takings
from rbo_core import RBO
from rbo_core.figures.network_code import phases_code
from rbo_core.figures.network_phases import along_radius, phases_figure, states
from rbo_core.figures.phases import Frontier
from rbo_core.figures.player.offline import Words
from rbo_core.figures.style import color
from rbo_core.figures.words import percent
from rbo_core.frontiers import frontier
from rbo_core.jobs import CONFIG
from rbo_core.settings import settings_of
from rbo_core.training import TrainConfig
from rbo_core.training.edge import start_sharpness
from rbo_core.training.phases import PhaseConfig, PhaseResult, load_phases, recent_phases
from rbo_core.training.price import phases_pace, phases_seconds
from rbo_core.training.regimes import NetworkRegimes

PAGE = "Network phases"


def stored(config: PhaseConfig) -> tuple[PhaseResult | None, bool]:
    """The map, as far as it was trained here, or the example if that is the same map; and whether it is from here.

    Raises:
        ValueError: the file is damaged.
    """
    found = load_phases(config.key)
    return (found, True) if found is not None else (network_examples.phases(config), False)


def growing(config: PhaseConfig, here: PhaseResult | None) -> Growing:
    """The map that is asked for. here: what was trained of it on this machine."""
    grid = f"{config.n_radii} × {config.n_rates}" + (f" × {config.seeds} seeds" if config.seeds > 1 else "")
    missing = config.members if here is None else int((~here.there).sum()) * config.seeds
    return Growing(
        "phases", ("train", CONFIG, "--phases", "--json"), config.to_dict(),
        f"{DATA[config.train.data]}, MLP: {grid} radii and rates", PAGE, f"phases:{config.key}", "Train the map",
        "networks", missing, config.members, phases_seconds(config, here, phases_pace(recent_phases())),
    )  # fmt: skip


def train(config: PhaseConfig, here: PhaseResult | None, job_id: str | None, example: bool) -> None:
    """The bar that trains the map. here: what was trained of it on this machine; example: whether the page shows it as
    it was trained elsewhere."""
    problem = network_jobs.device_problem(config.train.device) or ""
    if not problem and (note := network_runs.data_note(config.train.data)):
        st.info(note)
    drawn = 0 if here is None else int(here.there.sum())

    def grown() -> bool:
        now = load_phases(config.key)
        return now is not None and int(now.there.sum()) > drawn

    words = "" if here is None else "What was finished is kept."
    if example:
        words = "This map was trained earlier with these very settings. Train it on this machine, or change them."
    grow(growing(config, here), job_id, grown, words, problem)


def cell_of(result: PhaseResult, named: tuple[float, float] | None, best: tuple[int, int]) -> tuple[int, int]:
    """The cell next to what was clicked, or the best one."""
    if named is None:
        return best
    config = result.config
    return int(np.abs(np.log(config.radii / named[0])).argmin()), int(np.abs(np.log(config.rates / named[1])).argmin())


def cell_numbers(
    result: PhaseResult, told: NetworkRegimes | None, i: int, j: int
) -> tuple[tuple[tuple[str, str, str], ...], str]:
    """One cell's numbers, and the head above them (HTML)."""
    radius, rate = float(result.config.radii[i]), float(result.config.rates[j])
    accuracy = result.validation_accuracy[i, j]
    items = (
        ("validation accuracy", _percent(accuracy.mean()), ""),
        ("SGD, same η", _percent(result.point_accuracy[j].mean()), ""),
        ("training loss", _mean(result.train_loss[i, j]), ""),
        ("penetration", _mean(100 * result.penetration[i, j], " %"), ""),
    )
    lost = int(result.diverged[i, j].sum())
    note = f" · {lost} of {result.config.seeds} diverged" if lost else ""
    head = (
        f'<p class="cell-head"><span aria-hidden="true" style="color:{color("rbo")}">○</span> '
        f"ρ = {short(float(f'{radius:.3g}'))}, η = {short(float(f'{rate:.3g}'))} · "
        f"{cell_state(result, told, i, j)}{note}</p>"
    )
    return items, head


def train_query(result: PhaseResult, radius: float, rate: float) -> dict[str, str | list[str]]:
    """The address of a cell's run on the page Train, beside SGD at the same learning rate and number of gradients."""
    config = result.config
    train, method = config.train, dict(config.train.method.settings)
    racer = "rbo" if method["projection"] == "newton" else "published"
    query: dict[str, object] = {
        "v": LINK_VERSION, "data": train.data, "model": train.model, "label_noise": round(100 * train.label_noise),
        "methods": [racer, "sgd"], "gradients": result.gradients, "sgd_lr": f"{rate:.6g}", "seeds": config.seeds,
        "batch": train.batch_size, "schedule": train.schedule, f"{racer}_radius": f"{radius:.6g}",
        f"{racer}_lr": f"{rate:.6g}", f"{racer}_n_projection_steps": method["n_projection_steps"],
        f"{racer}_loss_scale": method["loss_scale"],
    }  # fmt: skip
    if racer == "rbo":
        query["rbo_momentum"] = method["momentum"]
    else:
        query["published_projection_step_size"] = method["projection_step_size"]
    if train.train_size:
        query["train_size"] = train.train_size
    return {name: value if isinstance(value, list) else str(value) for name, value in query.items()}


@cached
def _start_sharpness(train: str) -> float:
    return start_sharpness(TrainConfig.from_dict(json.loads(train)))


def frontier_of(config: PhaseConfig) -> Frontier | None:
    """η_c(ρ) on a bowl as sharp as the network at its start; None where its data are not on this machine."""
    own = {one.name for one in settings_of(RBO)} - {"radius", "learning_rate"}
    settings: dict[str, Any] = {name: value for name, value in config.train.method.settings if name in own}
    try:
        curvature = _start_sharpness(json.dumps(config.train.to_dict(), sort_keys=True))
    except (OSError, ValueError):
        return None
    if not curvature > 0:
        return None
    radii = np.geomspace(config.radius_low, config.radius_high, 121)
    return Frontier(radii, frontier(RBO(**settings), radii, curvature), curvature)


def headline(result: PhaseResult, told: NetworkRegimes | None) -> str:
    """What the map says of the radius, in a sentence or two (HTML). told: None where no cell is trained."""
    config = result.config
    if told is None:
        return f"Not trained yet: {config.members:,} networks, each with its own radius and learning rate."
    i, j = told.best
    best = f"<b>{_percent(told.by_radius.max())}</b> at ρ = {_two(config.radii[i])}, η = {_two(config.rates[j])}"
    low, high = (_two(radius) for radius in told.macroscopic)
    images = f"{result.validation_images:,} validation images"
    if told.verdict == "unfinished":
        return f"So far, {int(result.there.sum())} of {result.there.size} cells: the best is {best}."
    if told.verdict == "nothing":
        return (
            f"<b>Nothing was learnt here:</b> the best of {config.members:,} networks, "
            f"{_percent(told.by_radius.max())}, is what guessing reaches. Change the learning rates or the task."
        )
    if told.verdict == "level":
        span = f"{_percent(told.by_radius.min())} to {_percent(told.by_radius.max())}"
        return (
            f"<b>Here the radius hardly matters.</b> With its best η every radius reaches {span}, and {images} do not "
            f"tell these apart. Best: {best}."
        )
    points = f"up to {100 * told.lost:.1f} points"
    lead = {
        "small": f"<b>Large radii do worse.</b> Up to ρ = {high} all do as well; beyond, with its best η, one loses",
        "large": f"<b>Small radii do worse.</b> From ρ = {low} on all do as well; below, with its best η, one loses",
        "band": f"<b>The radius matters.</b> Best from ρ = {low} to {high}; outside, with its best η, one loses",
    }[told.verdict]
    return f"{lead} {points}. Best: {best}."


def beside_sgd(result: PhaseResult, told: NetworkRegimes) -> str:
    """The map against gradient descent, and what the numbers rest on."""
    config = result.config
    seeds = "one seed" if config.seeds == 1 else f"{config.seeds} seeds"
    rest = f"{seeds}, {result.gradients:,} gradients a network."
    if told.verdict in ("unfinished", "nothing"):
        return rest.capitalize()
    gain, noise = 100 * told.fair_gain, 200 * told.noise
    tries = f"With as many tries as SGD ({config.n_rates} runs each, equal gradients)"
    if abs(gain) <= noise:
        tail = f"{tries} the two do as well: the difference, {_signed(gain)} points, is within ± {noise:.1f}."
    else:
        word = "more" if gain > 0 else "less"
        tail = f"{tries} the ball's best is {abs(gain):.1f} points {word} (± {noise:.1f})."
    return f"{tail} ({rest})"


def cell_state(result: PhaseResult, told: NetworkRegimes | None, i: int, j: int) -> str:
    """What became of a cell, in words."""
    if not result.there[i, j] or told is None:
        return "not trained yet"
    for region in states(result):
        if region.cells[i, j]:
            more = {"unstable": "a smaller η learns", "too slow": "a larger η learns more in as many gradients"}
            return f"{region.name}: {more[region.name]}"
    return "the best cell" if (i, j) == told.best else "learns"


def takings(result: PhaseResult, told: NetworkRegimes, quantity: str, cell: tuple[float, float]) -> Takings:
    """The map and its cut as a page, and the script that trains the map. cell: ρ and η that are marked."""

    def figures(dark: bool) -> list[go.Figure]:
        edge = frontier_of(result.config)
        shown = phases_figure(result, told, quantity, dark, selected=cell, frontier=edge)
        return [shown, along_radius(result, told, dark, cell[0])]

    code = phases_code(result.config.to_dict())
    said = f"{headline(result, told)} {beside_sgd(result, told)}"
    words = Words("Radius against learning rate on a network", said, code=code)
    return figure_takings("network_phases", figures, words)


def cells_table(result: PhaseResult) -> pd.DataFrame:
    """One row a network: radius, learning rate, seed and what became of it."""
    config = result.config
    shape = result.train_loss.shape
    radius, rate, seed = np.meshgrid(
        config.radii, config.rates, config.train.seed + np.arange(config.seeds), indexing="ij"
    )  # fmt: skip
    columns = {"radius": radius, "learning_rate": rate, "seed": seed.astype(int)}
    columns |= {
        name: getattr(result, name)
        for name in ("train_loss", "validation_loss", "validation_accuracy", "penetration", "diverged")
    }
    columns["sgd_validation_accuracy"] = np.broadcast_to(result.point_accuracy, shape)
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def _mean(values: np.ndarray, unit: str = "") -> str:
    known = values[np.isfinite(values)]
    return f"{float(known.mean()):.3g}{unit}" if known.size else "none"


def _percent(share: float) -> str:
    return percent(100 * share).replace(" ", "\N{NO-BREAK SPACE}") if np.isfinite(share) else "none yet"


def _two(value: float) -> str:
    return short(float(f"{value:.2g}"))


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\u2212")
