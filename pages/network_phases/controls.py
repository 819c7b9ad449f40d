"""The sidebar of the page Network phases: which map is asked for, and which of its cells is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from pages.shared.controls import Scale, choice, draw, number
from pages.shared.maps import picked
from pages.shared.network_jobs import device_choice
from pages.shared.network_runs import RANDOM_LABELS, SCHEDULES
from pages.shared.page import LINK_VERSION, group, show_error
from rbo_core import RBO
from rbo_core.figures.network_phases import QUANTITIES
from rbo_core.jobs import Job
from rbo_core.rolling import PROJECTIONS
from rbo_core.settings import network_settings
from rbo_core.training import Method, TrainConfig
from rbo_core.training.phases import PhaseConfig

DATA = {"digits": "Digits (8 × 8)", "mnist": "MNIST, 2,000 images", "fashion_mnist": "Fashion-MNIST, 2,000 images"}
_KNOWN = {one.name: one for one in network_settings(RBO)}
MOST_STEPS = 50
MOST_TRUST = 1000.0
"""Where nothing holds a later Newton move back any more."""


@dataclass(frozen=True)
class MapAsked:
    """A map over (ρ, η) of trained networks, as the visitor asks for it.

    ball: settings of the method, without ρ and η; train: of `TrainConfig`, without the method; label_noise in it is a
    fraction. radii, rates: the ends of the axes, with `cells` on each; seeds: runs a cell.
    """

    ball: dict[str, Any]
    train: dict[str, Any]
    radii: tuple[float, float]
    rates: tuple[float, float]
    cells: int
    seeds: int

    def config(self) -> PhaseConfig:
        """What computes it.

        Raises:
            ValueError: a setting is impossible; the message names it.
        """
        method = Method.of("rbo", **self.ball)
        return PhaseConfig(
            train=TrainConfig(model="mlp", method=method, diagnostics="final", **self.train),
            radius_low=self.radii[0], radius_high=self.radii[1], n_radii=self.cells,
            rate_low=self.rates[0], rate_high=self.rates[1], n_rates=self.cells, seeds=self.seeds,
        )  # fmt: skip


def ask() -> tuple[MapAsked, str]:
    """The map asked for and the quantity that colours it; in the sidebar."""
    group("Task")
    data = choice("Data", "data", DATA, "digits")
    noise = number("random labels, %", "label_noise", 0, Scale(0, 90, integer=True), help=RANDOM_LABELS)
    group("Ball")
    ball = _ball()
    group("Map")
    quantity = choice("colour", "quantity", {k: v[0].upper() + v[1:] for k, v in QUANTITIES.items()})
    with st.expander("Its grid"):
        cells = int(choice("cells a side", "cells", ("8", "12", "16", "24"), "12"))
        seeds = int(number("seeds", "seeds", 1, Scale(1, 5, integer=True), help="Runs a cell."))
        radii = (
            number("ρ from", "radius_low", 0.01, Scale(0.001, 100.0, log=True)),
            number("ρ to", "radius_high", 30.0, Scale(0.001, 100.0, log=True)),
        )
        projection = str(ball["projection"])
        high = 3.0 if projection == "newton" else 30.0
        rates = (
            number("η from", f"{projection}_rate_low", 0.01, Scale(1e-4, 100.0, log=True)),
            number("η to", f"{projection}_rate_high", high, Scale(1e-4, 100.0, log=True)),
        )
    with st.expander("Training"):
        train: dict[str, Any] = {
            "data": data,
            "label_noise": noise / 100,
            "train_size": None if data == "digits" else 2000,
            "epochs": int(number("epochs", "epochs", 10, Scale(1, 100, integer=True, log=True))),
            "batch_size": int(number("batch size", "batch", 50, Scale(2, 1000, integer=True, log=True))),
            "schedule": choice("learning rate over time", "schedule", SCHEDULES, "cosine"),
        }
        ball["loss_scale"] = draw(_KNOWN["loss_scale"], "loss_scale")
        train["device"] = device_choice()
    return MapAsked(ball, train, radii, rates, cells, seeds), quantity


def _ball() -> dict[str, Any]:
    projection = choice("projection", "projection", _KNOWN["projection"].choices)
    own = PROJECTIONS[projection].own
    steps = replace(_KNOWN["n_projection_steps"], high=MOST_STEPS)
    ball = {
        "projection": projection,
        "n_projection_steps": draw(steps, f"{projection}_n_projection_steps", own["n_projection_steps"]),
    }
    if "projection_step_size" in own:
        ball["projection_step_size"] = draw(_KNOWN["projection_step_size"], "projection_step_size")
    ball["momentum"] = draw(_KNOWN["momentum"], "momentum")
    if "trust" in own:
        ball["trust"] = draw(replace(_KNOWN["trust"], high=MOST_TRUST, log=True), "trust")
    return ball


def job_controls(job: Job) -> dict[str, object]:
    """The controls that ask for the job's map."""
    if job.kind != "phases":
        raise ValueError(f"it is a job of another page ({job.title})")
    return controls_of(PhaseConfig.from_dict(job.config))


def unguarded(config: PhaseConfig) -> dict[str, str]:
    """The address of the same map with nothing to hold a later Newton move back."""
    values = {"v": LINK_VERSION, **controls_of(config), "trust": MOST_TRUST}
    return {name: str(value) for name, value in values.items()}


def controls_of(config: PhaseConfig) -> dict[str, object]:
    """The controls that ask for a map."""
    train, method = config.train, dict(config.train.method.settings)
    projection = str(method["projection"])
    return {
        "data": train.data, "label_noise": round(100 * train.label_noise), "projection": projection,
        f"{projection}_n_projection_steps": method["n_projection_steps"],
        "projection_step_size": method["projection_step_size"], "momentum": method["momentum"],
        "trust": method["trust"], "cells": str(config.n_radii), "seeds": config.seeds, "radius_low": config.radius_low,
        "radius_high": config.radius_high, f"{projection}_rate_low": config.rate_low,
        f"{projection}_rate_high": config.rate_high, "epochs": train.epochs, "batch": train.batch_size,
        "schedule": train.schedule, "loss_scale": method["loss_scale"], "device": train.device,
    }  # fmt: skip


def named_cell() -> tuple[float, float] | None:
    """(ρ, η) of the cell that was clicked last, or that the address names as ?cell=ρ,η; None when there is none."""
    if (clicked := picked()) is not None:
        st.query_params["cell"] = "{:.4g},{:.4g}".format(*clicked)
    text = st.query_params.get("cell")
    if text is None:
        return None
    try:
        radius, rate = (float(part) for part in text.split(","))
    except ValueError:
        radius = rate = 0.0
    if not (0 < radius < np.inf and 0 < rate < np.inf):
        show_error(
            f"cell must be a radius and a learning rate such as 0.5,1, got {text[:24]!r}; the best cell is shown"
        )
        return None
    return radius, rate
