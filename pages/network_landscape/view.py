"""The views of the page "Network landscape": the plane with its paths, a ball that rolls on it, label noise."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.network_landscape.plane import (
    SHOWN_AT_FIRST,
    companions,
    ironed_plane,
    natural_scale,
    rolled,
    scene,
    study_of,
)
from pages.player import player
from pages.shared import network_jobs, network_runs, plots
from pages.shared.controls import choice, number, short
from pages.shared.page import group, is_dark, readouts, sentence, show_error
from rbo_core import RBO, SGD
from rbo_core.figures.curves import message_figure
from rbo_core.figures.network_landscape import log_limits, noise_figure, plane_figure
from rbo_core.figures.style import color, label
from rbo_core.figures.words import dotted
from rbo_core.jobs import CONFIG, Job
from rbo_core.rolling import PROJECTIONS
from rbo_core.training.landscape import GONE, PlaneConfig, PlaneResult

VIEWS = {"paths": "Paths", "roll": "Roll a ball", "noise": "Label noise"}
FIRST_LABELS = tuple(label(name) for name in SHOWN_AT_FIRST)
PLAIN = {"displayModeBar": False, "displaylogo": False}
PAGE = "Network landscape"
PAIR = (1.0, 1.17)  # widths of two panels of one size, the second with the colour bar of both


def job_controls(job: Job, runs: Container[str]) -> dict[str, object]:
    """The controls that ask for the job's plane. runs: ids of the runs that are there."""
    if job.kind != "plane":
        return {}  # the three runs of an empty store
    config = PlaneConfig.from_dict(job.config)
    if config.runs[0] not in runs:
        raise ValueError(f"run {config.runs[0]} is not stored here any more")
    return {
        "run": config.runs[0], "paths": [run for run in config.runs if run in companions(config.runs[0])],
        "kind": config.kind, "size": str(config.size), "noise": round(100 * config.label_noise),
        "reach": config.reach, "seed": config.seed, "device": config.device,
    }  # fmt: skip


def offer_training(job_id: str | None, configs: Sequence[dict[str, Any]]) -> None:
    """An empty store: say so, and let the default runs be trained here."""
    with st.container(horizontal=True, vertical_alignment="center", key="offer_bar"):
        pressed = st.button("Train the ball, SGD and SAM", type="primary", key="train_default")
        st.caption(
            "No run is stored here yet. What you see below was trained earlier, on the digits: train the same three "
            "here, or any others on the page Train."
        )
    if pressed:
        network_jobs.start(
            "train", ["train", CONFIG, "--json"], config={"runs": list(configs)},
            title="Digits, MLP: ball, SGD and SAM",
            page=PAGE, key="network_landscape:default",
        )  # fmt: skip
        st.rerun()
    network_jobs.watch(job_id)


def compute_button(config: PlaneConfig, job_id: str | None, title: str, data: str) -> None:
    """The plane is not there: compute it as a job, and show how far it is. data: what the network was trained on."""
    problem = network_jobs.device_problem(config.device)
    if problem:
        show_error(problem)
    elif note := network_runs.data_note(data):
        st.info(note)
    kind = "principal" if config.kind == "principal" else "random"
    if st.button("Compute the plane", type="primary", key="compute", disabled=problem is not None):
        network_jobs.start(
            "plane", ["train", CONFIG, "--plane", "--json"], config=asdict(config),
            title=f"Loss on a {kind} plane, {config.size} × {config.size} · {title}", page=PAGE,
            key=f"plane:{config.key}",
        )  # fmt: skip
        st.rerun()
    network_jobs.watch(job_id)
    words = f"Press the button: {config.size} × {config.size} networks on a plane, a few seconds for an MLP."
    st.plotly_chart(message_figure(words, is_dark()), key="plane_empty", config=PLAIN, theme=None)


def show(result: PlaneResult) -> None:
    """A plane, in the view that is chosen, and the sentence that says what is seen."""
    view = choice("What to look at", "view", VIEWS, kind="segmented")
    sentence(_draw(view, result), view=view)


