"""Numbers as people write them: every number box of every page takes a decimal comma and refuses what may be two."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from docs.addresses import RIVALS, STATES, opened
from pages.shared.typed import read
from tests.typed import TYPED

ALL_BOXES: dict[str, list[dict[str, Any]]] = {
    "Home": [],
    "Roll": [RIVALS | {"projection": "newton", "breathe": "true"}, {"mode": "step", "projection": "gradient"}],
    "Race": [RIVALS | {"projection": "newton"}, {"mode": "step"}, {"mode": "starts", "projection": "gradient"}],
    "Iron": [{}],
    "Phases": [{"projection": "newton"}, {"projection": "gradient", "ground": "surface"}],
    "Train": [{"radius_schedule": "cosine"}],
    "Network landscape": [{}],
    "Network phases": [{}, {"projection": "gradient"}],
    "Results": [],
    "Lessons": [],
}
"""Settings under which a page shows all of its number boxes; none where it has none."""
CHEAP = {"steps": "10", "cells": "12", "starts": "1", "starts_side": "4", "starts_steps": "50"}


@pytest.mark.parametrize(("text", "whole", "wanted"), TYPED)
def test_an_address_is_read_as_a_box_is(text: str, whole: bool, wanted: str) -> None:
    if " " in wanted:
        with pytest.raises(ValueError, match=wanted):
            read(text, whole)
    else:
        assert read(text, whole) == float(wanted)


def whole(box: Any) -> bool:
    return isinstance(box.value, int)


def another(page: AppTest, key: str) -> str:
    """Another value that the slider beside a box offers, with a decimal comma."""
    (slider,) = (slider for slider in page.select_slider if slider.key.split("_slider")[0] == key)
    places = [text.replace("\N{MINUS SIGN}", "-") for text in slider.options]
    now = page.number_input(key=key).value
    plain = [text for text in places if not re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) and float(text) != now]
    nearest = min(plain, key=lambda text: abs(float(text) - now))
    return nearest.replace(".", ",") if "." in nearest else f"{nearest},0"


def seen(title: str, query: dict[str, Any]) -> AppTest:
    page = opened(title, query)
    assert not page.exception
    return page


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("title", STATES)
def test_every_box_takes_a_decimal_comma_and_refuses_what_may_be_two_numbers(
    title: str, queue: object, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", data)
    assert ALL_BOXES[title] or not opened(title, {}).number_input
    tried: set[str] = set()
    for query in ALL_BOXES[title]:
        page = seen(title, CHEAP | query)
        boxes = {box.key: box for box in page.number_input if box.key not in tried}
        tried |= boxes.keys()
        for key, box in boxes.items():  # by which typed.js knows whether a box wants a whole number
            assert box.placeholder == ("whole number" if whole(box) else "number"), key
        commas = {key: another(page, key) for key, box in boxes.items() if not whole(box)}
        page = seen(title, CHEAP | query | commas)
        assert [error.value for error in page.error] == []
        for key, text in commas.items():
            assert page.number_input(key=key).value == float(text.replace(",", ".")), key
        page = seen(title, query | {key: "1.000" if whole(box) else "1,234" for key, box in boxes.items()})
        said = [error.value for error in page.error]
        for key, box in boxes.items():
            wanted = "'1.000', which may be 1 or 1000" if whole(box) else "'1,234', which may be 1.234 or 1234"
            assert any(box.label in words and f"{wanted}: write one of these" in words for words in said), key
            assert page.number_input(key=key).value == page.session_state["_defaults"][key], key


def test_the_radius_of_home_is_read_likewise() -> None:
    said, refused = (opened("Home", {"radius": text}) for text in ("0,4", "1,234"))
    assert not said.error and not said.exception
    assert "which may be 1.234 or 1234: write one of these" in refused.error[0].value
