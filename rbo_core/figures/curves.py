"""Training curves: every method in one plot, the mean over seeds with its 95 % interval."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from rbo_core.figures.end_labels import Ending, name_ends
from rbo_core.figures.style import DASHES, color, fade, layout, palette
from rbo_core.intervals import student

AXES = {"epoch": "epochs", "gradients": "gradient evaluations", "seconds": "seconds of training"}


@dataclass(frozen=True)
class Quantity:
    """Something measured once an epoch: its column, how people call it, its unit and its axis."""

    name: str
    title: str
    percent: bool = False
    log: bool = False

    @property
    def axis(self) -> str:
        """The title of its axis, with the unit where it has one."""
        return f"{self.title} (%)" if self.percent else self.title


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("validation_accuracy", "validation accuracy", percent=True),
        Quantity("validation_loss", "validation loss", log=True),
        Quantity("train_accuracy", "training accuracy", percent=True),
        Quantity("train_loss", "training loss", log=True),
        Quantity("penetration", "penetration of the ball", percent=True),
        Quantity("gradient_norm", "gradient norm", log=True),
        Quantity("sharpness", "sharpness (top Hessian eigenvalue, lower bound)", log=True),
    )
}
BESIDE = ("penetration", "gradient_norm", "sharpness")
"""What small plots show beside the main one."""
MAIN = tuple(name for name in QUANTITIES if name not in BESIDE)
"""What the main plot may show."""
AROUND = 90
"""Pixels above and below a plot: its margins, the axis's numbers and title."""


@dataclass(frozen=True)
class LearningCurve:
    """A quantity of one method over its run.

    x: (n,) epochs, gradients or seconds. mean, low, high: (n,) mean over the seeds that got this far and its 95 %
    interval by Student's t (NaN where there is one seed). seeds: how many there are.
    """

    label: str
    method: str
    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seeds: int


def learning_curve(label: str, method: str, xs: Sequence[np.ndarray], ys: Sequence[np.ndarray]) -> LearningCurve:
    """One curve from a run per seed; runs may have different lengths, as they have while they train.

    Args:
        xs, ys: for each seed (n_i,) places and values, epoch by epoch.
    """
    if len(xs) != len(ys) or not xs:
        raise ValueError(f"a curve needs as many xs as ys and at least one, got {len(xs)} and {len(ys)}")
    longest = max(len(x) for x in xs)

    def stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
        table = np.full((len(rows), longest), np.nan)
        for row, values in zip(table, rows, strict=True):
            row[: len(values)] = values
        return table

    x, _ = student(stacked(xs))
    mean, half = student(stacked(ys))
    return LearningCurve(label, method, x, mean, mean - half, mean + half, len(xs))


def curves_figure(
    curves: Sequence[LearningCurve], quantity: str, axis: str, dark: bool, height: int = 440
) -> go.Figure:
    """All methods in one plot.

    Args:
        quantity: a name of QUANTITIES. axis: "epoch", "gradients" or "seconds".

    Raises:
        ValueError: for an unknown quantity or axis.
    """
    known = _quantity(quantity)
    if axis not in AXES:
        raise ValueError(f"axis must be one of {', '.join(AXES)}, got {axis!r}")
    fig = go.Figure()
    _draw(fig, curves, known)
    layout(fig, dark, height=height, hovermode="x unified" if axis != "seconds" else "closest")
    fig.update_xaxes(title_text=AXES[axis], rangemode="tozero")
    fig.update_yaxes(title_text=known.axis, type="log" if known.log else "linear")
    span = _percent_range(curves) if known.percent else _range(curves, known.log)
    if span is not None:
        fig.update_yaxes(range=span)
        if not name_ends(fig, _endings(curves, known), span, height - AROUND, dark):
            fig.update_layout(legend={"traceorder": "normal", "itemsizing": "constant"})
    fig.update_layout(uirevision=f"{quantity}/{axis}")
    return fig


def _endings(curves: Sequence[LearningCurve], known: Quantity) -> list[Ending]:
    """Where each curve ends; those that end beyond the plot's edge are named at it."""
    scale, out = 100.0 if known.percent else 1.0, []
    for one in curves:
        finite = np.isfinite(one.mean) & ((one.mean > 0) if known.log else True)
        if finite.any():
            x, y = float(one.x[finite][-1]), scale * float(one.mean[finite][-1])
            out.append(Ending(one.label, x, y, color(one.method), one.method == "rbo"))
    return out


def _range(curves: Sequence[LearningCurve], log: bool) -> tuple[float, float] | None:
    """What the means span, in the axis's own units, with a little room."""
    values = np.concatenate([one.mean[np.isfinite(one.mean)] for one in curves] or [np.array([])])
    values = np.log10(values[values > 0]) if log else values
    if not len(values):
        return None
    pad = max(0.05 * float(np.ptp(values)), 0.02 if log else 1e-9)
    return float(values.min()) - pad, float(values.max()) + pad


def small_figure(curves: Sequence[LearningCurve], quantity: str, axis: str, dark: bool, height: int = 220) -> go.Figure:
    """A small plot without a legend: what happens while the loss falls."""
    known = _quantity(quantity)
    fig = go.Figure()
    _draw(fig, curves, known, legend=False)
    layout(fig, dark, height=height, showlegend=False, title={"text": known.axis, "font": {"size": 13}})
    fig.update_xaxes(title_text=AXES[axis], rangemode="tozero", nticks=5)
    if known.log:
        fig.update_yaxes(type="log", dtick=1, exponentformat="power")
    else:
        fig.update_yaxes(nticks=5)
    if known.percent:
        top = max((100 * float(np.nanmax(one.mean)) for one in curves if np.isfinite(one.mean).any()), default=0.0)
        fig.update_yaxes(range=[0, max(1.0, 1.1 * top)])
        if quantity == "penetration" and top < 0.01:
            fig.add_annotation(text="0: along its normal<br>the ball only touches", showarrow=False, x=0.5, y=0.45,
                               xref="paper", yref="paper", font={"size": 12, "color": palette(dark).muted})  # fmt: skip
    fig.update_layout(uirevision=axis)
    return fig


