"""The comparison of tuned methods as a figure: means with 95 % intervals, one panel a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rbo_core.figures.style import color, layout
from rbo_core.training.contest import Standing
from rbo_core.training.contestants import CONTESTANTS


def comparison(rows: Sequence[Standing], paper: Mapping[str, float] | None = None, dark: bool = False) -> go.Figure:
    """Test accuracy (%) of each method with its interval, each seed as a faint dot.

    Args:
        paper: the paper's own figures, by contestant, drawn as crosses.
    """
    paper = paper or {}
    budgets = list(dict.fromkeys(row.budget for row in rows))
    fig = make_subplots(
        cols=max(len(budgets), 1), shared_yaxes=True, subplot_titles=[f"at equal {budget}" for budget in budgets]
    )
    for column, budget in enumerate(budgets, start=1):
        for row in sorted((r for r in rows if r.budget == budget), key=lambda r: r.mean):
            tint = color(CONTESTANTS[row.name].method)
            fig.add_scatter(
                x=row.accuracies,
                y=[row.label] * len(row.accuracies),
                mode="markers",
                row=1,
                col=column,
                showlegend=False,
                marker={"color": tint, "size": 5, "opacity": 0.35},
                hovertemplate="%{x:.2f} %<extra>one seed</extra>",
            )
            fig.add_scatter(
                x=[row.mean],
                y=[row.label],
                mode="markers",
                row=1,
                col=column,
                showlegend=False,
                marker={"color": tint, "size": 11},
                error_x={"type": "data", "array": [np.nan_to_num(row.half)], "color": tint, "thickness": 2},
                hovertemplate=f"%{{x:.2f}} ± {row.half:.2f} %<extra>{row.label}</extra>",
            )
            if row.name in paper:
                fig.add_scatter(
                    x=[paper[row.name]],
                    y=[row.label],
                    mode="markers",
                    row=1,
                    col=column,
                    showlegend=False,
                    marker={"color": "#7A8190", "size": 9, "symbol": "x"},
                    hovertemplate="%{x:.2f} %<extra>paper</extra>",
                )
        fig.update_xaxes(title_text="test accuracy (%)", row=1, col=column)
    return layout(fig, dark, height=140 + 34 * len({row.label for row in rows}))
