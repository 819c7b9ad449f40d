"""The sidebar of the page Phases: which map is asked for, and which run is shown beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

import landscapes
from pages.shared import background
from pages.shared.asked import start_controls
from pages.shared.controls import Scale, choice, draw, ground_dim, number, short, surface_picker, toggle
from pages.shared.maps import picked
from pages.shared.page import group, link, show_error
from pages.shared.widgets import set_controls
from rbo_core import RBO, rolling, sweep
from rbo_core.settings import Value, settings_of
from rbo_core.sweep import measure, order_parameters

PROJECTIONS = {name: one.title for name, one in rolling.PROJECTIONS.items()}
_KNOWN = {one.name: one for one in settings_of(RBO)}
_OFFERED = ("n_projection_steps", "projection_step_size", "unit_speed")
"""What of a projection's own settings is offered; a sweep's name is made of them, so more would lose what is stored."""


def _own(projection: str) -> dict[str, Value]:
    own = rolling.PROJECTIONS[projection].own
    return {name: own[name] for name in _OFFERED if name in own}


OWN_NUMBERS = {name: len(_own(name)) - 1 for name in PROJECTIONS}
"""How many numbers are a projection's own, besides unit speed."""


@dataclass(frozen=True)
class MapAsked:
    """A map over (ρ, η) as the visitor asks for it.

    settings: the ball's, without ρ and η; radii, rates: the ends of the axes; cells: on each; budget: ("steps", n) or
    ("gradients", n).
    """

    surface: landscapes.Landscape
    settings: Mapping[str, Any]
    radii: tuple[float, float]
    rates: tuple[float, float]
    cells: int
    starts: int
    budget: tuple[str, int]
    scattered: bool = False

    @property
    def problems(self) -> list[str]:
        """What is wrong with its ranges."""
        return [
            f"The range of {name} must run upwards, got {short(low)} to {short(high)}: "
            "raise its end or lower its start."
            for name, (low, high) in (("ρ", self.radii), ("η", self.rates))
            if not low < high
        ]

    def sweep(self) -> sweep.Sweep:
        """The sweep that fills it.

        Raises:
            ValueError: a setting is impossible.
        """
        unit, amount = self.budget
        return sweep.Sweep(
            surface=self.surface.name,
            dim=self.surface.dim,
            surface_parameters=tuple(sorted(self.surface.parameters.items())),
            method="rbo",
            settings=tuple(sorted(self.settings.items())),
            grid=(
                sweep.Axis("radius", sweep.spread(*self.radii, self.cells)),
                sweep.Axis("learning_rate", sweep.spread(*self.rates, self.cells)),
            ),
            starts=self.starts,
            seeds=(0,),
            steps=amount if unit == "steps" else None,
            gradients=amount if unit == "gradients" else None,
            random_starts=0 if self.scattered else None,
        )


@dataclass(frozen=True)
class ShownRun:
    """The run beside the map: a ball of the map's settings from one start."""

    surface: landscapes.Landscape
    method: RBO
    start: tuple[float, ...]

    @property
    def cell(self) -> tuple[float, float]:
        """Its ρ and η."""
        return float(self.method.radius), float(self.method.learning_rate)


def ask() -> tuple[MapAsked, str, ShownRun]:
    """The map asked for, its order parameter, and the shown run; in the sidebar."""
    group("Surface")
    dim = ground_dim()
    surface = surface_picker(dim=dim, key="surface" if dim == 1 else "surface_2d")
    if surface.name == "drawing":
        link(
            "Roll", "Draw on it on the page Roll", {"surface": "drawing", "drawing_knots": surface.parameters["knots"]}
        )
    group("Ball")
    projection = choice("projection", "projection", PROJECTIONS)
    own_places = [st.container() for _ in range(OWN_NUMBERS[projection])]
    momentum_place, advanced = st.container(), st.expander("Advanced")
    common = common_settings(momentum_place, advanced)
    settings = {"projection": projection, **common, **own_settings(projection, [*own_places, advanced])}
    group("Map")
    order = _order(surface)
    budget = _budget(dim)
    with st.expander("Its grid"):
        cells = int(choice("cells a side", "cells", ("12", "16", "24", "32", "40"), "24" if dim == 1 else "12"))
        starts = int(number("starts", "starts", 8 if dim == 1 else 4, Scale(1, 64, integer=True)))
        scattered = toggle("at random", "scattered", help="Random starts: the intervals of shares are then exact.")
        radii = (
            number("ρ from", "radius_low", 0.05, Scale(0.005, 10.0, log=True)),
            number("ρ to", "radius_high", 3.0, Scale(0.005, 10.0, log=True)),
        )
        rates = (
            number("η from", "rate_low", 0.003, Scale(1e-4, 10.0, log=True)),
            number("η to", "rate_high", 1.0, Scale(1e-4, 10.0, log=True)),
        )
    group("Shown run")
    if (cell := picked()) is not None:
        st.session_state["radius"], st.session_state["learning_rate"] = cell
    radius = number("radius ρ", "radius", 0.6, Scale(0.005, 10.0, log=True), help="Or click a cell of the map.")
    rate = number("learning rate η", "learning_rate", 0.05, Scale(1e-4, 10.0, log=True))
    shown = ShownRun(surface, RBO(radius=radius, learning_rate=rate, **settings), start_controls(surface))
    return MapAsked(surface, settings, radii, rates, cells, starts, budget, scattered), order, shown


