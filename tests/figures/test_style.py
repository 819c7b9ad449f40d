"""The look that all figures share: its words can be read, in both themes."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from rbo_core.figures.style import layout, palette


def luminance(colour: str) -> float:
    """Of #rrggbb: WCAG 2.2, relative luminance."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_of_a_figure_has_contrast(dark: bool) -> None:
    look = layout(go.Figure(), dark).layout.template.layout
    paper = palette(dark).paper
    hover = look.hoverlabel
    assert contrast(hover.font.color, hover.bgcolor) >= 7, "Plotly writes in the border's colour if none is said"
    for words in (look.font, look.title.font, look.xaxis.tickfont, look.xaxis.title.font, look.yaxis.tickfont):
        assert contrast(words.color, paper) >= 4.5
