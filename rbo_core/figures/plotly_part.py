"""Plotly's own script without its largest parts that a page does not need: maps of the world, and WebGL.

The script is one file of modules, each a function that runs when something first asks for it. A module that is left out
answers whatever is asked of it with itself, so what refers to it still loads. Where a later Plotly is written otherwise
nothing is left out: a page is then larger, and its test says so.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise

from rbo_core.figures.plotly_file import plotly_file

SOLID = frozenset({"cone", "isosurface", "mesh3d", "scatter3d", "streamtube", "surface", "volume"})
"""Types of traces that are drawn in three dimensions."""
FLAT = frozenset({"parcoords", "scattergl", "scatterpolargl", "splom"})
"""Types of traces that are drawn with WebGL in two."""
LARGE = 100_000
"""Characters of a module that is worth leaving out."""
_HEAD = re.compile(r"var [\w$]+=([\w$]+)\(\(([\w$]+),([\w$]+)\)=>\{")
_END = "});"
_MAPS = re.compile(r"[\"']use strict[\"'];[\w$]+\.exports='")
"""Map tiles are drawn by a worker, whose own script travels as one long string."""
_IN_SPACE = re.compile(r"[\"']use strict[\"'];\(\(\)=>\{.{0,40}exports=\{alpha_shape:", re.DOTALL)
_ON_A_PLANE = re.compile(r"\(function\((?=.*\(regl\))", re.DOTALL)


@cache
def plotly_part(kinds: frozenset[str]) -> str:
    """The script as text, for traces of these kinds and of all that need no WebGL."""
    text = plotly_file()
    heads = list(_HEAD.finditer(text))
    wrapper = Counter(head[1] for head in heads).most_common(1)[0][0]
    heads = [head for head in heads if head[1] == wrapper]
    without = [_MAPS, *([] if kinds & SOLID else [_IN_SPACE]), *([] if kinds & FLAT else [_ON_A_PLANE])]
    kept, done = [], 0
    for head, after in pairwise(heads):
        module = text[head.end() : after.start()]
        if len(module) > LARGE and module.endswith(_END) and any(part.match(module) for part in without):
            kept += [text[done : head.end()], _empty(head[3]), _END]
            done = after.start()
    return "".join([*kept, text[done:]])


def _empty(module: str) -> str:
    """A module that answers everything with itself."""
    return f"let all;{module}.exports=all=new Proxy(function(){{}},{{get:()=>all,apply:()=>all}})"
