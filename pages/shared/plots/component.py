"""Mounts plots.js, which draws Plotly figures with the copy of Plotly that came with the Python package.

`st.plotly_chart` takes a changed figure for another element: it draws the new one under the old one, then removes the
old one, and a turned or zoomed view is lost. Here a figure is changed in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit as st
from plotly.utils import PlotlyJSONEncoder

from pages.shared.static import publish

SCRIPT = Path(__file__).with_name("plots.js")
STYLE = Path(__file__).with_name("plots.css")


@dataclass(frozen=True)
class Picture:
    """A figure as JSON, data apart from layout: the browser draws anew only what has changed. Cheap to cache."""

    data: str
    layout: str

    @classmethod
    def of(cls, figure: go.Figure) -> Picture:
        """The picture of a figure; its arrays travel as base64."""
        made = figure.to_dict()
        return cls(json.dumps(made["data"], cls=PlotlyJSONEncoder), json.dumps(made["layout"], cls=PlotlyJSONEncoder))

    def with_shape(self, shape: dict[str, Any]) -> Picture:
        """The same with one more shape, which the browser adds without drawing the data again."""
        layout = json.loads(self.layout)
        return Picture(self.data, json.dumps({**layout, "shapes": [*layout.get("shapes", ()), shape]}))


@cache
def _plotly() -> str:
    """Where the package's own Plotly is served, under static/."""
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return f"{publish('plotly', [script])}/{script.name}"


def show(
    figures: Sequence[go.Figure | Picture],
    key: str,
    *,
    columns: int = 1,
    linked: bool = False,
    clicks: str | None = None,
    on_click: Callable[[], None] = lambda: None,
) -> dict[str, Any] | None:
    """Draw figures side by side, `columns` in a row, one under the other on a phone.

    Args:
        key: constant, or the plots are thrown away and drawn anew.
        linked: their 3-D views turn together.
        clicks: name of the trace whose points answer clicks.

    Returns:
        {"x": …, "y": …, "plot": index} in the run right after a click on such a point, else None.
    """
    pictures = [figure if isinstance(figure, Picture) else Picture.of(figure) for figure in figures]
    message = {
        "plotly": _plotly(),
        "columns": columns,
        "linked": linked,
        "clicks": clicks,
        "figures": [[picture.data, picture.layout] for picture in pictures],
    }
    mount = st.components.v2.component(
        "lab_plots", js=SCRIPT.read_text("utf-8"), css=STYLE.read_text("utf-8"), isolate_styles=False
    )
    result = mount(key=key, data=json.dumps(message).encode(), on_click_change=on_click)
    found = result.get("click")
    return dict(found) if found else None
