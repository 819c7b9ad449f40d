"""Writes docs/addresses.md: every setting that stands in the address of a page, read off the pages themselves.

python -m docs.addresses
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Expander

import landscapes
from rbo_core import METHODS
from rbo_core.settings import settings_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("addresses.md")
RIVALS = {"rivals": [name for name in METHODS if name != "rbo"]}
PROJECTIONS = next(tuple(one.choices) for one in settings_of(METHODS["rbo"]) if one.name == "projection")
ROLLED: list[dict[str, Any]] = [RIVALS, *({"projection": name} for name in PROJECTIONS)]
# Settings under which a page shows all of its controls, page by page; {} is the page as it opens.
STATES: dict[str, list[dict[str, Any]]] = {
    "Home": [],
    "Roll": [*ROLLED, {"breathe": "true"}, {"mode": "step"}],
    "Race": [*ROLLED, {"mode": "step"}, {"mode": "starts"}],
    "Iron": [{"closer": "true"}, {"ground": "surface", "closer": "true"}],
    "Phases": [{"ground": "surface"}, *({"projection": name} for name in PROJECTIONS)],
    "Train": [{"radius_schedule": "cosine"}],
    "Network landscape": [],
    "Network phases": [],
    "Results": [],
    "Lessons": [],
}
KINDS = {
    "NumberInput": "number",
    "Selectbox": "one of a list",
    "ButtonGroup": "one or several of a list",
    "Multiselect": "several of a list",
    "Toggle": "true or false",
    "Checkbox": "true or false",
    "Radio": "one of a list",
}
ROOM = "room for controls, each of which stands in the address"
WORDS = "words that are always the same"
OUTSIDE = {
    "Advanced": ROOM,
    "Its equation": WORDS,
    "Its equation and text": ROOM,
    "Its grid": ROOM,
    "Its shape and equation": ROOM,
    "Spacing, units, holes": ROOM,
    "Steps, noise and seed": ROOM,
    "Their settings": ROOM,
    "Training": ROOM,
    "How this works": WORDS,
    "The step as a formula": WORDS,
    "Cite": WORDS,
    "Python": "follows from the address",
    "A map of your own": "a file stays in the window in which it was opened",
    "File": "a file stays in the window in which it was opened",
    "Open a plane from a notebook": "a file stays in the window in which it was opened",
    "Single runs": "which rows are ticked: the runs are the server's, and come and go",
}
"""What a visitor can open or turn although no address says it, by its label, and why."""
TURNED = ("expander", "popover", "tab_container", "file_uploader", "text_input", "text_area", "slider", "color_picker")
HEAD = """# Every setting in an address

A page's address holds what differs from its defaults, so a link shows what you saw. `v` is the version of the defaults
it relies on. Settings of a surface are called `SURFACE_PARAMETER` (`wrinkled_bowl_wavelength=0.3`); they stand at the
end, once for all pages. Written by `python -m docs.addresses`; a test compares it with the pages.

On every page an address may also say how it is looked at: `hide=` (any of `controls`, `strip`, `readouts`, `sentence`,
`presets`, `tools`, with commas between), `at=40` (the film waits at step 40), `autoplay=0` (it does not start by
itself)
and `projector=1` (large type and thick lines, without controls). *Link* at the top of a page writes such an address and
shows it as a QR code. Home has one setting, `radius`. `Lessons?lesson=holds` opens one lesson, which waits for a
prediction; with `guess=2` the second answer has been given (the answers count from 1; their words do as well).
"""


@dataclass(frozen=True)
class Found:
    """A setting in an address: its name, what the control is called, its kind and its first value."""

    name: str
    label: str
    kind: str
    default: str


def settings_in(page: AppTest) -> Iterator[Found]:
    """Every control of a page that stands in its address."""
    for element in _elements(page._tree):
        if isinstance(element, Expander):
            if element.proto.query_param_key:
                yield Found(element.proto.query_param_key, element.label, "true or false", str(element.proto.expanded))
        elif element.type == "tab_container":
            bound = element.proto.tab_container
            if bound.query_param_key:
                yield Found(bound.query_param_key, "tabs", "one of a list", bound.default_tab_label)
        elif key := getattr(getattr(element, "proto", None), "query_param_key", ""):
            default = element.value
            shown = ",".join(map(str, default)) if isinstance(default, list | tuple) else f"{default}"
            yield Found(key, element.label, KINDS.get(type(element).__name__, "text"), shown)


def outside(page: AppTest) -> set[str]:
    """The labels of what a visitor can open, turn or choose on a page that no address says."""
    found = set()
    for element in _elements(page._tree):
        proto = getattr(element, "proto", None)
        if element.type == "tab_container":
            proto = proto.tab_container
        elif element.type == "popover":
            proto = proto.popover
        turned = element.type in TURNED or type(element).__name__ in KINDS
        if turned and not getattr(proto, "query_param_key", ""):
            found.add(getattr(element, "label", "") or getattr(proto, "label", "") or element.type)
    return found


def _elements(node: Any) -> Iterator[Any]:
    for child in getattr(node, "children", {}).values():
        yield child
        yield from _elements(child)


def file_of(title: str) -> Path:
    """The script of a page."""
    if title == "Home":
        return ROOT / "app.py"
    (file,) = (ROOT / "pages").glob(f"[0-9]*_{title.replace(' ', '_')}.py")
    return file


def opened(title: str, query: dict[str, Any]) -> AppTest:
    """A page as a link with these settings opens it."""
    page = AppTest.from_file(str(file_of(title)), default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def table_of(title: str) -> dict[str, Found]:
    """The settings of one page, in the order in which they are met; a surface's own are left out."""
    own = surface_settings()
    found: dict[str, Found] = {}
    for query in ({}, *STATES[title]):
        for one in settings_in(opened(title, query)):
            if one.name not in own:
                found.setdefault(one.name, one)
    return found


def surface_settings() -> dict[str, Found]:
    """The parameters of every surface, as they stand in an address."""
    found: dict[str, Found] = {}
    for dim in (1, 2):
        for name in landscapes.names(dim):
            for one in landscapes.parameters(name, dim):
                key = f"{name}_{one.name}"
                if isinstance(one, landscapes.Text):
                    found.setdefault(key, Found(key, one.label, "text", one.default.replace("|", "\\|")))
                else:
                    found.setdefault(key, Found(key, one.label, f"{one.low:g} to {one.high:g}", f"{one.default:g}"))
    return found


def text() -> str:
    """The whole page of the manual."""
    parts = [HEAD]
    for title in STATES:
        rows = table_of(title)
        if rows:
            parts.append(f"\n## {title}\n\n| name | control | kind | at first |\n| --- | --- | --- | --- |")
            parts += [f"| `{one.name}` | {one.label} | {one.kind} | {one.default} |" for one in rows.values()]
    parts.append("\n## Surfaces\n\n| name | control | range | at first |\n| --- | --- | --- | --- |")
    parts += [f"| `{one.name}` | {one.label} | {one.kind} | {one.default} |" for one in surface_settings().values()]
    parts.append("\n## What no address says\n\n| part of a page | why |\n| --- | --- |")
    parts += [f"| {label} | {why} |" for label, why in OUTSIDE.items()]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("RBO_DATA_DIR", tempfile.mkdtemp(prefix="rbo-addresses-"))
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