def _draw(view: str, result: PlaneResult) -> str:
    """Draw one view; returns its sentence (HTML)."""
    width = float(result.x[-1] - result.x[0])
    with st.sidebar:
        group("Ball")
        scale = number(
            "loss scale λ", "loss_scale", natural_scale(result.own, width), 1e-4, 100.0, log=True,
            help="Turns a loss into a length. Training uses 1; here the relief is a third of the width.",
        )  # fmt: skip
        steps, projection = 0, "rigid"
        if view == "roll":
            steps = int(number("steps", "steps", 400, 10, 3000, integer=True, log=True))
            projection = choice(
                "projection", "projection", {name: PROJECTIONS[name].title for name in ("rigid", "newton")}
            )
    spacing = max(result.spacing)
    plot = st.container(key="plane_plot")
    radius = number(
        "radius ρ (parameter units)", "radius", float(f"{width / 12:.2g}"), float(f"{spacing:.2g}"),
        float(f"{width / 2:.2g}"), log=True, limits=(spacing / 100, width),
        help="The same unit as in training, since the plane's axes have length 1.",
    )  # fmt: skip
    if radius < spacing:
        st.warning(f"ρ = {short(radius)} is below the grid's spacing, {short(spacing)}: nothing is ironed.")
    with plot:
        if view == "roll":
            return _roll(result, radius, scale, steps, projection)
        if view == "noise":
            return _noise(result, radius, scale)
        return _paths(result, radius, scale)


def _paths(result: PlaneResult, radius: float, scale: float) -> str:
    dark = is_dark()
    own = result.own
    ironed = ironed_plane(own, result.spacing, radius, scale)
    seen = np.maximum(ironed.ironed / scale, own.min())
    limits = log_limits(own, seen)
    left, right = st.columns(PAIR)
    with left:
        _head("The loss, and who went where")
        figure = plane_figure(
            result.x, result.y, own, dark, limits=limits, paths=result.paths, labels=_axes(result), colorbar=False,
        )  # fmt: skip
        _show(figure, "loss")
    with right:
        _head(f"As a ball of ρ = {short(radius)} sees it (λ = {short(scale)})")
        figure = plane_figure(
            result.x, result.y, seen, dark, limits=limits, paths=(), radius=radius,
            unreachable=~ironed.reachable, labels=_axes(result),
        )  # fmt: skip
        _show(figure, "ironed")
    readouts(
        (
            ("variance in the plane", _percent(sum(result.share)), ""),
            *((f"of {_called(p.method)}'s path", _percent(p.held), "") for p in result.paths[:4]),
            ("out of the ball's reach", _percent(ironed.unreachable_share), ""),
        ),
        "plane",
        "8.4rem",
    )
    held = _percent(sum(result.share))
    kind = "The principal plane" if result.config.kind == "principal" else "This random plane"
    lowest = min(result.paths, key=lambda p: p.off[-1])
    furthest = max(result.paths, key=lambda p: float(np.linalg.norm(np.append(p.coordinates[-1], p.off[-1]))))
    said = f"{kind} holds <b>{held}</b> of all the paths' variance"
    if len(result.paths) > 1:
        far = float(np.linalg.norm(np.append(furthest.coordinates[-1], furthest.off[-1])))
        said += f"; {_name(furthest.method)} ends {short(round(far, 1))} away from {_name(lowest.method)}"
    share = ironed.unreachable_share
    if share < 0.01:
        said += f". A ball of ρ = {short(radius)} can touch practically all of it"
        return said + ": next to nothing here is as narrow as the ball."
    return f"{said}. A ball of ρ = {short(radius)} cannot touch {_percent(share)} of the plane."


