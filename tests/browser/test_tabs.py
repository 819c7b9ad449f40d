"""Tabs and folds stand in the address, one history entry a change; its keys undo and redo one (see test_walks)."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_tab_and_a_fold_stand_in_the_address(server, open_page, settle):
    page = open_page(f"{server}/Phases?v=1&cells=12&starts=1&steps=20")
    page.wait_for_selector("[aria-label=Undo]")
    entries = page.evaluate("history.length")
    page.get_by_role("tab", name="Data").click()
    page.wait_for_url("**tab=Data*")
    page.wait_for_function(f"history.length === {entries + 1}")
    page.reload()
    page.get_by_role("tab", name="Data", selected=True).wait_for()
    settle(page)
    page.go_back(wait_until="commit")
    page.wait_for_url(lambda url: "tab=" not in url)
    page.get_by_role("tab", name="Cut along ρ", selected=True).wait_for()
    page.go_forward(wait_until="commit")
    page.get_by_role("tab", name="Data", selected=True).wait_for()
    page.goto(f"{server}/Iron?v=1&look=spectrum")
    page.locator("details[open] summary", has_text="For researchers").click()
    page.wait_for_url(lambda url: "look=" not in url)


def test_keys_undo_and_redo_and_reset_brings_the_first_state(server, open_page, settle):
    name = "blur"
    page = open_page(f"{server}/Iron?v=1")
    page.wait_for_selector("[aria-label=Undo]")
    switch = page.locator(f".st-key-{name} input")
    first = switch.is_checked()

    def shows(on: bool) -> None:
        """The switch comes to say what the address says."""
        state = "true" if on else "false"
        page.wait_for_function(f"document.querySelector('.st-key-{name} input')?.checked === {state}")
        page.wait_for_url(lambda url: (f"{name}=" in url) == (on != first))
        settle(page)
        assert switch.is_checked() == on

    page.locator(f".st-key-{name} label").first.click()
    page.wait_for_url(f"**{name}=*")
    page.wait_for_selector("[aria-label=Undo]:not([disabled])")
    settle(page)
    page.locator("h1").click()
    for key, there in (("Control+z", False), ("Control+Shift+z", True)):
        page.keyboard.press(key)
        page.wait_for_url(lambda url, there=there: (f"{name}=" in url) == there)
        shows(first != there)
    page.get_by_role("button", name="All settings of this page to their defaults").click()
    page.wait_for_url(lambda url: f"{name}=" not in url)
    shows(first)