@dataclass(frozen=True)
class Price:
    """What a method pays: its name for people and in the core, and the gradient evaluations of one step."""

    label: str
    method: str
    gradients: float


def price_figure(prices: Sequence[Price], budget: int | None, dark: bool, height: int = 440) -> go.Figure:
    """Before a race: how many steps each method gets from the same gradients.

    Args:
        budget: gradient evaluations of every method, or None when all make the same number of steps: then the bars are
            the gradients of one step.
    """
    fig = go.Figure()
    for price in reversed(prices):
        length = price.gradients if budget is None else int(budget // price.gradients)
        each = f"{price.gradients:g} gradient{'' if price.gradients == 1 else 's'} a step"
        said = each if budget is None else f"{length:,} steps, {each}"
        inside = length >= 0.5 * max(p.gradients if budget is None else budget // p.gradients for p in prices)
        fig.add_bar(
            x=[length], y=[price.label], orientation="h", width=0.62, showlegend=False, text=[said], hoverinfo="skip",
            marker={"color": color(price.method), "opacity": 1.0 if price.method == "rbo" else 0.78, "line_width": 0},
            textposition="inside" if inside else "outside", insidetextanchor="end", cliponaxis=False,
            textfont={"color": _on(color(price.method)) if inside else palette(dark).ink},
        )  # fmt: skip
    title = "gradient evaluations a step" if budget is None else f"steps that {budget:,} gradient evaluations buy"
    layout(fig, dark, height=height, bargap=0.3)
    fig.update_xaxes(title_text=title, rangemode="tozero", nticks=6)
    fig.update_yaxes(ticks="", ticklabelstandoff=6, tickfont={"size": 13, "color": palette(dark).ink})
    return fig


def _on(background: str) -> str:
    """Black or white, whichever reads better on a colour (its relative luminance)."""
    red, green, blue = ((int(background[k : k + 2], 16) / 255) ** 2.2 for k in (1, 3, 5))
    return "#111111" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#FFFFFF"


def message_figure(text: str, dark: bool, height: int = 440) -> go.Figure:
    """An empty plot that says why it is empty."""
    fig = layout(go.Figure(), dark, height=height)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    # Plotly does not break lines: these fit a phone.
    lines = "<br>".join(textwrap.wrap(text, 42))
    fig.add_annotation(text=lines, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper",
                       font={"size": 15, "color": palette(dark).muted})  # fmt: skip
    return fig


def _draw(fig: go.Figure, curves: Sequence[LearningCurve], known: Quantity, *, legend: bool = True) -> None:
    scale = 100.0 if known.percent else 1.0
    unit = " %" if known.percent else ""
    # All bands lie under all lines, the fainter the more there are.
    shade = min(0.12, 0.3 / max(len(curves), 1))
    for one in curves:
        banded = np.isfinite(one.mean) & np.isfinite(one.low) & np.isfinite(one.high)
        if banded.any():
            low, high = scale * one.low[banded], scale * one.high[banded]
            if known.log:  # on a logarithmic axis an interval may not reach below zero
                low = np.maximum(low, 0.1 * scale * one.mean[banded])
            if known.percent:
                low, high = np.maximum(low, 0.0), np.minimum(high, 100.0)
            fig.add_scatter(
                x=np.concatenate([one.x[banded], one.x[banded][::-1]]), y=np.concatenate([high, low[::-1]]),
                mode="lines", fill="toself", fillcolor=fade(color(one.method), shade), line={"width": 0},
                hoverinfo="skip", legendgroup=one.label, showlegend=False,
            )  # fmt: skip
    seen: dict[str, int] = {}
    # The ball is drawn last, on top; the legend keeps the order of the curves.
    for rank, one in sorted(enumerate(curves), key=lambda pair: pair[1].method == "rbo"):
        twin = seen[one.method] = seen.get(one.method, -1) + 1
        finite = np.isfinite(one.mean)
        if not finite.any():
            continue
        x, mean = one.x[finite], scale * one.mean[finite]
        dash = DASHES.get(one.method, "solid") if twin == 0 else ("dot", "dashdot", "longdash")[(twin - 1) % 3]
        fig.add_scatter(
            x=x, y=mean, mode="lines+markers" if len(x) < 3 else "lines", name=one.label, legendgroup=one.label,
            legendrank=rank + 1, hovertemplate=f"%{{y:.4g}}{unit}", showlegend=legend,
            line={"color": color(one.method), "width": 3.2 if one.method == "rbo" else 2, "dash": dash},
        )  # fmt: skip


def _percent_range(curves: Sequence[LearningCurve]) -> tuple[float, float] | None:
    """Where the methods differ: from what they reach after a third of their run, not from chance level."""
    starts, tops = [], []
    for one in curves:
        mean = 100 * one.mean[np.isfinite(one.mean)]
        if len(mean):
            starts.append(mean[min(len(mean) - 1, len(mean) // 3)])
            tops.append(mean.max())
    if not starts:
        return None
    low, high = min(starts), max(tops)
    pad = max(0.5, 0.06 * (high - low))
    return max(0.0, low - pad), min(100.0 + 0.2 * pad, high + pad)


def _quantity(name: str) -> Quantity:
    if name not in QUANTITIES:
        raise ValueError(f"quantity must be one of {', '.join(QUANTITIES)}, got {name!r}")
    return QUANTITIES[name]
