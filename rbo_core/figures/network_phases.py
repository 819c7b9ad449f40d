"""Figures of a network's phase diagram: the (ρ, η) map with its regimes, and the best over η along ρ."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.phase_cut import cut_figure
from rbo_core.figures.phase_map import SHRINK, map_figure
from rbo_core.figures.phases import Frontier, Notes, PhaseMap, RadiusCurve, Reading, Region
from rbo_core.figures.style import COLORS, palette
from rbo_core.training.phases import PhaseConfig, PhaseResult
from rbo_core.training.regimes import NetworkRegimes, failed, too_slow

Floats = NDArray[np.float64]

QUANTITIES = {
    "validation_accuracy": "validation accuracy",
    "train_loss": "training loss",
    "diverged": "diverged",
    "penetration": "penetration",
}
_BETTER = {"validation_accuracy": 1, "train_loss": -1, "diverged": -1, "penetration": -1}


def cells(result: PhaseResult, quantity: str) -> Floats:
    """(R, E) mean over the runs of each cell; members that diverged have no loss and no penetration.

    Raises:
        ValueError: an unknown quantity.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity must be one of {', '.join(QUANTITIES)}, got {quantity!r}")
    values = np.asarray(getattr(result, quantity), dtype=float)
    known = np.isfinite(values)
    return np.where(
        known.any(axis=2), np.where(known, values, 0.0).sum(axis=2) / np.maximum(known.sum(axis=2), 1), np.nan
    )


def states(result: PhaseResult) -> tuple[Region, ...]:
    """The regions of a map that are not as they should be, each told by its hatching and its name."""
    lost = failed(result) | (np.nan_to_num(cells(result, "diverged")) > SHRINK) & result.there
    return Region("unstable", lost), Region("too slow", too_slow(result) & ~lost, ".")


def phases_figure(
    result: PhaseResult,
    told: NetworkRegimes | None,
    quantity: str,
    dark: bool,
    *,
    selected: tuple[float, float] | None = None,
    frontier: Frontier | None = None,
) -> go.Figure:
    """The map: hatched and named where it is unstable and where it is too slow, the edge of stability as theory has it,
    the macroscopic stretch of radii, and the best cell; cells that are not trained yet are empty.

    told: what is read off it; None where no cell is trained.
    """
    config = result.config
    values = cells(result, quantity)
    shown = PhaseMap(
        config.radii, config.rates, values, np.where(result.there, cells(result, "diverged"), np.nan),
        QUANTITIES[quantity], _BETTER[quantity], share=quantity != "train_loss", named=states(result), gaps=True,
    )  # fmt: skip
    radius, rate = selected if selected is not None else (None, None)
    notes = Notes(radius=radius, rate=rate, frontier=frontier)
    fig = map_figure(shown, dark, notes, limits=_colours(quantity, values), height=500)
    fig.update_layout(showlegend=False)
    if not result.complete:
        _add_gaps(fig, result, dark)
    elif told is not None and told.verdict != "nothing":
        _add_stretches(fig, config, told, palette(dark).muted)
    if told is not None:
        i, j = told.best
        fig.add_scatter(
            x=[config.radii[i]], y=[config.rates[j]], mode="markers", hoverinfo="skip", showlegend=False,
            name="best cell",
            marker={"symbol": "star", "size": 14, "color": COLORS["rbo"], "line": {"color": "#FFFFFF", "width": 1.4}},
        )  # fmt: skip
    return fig


def _colours(quantity: str, values: Floats) -> tuple[float, float] | None:
    """The ends of the colours; None for those of the quantity itself."""
    if not np.isfinite(values).any():
        return None
    if quantity == "validation_accuracy":
        # What was learnt differs by a few percent; failures would take the whole range of colours.
        fine = values[values > 0.5 * np.nanmax(values)]
        low, high = float(np.percentile(fine, 20)), float(np.nanmax(values))
        return low if high > low else high - 0.05, high
    if quantity == "train_loss":
        low, high = float(np.nanmin(values)), float(np.nanpercentile(values, 85))
        return low, high if high > low else low + 1.0
    return None


