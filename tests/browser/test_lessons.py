"""A lesson in a real browser: by keyboard on a projector, and on a phone."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"


def test_a_lesson_by_keyboard_on_a_projector(server, open_page):
    page = open_page(f"{server}/Lessons?lesson=ball&projector=1", reduced_motion="no-preference")
    page.wait_for_selector(".st-key-lesson_waiting .rbp[data-frame='0']")
    assert page.evaluate(f"{PLAYER}.clock.last") == 0  # nothing to play yet, and nothing to find out
    assert not page.locator(".lab-said").count()
    page.locator(".st-key-guess button", has_text="Over many wrinkles").press("Enter")
    page.wait_for_selector(".st-key-lesson_told .rbp-bar[data-playing='true']")
    page.get_by_text("So it is.").wait_for()
    page.wait_for_url("**guess=*")
    page.get_by_role("button", name="Next: What holds a ball").press("Enter")
    page.wait_for_selector(".st-key-lesson_waiting .rbp[data-frame='0']")
    page.wait_for_url("**lesson=*")
    page.wait_for_function(
        "document.querySelector('.rbp')?.__player.base?.racers.map(r => r.radius).join() === '1.2,1.3'"
    )
    page.wait_for_selector(".lab-said", state="detached")


def test_a_link_opens_a_told_lesson_at_a_step_on_a_phone(server, open_page):
    page = open_page(f"{server}/Lessons?lesson=costs&guess=1&at=40", width=400, height=860, has_touch=True)
    page.wait_for_selector(".rbp[data-frame='40']")
    assert "of 120" in page.locator(".rbp-step").inner_text()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 400


def test_in_a_low_window_the_bar_lies_below_the_picture_and_on_a_phone_the_ball_below_the_zoom_buttons(
    server, open_page
):
    page = open_page(f"{server}/Lessons?lesson=holds&guess=1&autoplay=0", width=640, height=400)
    page.wait_for_selector(".rbp[data-narrow=true][data-frame='0']")
    page.wait_for_function("""() => {
        const [stage, bar] = [".rbp-main", ".rbp-bar"].map((p) => document.querySelector(p).getBoundingClientRect());
        return stage.height > 120 && stage.bottom <= bar.top && bar.bottom <= 400;
    }""")  # once the page above has its place
    page.set_viewport_size({"width": 360, "height": 780})
    page.wait_for_function(f"document.querySelector('.rbp-main').offsetHeight > 300 && {PLAYER}.view.head > 0")
    page.wait_for_function("document.querySelector('.rbp-view').clientWidth < 360")
    page.wait_for_function(f"""() => {{
        const {{ cy, size }} = {PLAYER}.view.circle(0);
        const {{ top }} = document.querySelector(".rbp-view").getBoundingClientRect();
        return top + cy - size >= document.querySelector(".rbp-zoom").getBoundingClientRect().bottom - 1;
    }}""")
