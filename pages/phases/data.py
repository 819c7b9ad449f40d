"""What the page Phases computes: the sweep its controls describe, a quick first look, and the job that refines it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

import landscapes
from pages.shared import background
from pages.shared.controls import get_surface
from pages.shared.page import cached
from rbo_core import jobs, sweep
from rbo_core.figures.phases import Jump, Mark, PhaseMap, RadiusCurve, Span
from rbo_core.rolling import OWN
from rbo_core.sweep import order_parameters, theory
from rbo_core.sweep.cells import price, steps
from rbo_core.sweep.measure import COLUMNS
from rbo_core.sweep.transitions import regimes, transitions

PREVIEW_SECONDS = 1.1
PATIENCE_SECONDS = 4.0
PREVIEW_BALLS = {1: 256, 2: 48}
USUAL_BALL_STEPS = {1: 1e5, 2: 4e3}  # a second, of rigid balls on a curve and on a surface
AUTOMATIC_SECONDS = 40.0
"""Sweeps that should take no longer than this on one core are refined without being asked for."""


@st.cache_resource(show_spinner=False)
def store() -> sweep.Store:
    """The server's store; safe between visitors' threads."""
    return sweep.Store()


def describe(
    surface: landscapes.Landscape,
    settings: Mapping[str, Any],
    radii: tuple[float, float],
    rates: tuple[float, float],
    size: int,
    starts: int,
    budget: tuple[str, int],
) -> sweep.Sweep:
    """The sweep over ``size`` × ``size`` cells (ρ, η); ``budget`` is ("steps", n) or ("gradients", n)."""
    return sweep.Sweep(
        surface=surface.name,
        dim=surface.dim,
        surface_parameters=tuple(sorted(surface.parameters.items())),
        method="rbo",
        settings=tuple(sorted(settings.items())),
        grid=(
            sweep.Axis("radius", sweep.spread(*radii, size)),
            sweep.Axis("learning_rate", sweep.spread(*rates, size)),
        ),
        starts=starts,
        seeds=(0,),
        steps=budget[1] if budget[0] == "steps" else None,
        gradients=budget[1] if budget[0] == "gradients" else None,
    )


def first_look(spec: sweep.Sweep) -> float:
    """Compute coarse cells for about a second, if the sweep is new; returns cells a second, 0 if it is not new."""
    opened = store()
    if opened.count(spec.id):
        return 0.0
    begin = time.perf_counter()
    fresh = 0

    def late(done: int, total: int) -> bool:
        nonlocal fresh
        fresh = done
        spent = time.perf_counter() - begin
        # A surface so slow that nothing is finished in time gets a little longer, for there must be something to see.
        return spent > (PREVIEW_SECONDS if done else PATIENCE_SECONDS)

    with contextlib.suppress(sweep.Cancelled):
        sweep.run(spec, opened, landscapes.get, progress=late, chunk_balls=PREVIEW_BALLS[spec.dim])
    return fresh / (time.perf_counter() - begin)


def usual_pace(spec: sweep.Sweep) -> float:
    """Cells a second on one core of a usual machine, where nothing has been measured."""
    return USUAL_BALL_STEPS[spec.dim] / (spec.balls * steps(spec, landscapes.get))


def refine(spec: sweep.Sweep, title: str) -> jobs.Job:
    """Put the rest of the sweep into the queue (an equal sweep that waits or runs already is joined)."""
    return background.queue().submit(
        "sweep",
        ["sweep", jobs.CONFIG, "--json"],
        config=sweep.to_dict(spec),
        owner=background.visitor(),
        title=title,
        key=f"sweep:{spec.id}",
        link="Phases?job=",
    )


def data(spec: sweep.Sweep) -> np.ndarray:
    """(cells, balls, columns) of what is stored so far."""
    return store().data(spec)


def phase_map(spec: sweep.Sweep, values: np.ndarray, name: str) -> PhaseMap:
    """The map of one order parameter."""
    chosen = order_parameters.order(name)
    lost = values[..., COLUMNS.index("diverged")].mean(axis=1).reshape(spec.shape)
    return PhaseMap(
        radii=np.array(spec.axis("radius").values, dtype=float),
        rates=np.array(spec.axis("learning_rate").values, dtype=float),
        values=order_parameters.cell_map(spec, values, name),
        diverged=lost,
        label=chosen.label,
        brighter=chosen.better or 1,
        **kind_of(name),
    )


def kind_of(name: str) -> dict[str, bool]:
    """How an order parameter's values read."""
    return {"share": order_parameters.is_share(name), "percent": name == "mean_penetration"}


