"""Network landscape and Network phases in a real Chromium: train, compute, roll; train a grid, click a cell."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.waits import answered, at_rest

PLAYER = "document.querySelector('.rbp').__player"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_an_empty_store_to_a_ball_on_a_networks_plane(server, open_page, press):
    page = open_page(f"{server}/Network_landscape?size=31")
    page.get_by_text("No run is stored here yet").wait_for()
    page.locator(".st-key-plane_loss .js-plotly-plot").wait_for()
    press(page.get_by_role("button", name=re.compile("Train the ball")))
    page.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
    press(page.get_by_role("button", name="Compute the plane"))
    page.get_by_text(
        re.compile(r"Loss on a .* plane, 31 × 31 · .* Done\.")
    ).wait_for()  # the example's is on the page too
    answered(page)
    page.locator(".st-key-plane_loss .js-plotly-plot").wait_for()
    assert "of all the paths" in page.locator(".lab-said").inner_text()
    press(page.get_by_role("radio", name="Roll a ball"))
    assert "lowest point of this plane" in page.locator(".lab-said[data-view=roll]").inner_text()
    # The arrow keys move the place where ball and point start, on the map below the film.
    above = page.locator(".st-key-plane_start [role=application]")
    above.wait_for()
    page.wait_for_function(f"document.querySelector('.rbp[data-frame]') && {PLAYER}.base?.racers.length === 2")
    answered(page)
    before = page.evaluate(f"{PLAYER}.base.racers.map(one => Array.from(one.position.slice(0, 2)))")
    above.press("ArrowLeft")
    page.wait_for_url(re.compile(r"start=-?[0-9.]+(,|%2C)-?[0-9.]+"))
    page.wait_for_function(f"{PLAYER}.base.racers[1].position[0] < {before[1][0]} - 1e-3")
    press(page.get_by_role("radio", name="Label noise"))
    page.locator(".lab-said[data-view=noise]").wait_for()
    answered(page)
    # The example is still there.
    page.goto(f"{server}/Network_landscape?run=example")
    page.get_by_text("This is the example").wait_for()
    page.locator(".st-key-plane_loss .js-plotly-plot").wait_for()


def test_a_map_fills_is_kept_when_it_is_cancelled_and_goes_on(server, open_page, press):
    page = open_page(f"{server}/Network_phases?cells=8&epochs=15")
    page.get_by_text("Not trained yet: 64 networks").wait_for()
    press(page.get_by_role("button", name=re.compile(r"Train the map, about \d+ s")))
    page.locator(".lab-said[data-verdict=unfinished]").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).first.click()
    going_on = page.get_by_role("button", name=re.compile("Go on: the other"))
    going_on.wait_for()
    page.get_by_text("Cancelled; what was finished is kept.").wait_for()
    answered(page)
    there = int(page.locator(".lab-said[data-cells]").get_attribute("data-cells"))
    assert 0 < there < 64
    assert f"the other {64 - there} networks" in going_on.inner_text()
    page.reload()
    page.locator(f".lab-said[data-cells='{there}']").wait_for()


def test_the_arrow_keys_move_the_cell_and_say_what_it_is(server, open_page):
    page = open_page(f"{server}/Network_phases", color_scheme="dark")
    cells = page.locator(".st-key-network_map [role=application]")
    cells.wait_for()
    assert "ρ = 0.788, η = 0.633: validation accuracy 99%" in cells.get_attribute("aria-label")
    at_rest(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]] == []
    cells.focus()
    for _ in range(3):
        cells.press("ArrowUp")
    page.locator(".lab-unseen").get_by_text("η = 1.79: validation accuracy 8%, unstable").or_(
        page.locator(".lab-unseen").get_by_text("η = 3: validation accuracy")
    ).first.wait_for(state="attached")
    page.wait_for_url(re.compile(r"cell=0\.788\d*(,|%2C)"))
    page.locator(".cell-head").get_by_text("unstable: a smaller η learns").wait_for()
    answered(page)
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    page.keyboard.press("?")
    page.get_by_text("← → ↑ ↓ on a map").wait_for()


def test_a_grid_is_trained_and_a_click_chooses_its_cell(server, open_page, settle, press):
    page = open_page(f"{server}/Network_phases?cells=8&epochs=1")
    press(page.get_by_role("button", name="Train the map"))
    page.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
    plot = page.locator(".st-key-network_map .js-plotly-plot")
    page.locator(".lab-said[data-cells='64']").wait_for()  # a map that fills moves and forgets where the pointer is
    page.get_by_role("button", name="Cancel", exact=True).wait_for(state="detached")
    plot.wait_for()
    settle(page)
    at_rest(page)
    where = plot.evaluate(
        """p => { const f = p._fullLayout, b = p.getBoundingClientRect();
        return [b.left + f.xaxis._offset + f.xaxis.l2p(-2), b.top + f.yaxis._offset + f.yaxis.l2p(-2)]; }"""
    )
    page.mouse.move(where[0] + 3, where[1])
    page.mouse.move(where[0], where[1])
    page.locator(".st-key-network_map .hoverlayer .hovertext").first.wait_for()
    page.mouse.click(where[0], where[1])
    page.wait_for_url(re.compile(r"cell=0\.01(,|%2C)0\.01"))
    page.locator(".lab-said[data-radius='0.01']").wait_for()
    page.locator("a[href*='rbo_radius=0.01']", has_text="Train this cell").wait_for()
