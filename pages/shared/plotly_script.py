"""Plotly as a script of its own under static/: the copy that came with the Python package, made quick to begin.

Nothing here loads the Python package: the first page of the lab names the script before any figure is made.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pages.shared.static import publish

# Chrome compiles all of it beside the page while it arrives, instead of on the page's thread when it first runs.
_COMPILED_AT_ONCE = "//# allFunctionsCalledOnLoad\n"


@cache
def plotly_script() -> str:
    """Where it is served, under static/: a module whose default export is Plotly.

    Raises:
        ValueError: Plotly is not installed, or static/ cannot be written.
    """
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise ValueError("plotly is not installed: pip install -r requirements.txt")
    script = (Path(package.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    whole = f"{_COMPILED_AT_ONCE}{script}\nexport default window.Plotly;\n"
    return f"{publish('plotly', (), {'plotly.js': whole})}/plotly.js"
