"""A phase map to take along: read off a sweep, and as an offline page beside the player with one of its runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rbo_core.figures.phases import Jump, Notes, PhaseMap, Reading
from rbo_core.figures.player.offline import Words, offline_page
from rbo_core.figures.player.scene import Scene
from rbo_core.figures.words import short
from rbo_core.sweep import order_parameters
from rbo_core.sweep.measure import COLUMNS
from rbo_core.sweep.shapes import holm
from rbo_core.sweep.spec import Sweep
from rbo_core.sweep.transitions import transitions

Floats = NDArray[np.float64]
UNITS = {"x": " (parameter units)", "of ρ": " (of ρ)"}


def reading(order: str) -> Reading:
    """How an order parameter is written."""
    chosen = order_parameters.order(order)
    label = chosen.label + UNITS.get(chosen.unit, "")
    return Reading(label, share=order_parameters.is_share(order), percent=order == "mean_penetration")


def map_of(spec: Sweep, values: Floats, order: str) -> PhaseMap:
    """The order parameter over the radius and the sweep's second axis. values: (cells, balls, columns)."""
    chosen, how = order_parameters.order(order), reading(order)
    return PhaseMap(
        radii=np.array(spec.axis("radius").values, dtype=float),
        rates=np.array(spec.grid[1].values, dtype=float),
        values=order_parameters.cell_map(spec, values, order),
        diverged=values[..., COLUMNS.index("diverged")].mean(axis=1).reshape(spec.shape),
        label=chosen.label,
        brighter=chosen.better or 1,
        share=how.share,
        percent=how.percent,
        held=order in ("in_basin", "held"),
    )


def clearest_jumps(spec: Sweep, values: Floats, order: str) -> tuple[Jump, ...]:
    """The clearest transition along ρ in every row that has one; 5 % that any of them is chance."""
    radii = [float(v) for v in spec.axis("radius").values]
    rates = [float(v) for v in spec.grid[1].values]
    rows = [
        transitions(radii, order_parameters.along(spec, values, order, "radius", (0, j)), draws=200)
        for j in range(len(rates))
    ]
    clearest = [max(here, key=lambda jump: abs(jump.jump), default=None) for here in rows]
    # So many rows are tested at once that some would show a jump by chance.
    stands = holm(np.array([1.0 if one is None else one.p for one in clearest]))
    return tuple(
        Jump(rate, one.at, one.low, one.high, one.abrupt, one.factor)
        for rate, one, kept in zip(rates, clearest, stands, strict=True)
        if one is not None and kept
    )


def phases_page(shown: PhaseMap, notes: Notes, scene: Scene, words: Words) -> str:
    """The page as HTML text: the shown run plays, the map stands below it with its numbers as a table.

    notes: what is drawn into the map, the shown run's ρ and η among it.
    """
    from rbo_core.figures.still import as_svg, map_still  # Matplotlib, for who wants it

    light, dark = (as_svg(map_still(shown, notes, "", dark)).decode() for dark in (False, True))
    return offline_page(scene, replace(words, charts=(light, dark), table=numbers_of(shown)), 440)


def numbers_of(shown: PhaseMap) -> tuple[tuple[str, ...], ...]:
    """The map as a table: a head of radii, and a row for every value of the vertical axis, the largest first."""
    head = (
        f"{shown.label}: {shown.axes.symbol} below, ρ to the right",
        *(short(float(f"{rho:.3g}")) for rho in shown.radii),
    )
    rows = [
        (short(float(f"{rate:.3g}")), *("" if np.isnan(value) else f"{value:.3g}" for value in column))
        for rate, column in zip(shown.rates, shown.values.T, strict=True)
    ]
    return (head, *rows[::-1])