def jumps_of(spec: sweep.Sweep, values: np.ndarray, name: str) -> tuple[Jump, ...]:
    """The clearest jump along ρ at every learning rate that has one."""
    return _jumps_of(spec, _key(values), values, name)


@cached
def _jumps_of(spec: sweep.Sweep, key: str, _values: np.ndarray, name: str) -> tuple[Jump, ...]:
    radii = [float(v) for v in spec.axis("radius").values]
    found = []
    for j, rate in enumerate(spec.axis("learning_rate").values):
        here = transitions(radii, order_parameters.along(spec, _values, name, "radius", (0, j)), draws=200)
        if here:
            one = max(here, key=lambda jump: abs(jump.jump))
            found.append(Jump(float(rate), one.at, one.low, one.high))
    return tuple(found)


def cut(
    spec: sweep.Sweep, values: np.ndarray, name: str, rate_index: int, label: str, color: str
) -> tuple[RadiusCurve, tuple[Jump, ...], tuple[Span, ...]]:
    """An order parameter along ρ at one learning rate: its curve with intervals, its jumps, and the regimes."""
    radii = np.array(spec.axis("radius").values, dtype=float)
    rate = float(spec.axis("learning_rate").values[rate_index])
    samples = order_parameters.along(spec, values, name, "radius", (0, rate_index))
    middle, low, high = order_parameters.interval(samples, share=order_parameters.is_share(name))
    found = transitions(radii.tolist(), samples)
    named = regimes(radii.tolist(), samples, order_parameters.order(name).better, found)
    return (
        RadiusCurve(label, color, radii, middle, low, high),
        tuple(Jump(rate, one.at, one.low, one.high) for one in found),
        tuple(Span(one.name, one.low, one.high) for one in named),
    )


@cached
def expected(name: str, dim: int, parameters: tuple[tuple[str, float], ...], loss_scale: float) -> tuple[Mark, ...]:
    """What theory says about a surface, as marks along ρ."""
    found = theory.expected(get_surface(name, dim, **dict(parameters)), loss_scale)
    return tuple(Mark(one.radius, one.label) for one in found)


def prices(*specs: sweep.Sweep) -> tuple[float, ...]:
    """Evaluations that one step of each sweep costs."""
    return tuple(price(spec, landscapes.get) for spec in specs)


def row(spec: sweep.Sweep, values: np.ndarray, rate: float) -> int:
    """Index of the learning rate nearest to ``rate`` among those whose radii are computed best so far."""
    stored = np.isfinite(values[:, 0, 0]).reshape(spec.shape).sum(axis=0)
    rates = np.array(spec.axis("learning_rate").values, dtype=float)
    return int(np.argmin(np.where(stored == stored.max(), np.abs(np.log(rates / rate)), np.inf)))


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
    values |= {(f"{projection}_{name}" if name in OWN else name): value for name, value in settings.items()}
    values |= {"radius_low": radii[0], "radius_high": radii[-1], "rate_low": rates[0], "rate_high": rates[-1]}
    values |= {"cells": str(spec.shape[0]), "starts": spec.starts}
    values |= (
        {"budget": "steps", "steps": spec.steps} if spec.steps else {"budget": "gradients", "gradients": spec.gradients}
    )
    return values


def _key(values: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
