"""Network landscape and Network phases in a real Chromium: train, compute, roll; train a grid, click a cell."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_an_empty_store_to_a_ball_on_a_networks_plane(server, open_page, press):
    page = open_page(f"{server}/Network_landscape?size=31")
    page.get_by_text("No run is stored here yet").wait_for()
    page.locator(".st-key-plane_loss .js-plotly-plot").wait_for()
    press(page.get_by_role("button", name=re.compile("Train the ball")))
    page.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
    press(page.get_by_role("button", name="Compute the plane"))
    page.locator(".st-key-plane_loss .js-plotly-plot").wait_for()
    assert "of all the paths" in page.locator(".lab-said").inner_text()
    press(page.get_by_role("radio", name="Roll a ball"))
    page.locator(".lab-said[data-view=roll]").wait_for()
    assert "lowest point of this plane" in page.locator(".lab-said").inner_text()
    press(page.get_by_role("radio", name="Label noise"))
    page.locator(".lab-said[data-view=noise]").wait_for()


def test_a_grid_is_trained_and_a_click_chooses_its_cell(server, open_page, settle, press):
    page = open_page(f"{server}/Network_phases?cells=8&epochs=1")
    press(page.get_by_role("button", name="Train the map"))
    page.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
    plot = page.locator(".st-key-network_map .js-plotly-plot")
    plot.wait_for()
    settle(page)
    where = plot.evaluate(
        """p => { const f = p._fullLayout, b = p.getBoundingClientRect();
        return [b.left + f.xaxis._offset + f.xaxis.l2p(-2), b.top + f.yaxis._offset + f.yaxis.l2p(-2)]; }"""
    )
    page.mouse.move(where[0], where[1])
    page.wait_for_timeout(300)
    page.mouse.click(where[0], where[1])
    page.wait_for_url(re.compile(r"cell=0\.01(,|%2C)0\.01"))
    settle(page)
    assert float(page.locator(".lab-said[data-radius]").get_attribute("data-radius")) == pytest.approx(0.01)
    link = page.get_by_role("link", name=re.compile("Train this cell"))
    assert "rbo_radius=0.01" in link.get_attribute("href")
