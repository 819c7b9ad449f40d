"""Pictures of how smooth an ironed landscape is: measures against the radius, barcode, spectrum, theory beside
measurement."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

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


def measures_figure(measures: Measures, radius: float, dark: bool) -> go.Figure:
    """Six measures of smoothness against the radius on a log axis; a line marks the radius on the page.

    The landscape's own value is the thin horizontal line. Counts and lengths have log axes, shares and exponents linear
    ones.
    """
    ink, p = inks(dark), palette(dark)
    fig = make_subplots(
        2, 3, subplot_titles=[t for _, t, _, _ in _PANELS], horizontal_spacing=0.075, vertical_spacing=0.2
    )
    rho = measures.radius[1:]
    for k, (name, _, unit, log) in enumerate(_PANELS):
        row, column = k // 3 + 1, k % 3 + 1
        values = getattr(measures, name)
        shown = np.where(values > 0, values, np.nan) if log else values
        where: dict[str, Any] = {"row": row, "col": column}
        if name != "unreachable" and np.isfinite(shown[0]):
            fig.add_hline(y=float(shown[0]), line={"color": p.faint, "width": 1, "dash": "dot"}, **where)
        fig.add_scatter(
            x=rho,
            y=shown[1:],
            mode="lines+markers",
            line={"color": ink.ironed, "width": 2.2},
            marker={"size": 5},
            hovertemplate=f"ρ = %{{x:.3g}}<br>{unit} = %{{y:.4g}}<extra></extra>",
            showlegend=False,
            **where,
        )
        fig.add_vline(x=radius, line={"color": COLORS["rbo"], "width": 1.5}, **where)
        fig.update_yaxes(title_text=unit, type="log" if log else "linear", **where)
    _add_power_law(fig, measures, dark)
    fig.update_xaxes(type="log", dtick=1, minor={"ticks": "outside", "ticklen": 2})
    for column in (1, 2, 3):
        fig.update_xaxes(title_text="radius ρ (parameter units)", row=2, col=column)
    layout(fig, dark, height=520, margin={"l": 8, "r": 8, "t": 40, "b": 8})
    fig.update_annotations(font={"size": 13, "color": p.ink})
    return fig


def _add_power_law(fig: go.Figure, measures: Measures, dark: bool) -> None:
    keep = (measures.radius > 0) & (measures.basins >= 3) & (measures.basins < 0.9 * measures.basins[0])
    if keep.sum() < 4:
        return
    exponent, factor = power_law(measures.radius[keep], measures.basins[keep])
    x = measures.radius[keep][[0, -1]]
    fig.add_scatter(
        x=x,
        y=factor * x**exponent,
        mode="lines+text",
        line={"color": palette(dark).ink, "width": 1, "dash": "dash"},
        text=["", f"∝ ρ^{exponent:.2f}".replace("-", "−")],
        textposition="top right",
        textfont={"color": palette(dark).muted, "size": 12},
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=1,
    )


def barcode_figure(before: Basins, after: Basins, threshold: float, dark: bool, most: int = 60) -> go.Figure:
    """Barcode and persistence diagram of the landscape's basins, before and after ironing.

    A bar runs from a basin's floor to the pass at which it joins a deeper one; its length is its depth. Only the
    deepest `most` are drawn; basins cut by the window's border and those no deeper than threshold are left out, the
    deepest of all stays.
    """
    ink, p = inks(dark), palette(dark)
    fig = make_subplots(
        1, 2, subplot_titles=["barcode", "persistence diagram"], horizontal_spacing=0.1, column_widths=[0.56, 0.44]
    )
    top = float(max(_finite_max(before), _finite_max(after)))
    shown = 0
    for found, color, name, shift in ((before, p.faint, "landscape", 0.0), (after, ink.ironed, "ironed", 0.32)):
        keep = np.flatnonzero((found.depth > threshold) & (~found.on_border | ~np.isfinite(found.depth)))[:most]
        birth, death = found.birth[keep], np.where(np.isfinite(found.death[keep]), found.death[keep], top)
        shown = max(shown, keep.size)
        gap = np.full(keep.size, np.nan)
        level = np.arange(keep.size) + shift
        fig.add_scatter(
            x=np.stack([birth, death, gap], axis=1).ravel(),
            y=np.stack([level, level, gap], axis=1).ravel(),
            mode="lines",
            line={"color": color, "width": 3 if keep.size < 30 else 2},
            name=f"{name}: {int(found.count(threshold))} basins",
            hovertemplate=f"{name}<br>height = %{{x:.4g}}<extra></extra>",
            row=1,
            col=1,
        )
        fig.add_scatter(
            x=birth,
            y=death,
            mode="markers",
            marker={"color": color, "size": 7, "line": {"width": 0}},
            showlegend=False,
            hovertemplate=f"{name}<br>floor %{{x:.4g}}, pass %{{y:.4g}}<extra></extra>",
            row=1,
            col=2,
        )
    low = float(min(before.birth.min(), after.birth.min()))
    fig.add_scatter(
        x=[low, top], y=[low, top], mode="lines", line={"color": p.faint, "width": 1}, hoverinfo="skip",
        showlegend=False, row=1, col=2,
    )  # fmt: skip
    layout(fig, dark, height=420, margin={"l": 8, "r": 8, "t": 60, "b": 8}, legend={"y": 1.09})
    fig.update_annotations(font={"size": 13, "color": p.ink})
    fig.update_xaxes(title_text="height λf", row=1, col=1)
    fig.update_yaxes(
        title_text="basin, deepest first",
        autorange="reversed",
        showticklabels=False,
        showgrid=False,
        ticks="",
        row=1,
        col=1,
    )
    fig.update_xaxes(title_text="floor (birth), height λf", row=1, col=2)
    fig.update_yaxes(title_text="pass (death), height λf", row=1, col=2)
    return fig


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
            x = found.frequency[[min(2, found.frequency.size - 1), -1]]
            x[1] /= 2
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
        range=[np.log10(max(top, 1e-30)) - 12, np.log10(max(top, 1e-30)) + 0.5],
    )
    return fig


def theory_figure(
    measures: Measures,
    bound: Array,
    curved: Array,
    radius: float,
    dark: bool,
    grooves: Grooves | None = None,
) -> go.Figure:
    """Theory beside measurement: oscillation and its bound, exact and curvature-test unreachable share, critical radii.

    bound (K,): weak-ironing bound at measures.radius[1:]. curved (K,): share that the curvature test flags. grooves:
    predicted against measured radius of every groove, on curves.
    """
    ink, p = inks(dark), palette(dark)
    rho = measures.radius[1:]
    titles = ["weak ironing: oscillation", "unreachable share", "critical radius of each groove"]
    columns = 3 if grooves is not None else 2
    fig = make_subplots(1, columns, subplot_titles=titles[:columns], horizontal_spacing=0.085)
    measured = {"color": ink.ironed, "width": 2.4}
    theory = {"color": p.muted, "width": 1.6, "dash": "dash"}
    for column, (theirs, ours, name) in enumerate(
        ((bound, measures.oscillation[1:], "oscillation"), (curved, measures.unreachable[1:], "share")), start=1
    ):
        for values, line, label in ((theirs, theory, "theory"), (ours, measured, "measured")):
            fig.add_scatter(
                x=rho, y=values, mode="lines", line=line, name=label, showlegend=column == 1,
                hovertemplate=f"{label}<br>ρ = %{{x:.3g}}<br>{name} = %{{y:.4g}}<extra></extra>", row=1, col=column,
            )  # fmt: skip
        fig.add_vline(x=radius, line={"color": COLORS["rbo"], "width": 1.5}, row=1, col=column)
    if grooves is not None:
        fits = np.isfinite(grooves.predicted) & np.isfinite(grooves.vanished_from)
        x, y = grooves.predicted[fits], grooves.vanished_from[fits]
        fig.add_scatter(
            x=x, y=y, mode="markers", marker={"color": ink.ironed, "size": 7, "opacity": 0.75}, showlegend=False,
            hovertemplate="theory %{x:.3g}<br>measured %{y:.3g}<extra></extra>", row=1, col=3,
        )  # fmt: skip
        span = [float(rho[0]), float(rho[-1])]
        fig.add_scatter(x=span, y=span, mode="lines", line=theory, showlegend=False, hoverinfo="skip", row=1, col=3)
        fig.update_xaxes(title_text="w(1+s²)/2s of its crests", type="log", row=1, col=3)
        fig.update_yaxes(title_text="ironed away at ρ", type="log", row=1, col=3)
    layout(fig, dark, height=380, margin={"l": 8, "r": 8, "t": 60, "b": 8}, legend={"y": 1.1})
    fig.update_annotations(font={"size": 13, "color": p.ink})
    for column in (1, 2):
        fig.update_xaxes(title_text="radius ρ (parameter units)", type="log", row=1, col=column)
    fig.update_yaxes(title_text="max − min, height", type="log", row=1, col=1)
    fig.update_yaxes(title_text="share", row=1, col=2)
    return fig
