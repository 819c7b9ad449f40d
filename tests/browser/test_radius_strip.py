"""The radius strip in a real Chromium: dragging needs no server, letting go asks for that radius, on every page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from rbo_core.ironing import iron
from tests.browser.waits import answered, at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
STRIP = ".rbp-radius[data-runs='33']"
AT_END = f"(p => p.clock.seek(p.clock.last))({PLAYER})"


@pytest.fixture(scope="module")
def roll(server, open_lasting_page):
    page = open_lasting_page(f"{server}/Roll")
    page.wait_for_selector(STRIP)
    at_rest(page)
    return page


def said(page) -> str:
    return page.locator(".lab-said").inner_text()


def says_else(page, before: str) -> None:
    page.wait_for_function("old => document.querySelector('.lab-said').innerText !== old", arg=before)


def drag(page, radius: float) -> None:
    """Hold the strip's handle at a radius."""
    page.wait_for_function(f"{PLAYER}.strip.X")  # it is drawn
    box = page.locator(".rbp-radius").bounding_box()
    for k, value in enumerate((page.evaluate(f"{PLAYER}.strip.value"), radius)):
        page.mouse.move(box["x"] + page.evaluate(f"{PLAYER}.strip.X({value})"), box["y"] + 30, steps=1 + 3 * k)
        if k == 0:
            page.mouse.down()


def test_the_curve_ironed_in_the_browser_is_that_of_the_core(roll):
    ground = roll.evaluate(f"(p => [Array.from(p.base.ground.x), Array.from(p.base.ground.heights)])({PLAYER})")
    x, heights = (np.array(values) for values in ground)
    for radius in (0.05, 0.4, 2.0):
        shown, used = roll.evaluate(
            f"(p => {{ p.preview({radius});"
            f" return [Array.from(p.scene.ground.ironed), p.scene.racers[0].radius]; }})({PLAYER})"
        )
        assert np.allclose(shown, iron(heights, x[1] - x[0], used).ironed, atol=1e-6)
    roll.evaluate(f"{PLAYER}.settle()")


def test_dragging_follows_without_the_server_and_letting_go_asks_for_that_radius(roll, settle):
    before, address = said(roll), roll.url
    drag(roll, 0.2)
    roll.wait_for_function(f"{PLAYER}.scene.racers[0].radius < 0.25")
    says_else(roll, before)
    roll.wait_for_function("document.querySelector('.lab-said').innerText.includes('x = −2.4')")
    assert roll.url == address
    roll.mouse.up()
    roll.wait_for_url("**radius=0.2*")
    roll.wait_for_function(f"(p => p.scene === p.base && Math.abs(p.base.racers[0].radius - 0.2) < 0.005)({PLAYER})")
    settle(roll)
    assert "x = −2.4" in said(roll)


def test_a_drag_back_to_where_it_was_asks_for_nothing(roll):
    before, address = said(roll), roll.url
    own = roll.evaluate(f"{PLAYER}.base.radius.value")
    drag(roll, 1.6)
    roll.wait_for_function(f"{PLAYER}.scene.racers[0].radius > 1")
    says_else(roll, before)
    drag_back = roll.locator(".rbp-radius").bounding_box()
    roll.mouse.move(drag_back["x"] + roll.evaluate(f"{PLAYER}.strip.X({own})"), drag_back["y"] + 30, steps=2)
    roll.mouse.up()
    roll.wait_for_function(f"{PLAYER}.scene === {PLAYER}.base")
    assert (said(roll), roll.url) == (before, address)


def test_the_strip_by_keyboard(roll, settle):
    own = roll.evaluate(f"{PLAYER}.base.radius.value")
    strip = roll.get_by_role("slider", name="Radius ρ of the ball")
    strip.press("PageUp")
    roll.wait_for_function(f"{PLAYER}.base.radius.value > {1.5 * own}")
    shown = "Number(document.querySelector('.rbp-radius').getAttribute('aria-valuenow'))"
    roll.wait_for_function(f"{shown} === {PLAYER}.base.radius.value")
    settle(roll)


def test_the_rim_sets_the_radius_and_the_body_the_start(roll, settle):
    roll.evaluate(AT_END)
    view = roll.locator(".rbp-view").bounding_box()
    place = f"""(p => {{ const v = p.view, r = p.scene.racers[0], n = r.n - 1;
        return [v.X(r.center[2 * n]), v.Y(r.center[2 * n + 1]), r.radius * v.k, r.radius]; }})({PLAYER})"""
    x, y, size, radius = roll.evaluate(place)
    roll.mouse.move(view["x"] + x + size, view["y"] + y)
    roll.mouse.down()
    roll.mouse.move(view["x"] + x + 1.5 * size, view["y"] + y, steps=3)
    roll.mouse.up()
    roll.wait_for_function(f"Math.abs({PLAYER}.base.radius.value / {radius} - 1.5) < 0.1")
    settle(roll)
    roll.evaluate(AT_END)
    x, y, size, radius = roll.evaluate(place)
    goal = roll.evaluate(f"{PLAYER}.view.X(1.5)")
    roll.mouse.move(view["x"] + x, view["y"] + y)
    roll.mouse.down()
    roll.mouse.move(view["x"] + goal, view["y"] + y, steps=3)
    roll.mouse.up()
    roll.wait_for_url("**start=1.5*")


def test_a_press_on_the_ball_stays_a_click_when_the_page_moves_under_the_hand(roll):
    answered(roll)
    roll.evaluate(AT_END)
    view = roll.locator(".rbp-view").bounding_box()
    x, y = roll.evaluate(
        f"(p => {{ const c = p.view.circle(p.clock.frame); return [c.cx + c.size / 2, c.cy]; }})({PLAYER})"
    )
    pressed = roll.evaluate(f"{PLAYER}.view.toX({x})")
    roll.mouse.move(view["x"] + x, view["y"] + y)
    roll.mouse.down()
    roll.evaluate(f"{PLAYER}.root.style.transform = 'translateX(-30px)'")
    roll.mouse.move(view["x"] + x + 1, view["y"] + y)
    roll.mouse.up()
    roll.evaluate(f"{PLAYER}.root.style.transform = ''")
    roll.wait_for_url(lambda url: "start" in url and "start=1.5" not in url)
    start = float(parse_qs(urlsplit(roll.url).query)["start"][0])
    assert start == pytest.approx(pressed, abs=0.01)


@pytest.mark.parametrize(("path", "runs"), [("", 33), ("Race", 17)])
def test_home_and_race_have_it_too(server, open_page, path, runs):
    page = open_page(f"{server}/{path}")
    page.wait_for_selector(f".rbp-radius[data-runs='{runs}']")
    answered(page)
    before = said(page)
    page.evaluate(f"window.ground = {PLAYER}.view.ground")
    drag(page, 0.05)
    page.wait_for_function(f"{PLAYER}.scene.racers[0].radius < 0.07")
    says_else(page, before)
    assert page.evaluate(f"{PLAYER}.view.ground === window.ground")  # a surface's mesh is not made again
    page.mouse.up()
    page.wait_for_url("**radius=0.05*")
