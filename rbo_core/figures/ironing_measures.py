"""Pictures of how smooth an ironed landscape is: measures against the radius, barcode, spectrum, theory beside
measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.ironing import inks, single
from rbo_core.figures.style import COLORS, layout, palette
from rbo_core.ironing import Basins, Grooves, Measures, Spectrum, power_law

Array = NDArray[np.float64]

_PANELS = (
    ("basins", "basins deeper than the threshold", "basins", True),
    ("total_variation", "total variation", "total variation", True),
    ("largest_slope", "largest slope", "slope", True),
    ("unreachable", "share no ball touches", "share", False),
    ("fractal_dimension", "fractal dimension (madogram)", "dimension", False),
    ("spectral_slope", "slope of the spectrum", "exponent", False),
)
RADIUS = "radius ρ (parameter units)"


def measure_figures(measures: Measures, radius: float | None, dark: bool) -> list[go.Figure]:
    """Six measures of smoothness against the radius on a log axis, one figure each; orange marks `radius`.

    The landscape's own value is the thin dotted line. Counts and lengths have log axes, shares and exponents linear
    ones.
    """
    ink, p = inks(dark), palette(dark)
    rho = measures.radius[1:]
    figures = []
    for name, title, unit, log in _PANELS:
        values = getattr(measures, name)
        shown = np.where(values > 0, values, np.nan) if log else values
        fig = go.Figure()
        if name != "unreachable" and np.isfinite(shown[0]):
            fig.add_hline(y=float(shown[0]), line={"color": p.faint, "width": 1.2, "dash": "dot"})
        fig.add_scatter(
            x=rho,
            y=shown[1:],
            mode="lines+markers",
            line={"color": ink.ironed, "width": 2.2},
            marker={"size": 5},
            hovertemplate=f"ρ = %{{x:.3g}}<br>{unit} = %{{y:.4g}}<extra></extra>",
            showlegend=False,
        )
        if name == "basins":
            _add_power_law(fig, measures, dark)
        _panel(fig, title, unit, radius, dark)
        if log:
            _log_axis(fig, shown)
        figures.append(fig)
    return figures


def radius_line(radius: float) -> dict[str, Any]:
    """The shape that marks a radius on a panel whose x axis is the radius, to be put into `layout.shapes`."""
    line = {"color": COLORS["rbo"], "width": 1.5}
    return {"type": "line", "x0": radius, "x1": radius, "y0": 0, "y1": 1, "yref": "y domain", "line": line}


def _panel(fig: go.Figure, title: str, unit: str, radius: float | None, dark: bool, height: int = 260) -> None:
    if radius is not None:
        fig.add_shape(**radius_line(radius))
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    fig.update_layout(title={"text": title, "font": {"size": 13}})
    fig.update_xaxes(type="log", dtick=1, minor={"ticks": "outside", "ticklen": 2}, title_text=RADIUS)
    fig.update_yaxes(title_text=unit)


def _log_axis(fig: go.Figure, values: Array) -> None:
    """A log y axis labelled in plain numbers: 1, 2, 5 of every decade while they fit, else whole decades."""
    finite = values[np.isfinite(values) & (values > 0)]
    if finite.size == 0:
        return
    low, high = np.log10(finite.min()), np.log10(finite.max())
    decades = np.arange(np.floor(low), np.ceil(high) + 1)
    steps = (1, 2, 5) if high - low < 2.2 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    ticks = [tick for tick in ticks if low - 0.15 <= np.log10(tick) <= high + 0.15]
    if len(ticks) < 3:  # less than a decade: an even handful of plain numbers
        ticks = np.unique([float(f"{v:.2g}") for v in np.linspace(finite.min(), finite.max(), 4)]).tolist()
    margin = 0.06 * max(high - low, 0.1)
    fig.update_yaxes(
        type="log", tickvals=ticks, ticktext=[f"{tick:.3g}" for tick in ticks], range=[low - margin, high + margin]
    )


def _add_power_law(fig: go.Figure, measures: Measures, dark: bool) -> None:
    """The fitted power law of the basin count, only where there is one: straight within 15 % over half a decade."""
    keep = (measures.radius > 0) & (measures.basins >= 3) & (measures.basins < 0.9 * measures.basins[0])
    if keep.sum() < 4:
        return
    x, y = measures.radius[keep], measures.basins[keep]
    exponent, factor = power_law(x, y)
    away = np.log(y / (factor * x**exponent))
    if np.sqrt(np.mean(away**2)) > 0.15 or x[-1] < 3 * x[0]:
        return
    ends = x[[0, -1]]
    fig.add_scatter(
        x=ends,
        y=factor * ends**exponent,
        mode="lines",
        line={"color": palette(dark).ink, "width": 1.2, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )
    power = f"{exponent:.2f}".replace("-", "−")
    fig.add_annotation(
        text=f"∝ ρ<sup>{power}</sup>", x=0.97, y=0.95, xref="paper", yref="paper", showarrow=False,
        font={"color": palette(dark).ink, "size": 14},
    )  # fmt: skip


def barcode_figures(
    before: Basins, after: Basins, threshold: float, dark: bool, most: int = 60
) -> tuple[go.Figure, go.Figure]:
    """Barcode and persistence diagram of the landscape's basins, before and after ironing.

    A bar runs from a basin's floor to the pass at which it joins a deeper one; its length is its depth. Only the
    deepest `most` are drawn; basins cut by the window's border and those no deeper than threshold are left out, the
    deepest of all stays and runs to the top.
    """
    ink, p = inks(dark), palette(dark)
    bars, points = go.Figure(), go.Figure()
    top = float(max(_finite_max(before), _finite_max(after)))
    low = float(min(before.birth.min(), after.birth.min()))
    points.add_scatter(
        x=[low, top], y=[low, top], mode="lines", line={"color": p.faint, "width": 1}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    for found, color, name, shift in ((before, p.faint, "landscape", 0.0), (after, ink.ironed, "ironed", 0.35)):
        keep = np.flatnonzero((found.depth > threshold) & (~found.on_border | ~np.isfinite(found.depth)))[:most]
        birth, death = found.birth[keep], np.where(np.isfinite(found.death[keep]), found.death[keep], top)
        level = np.arange(keep.size) + shift
        bars.add_scatter(
            x=np.stack([birth, death, np.full(keep.size, np.nan)], axis=1).ravel(),
            y=np.stack([level, level, np.full(keep.size, np.nan)], axis=1).ravel(),
            mode="lines",
            line={"color": color, "width": 3 if keep.size < 30 else 2},
            name=f"{name}: {found.count(threshold)} basins",
            hovertemplate=f"{name}<br>height = %{{x:.4g}}<extra></extra>",
        )
        points.add_scatter(
            x=birth,
            y=death,
            mode="markers",
            marker={"color": color, "size": 7, "line": {"width": 0}},
            name=name,
            hovertemplate=f"{name}<br>floor %{{x:.4g}}, pass %{{y:.4g}}<extra></extra>",
        )
    for fig in (bars, points):
        layout(fig, dark, height=400, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    bars.update_xaxes(title_text="height λf")
    bars.update_yaxes(
        title_text="basins, deepest first", autorange="reversed", showticklabels=False, showgrid=False, ticks=""
    )
    points.update_xaxes(title_text="floor (birth), height λf")
    points.update_yaxes(title_text="pass (death), height λf")
    return bars, points


def _finite_max(found: Basins) -> float:
    finite = found.death[np.isfinite(found.death)]
    return float(finite.max()) if finite.size else float(found.birth.max()) + 1e-9


def spectrum_figure(spectra: dict[str, Spectrum], dark: bool) -> go.Figure:
    """Power spectral densities on log axes with their fitted power laws. Keys: landscape, ironed, blurred."""
    ink, p = inks(dark), palette(dark)
    colors = {"landscape": p.faint, "ironed": ink.ironed, "blurred": ink.blur}
    fig = go.Figure()
    for name, found in spectra.items():
        fit = "" if not np.isfinite(found.slope) else f", slope {found.slope:.2f}".replace("-", "−")
        fig.add_scatter(
            x=single(found.frequency),
            y=single(np.maximum(found.power, 1e-30)),
            mode="lines",
            line={"color": colors[name], "width": 1.4},
            name=name + fit,
            hovertemplate=f"{name}<br>k = %{{x:.3g}}<br>power = %{{y:.3g}}<extra></extra>",
        )
        if fit:
            x = np.array([found.frequency[min(2, found.frequency.size - 1)], found.limit])
            fig.add_scatter(
                x=x, y=found.level * x**found.slope, mode="lines",
                line={"color": colors[name], "width": 2.5, "dash": "dash"}, hoverinfo="skip", showlegend=False,
            )  # fmt: skip
    top = max(float(found.power.max()) for found in spectra.values())
    layout(fig, dark, height=400, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    fig.update_xaxes(title_text="wave number (cycles per parameter unit)", type="log")
    fig.update_yaxes(
        title_text="power spectral density",
        type="log",
        exponentformat="power",
        range=[np.log10(max(top, 1e-30)) - 12, np.log10(max(top, 1e-30)) + 0.5],
    )
    return fig


@dataclass(frozen=True, eq=False)
class Theory:
    """What theory says at measures.radius[1:], (K,) each: the weak-ironing bound, and the shares that the curvature
    test flags, ours and the paper's. grooves: the predicted and the measured radius of every groove, on curves."""

    bound: Array
    curved: Array
    paper: Array
    grooves: Grooves | None


