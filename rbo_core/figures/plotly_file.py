"""The script of Plotly that came with its Python package, which need not be loaded for it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def plotly_file() -> str:
    """The script as text.

    Raises:
        ValueError: Plotly is not installed.
    """
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise ValueError("plotly is not installed: pip install -r requirements.txt")
    return (Path(package.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
