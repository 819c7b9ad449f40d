"""A formula typed and a file uploaded in a real Chromium, and their links opened by a second visitor."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def ends(page) -> str:
    return page.get_attribute(".lab-said", "data-ends")


@pytest.fixture
def roll(server, open_page):
    """roll(address or query) -> the page Roll, its sentence there."""

    def open_(query: str):
        page = open_page(query if query.startswith("http") else f"{server}/Roll{query}")
        page.wait_for_selector(".lab-said")
        return page

    return open_


def test_a_formula_is_read_while_it_is_typed_and_travels_in_the_link(roll, settle):
    page = roll("?surface=formula&radius=0.3")
    before = ends(page)
    field = page.get_by_role("textbox", name="f(x) =")
    field.fill("a x^2 + 0.2|sin 7x|")
    # No Enter: it is read a quarter of a second after the last key, and the equation is typeset.
    page.wait_for_function("old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old", arg=before)
    settle(page)
    assert (
        "∣" in page.locator("[data-testid=stSidebar] .katex").first.inner_text() or page.locator(".katex").count() > 0
    )
    assert page.get_by_role("spinbutton", name=re.compile("^a$")).count() >= 1
    assert "formula_expression=" in page.url
    typed = ends(page)
    field.fill("a x^^2")
    page.get_by_text("Expected a number, a variable or an opening bracket").wait_for()
    assert ends(page) == typed
    field.fill("a x^2 + 0.2|sin 7x|")
    page.get_by_text("Expected a number").wait_for(state="detached")
    other = roll(page.url)
    assert ends(other) == typed


def test_an_uploaded_profile_is_found_again_by_a_second_visitor(roll, settle):
    page = roll("?surface=map&radius=0.1")
    before = ends(page)
    table = "x,z\n" + "\n".join(f"{0.05 * k:.2f},{0.01 * (k - 40) ** 2 % 0.7:.4f}" for k in range(81))
    page.locator("input[type=file]").set_input_files(
        {"name": "profile.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.wait_for_function("old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old", arg=before)
    settle(page)
    assert "map_heights=" in page.url
    other = roll(page.url)
    settle(other)
    assert ends(other) == ends(page)