def theory_figures(measures: Measures, theory: Theory, radius: float, dark: bool) -> list[go.Figure]:
    """Theory beside measurement: oscillation and its bound, exact and curvature-test share, lifetimes of grooves."""
    ink, p = inks(dark), palette(dark)
    rho = measures.radius[1:]
    measured = {"color": ink.ironed, "width": 2.4}
    dashed = {"color": p.muted, "width": 1.6, "dash": "dash"}
    figures = []
    for theirs, ours, names, title, unit in (
        (theory.bound, measures.oscillation[1:], ("bound", "measured"), "weak ironing", "height range, max − min"),
        (
            theory.curved,
            measures.unreachable[1:],
            ("curvature", "exact mask"),
            "unreachable",
            "share of the landscape",
        ),
    ):
        fig = go.Figure()
        for values, line, label in ((theirs, dashed, names[0]), (ours, measured, names[1])):
            fig.add_scatter(
                x=rho, y=values, mode="lines", line=line, name=label,
                hovertemplate=f"{label}<br>ρ = %{{x:.3g}}<br>%{{y:.4g}}<extra></extra>",
            )  # fmt: skip
        if title == "unreachable":
            fig.add_scatter(
                x=rho, y=theory.paper, mode="lines", line={**dashed, "dash": "dot"}, name="paper's test",
                hovertemplate="paper's test<br>ρ = %{x:.3g}<br>%{y:.4g}<extra></extra>",
            )  # fmt: skip
        _panel(fig, "", unit, radius, dark, height=320)
        if title == "weak ironing":
            _log_axis(fig, np.concatenate([theory.bound, measures.oscillation[1:]]))
        _title_above_legend(fig, title)
        figures.append(fig)
    if (grooves := theory.grooves) is not None:
        fits = np.isfinite(grooves.predicted) & np.isfinite(grooves.vanished_from)
        fig = go.Figure()
        span = [float(rho[0]), float(rho[-1])]
        fig.add_scatter(x=span, y=span, mode="lines", line=dashed, name="theory", hoverinfo="skip")
        fig.add_scatter(
            x=grooves.predicted[fits], y=grooves.vanished_from[fits], mode="markers", name="one groove",
            marker={"color": ink.ironed, "size": 7, "opacity": 0.75},
            hovertemplate="theory %{x:.3g}<br>measured %{y:.3g}<extra></extra>",
        )  # fmt: skip
        _panel(fig, "", "ironed away at ρ", None, dark, height=320)
        _log_axis(fig, np.concatenate([span, grooves.vanished_from[fits]]))
        _title_above_legend(fig, "lifetime of grooves")
        fig.update_xaxes(title_text="predicted from the crests, ρ")
        figures.append(fig)
    return figures


def _title_above_legend(fig: go.Figure, title: str) -> None:
    fig.update_layout(
        title={"text": title, "font": {"size": 13}, "y": 0.98, "yanchor": "top"}, margin={"t": 62}, legend={"y": 1.01}
    )
