"""What the first page of the lab names for the browser to fetch: existing scripts, those of its elements too."""

from __future__ import annotations

import re

import pytest

from pages.home.elements import CONTROLS, ELEMENTS, EVERYWHERE, FOLDER, scripts
from pages.home.needed import later, needed
from pages.shared import static


@pytest.mark.parametrize(
    "element", sorted({*EVERYWHERE, *CONTROLS, *(one for page in ELEMENTS.values() for one in page)})
)
def test_this_streamlit_has_a_script_of_every_element(element: str) -> None:
    assert len(list(FOLDER.glob(f"{element}.*.js"))) == 1


def test_a_page_names_all_that_its_elements_import_and_nothing_that_streamlit_names_itself() -> None:
    found = scripts("Train")
    first = (FOLDER.parents[1] / "index.html").read_text(encoding="utf-8")
    assert any(name.startswith("Slider.") for name in found) and not any(name in first for name in found)
    known = {*found, *re.findall(r"static/js/([\w.-]+\.js)", first)}
    for name in found:
        assert set(re.findall(r"from\s*[`\"']\./([\w.-]+\.js)", (FOLDER / name).read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize(("page", "first"), [("", "player.js"), ("Race", "player.js"), ("Train", "plotly.js")])
def test_the_script_of_the_picture_comes_first(page: str, first: str) -> None:
    names = needed(page)
    assert names[0].startswith("app/static/") and names[0].endswith(first)
    assert (static.FOLDER / names[0].removeprefix("app/static/")).is_file()
    assert len(set(names)) == len(names)
    assert any(name.endswith("/early.js") for name in names) == (page == "Race")


def test_home_alone_asks_later_for_what_the_other_pages_need() -> None:
    after = later("")
    assert {name for page in ELEMENTS for name in needed(page)} <= {*after, *needed("")}
    assert any(name.endswith("/plotly.js") for name in after) and not set(after) & set(needed(""))
    assert later("Train") == []
