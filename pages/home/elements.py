"""Streamlit's own scripts of the elements on a page, by the names that its build gave them.

Streamlit fetches the script of an element when the first such element has come from the server, and then the scripts
which that one needs: two more ways to the server and back, between the answer and the first picture.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit

FOLDER = Path(streamlit.__file__).parent / "static" / "static" / "js"
EVERYWHERE = ("BidiComponent", "Html", "PageLink")
CONTROLS = ("Button", "ButtonGroup", "Checkbox", "NumberInput", "Selectbox", "Slider")
ELEMENTS: dict[str, tuple[str, ...]] = {
    "Roll": CONTROLS,
    "Race": (*CONTROLS, "TextInput"),
    "Iron": CONTROLS,
    "Phases": (*CONTROLS, "Progress"),
    "Train": CONTROLS,
    "Network_landscape": ("Button", "ButtonGroup", "NumberInput", "Slider"),
    "Network_phases": ("Button", "NumberInput", "Selectbox", "Slider"),
    "Results": ("ButtonGroup", "Selectbox", "TextInput"),
    "Lessons": ("ButtonGroup",),
}
"""What stands on a page beside or above its first picture, by the page's address; a table comes after the picture."""

_IMPORTED = re.compile(r"""(?:from|import)\s*[`"']\./([\w.-]+\.js)[`"']""")


@cache
def scripts(page: str) -> tuple[str, ...]:
    """Files of FOLDER for a page, each after what it imports; without what Streamlit's first page asks for itself.

    An element of which this Streamlit has no script of that name is left out: its script comes when it is asked for.
    """
    found: dict[str, None] = {}
    begun = set(re.findall(r"static/js/([\w.-]+\.js)", (FOLDER.parents[1] / "index.html").read_text(encoding="utf-8")))

    def take(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for other in _IMPORTED.findall((FOLDER / name).read_text(encoding="utf-8")):
            take(other)
        found[name] = None

    for element in (*EVERYWHERE, *ELEMENTS.get(page, ())):
        for file in FOLDER.glob(f"{element}.*.js"):
            take(file.name)
    return tuple(found)
