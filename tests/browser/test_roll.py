"""The page Roll and the home page in a real Chromium: motion, click, links, download, and a narrow screen."""

from __future__ import annotations

import io
import itertools
import re

import pandas as pd
import pytest

from tests.browser.waits import at_rest, comes_true

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
FRAME = f"[{PLAYER}.view.range, {PLAYER}.view.k]"


@pytest.fixture
def roll(server, open_page):
    """roll("?radius=0.3", **options) -> the page, its player drawn."""

    def open_(query: str = "", path: str = "/Roll", **options):
        page = open_page(f"{server}{path}{query}", **options)
        page.wait_for_selector(".rbp[data-frame]")
        return page

    return open_


@pytest.fixture(scope="module")
def pages(server, open_lasting_page):
    """A page for each address, shared by the tests that need no other one."""
    opened = {}

    def page_of(query: str):
        if query not in opened:
            opened[query] = open_lasting_page(f"{server}/Roll{query}")
            opened[query].wait_for_selector(".rbp[data-frame]")
        opened[query].bring_to_front()  # a tab in the background is drawn once a second
        return opened[query]

    return page_of


def ends(page) -> str:
    return page.get_attribute(".lab-said", "data-ends")


def changed(page, before: str) -> str:
    """Wait for the sentence of another run."""
    page.wait_for_function("old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old", arg=before)
    return ends(page)


@pytest.mark.parametrize("path", ["/", "/Roll"])
def test_the_first_visit_moves_by_itself(roll, path):
    page = roll(path=path, reduced_motion="no-preference")
    page.wait_for_function("Number(document.querySelector('.rbp').dataset.frame) > 5")


def test_reduced_motion_waits_for_play(pages):
    page = pages("")
    at_rest(page)
    # at its end, and nothing waits to set it in motion
    clock = f"(({{clock, autoplay}}) => [clock.frame === clock.last, clock.playing, autoplay])({PLAYER})"
    assert page.evaluate(clock) == [True, False, None]


def test_the_first_screen_holds_the_plot_the_bar_and_the_readouts(pages):
    page = pages("")
    at_rest(page)
    box = {name: page.locator(name).bounding_box() for name in (".rbp-stage", ".rbp-bar", ".rbp-readouts", ".lab-head")}
    assert box[".rbp-stage"]["height"] >= 0.55 * 900
    below = [box[name] for name in (".lab-head", ".rbp-stage", ".rbp-bar", ".rbp-readouts")]
    assert all(a["y"] + a["height"] <= b["y"] + 1 for a, b in itertools.pairwise(below))
    assert below[-1]["y"] + below[-1]["height"] <= 900


def test_a_slider_brings_a_new_run_and_its_address_opens_it(roll, server, pages):
    page = pages("")
    before = ends(page)
    page.locator(".st-key-pair_radius input[type=range]").press("ArrowLeft")
    after = changed(page, before)
    page.wait_for_function("location.search.includes('radius=')")
    shared = roll(page.url.removeprefix(server + "/Roll"))
    assert ends(shared) == after
    assert "v=1" in page.url


def test_a_link_with_plain_names_keeps_them_all(roll):
    page = roll("?surface=corduroy&corduroy_slope=0.3&rivals=adam&rivals=sgd&projection=newton&radius=0.9&start=1.5")
    said = page.locator(".lab-said").inner_text()
    assert "Adam" in said
    assert "SAM" not in said
    parts = (
        "surface=",
        "corduroy_slope=0.3",
        "rivals=Adam",
        "rivals=SGD",
        "projection=",
        "radius=0.9",
        "start=1.5",
    )
    page.wait_for_url(lambda url: all(part in url for part in parts))
    at_rest(page)
    again = roll("?" + page.url.split("?")[1])
    comes_true(again, lambda: ends(again) == ends(page))


SMALL = "?radius=0.2&v=1"


def test_a_preset_is_a_link_too(roll, pages, press):
    page = roll("?radius=2&momentum=0.5")
    before = ends(page)
    press(page.get_by_role("button", name="Small ball sticks"))
    after = changed(page, before)
    page.wait_for_function("location.search.includes('radius=0.2') && !location.search.includes('momentum')")
    assert ends(pages(SMALL)) == after


def test_a_breathing_ball_is_drawn_with_the_radius_of_each_frame(roll):
    page = roll("?breathe=true&radius=0.3&breath_radius=0.6&breath_grow=60&breath_shrink=40&steps=120&autoplay=0")
    page.locator(".lab-plots[data-drawn]").wait_for()  # the hysteresis loop
    scene = "document.querySelector('.rbp').__player.scene"
    for at, radius in ((0, 0.3), (30, 0.45), (60, 0.6), (100, 0.3)):
        page.get_by_label("Frame").fill(str(at))
        page.wait_for_function(f"document.querySelector('.rbp').dataset.frame === '{at}'")
        drawn, contact, center = page.evaluate(
            f"((r) => [r.radius, ...[r.position, r.center].map((p) => Array.from(p.slice({2 * at}, {2 * at + 2})))])"
            f"({scene}.racers[0])"
        )
        assert drawn == pytest.approx(radius, abs=1e-6)
        # Round and touching: the contact is one radius away from the centre.
        assert ((contact[0] - center[0]) ** 2 + (contact[1] - center[1]) ** 2) ** 0.5 == pytest.approx(radius, abs=1e-3)


def test_a_click_on_the_curve_moves_the_start(pages):
    page = pages("")
    page.wait_for_selector(".rbp-radius[data-runs='33']")
    at_rest(page)
    before, frame = ends(page), page.evaluate(FRAME)
    box = page.locator(".rbp-main").bounding_box()
    page.mouse.click(box["x"] + 0.72 * box["width"], box["y"] + 0.6 * box["height"])
    changed(page, before)
    assert page.evaluate(FRAME) == frame  # two starts are seen at one scale, though this one is far lower
    page.wait_for_function("document.querySelector('.st-key-pair_start [data-testid=stNumberInput] input').value > 0")
    page.wait_for_function("location.search.includes('start=')")


def test_the_download_is_the_run_on_the_screen(pages):
    page = pages(SMALL)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    table = pd.read_csv(io.BytesIO(waiting.value.path().read_bytes()))
    assert waiting.value.suggested_filename == "roll_wrinkled_bowl.csv"
    last = table[table.method == "rbo"].iloc[-1].center_x
    told = float(re.search(r"rbo:(\S+)", ends(page)).group(1))
    assert last == pytest.approx(told, abs=1e-8)
    assert set(table.method) == {"rbo", "sgd", "sam"}


def test_a_bad_value_in_the_address_is_told_beside_its_control(roll):
    page = roll("?radius=-1&learning_rate=0.02")
    alert = page.locator("[data-testid=stSidebar] [data-testid=stAlert]")
    assert "must be positive" in alert.inner_text()
    page.wait_for_function("document.querySelector('.st-key-pair_learning_rate input[type=number]')?.value === '0.02'")


def test_a_phone_sees_the_plot_and_folds_the_controls(roll):
    page = roll(width=400)
    at_rest(page)
    stage = page.locator(".rbp-main").bounding_box()
    assert stage["x"] >= 0
    assert stage["x"] + stage["width"] <= 400
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    sidebar = page.locator("[data-testid=stSidebar]").bounding_box()
    assert sidebar is None or sidebar["x"] + sidebar["width"] <= 1


def test_home_leads_to_the_pages(roll):
    page = roll(path="/")
    page.locator("[class*=st-key-card_Roll] a").click()
    page.wait_for_url("**/Roll*")
