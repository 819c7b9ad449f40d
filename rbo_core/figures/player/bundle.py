"""The player's web modules as one piece of JavaScript, for places that cannot load modules by name.

A page opened from a file may not import other files, and a notebook's widget is one string. Each module becomes a
function that returns what it exports, in the order in which they need each other. The app's pages get it too: one file
comes sooner than forty.
"""

from __future__ import annotations

import re
from functools import cache
from graphlib import CycleError, TopologicalSorter

from rbo_core.figures.player import WEB

ENTRY = "main.js"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";$', re.MULTILINE)
_LIGHT = {
    "primary-color": "#C25200", "background-color": "#FFFFFF", "secondary-background-color": "#F4F5F7",
    "text-color": "#1F2430", "border-color": "#DFE2E8", "link-color": "#0B63A5",
}  # fmt: skip
_DARK = {
    "primary-color": "#F08A3C", "background-color": "#12151C", "secondary-background-color": "#1D232D",
    "text-color": "#E8EAF0", "border-color": "#303744", "link-color": "#7CC0F2",
}  # fmt: skip
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE)


@cache
def bundle() -> str:
    """JavaScript that defines ``mount(component)`` and ``mountStrip(component)``, with nothing left to import.

    Raises:
        ValueError: when a module imports or exports in a way that is not handled here, or modules import in a circle.
    """
    sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(WEB.glob("*.js"))}
    needs = {name: [found for _, found in _IMPORT.findall(text)] for name, text in sources.items()}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise ValueError(f"modules of the player import each other in a circle: {error.args[1]}") from None
    parts = [_module(name, sources[name]) for name in order]
    return "\n".join([*parts, f"const {{ mount, mountStrip }} = {_handle(ENTRY)};"])


def style() -> str:
    """The player's style sheet."""
    return (WEB / "player.css").read_text(encoding="utf-8")


def theme(scope: str) -> str:
    """The app's light and dark colours as CSS variables of ``scope``, a selector, for homes without Streamlit."""
    dark = f"@media (prefers-color-scheme: dark) {{ {scope} {{ {_variables(_DARK)} }} }}"
    return f"{scope} {{ {_variables(_LIGHT)} }}\n{dark}\n"


def notebook_theme(scope: str) -> str:
    """As :func:`theme`, where ``data-theme`` says which of the two a notebook wears: it need not be the system's."""
    return f'{scope} {{ {_variables(_LIGHT)} }}\n{scope}[data-theme="dark"] {{ {_variables(_DARK)} }}\n'


def _variables(colors: dict[str, str]) -> str:
    return " ".join(f"--st-{name}: {value};" for name, value in colors.items())


def _module(name: str, text: str) -> str:
    names = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(_bind, text))
    left = re.search(r"^(?:import|export)\b.*$", body, re.MULTILINE)
    if left:
        raise ValueError(f"{name}: no bundle is made of {left.group()!r}")
    return f"const {_handle(name)} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();"


def _bind(match: re.Match[str]) -> str:
    return f"const {{{match[1].replace(' as ', ': ')}}} = {_handle(match[2])};"


def _handle(name: str) -> str:
    return "rbp_" + re.sub(r"\W", "_", name.removesuffix(".js"))
