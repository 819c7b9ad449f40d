"""The page Phases in a real Chromium: a click on a cell plays its run, the map refines, a job's link finds it again."""

from __future__ import annotations

import pytest

from tests.browser.waits import answered, at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAP = ".st-key-phase_map .js-plotly-plot"


@pytest.fixture
def phases(server, open_page):
    """phases("?order=path", **options) -> the page, its map and its player drawn."""

    def open_(query: str = "", **options):
        page = open_page(f"{server}/Phases{query}", **options)
        page.wait_for_selector(f"{MAP} .scatterlayer")
        page.wait_for_selector(".rbp[data-frame]")
        return page

    return open_


def click_cell(page, across: float, up: float) -> None:
    """Click inside the map, at shares of its width and height, once the map says which cell is under the pointer."""
    page.locator(".lab-said[data-cells='144']").wait_for()  # a map that grows forgets where the pointer is
    answered(page)
    at_rest(page)
    box = page.locator(f"{MAP} .nsewdrag").first.bounding_box()
    x, y = box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_selector(f"{MAP} .hoverlayer .hovertext")
    page.mouse.click(x, y)


def said(page, name: str) -> str:
    return page.get_attribute(".lab-said", f"data-{name}")


def test_a_click_on_a_cell_shows_its_run(phases, settle):
    page = phases("?cells=12&starts=2&steps=60")
    before = said(page, "radius")
    click_cell(page, 0.12, 0.3)
    page.wait_for_function("old => document.querySelector('.lab-said').dataset.radius !== old", arg=before)
    small = float(said(page, "radius"))
    assert small < 0.1
    page.wait_for_url(f"**{f'radius={small}'[:10]}*")
    page.locator(f"a[href*='{f'radius={small}'[:10]}']", has_text="Open this run on Roll").wait_for()
    click_cell(page, 0.9, 0.7)
    page.wait_for_function("old => document.querySelector('.lab-said').dataset.radius !== old", arg=str(small))
    assert float(said(page, "radius")) > 1.5
    # The same cell again, then a slider: the old click must not come back.
    settle(page)  # a box that the page is just setting takes the page's value
    page.locator(".st-key-radius input").fill("0.5")
    page.locator(".st-key-radius input").press("Enter")
    page.wait_for_function("document.querySelector('.lab-said').dataset.radius === '0.5'")
    settle(page)
    at_rest(page)  # nothing that the click might have asked for is under way
    assert said(page, "radius") == "0.5"
    # a bar that does not fit beside the map in one row is two
    page.set_viewport_size({"width": 1440, "height": 900})
    bar = "document.querySelector('.rbp-bar')"
    page.wait_for_function(f"{bar}.offsetHeight > 60 && {bar}.scrollWidth <= {bar}.clientWidth")
    page.set_viewport_size({"width": 960, "height": 540})
    page.wait_for_function("(main => main.scrollWidth <= main.clientWidth)(document.querySelector('.stMain'))")


WATCH = """
window.cellsSeen = [];
new MutationObserver(() => {
  const said = document.querySelector('.lab-said');
  const cells = said ? Number(said.dataset.cells) : NaN;
  if (Number.isFinite(cells) && cells !== window.cellsSeen.at(-1)) window.cellsSeen.push(cells);
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


COMPLETE_OR_ASK = """() => {
  if (document.querySelector('.lab-said')?.dataset.cells === '1600') return true;
  if (document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning')
    [...document.querySelectorAll('button')].find(one => one.innerText.startsWith('Compute the rest'))?.click();
  return false;
}"""


def test_the_map_refines_until_it_is_complete(phases):
    # Watched from the first picture on: a busy machine shows it when the background has already done the rest. One too
    # slow to do it unasked asks, and may have the answer between the look for its button and a click from outside.
    page = phases("?cells=40&starts=8&steps=100", script=WATCH)
    page.wait_for_function(COMPLETE_OR_ASK, polling=500)
    seen = page.evaluate("window.cellsSeen")
    assert seen == sorted(seen)
    assert seen[-1] == 1600


def test_a_job_is_found_again_by_its_link_and_its_map_hears_clicks_meanwhile(phases, press):
    page = phases("?cells=40&starts=64&steps=3000&projection=gradient")
    press(page.get_by_role("button", name="Compute the rest"))
    page.wait_for_function("location.search.includes('job=')")
    answered(page)
    # The map is drawn anew under a pointer at rest: a press is heard all the same.
    box = page.locator(f"{MAP} .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"])
    drawn = page.get_attribute(".st-key-phase_map .lab-plots", "data-drawn")
    grown = "old => document.querySelector('.st-key-phase_map .lab-plots').dataset.drawn !== old"
    page.wait_for_function(grown, arg=drawn)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(lambda url: "radius=" in url)
    job = page.url.split("job=")[1].split("&")[0]
    page.close()
    again = phases(f"?job={job}")
    again.get_by_role("button", name="Cancel").first.wait_for()
    again.wait_for_url("**cells=40*")
    press(again.get_by_role("button", name="Cancel").first)
    again.get_by_role("button", name="Compute the rest").wait_for()


def test_on_a_narrow_screen_map_and_player_stack(phases):
    page = phases("?cells=12&starts=2&steps=60", width=400)
    at_rest(page)
    top, bottom = page.evaluate(f"""["{MAP}", ".rbp"].map((one) => document.querySelector(one).getBoundingClientRect())
        .map((box) => [box.top, box.bottom])""")
    assert top[1] <= bottom[0]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 400
