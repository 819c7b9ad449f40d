"""A formula typed, a file uploaded and a curve drawn in a real Chromium; a second visitor opens their links."""

from __future__ import annotations

import re

import pytest

from tests.browser.waits import comes_true

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
AT_REST = f"(p => !p.draft.rolling && p.base.drawing.text === p.pencil.text && !p.base.drawing.draft)({PLAYER})"


def ends(page) -> str:
    return page.get_attribute(".lab-said", "data-ends")


def picture(page) -> str:
    """The canvas of the run's last frame, as the browser drew it, without what a pointer or the focus adds."""
    page.evaluate("document.fonts.ready.then(() => 0)")
    return page.evaluate(
        f"(p => {{ document.activeElement?.blur(); p.view.hover = null; p.clock.seek(p.clock.last); p.paint(0);"
        f" return p.main.querySelector('canvas').toDataURL(); }})({PLAYER})"
    )


def alike(page, other) -> None:
    """Wait until two pages say and draw the same."""
    comes_true(page, lambda: ends(other) == ends(page) and picture(other) == picture(page))


@pytest.fixture
def roll(server, open_page):
    """roll(address or query) -> the page Roll, its sentence there."""

    def open_(query: str):
        page = open_page(query if query.startswith("http") else f"{server}/Roll{query}")
        page.wait_for_selector(".lab-said")
        page.wait_for_selector(".rbp[data-frame]")
        return page

    return open_


def test_a_formula_is_read_while_it_is_typed_and_travels_in_the_link(roll, settle):
    page = roll("?surface=formula&radius=0.3")
    before = ends(page)
    field = page.get_by_role("textbox", name="f(x) =")
    field.fill("a x^2 + 0.2|sin 7x|")
    # No Enter: it is read a quarter of a second after the last key, and the equation is typeset.
    page.wait_for_function("old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old", arg=before)
    page.get_by_test_id("stSidebar").locator(".katex").first.wait_for()
    page.get_by_role("spinbutton", name=re.compile("^a$")).first.wait_for()
    page.wait_for_url("**formula_expression=*")
    settle(page)
    typed = ends(page)
    field.fill("a x^^2")
    page.get_by_text("Expected a number, a variable or an opening bracket").wait_for()
    assert ends(page) == typed
    field.fill("a x^2 + 0.2|sin 7x|")
    page.get_by_text("Expected a number").wait_for(state="detached")
    settle(page)
    other = roll(page.url)
    alike(page, other)
    assert ends(other) == typed


def test_an_uploaded_profile_is_found_again_by_a_second_visitor(roll, settle):
    page = roll("?surface=map&radius=0.1")
    before = ends(page)
    table = "x,z\n" + "\n".join(f"{0.05 * k:.2f},{0.01 * (k - 40) ** 2 % 0.7:.4f}" for k in range(81))
    page.locator("input[type=file]").set_input_files(
        {"name": "profile.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.wait_for_function("old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old", arg=before)
    page.wait_for_url("**map_heights=*")
    settle(page)
    alike(page, roll(page.url))


def screen(page):
    """(x, height) in the picture -> where that is on the screen."""
    box = page.locator(".rbp-view").bounding_box()
    left, top, across, up = page.evaluate(f"(v => [v.X(0), v.Y(0), v.X(1) - v.X(0), v.Y(1) - v.Y(0)])({PLAYER}.view)")
    return lambda x, height: (box["x"] + left + across * x, box["y"] + top + up * height)


def knots(page) -> str:
    return page.evaluate(f"{PLAYER}.pencil.text")


def test_a_curve_is_drawn_dragged_undone_and_found_again_by_a_second_visitor(roll, settle):
    page = roll("?surface=drawing")
    settle(page)
    first = knots(page)
    page.evaluate(f"{PLAYER}.clock.seek({PLAYER}.clock.last)")  # the ball is out of the way
    at = screen(page)
    page.mouse.move(*at(-2.9, 1.9))
    page.mouse.down()
    for k in range(16):
        page.mouse.move(*at(-2.8 + 0.3 * k, 0.3 + 0.2 * (k % 5)))
    # The ball rolls on what is drawn while the hand still moves, and the address is told.
    rolls = "p.base.drawing.draft && p.base.drawing.text === p.pencil.text && p.draft.rolling"
    page.wait_for_function(f"(p => {rolls})({PLAYER})")
    page.mouse.up()
    page.wait_for_function(AT_REST)
    page.wait_for_function("labPast.undos === 1 && !labPast.waiting")  # what follows at once would belong to it
    drawn = knots(page)
    assert first != drawn
    assert 8 <= len(drawn) <= 256
    page.wait_for_url(lambda url: drawn in url)
    off = "(p => Math.max(...p.pencil.heights(p.base.ground.x).map((h, i) => Math.abs(h - p.base.ground.heights[i]))))"
    assert page.evaluate(f"{off}({PLAYER})") < 1e-5  # the browser's spline is the core's

    handle = page.get_by_role("slider", name=re.compile("of the drawn curve"))
    handle.focus()
    page.keyboard.press("Home")
    height = float(handle.get_attribute("aria-valuenow"))
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-label").startswith("Knot 2 of")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(height - 0.04, abs=1e-3)
    page.wait_for_function(AT_REST)
    page.wait_for_function("labPast.undos === 2")
    bent = knots(page)
    assert bent != drawn
    page.wait_for_url(lambda url: bent in url)

    other = roll(page.url)
    assert knots(other) == bent
    alike(page, other)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"(p => p.base.drawing.text === '{drawn}' && p.pencil.text === '{drawn}')({PLAYER})")


def test_a_finger_drags_a_knot_and_takes_one_away_on_a_phone(server, open_page, settle):
    page = open_page(f"{server}/Iron?surface=drawing", width=400, has_touch=True, is_mobile=True)
    page.wait_for_selector(".rbp-draw[data-knots='33']")
    settle(page)
    first = knots(page)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *place: float) -> None:
        points = [{"x": place[0], "y": place[1]}] if place else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, height = page.evaluate(f"(p => p.pencil.place(p.pencil.knots[16]))({PLAYER})")
    at = screen(page)
    touch("touchStart", *at(x, height))
    touch("touchMove", *at(x, height + 0.4))
    touch("touchMove", *at(x, 1.0))
    touch("touchEnd")
    page.wait_for_function(AT_REST)
    dragged = knots(page)
    assert dragged != first
    assert page.evaluate(f"(p => p.pencil.place(p.pencil.knots[16]))({PLAYER})") == pytest.approx([x, 1.0], abs=0.05)
    page.get_by_role("button", name="Take the chosen dot away").click()
    page.wait_for_selector(".rbp-draw[data-knots='32']")
    page.wait_for_function(AT_REST)
    assert len(knots(page)) == 4 * 32
