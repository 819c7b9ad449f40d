"""Figures of a network's phase diagram: the (ρ, η) map with its regimes, and the best over η along ρ."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.phases import Frontier, Notes, PhaseMap, RadiusCurve, Reading, cut_figure, map_figure
from rbo_core.figures.style import COLORS, palette
from rbo_core.training.phases import PhaseResult
from rbo_core.training.regimes import NetworkRegimes

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


def phases_figure(
    result: PhaseResult,
    told: NetworkRegimes,
    quantity: str,
    dark: bool,
    *,
    selected: tuple[float, float] | None = None,
    frontier: Frontier | None = None,
) -> go.Figure:
    """The map, with the macroscopic stretch of radii, the edge of instability, measured and as theory has it, and the
    best cell drawn in."""
    config = result.config
    share = quantity in ("validation_accuracy", "diverged", "penetration")
    values = cells(result, quantity)
    shown = PhaseMap(
        config.radii, config.rates, values, cells(result, "diverged"), QUANTITIES[quantity], _BETTER[quantity], share
    )
    limits = None
    if quantity == "validation_accuracy":
        # What was learnt differs by a few percent; failures would take the whole range of colours.
        fine = values[values > 0.5 * np.nanmax(values)]
        limits = (float(np.percentile(fine, 20)), float(np.nanmax(values)))
    elif quantity == "train_loss":
        limits = (float(np.nanmin(values)), float(np.nanpercentile(values, 85)))
    radius, rate = selected if selected is not None else (None, None)
    fig = map_figure(shown, dark, Notes(radius=radius, rate=rate, frontier=frontier), limits=limits, height=500)
    p = palette(dark)
    step = float((config.radii[1] / config.radii[0]) ** 0.5)
    x, y = [], []
    for radius, rate in zip(config.radii, told.unstable, strict=True):
        edge = rate / (config.rates[1] / config.rates[0]) ** 0.5 if np.isfinite(rate) else np.nan
        x += [radius / step, radius * step]
        y += [edge, edge]
    if np.isfinite(told.unstable).any():
        for ink, width in (("rgba(0,0,0,0.7)", 4.5), ("#FFFFFF", 2.2)):
            fig.add_scatter(x=x, y=y, mode="lines", line={"color": ink, "width": width}, hoverinfo="skip",
                            showlegend=False, name="edge of instability")  # fmt: skip
        fig.add_annotation(
            x=0.01, xref="paper", xanchor="left", y=0.985, yref="paper", yanchor="top", showarrow=False,
            text="unstable", font={"color": "#FFFFFF", "size": 13}, bgcolor="rgba(0,0,0,0.55)", borderpad=3,
        )  # fmt: skip
    fig.update_layout(showlegend=False)
    whole = float(config.radii[0] / step), float(config.radii[-1] * step)
    low, high = told.macroscopic
    _bracket(fig, whole, low / step, high * step, "macroscopic", COLORS["rbo"])
    if low > config.radii[0]:
        _bracket(fig, whole, config.radii[0] / step, low / step, "microscopic", p.muted)
    if high < config.radii[-1]:
        _bracket(fig, whole, high * step, config.radii[-1] * step, "super-macroscopic", p.muted)
    i, j = told.best
    fig.add_scatter(
        x=[config.radii[i]], y=[config.rates[j]], mode="markers", hoverinfo="skip", showlegend=False, name="best cell",
        marker={"symbol": "star", "size": 14, "color": COLORS["rbo"], "line": {"color": "#FFFFFF", "width": 1.4}},
    )  # fmt: skip
    return fig


_SHORT = {"macroscopic": "macro", "microscopic": "micro", "super-macroscopic": "super"}


def _bracket(fig: go.Figure, whole: tuple[float, float], low: float, high: float, text: str, ink: str) -> None:
    fig.add_shape(type="line", x0=low * 1.04, x1=high / 1.04, y0=1.012, y1=1.012, yref="paper",
                  line={"color": ink, "width": 3})  # fmt: skip
    if np.log(high / low) < 0.27 * np.log(whole[1] / whole[0]):
        text = _SHORT[text]
    fig.add_annotation(x=0.5 * (np.log10(low) + np.log10(high)), y=1.015, yref="paper", yanchor="bottom", text=text,
                       showarrow=False, font={"size": 12, "color": ink})  # fmt: skip


def along_radius(result: PhaseResult, told: NetworkRegimes, dark: bool, selected: float | None = None) -> go.Figure:
    """The best validation accuracy over η at each ρ, ± 2 standard errors, and gradient descent's best beside it."""
    config = result.config
    mean = cells(result, "validation_accuracy").max(axis=1)
    point = float(np.nan_to_num(result.point_accuracy, nan=0.0).mean(axis=1).max())
    ball = RadiusCurve("Rolling ball, its best η", COLORS["rbo"], config.radii, mean, mean - 2 * told.noise,
                 np.minimum(mean + 2 * told.noise, 1.0))  # fmt: skip
    flat = np.full(len(config.radii), point)
    sgd = RadiusCurve("SGD, its best η, equal gradients", COLORS["sgd"], config.radii, flat, flat - 2 * told.noise,
                np.minimum(flat + 2 * told.noise, 1.0), "dash")  # fmt: skip
    fig = cut_figure((ball, sgd), Reading("validation accuracy"), dark, Notes(radius=selected), height=280)
    low = float(min(mean.min(), point) - 4 * told.noise)
    fig.update_yaxes(
        range=[max(low, 0.0), min(max(float(mean.max()), point) + 3 * told.noise, 1.005)], tickformat=".1%"
    )
    return fig
