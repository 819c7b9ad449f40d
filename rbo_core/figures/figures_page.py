"""Plotly figures as one HTML file under 2 MB that needs no server and no network, and can be pointed at and zoomed.

Plotly's script alone is 4.8 MB: what a page needs of it travels compressed, in base 85, and the browser inflates it.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from rbo_core.figures.arrays import Arrays
from rbo_core.figures.player.offline import Words, page
from rbo_core.figures.plotly_part import plotly_part

SCRIPT = Path(__file__).with_name("figures_page.js")
_NO_TAGS = str.maketrans("<&", ",:")
"""Base 85 has the letters of HTML's tags among its digits; a comma and a colon stand for them."""


def figures_page(light: Sequence[go.Figure], dark: Sequence[go.Figure], words: Words, heads: Sequence[str] = ()) -> str:
    """The page as HTML text; it follows the theme of who reads it.

    Args:
        light, dark: the same figures for both themes.
        words: what stands round them.
        heads: titles of the first figures, which stand beside each other where there is room.
    """
    pictures = [_plain(one) for one in light]
    # The numbers are the same in both themes: the dark one says only where it differs.
    themes = {"light": pictures, "dark": [_changes(a, _plain(b)) for a, b in zip(pictures, dark, strict=True)]}
    label = html.escape(words.heading, quote=True)
    titles = [*heads, *[""] * (len(light) - len(heads))]
    stage = "".join(_place(title, label) for title in titles)
    kinds = {trace.type for one in light for trace in one.data}
    arrays = Arrays()
    told = {**{name: arrays.shared(one) for name, one in themes.items()}, "arrays": arrays.packed}
    stage += _data("plotly", _packed_plotly(frozenset(kinds))) + _data("figures", _packed(json.dumps(told)))
    return page(f'<div id="stage" class="figures">{stage}</div>', SCRIPT.read_text(encoding="utf-8"), words)


def _place(head: str, label: str) -> str:
    title = html.escape(head, quote=True)
    figure = f'<div class="figure" tabindex="0" role="img" aria-label="{title or label}"></div>'
    return f'<section class="half"><h2>{title}</h2>{figure}</section>' if head else f"<section>{figure}</section>"


def _plain(figure: go.Figure) -> dict[str, Any]:
    made = figure.to_dict()
    return dict(json.loads(json.dumps({"data": made["data"], "layout": made["layout"]}, cls=PlotlyJSONEncoder)))


def _changes(before: Any, after: Any) -> Any:
    """What turns `before` into `after`, None where nothing: objects of the same names and lists of one length are
    followed into, anything else is given whole, in a list of one."""
    if before == after:
        return None
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        return {name: told for name in before if (told := _changes(before[name], after[name])) is not None}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return {str(k): told for k, (a, b) in pairs if (told := _changes(a, b)) is not None}
    return [after]


def _packed(text: str) -> str:
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode().translate(_NO_TAGS)


@cache
def _packed_plotly(kinds: frozenset[str]) -> str:
    return _packed(plotly_part(kinds))


def _data(name: str, packed: str) -> str:
    return f'<script type="application/octet-stream" id="{name}">{packed}</script>'