def _order(surface: landscapes.Landscape) -> str:
    orders = {known.name: known.label[0].upper() + known.label[1:] for known in order_parameters.ORDERS}
    words = f"The order parameter: an average over the cell's balls. {near_words(surface)}"
    return choice("colour", "order", orders, "in_basin", help=words)


def _budget(dim: int) -> tuple[str, int]:
    unit = choice(
        "equal", "budget", {"steps": "Steps", "gradients": "Gradients"}, kind="segmented",
        help="What every cell and every method may spend.",
    )  # fmt: skip
    if unit == "steps":
        return unit, int(number("steps", "steps", 300 if dim == 1 else 150, Scale(10, 3000, integer=True, log=True)))
    return unit, int(number("evaluations", "gradients", 6000, Scale(100, 100_000, integer=True, log=True)))


def common_settings(plain: Any, advanced: Any) -> dict[str, float]:
    """Settings that all projections share, drawn into two containers."""
    with plain:
        momentum = draw(_KNOWN["momentum"], "momentum")
    with advanced:
        scale = draw(_KNOWN["loss_scale"], "loss_scale")
    return {"momentum": momentum, "loss_scale": scale}


def own_settings(projection: str, places: Sequence[Any]) -> dict[str, Any]:
    """Settings that belong to one projection; each keeps its own, here and in the URL. places: a container for each,
    the last for unit speed."""
    values: dict[str, Any] = {}
    for (name, first), place in zip(_own(projection).items(), places, strict=False):
        with place:
            values[name] = draw(_KNOWN[name], f"{projection}_{name}", first)
    return values


def near_words(surface: landscapes.Landscape) -> str:
    """What "near the minimum" means in a sweep over this surface."""
    near = short(measure.basin_radius(surface, None))
    return f"Near the minimum: within {near} (a twentieth of the domain's width) of the global minimum."


def load_link(job_id: str | None) -> None:
    """Give the controls the settings of the address's job, once."""
    if not job_id or st.session_state.get("_job_loaded") == job_id:
        return
    st.session_state["_job_loaded"] = job_id
    found = background.find(job_id)
    if found is not None and found.kind == "sweep":
        try:
            _restore(controls_of(found.config))
        except ValueError as error:
            show_error(error)


def _restore(values: Mapping[str, Any]) -> None:
    """Give the controls a job's settings and write them into the address, which then holds the picture by itself."""
    if any(name in st.session_state for name in values):
        set_controls(values)
    for name, value in values.items():
        st.query_params[name] = str(value).lower() if isinstance(value, bool) else str(value)
    st.rerun()


def controls_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The page's controls that give the sweep in a job's config, so that a link with nothing but a job's id opens it.

    Raises:
        ValueError: the sweep was not made by this page (another grid, starts or method).
    """
    spec = sweep.parse(config)
    shape = [axis.name for axis in spec.grid]
    if spec.method != "rbo" or shape != ["radius", "learning_rate"] or not isinstance(spec.starts, int):
        raise ValueError("this job's sweep has other axes than the page's; see it with `python -m rbo_core sweep show`")
    settings = dict(spec.settings)
    projection = str(settings.get("projection", "newton"))
    radii, rates = spec.axis("radius").values, spec.axis("learning_rate").values
    ground = (
        {"ground": "curve", "surface": spec.surface}
        if spec.dim == 1
        else {"ground": "surface", "surface_2d": spec.surface}
    )
    values: dict[str, Any] = dict(ground)
    values |= {f"{spec.surface}_{name}": value for name, value in spec.surface_parameters}
    values |= {(f"{projection}_{name}" if name in rolling.OWN else name): value for name, value in settings.items()}
    values |= {"radius_low": radii[0], "radius_high": radii[-1], "rate_low": rates[0], "rate_high": rates[-1]}
    values |= {"cells": str(spec.shape[0]), "starts": spec.starts, "scattered": spec.random_starts is not None}
    values |= (
        {"budget": "steps", "steps": spec.steps} if spec.steps else {"budget": "gradients", "gradients": spec.gradients}
    )
    return values