def _roll(result: PlaneResult, radius: float, scale: float, steps: int, projection: str) -> str:
    own = result.own
    if "_plane_clicked" in st.session_state:
        st.session_state["_plane_start"] = (result.config.key, st.session_state.pop("_plane_clicked"))
    kept = st.session_state.get("_plane_start")
    start = kept[1] if kept is not None and kept[0] == result.config.key else default_start(result)
    # One step of both is gradient descent on the plane with the same rate, so they differ by their size alone.
    slope = np.hypot(*np.gradient(own, *result.spacing))
    rate = float(result.x[-1] - result.x[0]) / 150 / max(float(np.percentile(slope, 75)), 1e-9)
    ball = RBO(radius=radius, learning_rate=rate / scale, projection=projection, loss_scale=scale)
    point = SGD(learning_rate=rate)
    runs = []
    for method in (ball, point):
        try:
            runs.append(rolled(result.x, result.y, own, method, repr(method), start, steps))
        except ValueError as error:
            show_error(error)
    ironed = ironed_plane(own, result.spacing, radius, scale)
    click = player(scene(result, own, ironed, runs, scale), key="plane_player", height=460)
    if click is not None:
        st.session_state["_plane_clicked"] = tuple(round(float(v), 4) for v in click.x)
        st.rerun()
    lowest = float(own.min())
    told = []
    for run in runs:
        name = "The ball" if run.center is not None else "SGD on the plane"
        told.append(f"{dotted(name, color(run.name))} ends at a loss of {short(float(run.loss[run.stopped_at]))}")
    return " and ".join(told) + f"; the lowest point of this plane has {short(lowest)}."


def default_start(result: PlaneResult) -> tuple[float, float]:
    """Where the runs began, if that is inside the window; else near a corner."""
    first = result.paths[0].coordinates[0]
    low, high = np.array([result.x[0], result.y[0]]), np.array([result.x[-1], result.y[-1]])
    margin = 0.05 * (high - low)
    inside = ((first > low + margin) & (first < high - margin)).all()
    chosen = first if inside and result.config.kind == "principal" else low + 0.15 * (high - low)
    return float(chosen[0]), float(chosen[1])


def _noise(result: PlaneResult, radius: float, scale: float) -> str:
    dark = is_dark()
    width = float(result.x[-1] - result.x[0])
    seen = {}
    for name, heights in (("clean", result.clean), ("noisy", result.noisy)):
        ironed = ironed_plane(heights, result.spacing, radius, scale)
        seen[name] = np.maximum(ironed.ironed / scale, heights.min())
    study = study_of(
        result.clean, result.noisy, result.spacing, scale, 2 * max(result.spacing), 0.5 * width
    )  # fmt: skip
    limits = log_limits(result.clean, result.noisy)
    for column, name, words in zip(
        st.columns(PAIR), ("clean", "noisy"), ("True labels", f"{_percent(result.noise)} random labels"), strict=True
    ):
        with column:
            _head(f"{words}, as a ball of ρ = {short(radius)} sees them")
            figure = plane_figure(
                result.x, result.y, seen[name], dark, limits=limits, radius=radius, labels=_axes(result), height=370,
                colorbar=name == "noisy",
            )  # fmt: skip
            _show(figure, name)
    _show(noise_figure(study, radius, dark, height=190), "study")
    here = float(np.interp(np.log(radius), np.log(study.radii[1:]), study.left[1:]))
    raised = short(float(f"{(result.noisy - result.clean).mean():.3g}"))
    share = _percent(result.noise)
    text = f"With {share} random labels the mean loss on this plane is {raised} higher. "
    if study.vanished is not None:
        return (
            text
            + f"Their mark on the shape is gone (under {_percent(GONE)}) from <b>ρ = {short(study.vanished)}</b> on."
        )
    return text + (
        f"A ball of ρ = {short(radius)} still sees <b>{_percent(here)}</b> of their mark on the shape, and no radius "
        f"up to {float(study.radii[-1]):.3g} removes it: noise bends this landscape as a whole, it does not wrinkle it."
    )


def _axes(result: PlaneResult) -> tuple[str, str]:
    if result.config.kind == "random":
        return "random direction 1 (parameter units)", "random direction 2"
    first, second = (_percent(share) for share in result.share)
    return f"component 1 ({first} of variance)", f"component 2 ({second} of variance)"


def _name(method: str) -> str:
    return dotted(_called(method), color(method))


def _called(method: str) -> str:
    return "the ball" if method == "rbo" else label(method)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 or share == 0 else f"{100 * share:.2g} %"


def _head(text: str) -> None:
    st.html(f'<p class="plane-head">{text}</p>')


def _show(figure: go.Figure, name: str) -> None:
    plots.show([figure], f"plane_{name}")
