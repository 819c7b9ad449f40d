"""The sidebar of the page Phases: which map is asked for, and which run is shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

import landscapes
from pages.phases.asked import MapAsked, MapLook, ShownRun
from pages.phases.axes import VERTICALS, Vertical, vertical_of
from pages.shared.asked import start_controls
from pages.shared.controls import Scale, choice, draw, ground_dim, number, short, surface_picker, toggle
from pages.shared.maps import picked
from pages.shared.page import group, link
from rbo_core import RBO, rolling
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


def ask() -> tuple[MapAsked, MapLook, ShownRun]:
    """The map asked for, how it is read, and the shown run; in the sidebar."""
    _take_click()
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
    with advanced:
        settings |= _noise(projection)
    group("Map")
    order, order_place = _order(surface), st.container()
    budget = _budget(dim)
    with st.expander("Its grid"):
        grid = _grid(dim, projection, noisy="gradient_noise" in settings)
        order = _readable(order, grid["seeds"], order_place)
        curvatures = toggle(
            "axes ρλκ and ηλκ", "curvatures", help="Dimensionless: κ is the curvature at the global minimum."
        )
    bars = toggle("error bars", "bars", True, help="95 % intervals of jumps and cuts.")
    theory = toggle("theory", "theory", True, help="What is known without the balls: dashed and dotted lines.")
    group("Shown run")
    radius = number("radius ρ", "radius", 0.6, Scale(0.005, 10.0, log=True), help="Or click a cell of the map.")
    rate = number("learning rate η", "learning_rate", 0.05, Scale(1e-4, 10.0, log=True))
    vertical: Vertical = grid["vertical"]
    method = RBO(radius=radius, learning_rate=rate, **settings)
    shown = ShownRun(surface, method, start_controls(surface), vertical)
    rest = {name: value for name, value in {**settings, "learning_rate": rate}.items() if name != vertical.name}
    return (
        MapAsked(surface=surface, settings=rest, budget=budget, **grid),
        MapLook(order, curvatures, bars, theory),
        shown,
    )


def _grid(dim: int, projection: str, noisy: bool) -> dict[str, Any]:
    """The cells of the map and the balls in each, by the fields of `MapAsked`."""
    vertical = _vertical(projection)
    cells = int(choice("cells a side", "cells", ("12", "16", "24", "32", "40"), "24" if dim == 1 else "12"))
    rounds = choice(
        "finer near jumps", "refine", {"0": "no", "1": "2 times", "2": "4 times", "3": "8 times"}, "0",
        help="Adds radii where the order parameter jumps, once the map is complete.",
    )  # fmt: skip
    starts = int(number("starts", "starts", 8 if dim == 1 else 4, Scale(1, 64, integer=True)))
    seeds = int(number("seeds", "seeds", 1, Scale(1, 16, integer=True))) if noisy else 1
    scattered = toggle("at random", "scattered", help="Random starts: the intervals of shares are then exact.")
    radii = (
        number("ρ from", "radius_low", 0.05, Scale(0.005, 10.0, log=True)),
        number("ρ to", "radius_high", 3.0, Scale(0.005, 10.0, log=True)),
    )
    return {
        "radii": radii, "rates": vertical.ask(), "cells": cells, "starts": starts, "scattered": scattered,
        "vertical": vertical, "rounds": int(rounds), "seeds": seeds,
    }  # fmt: skip


def _take_click() -> None:
    """Give the shown run the cell that was just clicked, before its controls are drawn."""
    if (cell := picked()) is None:
        return
    vertical = VERTICALS[st.session_state.get("vertical", "learning_rate")]
    projection = st.session_state["projection"]
    vertical = vertical_of(vertical.name, projection) or VERTICALS["learning_rate"]
    radius, value = (float(f"{one:.3g}") for one in cell)  # three digits tell all cells apart, and read well in a link
    st.session_state["radius"] = radius
    st.session_state[vertical.control(projection)] = round(value) if vertical.scale.integer else value


def _vertical(projection: str) -> Vertical:
    """The vertical axis asked for; the learning rate where this projection does not read that setting."""
    titles = {one.name: one.title for one in VERTICALS.values()}
    chosen = choice("vertical axis", "vertical", titles, "learning_rate")
    found = vertical_of(chosen, projection)
    if found is None:
        st.caption(f"{PROJECTIONS[projection]} reads no {titles[chosen]}: the map shows η.")
    return found or VERTICALS["learning_rate"]


def _noise(projection: str) -> dict[str, float]:
    """The noise of the gradients, where there is any: without it a sweep is named as it always was."""
    if projection not in ("gradient", "newton"):
        return {}
    noise = float(draw(_KNOWN["gradient_noise"], "gradient_noise"))
    return {"gradient_noise": noise} if noise > 0 else {}


def _order(surface: landscapes.Landscape) -> str:
    orders = {known.name: known.label[0].upper() + known.label[1:] for known in order_parameters.ORDERS}
    words = f"The order parameter: an average over the cell's balls. {near_words(surface)}"
    return choice("colour", "order", orders, "in_basin", help=words)


def _readable(order: str, seeds: int, place: Any) -> str:
    """The order parameter, or the share near the minimum where it compares seeds and there is one."""
    if order_parameters.order(order).among != "seeds" or seeds > 1:
        return order
    place.caption("One seed has no variance: choose noise (*Advanced*) and seeds (*Its grid*). Shown is the share.")
    return "in_basin"


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
