"""The sidebar of the page Phases: which map is asked for, and which run is shown beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

import landscapes
from pages.phases.axes import VERTICALS, Vertical, vertical_of
from pages.shared import background
from pages.shared.addresses import set_controls
from pages.shared.asked import start_controls
from pages.shared.controls import Scale, choice, draw, ground_dim, number, short, surface_picker, toggle
from pages.shared.maps import picked
from pages.shared.page import group, link, show_error
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
    """A map over ρ and another setting as the visitor asks for it.

    settings: the ball's, without those of the axes; radii, rates: the ends of the axes; cells: on each; budget:
    ("steps", n) or ("gradients", n); vertical: what is on the vertical axis. rounds: of refinement near jumps. seeds:
    how many, which differ where there is noise.
    """

    surface: landscapes.Landscape
    settings: Mapping[str, Any]
    radii: tuple[float, float]
    rates: tuple[float, float]
    cells: int
    starts: int
    budget: tuple[str, int]
    scattered: bool = False
    vertical: Vertical = VERTICALS["learning_rate"]
    rounds: int = 0
    seeds: int = 1

    @property
    def problems(self) -> list[str]:
        """What is wrong with its ranges."""
        return [
            f"The range of {name} must run upwards, got {short(low)} to {short(high)}: "
            "raise its end or lower its start."
            for name, (low, high) in (("ρ", self.radii), (self.vertical.symbol, self.rates))
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
                sweep.Axis(self.vertical.name, self.vertical.values(*self.rates, self.cells)),
            ),
            starts=self.starts,
            seeds=tuple(range(self.seeds)),
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
    vertical: Vertical = VERTICALS["learning_rate"]

    @property
    def cell(self) -> tuple[float, float]:
        """Its ρ and its value on the vertical axis."""
        return float(self.method.radius), float(getattr(self.method, self.vertical.name))


@dataclass(frozen=True)
class MapLook:
    """How a map is read: by which order parameter, and whether its axes are dimensionless."""

    order: str
    in_curvatures: bool = False


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
    group("Shown run")
    radius = number("radius ρ", "radius", 0.6, Scale(0.005, 10.0, log=True), help="Or click a cell of the map.")
    rate = number("learning rate η", "learning_rate", 0.05, Scale(1e-4, 10.0, log=True))
    vertical: Vertical = grid["vertical"]
    method = RBO(radius=radius, learning_rate=rate, **settings)
    shown = ShownRun(surface, method, start_controls(surface), vertical)
    rest = {name: value for name, value in {**settings, "learning_rate": rate}.items() if name != vertical.name}
    return MapAsked(surface=surface, settings=rest, budget=budget, **grid), MapLook(order, curvatures), shown


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


def load_link(job_id: str | None) -> None:
    """Give the controls the settings of the address's job, once."""
    if not job_id or st.session_state.get("_job_loaded") == job_id:
        return
    st.session_state["_job_loaded"] = job_id
    found = background.find(job_id)
    if found is not None and found.kind == "sweep":
        try:
            _restore(controls_of(found.config, found.argv))
        except ValueError as error:
            show_error(error)


def _restore(values: Mapping[str, Any]) -> None:
    """Give the controls a job's settings and write them into the address, which then holds the picture by itself."""
    if any(name in st.session_state for name in values):
        set_controls(values)
    for name, value in values.items():
        st.query_params[name] = str(value).lower() if isinstance(value, bool) else str(value)
    st.rerun()


def controls_of(config: Mapping[str, Any], words: Sequence[str] = ()) -> dict[str, Any]:
    """The page's controls that give the sweep in a job's config, and the refinement that the words of its command ask
    for, so that a link with nothing but a job's id opens it.

    Raises:
        ValueError: the sweep was not made by this page (another grid, starts or method).
    """
    spec = sweep.parse(config)
    shape = [axis.name for axis in spec.grid]
    own = len(shape) == 2 and shape[0] == "radius" and shape[1] in VERTICALS
    if spec.method != "rbo" or not own or not isinstance(spec.starts, int):
        raise ValueError("this job's sweep has other axes than the page's; see it with `python -m rbo_core sweep show`")
    settings = dict(spec.settings)
    projection = str(settings.get("projection", "newton"))
    vertical = VERTICALS[shape[1]]
    radii, rates = spec.axis("radius").values, spec.axis(vertical.name).values
    ground = (
        {"ground": "curve", "surface": spec.surface}
        if spec.dim == 1
        else {"ground": "surface", "surface_2d": spec.surface}
    )
    values: dict[str, Any] = dict(ground)
    values |= {f"{spec.surface}_{name}": value for name, value in spec.surface_parameters}
    values |= {(f"{projection}_{name}" if name in rolling.OWN else name): value for name, value in settings.items()}
    values |= {"radius_low": radii[0], "radius_high": radii[-1], "vertical": vertical.name}
    values |= dict(zip(vertical.keys, (rates[0], rates[-1]), strict=True))
    values |= {"seeds": len(spec.seeds)} if len(spec.seeds) > 1 else {}
    if "--refine" in words:
        values |= {"refine": words[words.index("--refine") + 1], "order": words[words.index("--order") + 1]}
    values |= {"cells": str(spec.shape[0]), "starts": spec.starts, "scattered": spec.random_starts is not None}
    values |= (
        {"budget": "steps", "steps": spec.steps} if spec.steps else {"budget": "gradients", "gradients": spec.gradients}
    )
    return values
