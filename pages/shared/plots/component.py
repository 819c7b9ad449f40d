"""Mounts plots.js, which draws Plotly figures with the copy of Plotly that came with the Python package.

`st.plotly_chart` takes a changed figure for another element: it draws the new one under the old one, then removes the
old one, and a turned or zoomed view is lost. Here a figure is changed in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.utils import PlotlyJSONEncoder

from pages.shared.page import cached
from pages.shared.reports import heard
from pages.shared.served_plotly import plotly_address

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

    def figure(self) -> go.Figure:
        """The figure that this is the picture of."""
        return go.Figure({"data": json.loads(self.data), "layout": json.loads(self.layout)})

    def with_shapes(self, *shapes: dict[str, Any]) -> Picture:
        """The same with more shapes, which the browser adds without drawing the data again."""
        layout = json.loads(self.layout)
        return Picture(self.data, json.dumps({**layout, "shapes": [*layout.get("shapes", ()), *shapes]}))


def remembered(build: Callable[..., go.Figure], *args: Any, **options: Any) -> Picture:
    """The picture of ``build(*args, **options)``, for all who ask for the same: Plotly takes 20 to 50 ms a figure.

    Everything that the figure depends on must be among the arguments: plain values, arrays, and sequences, dicts and
    dataclasses of these.
    """
    seen = hashlib.sha256(f"{build.__module__}.{build.__qualname__}".encode())
    _add_to(seen, (args, options))
    return _picture(seen.hexdigest(), build, args, options)


@cached
def _picture(digest: str, _build: Callable[..., go.Figure], _args: Any, _options: Any) -> Picture:
    return Picture.of(_build(*_args, **_options))


def _add_to(seen: Any, value: Any) -> None:
    """Take a value into a hash, with what it is made of."""
    if isinstance(value, np.ndarray):
        seen.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        _add_to(seen, tuple(value.items()))
    elif isinstance(value, list | tuple):
        seen.update(f"{len(value)}(".encode())
        for one in value:
            _add_to(seen, one)
    elif is_dataclass(value) and not isinstance(value, type):
        seen.update(type(value).__qualname__.encode())
        _add_to(seen, [getattr(value, field.name) for field in fields(value)])
    elif value is None or isinstance(value, str | bytes | bool | int | float | np.generic):
        seen.update(f"{value!r};".encode())
    else:
        raise TypeError(f"a picture cannot be remembered by a {type(value).__name__}")


@dataclass(frozen=True)
class Stages:
    """A slider under the first figure, moved in the browser alone: at each stage one of some traces is shown.

    label: what the slider chooses. names: what each stage is called. traces: index of the trace that each shows. at:
    the stage that is shown first.
    """

    label: str
    names: tuple[str, ...]
    traces: tuple[int, ...]
    at: int = 0


def show(
    figures: Sequence[go.Figure | Picture],
    key: str,
    *,
    columns: int = 1,
    linked: bool = False,
    clicks: str | None = None,
    selected: tuple[float, float] | None = None,
    on_click: Callable[[], None] = lambda: None,
    stages: Stages | None = None,
) -> dict[str, Any] | None:
    """Draw figures side by side, `columns` in a row, one under the other on a phone.

    Args:
        key: constant, or the plots are thrown away and drawn anew.
        linked: their 3-D views turn together.
        clicks: name of the trace whose points answer clicks, and in the first figure the arrow keys too.
        selected: the point of that trace from which the arrow keys go on.
        stages: a slider through traces of the first figure.

    Returns:
        {"x": …, "y": …, "plot": index, "stage": index or None} in the run right after a click on such a point, else
        None.
    """
    pictures = [figure if isinstance(figure, Picture) else Picture.of(figure) for figure in figures]
    message = {
        "plotly": plotly_address(),
        "columns": columns,
        "linked": linked,
        "clicks": clicks,
        "selected": None if selected is None else list(selected),
        "stages": None if stages is None else vars(stages),
        "figures": [[picture.data, picture.layout] for picture in pictures],
    }
    mount = st.components.v2.component(
        "lab_plots", js=SCRIPT.read_text("utf-8"), css=STYLE.read_text("utf-8"), isolate_styles=False
    )
    result = mount(key=key, data=json.dumps(message).encode(), on_click_change=heard(key, on_click))
    found = result.get("click")
    return dict(found) if found else None
