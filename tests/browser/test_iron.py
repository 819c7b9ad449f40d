"""The page Iron in a real browser: the slider redraws, the two views turn together, a phone can use it."""

from __future__ import annotations

import pytest

from tests.browser.waits import at_rest

pytestmark = pytest.mark.browser

DRAWN = "document.querySelectorAll('.js-plotly-plot').length"
CAMERAS = """() => [...document.querySelectorAll('.st-key-iron_plot .js-plotly-plot')]
    .map((plot) => plot._fullLayout.scene._scene.getCamera().eye).map((eye) => [eye.x, eye.y, eye.z])"""
# Both look from one place, and have done so for ten frames.
STANDING = f"""() => {{
  const seen = ({CAMERAS})(), now = JSON.stringify(seen);
  if (seen.length !== 2 || Math.hypot(...seen[0].map((v, n) => v - seen[1][n])) > 1e-4) window.stood = 0;
  else window.stood = now === window.was ? (window.stood ?? 0) + 1 : 0;
  window.was = now;
  return window.stood >= 10;
}}"""


@pytest.mark.parametrize(("asked", "width", "height", "type_"), [("", 1280, 900, 11), ("&projector=1", 1920, 1080, 16)])
def test_the_ball_goes_where_the_pointer_is_and_a_word_explains_itself(server, open_page, asked, width, height, type_):
    page = open_page(f"{server}/Iron?radius=0.3{asked}", width=width, height=height)
    page.wait_for_selector(".lab-plots[data-drawn]")
    page.wait_for_selector("html[data-projector]" if asked else "html", state="attached")
    plot = "document.querySelector('.lab-plots > div')"
    page.wait_for_function(f"Math.abs({plot}.clientWidth - {plot}._fullLayout.width) < 1")
    at_rest(page)
    drawn = page.evaluate(
        "(t => t.getBoundingClientRect().height / t.getBBox().height * parseFloat(getComputedStyle(t).fontSize))"
        "(document.querySelector('.lab-plots .xtick text'))"
    )
    assert drawn >= type_
    ball = f"{plot}._fullData.find(t => t.meta?.ball)"
    for x in (1.5, -2.0):
        box = page.locator(".lab-plots > div").first.bounding_box()
        large = box["width"] / page.evaluate(f"{plot}.offsetWidth")  # on a projector drawn larger than laid out
        at = page.evaluate(f"{plot}._fullLayout.xaxis._offset + {plot}._fullLayout.xaxis.d2p({x})")
        page.mouse.move(box["x"] + at * large, box["y"] + box["height"] / 2, steps=3)
        page.wait_for_function(f"Math.abs((Math.min(...{ball}.x) + Math.max(...{ball}.x)) / 2 - {x}) < 0.02")
        seen = f"{plot}._fullData.find(t => t.meta?.carries)"
        low, ironed = page.evaluate(f"[Math.min(...{ball}.y), (t => t.y[t.x.findIndex(x => x >= {x})])({seen})]")
        assert low == pytest.approx(ironed, abs=0.03)  # it lies on the ground: its lowest point is on h − ρ
    word = page.locator(".lab-term").first
    word.focus()
    page.wait_for_function("getComputedStyle(document.activeElement, '::after').content.includes('downhill')")


def test_the_slider_irons(server, open_page, settle):
    page = open_page(f"{server}/Iron?radius=0.1")
    page.wait_for_function(f"{DRAWN} === 1")
    sentence = page.locator(".lab-said")
    before = int(sentence.get_attribute("data-basins"))
    page.evaluate("window.first = document.querySelector('.st-key-iron_plot .js-plotly-plot')")
    page.locator(".st-key-pair_radius [data-testid=stSlider] input").press("End")
    page.wait_for_function(f"document.querySelector('.lab-said')?.dataset.basins < {before}")
    page.wait_for_url("**radius=2*")
    settle(page)
    assert page.evaluate("document.contains(window.first)")  # the same plot, drawn anew: nothing flickers
    ball = "window.first._fullData.find((t) => t.name.startsWith('ball')).x"
    page.wait_for_function(f"Math.abs(Math.max(...{ball}) - Math.min(...{ball}) - 4) < 0.01")
    assert "v=1" in page.url


def test_turning_one_view_turns_the_other(server, open_page, settle):
    page = open_page(f"{server}/Iron?ground=surface&samples=128&look=blur")
    page.wait_for_function("document.querySelectorAll('.st-key-iron_plot .js-plotly-plot canvas').length >= 2")
    page.wait_for_function("document.querySelector('.st-key-iron_plot .lab-plots').dataset.drawn >= 1")
    settle(page)
    page.wait_for_function(STANDING)
    before = page.evaluate(CAMERAS)
    box = page.locator(".st-key-iron_plot .js-plotly-plot").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 20, steps=6)
    page.mouse.up()
    # The scene turns with the pointer in its own time, and the other follows.
    page.wait_for_function(f"old => Math.hypot(...({CAMERAS})()[0].map((v, n) => v - old[n])) > 0.05", arg=before[0])
    settle(page)
    page.wait_for_function(STANDING)
    after = page.evaluate(CAMERAS)
    said = page.locator(".lab-said").inner_text()
    page.locator(".st-key-pair_radius [data-testid=stSlider] input").press("End")
    page.wait_for_function("old => document.querySelector('.lab-said')?.innerText !== old", arg=said)
    drawn = "[...document.querySelectorAll('.st-key-iron_plot .js-plotly-plot')].at(-1)._fullLayout.title.text"
    page.wait_for_function(f"{drawn} === 'what a ball of radius 1 sees'")
    assert page.evaluate(CAMERAS) == [pytest.approx(eye, abs=1e-3) for eye in after]  # the view outlives a new radius


def test_a_phone_scrolls_only_down(server, open_page):
    page = open_page(f"{server}/Iron?closer=true", width=400)
    page.wait_for_function(f"{DRAWN} >= 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 400
