"""Plotly as a script of its own under static/: the copy that came with the Python package, made quick to begin.

Nothing here loads the Python package: the first page of the lab names the script before any figure is made.
"""

from __future__ import annotations

from functools import cache

from pages.shared.static import publish
from rbo_core.figures.plotly_file import plotly_file

# Chrome compiles all of it beside the page while it arrives, instead of on the page's thread when it first runs.
_COMPILED_AT_ONCE = "//# allFunctionsCalledOnLoad\n"


@cache
def plotly_address() -> str:
    """Where it is served, under static/: a module whose default export is Plotly.

    Raises:
        ValueError: Plotly is not installed, or static/ cannot be written.
    """
    whole = f"{_COMPILED_AT_ONCE}{plotly_file()}\nexport default window.Plotly;\n"
    return f"{publish('plotly', (), {'plotly.js': whole})}/plotly.js"
