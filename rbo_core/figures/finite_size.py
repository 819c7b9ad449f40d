"""The figure of finite size: curves of ever finer wrinkles collapse, and ρ_c/w and its spread go to their limits."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rbo_core.figures.style import COLORS, fade, layout, palette
from rbo_core.sweep.finite_size import LIMIT, Estimate, FiniteSizeResult

SHADES = ("#F0B48C", "#D55E00", "#7A3600")
SHADES_DARK = ("#8F5228", "#F08A3C", "#FFD9B8")
COLUMNS = (0.40, 0.30, 0.30)


def finite_size_figure(result: FiniteSizeResult, dark: bool, height: int = 340) -> go.Figure:
    """Three panels: against ρ/w, freed of the part that vanishes with w, the share of phases all of whose balls arrive
    (dots) and whose last crest has let go (lines); ρ_c/w against w with its limit; and the spread between phases."""
    fig = make_subplots(
        cols=3, rows=1, column_widths=COLUMNS, horizontal_spacing=0.09,
        subplot_titles=("The curves collapse, ever sharper", "ρ<sub>c</sub>/w goes to its limit", "its spread to 0"),
    )  # fmt: skip
    _add_curves(fig, result, SHADES_DARK if dark else SHADES)
    _add_points(fig, result, dark)
    fig.add_vline(x=LIMIT, line={"color": palette(dark).ink, "width": 1.4, "dash": "dash"}, row=1, col=1)
    fig.add_hline(
        y=LIMIT, line={"color": palette(dark).ink, "width": 1.4, "dash": "dash"}, row=1, col=2,
        annotation={"text": f"limit {LIMIT:.2f}", "font": {"color": palette(dark).ink, "size": 12}},
        annotation_position="bottom right",
    )  # fmt: skip
    layout(fig, dark, height=height, margin={"l": 8, "r": 8, "t": 58, "b": 8})
    fig.update_annotations(font_size=13)
    fig.update_xaxes(title_text="ρ/w × its correction in w", range=[2.6, 4.1], row=1, col=1)
    fig.update_yaxes(title_text="phases whose balls arrive", tickformat=".0%", range=[-0.03, 1.05], row=1, col=1)
    for column, words in ((2, "ρ<sub>c</sub> / w"), (3, "spread between phases")):
        fig.update_xaxes(
            title_text="width w of the wrinkles", type="log", tickvals=list(result.recipe.widths),
            ticktext=[f"{w:.2g}" for w in result.recipe.widths], tickangle=0, row=1, col=column,
        )  # fmt: skip
        fig.update_yaxes(title_text=words, row=1, col=column)
    fig.update_yaxes(range=[1.7, 3.6], row=1, col=2)
    fig.update_yaxes(type="log", tickvals=[0.01, 0.02, 0.05, 0.1], ticktext=["1 %", "2 %", "5 %", "10 %"], row=1, col=3)
    fig.update_layout(legend={"y": 1.2, "font": {"size": 12}})
    return fig


def _add_curves(fig: go.Figure, result: FiniteSizeResult, shades: tuple[str, ...]) -> None:
    """Steps: the share of phases whose crests have let go; dots: balls."""
    for k, shade in zip(range(result.recipe.rolled), shades, strict=False):
        at = np.sort(result.predicted[k]) * result.correction[k]
        share = np.arange(1, at.size + 1) / at.size
        fig.add_scatter(
            x=np.concatenate([[2.0], at, [5.0]]), y=np.concatenate([[0.0], share, [1.0]]), mode="lines",
            line={"color": shade, "width": 2, "shape": "hv"}, name=f"w = {result.recipe.widths[k]:g}",
            hovertemplate="%{x:.3g}: in %{y:.0%} of the phases all crests have let go<extra></extra>", row=1, col=1,
        )  # fmt: skip
    for one, grown, shade in zip(result.curves, result.correction, shades, strict=False):
        # Both balls of a phase must arrive for its share to count in full, as in the lines.
        arrived = np.array([np.mean(one.critical < x) for x in one.relative])
        fig.add_scatter(
            x=one.relative * grown, y=arrived, mode="markers", marker={"color": shade, "size": 5}, showlegend=False,
            name="balls", customdata=one.relative, row=1, col=1,
            hovertemplate="balls: ρ/w = %{customdata:.3g}, %{y:.0%}<extra></extra>",
        )  # fmt: skip


def _add_points(fig: go.Figure, result: FiniteSizeResult, dark: bool) -> None:
    series = [("crests' lifetimes", result.predicted, palette(dark).muted, "circle-open")]
    if result.measured is not None:
        series.append(("balls rolled", result.measured, COLORS["rbo"], "circle"))
    for name, values, ink, symbol in series:
        widths = result.recipe.widths[: len(values)]
        for column, numbers in ((2, result.critical(values)), (3, result.spread(values))):
            fig.add_scatter(
                x=widths, y=[one.value for one in numbers], mode="markers", name=name, showlegend=column == 2,
                marker={"symbol": symbol, "size": 9, "color": ink}, error_y=_bars(numbers, ink),
                hovertemplate="w = %{x:g}: %{y:.3g}<extra></extra>", row=1, col=column,
            )  # fmt: skip


def _bars(numbers: tuple[Estimate, ...], ink: str) -> dict[str, object]:
    return {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": fade(ink, 0.7),
        "array": [one.high - one.value for one in numbers], "arrayminus": [one.value - one.low for one in numbers],
    }  # fmt: skip
