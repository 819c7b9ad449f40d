"""A hand that is quicker than the page: before its controls are there, and two controls within a moment."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp')?.__player"
CONTROLS = re.compile(r"static/js/(NumberInput|Selectbox|Slider|ButtonGroup|Checkbox)\b")
SETTINGS = "radius=0.8&rivals=SGD&steps=600&seed=3&momentum=0.3"


def test_a_touch_before_the_controls_are_there_keeps_what_the_address_says(server, open_page, settle):
    held = []
    page = open_page(f"{server}/Results?v=1")  # scripts of controls come late to the page that is opened next
    page.route(CONTROLS, lambda route: held.append(route))
    page.goto(f"{server}/Roll?v=1&{SETTINGS}")
    page.wait_for_function(f"{PLAYER}?.drawn")
    assert page.get_by_test_id("stNumberInput").count() == 0
    page.evaluate(f"{PLAYER}.request('click', {{ x: [1] }})")
    page.wait_for_function(f"Math.abs({PLAYER}.base.racers[1].position[0] - 1) < 1e-3")
    assert page.evaluate(f"{PLAYER}.base.racers[0].radius") == pytest.approx(0.8)
    for route in held:
        route.continue_()
    page.unroute_all()
    page.wait_for_selector(".st-key-pair_momentum input[type=range]")
    settle(page)
    shown = {name: page.locator(f".st-key-{name} input").input_value() for name in ("start", "radius", "steps", "seed")}
    assert shown == {"start": "1", "radius": "0.8", "steps": "600", "seed": "3"}
    assert set(SETTINGS.split("&")) < set(page.url.split("?")[1].split("&"))


def test_two_controls_within_a_moment_are_two_changes_also_after_a_reload(server, open_page, settle):
    page = open_page(f"{server}/Roll?v=1&steps=100")
    page.locator(".st-key-ironed input").wait_for(state="attached")
    page.locator("h1").click()  # what a script does after it counts as a hand's
    undone = "labPast.undos"
    before = page.evaluate(undone)
    page.evaluate("""() => {
      document.querySelector('.st-key-ironed input').click();
      [...document.querySelectorAll('.st-key-axis button')].at(-1).click();
    }""")
    page.wait_for_function(f"{undone} === {before + 2}")
    settle(page)
    page.go_back(wait_until="commit")
    page.wait_for_function("!document.querySelector('.st-key-axis button:last-of-type[aria-checked=true]')")
    assert "axis=" not in page.url
    assert "ironed=" in page.url
    settle(page)
    page.reload()
    redo = page.get_by_role("button", name="Redo")
    redo.click()  # which waits until it can be pressed
    page.wait_for_url("**axis=*")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "axis=" not in url and "ironed=" in url)


def test_a_slider_and_another_soon_after_are_both_heard(server, open_page, settle):
    page = open_page(f"{server}/Roll?v=1&steps=100")
    for name in ("radius", "momentum"):
        page.locator(f".st-key-pair_{name} input[type=range]").focus()
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**momentum=*")
    page.wait_for_url("**radius=*")
    settle(page)
    assert page.evaluate("labPast.undos") == 2
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "momentum=" not in url and "radius=" in url)