def _add_gaps(fig: go.Figure, result: PhaseResult, dark: bool) -> None:
    """Outlines of the cells that are not trained yet, and the words for them."""
    p, config = palette(dark), result.config
    right, up = (float((axis[1] / axis[0]) ** 0.5) for axis in (config.radii, config.rates))
    x: list[float | None] = []
    y: list[float | None] = []
    for i, j in np.argwhere(~result.there):
        radius, rate = config.radii[i], config.rates[j]
        x += [radius / right, radius * right, radius * right, radius / right, radius / right, None]
        y += [rate / up, rate / up, rate * up, rate * up, rate / up, None]
    fig.add_scatter(x=x, y=y, mode="lines", line={"color": p.grid, "width": 1}, hoverinfo="skip", showlegend=False,
                    name="not trained yet")  # fmt: skip
    fig.data = (fig.data[-1], *fig.data[:-1])  # under everything else
    fig.add_annotation(
        x=0, xref="paper", xanchor="left", y=1.005, yref="paper", yanchor="bottom", showarrow=False,
        text=f"□ not trained yet: {int((~result.there).sum())} of {result.there.size}",
        font={"size": 12, "color": p.muted},
    )  # fmt: skip


def _add_stretches(fig: go.Figure, config: PhaseConfig, told: NetworkRegimes, quiet: str) -> None:
    """Brackets above the map: the radii that do best, and those that are smaller and larger."""
    step = float((config.radii[1] / config.radii[0]) ** 0.5)
    whole = float(config.radii[0] / step), float(config.radii[-1] * step)
    low, high = told.macroscopic
    if told.verdict == "level":
        _bracket(fig, whole, *whole, "every radius does as well", quiet)
        return
    _bracket(fig, whole, low / step, high * step, "macroscopic", COLORS["rbo"])
    if low > config.radii[0]:
        _bracket(fig, whole, config.radii[0] / step, low / step, "microscopic", quiet)
    if high < config.radii[-1]:
        _bracket(fig, whole, high * step, config.radii[-1] * step, "super-macroscopic", quiet)


_SHORT = {"macroscopic": "macro", "microscopic": "micro", "super-macroscopic": "super"}


def _bracket(fig: go.Figure, whole: tuple[float, float], low: float, high: float, text: str, ink: str) -> None:
    fig.add_shape(type="line", x0=low * 1.04, x1=high / 1.04, y0=1.012, y1=1.012, yref="paper",
                  line={"color": ink, "width": 3})  # fmt: skip
    if np.log(high / low) < 0.27 * np.log(whole[1] / whole[0]):
        text = _SHORT.get(text, text)
    fig.add_annotation(x=0.5 * (np.log10(low) + np.log10(high)), y=1.015, yref="paper", yanchor="bottom", text=text,
                       showarrow=False, font={"size": 12, "color": ink})  # fmt: skip


def along_radius(result: PhaseResult, told: NetworkRegimes, dark: bool, selected: float | None = None) -> go.Figure:
    """The best validation accuracy over η at each ρ, ± 2 standard errors, and gradient descent's best beside it."""
    config = result.config
    mean = np.where(result.there.any(axis=1), told.by_radius, np.nan)
    point = float(np.nan_to_num(result.point_accuracy, nan=0.0).mean(axis=1).max())
    ball = RadiusCurve("Rolling ball, its best η", COLORS["rbo"], config.radii, mean, mean - 2 * told.noise,
                 np.minimum(mean + 2 * told.noise, 1.0))  # fmt: skip
    flat = np.full(len(config.radii), point)
    sgd = RadiusCurve("SGD, its best η, equal gradients", COLORS["sgd"], config.radii, flat, flat - 2 * told.noise,
                np.minimum(flat + 2 * told.noise, 1.0), "dash")  # fmt: skip
    fig = cut_figure((ball, sgd), Reading("validation accuracy"), dark, Notes(radius=selected), height=280)
    low = float(min(np.nanmin(mean), point) - 4 * told.noise)
    fig.update_yaxes(
        range=[max(low, 0.0), min(max(float(np.nanmax(mean)), point) + 3 * told.noise, 1.005)], tickformat=".1%"
    )
    return fig
