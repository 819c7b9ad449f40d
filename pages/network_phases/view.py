"""What the page Network phases says of a map: a cell's numbers, the sentence, the table; and starting the ensemble."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.network_phases.controls import DATA
from pages.shared import network_jobs, network_runs
from pages.shared.controls import short
from pages.shared.page import LINK_VERSION, cached, is_dark, show_error
from pages.shared.take_away import Takings, figure_takings
from rbo_core import RBO
from rbo_core.figures.curves import message_figure
from rbo_core.figures.network_code import phases_code
from rbo_core.figures.network_phases import along_radius, phases_figure
from rbo_core.figures.phases import Frontier
from rbo_core.figures.player.offline import Words
from rbo_core.figures.style import color
from rbo_core.frontiers import frontier
from rbo_core.jobs import CONFIG
from rbo_core.settings import settings_of
from rbo_core.training import TrainConfig
from rbo_core.training.edge import start_sharpness
from rbo_core.training.phases import PhaseConfig, PhaseResult
from rbo_core.training.regimes import NetworkRegimes

PAGE = "Network phases"


def compute(config: PhaseConfig, job_id: str | None, example: PhaseResult | None = None) -> None:
    """The map is not there: train it as a job, and show how far it is. example: what the page shows until then."""
    problem = network_jobs.device_problem(config.train.device)
    if problem:
        show_error(problem)
    elif note := network_runs.data_note(config.train.data):
        st.info(note)
    with st.container(horizontal=True, vertical_alignment="center", key="compute_bar"):
        pressed = st.button("Train the map", type="primary", key="compute", disabled=problem is not None)
        if example is not None:
            st.caption(
                "This map was trained earlier with these very settings, in less than a minute on two cores; train it "
                "on this machine, or change the settings."
            )
    if pressed:
        grid = f"{config.n_radii} × {config.n_rates}" + (f" × {config.seeds} seeds" if config.seeds > 1 else "")
        started = network_jobs.start(
            "phases", ["train", CONFIG, "--phases", "--json"], config=config.to_dict(),
            title=f"{DATA[config.train.data]}, MLP: {grid} radii and rates", page=PAGE, key=f"phases:{config.key}",
        )  # fmt: skip
        if started is not None:  # a refusal stays on the page
            st.rerun()
    network_jobs.watch(job_id)
    if example is not None:
        return
    words = f"{config.members:,} networks train at once: 144 MLPs on the digits take under a minute."
    st.plotly_chart(message_figure(words, is_dark()), key="phases_empty", config={"displayModeBar": False}, theme=None)


def cell_of(result: PhaseResult, named: tuple[float, float] | None, best: tuple[int, int]) -> tuple[int, int]:
    """The cell next to what was clicked, or the best one."""
    if named is None:
        return best
    config = result.config
    return int(np.abs(np.log(config.radii / named[0])).argmin()), int(np.abs(np.log(config.rates / named[1])).argmin())


def cell_numbers(result: PhaseResult, i: int, j: int) -> tuple[tuple[tuple[str, str, str], ...], str]:
    """One cell's numbers, and the head above them (HTML)."""
    radius, rate = float(result.config.radii[i]), float(result.config.rates[j])
    accuracy = result.validation_accuracy[i, j]
    items = (
        ("validation accuracy", f"{100 * float(np.nan_to_num(accuracy).mean()):.1f} %", ""),
        ("SGD, same η", f"{100 * float(np.nan_to_num(result.point_accuracy[j]).mean()):.1f} %", ""),
        ("training loss", _mean(result.train_loss[i, j]), ""),
        ("penetration", _mean(100 * result.penetration[i, j], " %"), ""),
    )
    lost = int(result.diverged[i, j].sum())
    note = f" · {lost} of {result.config.seeds} diverged" if lost else ""
    head = (
        f'<p class="cell-head"><span style="color:{color("rbo")}">○</span> ρ = {short(float(f"{radius:.3g}"))}, '
        f"η = {short(float(f'{rate:.3g}'))}{note}</p>"
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


def what_it_says(result: PhaseResult, told: NetworkRegimes) -> str:
    """The map in a sentence: where it is best, whether the radius mattered, and against SGD."""
    config = result.config
    i, j = told.best
    best = float(np.nan_to_num(result.validation_accuracy[i, j]).mean())
    low, high = (short(float(f"{r:.2g}")) for r in told.macroscopic)
    said = (
        f"Best: <b>{100 * best:.1f} %</b> at ρ = {short(float(f'{config.radii[i]:.2g}'))}, "
        f"η = {short(float(f'{config.rates[j]:.2g}'))}. "
    )
    if told.macroscopic == (config.radii[0], config.radii[-1]):
        said += "With the right η every radius here comes within two standard errors of it. "
    else:
        said += f"Radii from {low} to {high} come within two standard errors of it. "
    gain, noise = 100 * told.fair_gain, 200 * told.noise
    tries = f"With as many tries as SGD ({config.n_rates} runs each, equal gradients)"
    if abs(gain) <= noise:
        tail = f"{tries} the two do as well: the difference, {_signed(gain)} points, is within ± {noise:.1f}."
    else:
        word = "more" if gain > 0 else "less"
        tail = f"{tries} the ball's best is {abs(gain):.1f} points {word} (± {noise:.1f})."
    seeds = "one seed" if config.seeds == 1 else f"{config.seeds} seeds"
    return f"{said}{tail} ({seeds}, {result.gradients:,} gradients a network.)"


def takings(result: PhaseResult, told: NetworkRegimes, quantity: str, cell: tuple[float, float]) -> Takings:
    """The map and its cut as a page, and the script that trains the map. cell: ρ and η that are marked."""

    def figures(dark: bool) -> list[go.Figure]:
        edge = frontier_of(result.config)
        shown = phases_figure(result, told, quantity, dark, selected=cell, frontier=edge)
        return [shown, along_radius(result, told, dark, cell[0])]

    code = phases_code(result.config.to_dict())
    words = Words("Radius against learning rate on a network", what_it_says(result, told), code=code)
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
    return f"{float(known.mean()):.3g}{unit}" if known.size else "none: diverged"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\u2212")
