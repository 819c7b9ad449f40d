"""The page Race in a real Chromium: clicks place the start, the camera stays, basin maps come and can be cancelled."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
QUICK = "steps=200&radii=0.8"


@pytest.fixture
def race(server, open_page):
    def race_(query: str = QUICK, **options):
        page = open_page(f"{server}/Race?{query}", **options)
        page.wait_for_selector(".rbp[data-frame]", timeout=60_000)
        return page

    return race_


def test_a_click_on_the_map_starts_all_racers_there_and_the_address_says_so(race, settle):
    page = race()
    box = page.locator(".rbp-contour").bounding_box()
    at = page.evaluate(f"[{PLAYER}.contour.X(1.5), {PLAYER}.contour.Y(-1)]")
    page.mouse.click(box["x"] + at[0], box["y"] + at[1])
    page.wait_for_function(f"Math.abs({PLAYER}.scene.racers[2].position[0] - 1.5) < 0.1")
    firsts = page.evaluate(f"{PLAYER}.scene.racers.map((r) => Array.from((r.center || r.position).slice(0, 2)))")
    assert np.allclose(firsts, [1.5, -1.0], atol=0.05)
    settle(page)
    start = [float(re.search(rf"start_{axis}=(-?[\d.]+)", page.url)[1]) for axis in "xy"]
    assert np.allclose(start, [1.5, -1.0], atol=0.05)


def test_the_camera_stays_when_a_slider_changes_the_race(race):
    page = race()
    box = page.locator(".rbp-over").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 230, steps=5)
    page.mouse.up()
    view = f"(({{view: {{camera: c}}}}) => [c.azimuth, c.elevation, c.zoom])({PLAYER})"
    before = page.evaluate(view)
    loss = page.evaluate(f"{PLAYER}.scene.racers[2].loss.at(-1)")
    page.get_by_test_id("stSidebar").get_by_role("slider", name="radius ρ").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{PLAYER}.scene.racers[0].radius > 0.401", timeout=30_000)
    assert page.evaluate(view) == before
    assert page.evaluate(f"{PLAYER}.scene.racers[2].loss.at(-1)") == loss


def test_one_step_in_slow_motion_shows_three_projections(race):
    page = race("mode=step")
    page.wait_for_selector(".rbp-panels canvas")
    assert page.locator(".rbp-panels figcaption").all_inner_texts() == ["Rigid (exact)", "Newton", "Gradient (paper)"]
    page.get_by_label("Frame").fill("120")
    page.get_by_text("It touches and does not sink.").wait_for()
    assert page.get_by_text(re.compile(r"It sinks in by \d+ % of ρ")).count() >= 1


def test_many_starts_can_be_cancelled_and_then_run(server, open_page, settle):
    page = open_page(f"{server}/Race?mode=starts&starts_side=20&starts_steps=1000")
    page.get_by_role("button", name=re.compile("Roll from 400 starts")).click()
    page.get_by_role("button", name="Cancel").click(timeout=30_000)
    settle(page)
    assert page.get_by_text("Every square becomes a start").count() == 1
    assert page.get_by_role("button", name="Cancel").count() == 0
    page.goto(f"{server}/Race?mode=starts&starts_side=5&starts_steps=50")
    page.get_by_role("button", name=re.compile("Roll from 25 starts")).click()
    page.get_by_text(re.compile("of 25 starts")).wait_for(timeout=60_000)
    page.locator(".js-plotly-plot .heatmaplayer").nth(2).wait_for(state="attached")


def test_narrow_screens_do_not_scroll_sideways(race):
    page = race(width=400)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 400
