"""Sphinx settings of the manual: `python -m sphinx -W -b html docs docs/_build`."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

project = "Rolling-ball lab"
author = "The rolling-ball lab"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Rolling-ball lab"


def plain(app, what, name, obj, options, lines):
    """Docstrings write |g| and a*b as one says them; outside of code these must not be markup."""
    for k, line in enumerate(lines):
        parts = re.split(r"(`+[^`]*`+)", line)
        lines[k] = "".join(p if p.startswith("`") else re.sub(r"(?<!\*)([|*])(?!\*)", r"\\\1", p) for p in parts)


def setup(app):
    """Register :func:`plain` before napoleon reads the docstring."""
    app.connect("autodoc-process-docstring", plain, priority=100)
