"""Contrast, sizes, skip link, keys, views of a link, pin and sound: what a class and a screen reader need."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.shared.page import page_files
from tests.browser.waits import answered, at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"

# Text whose colour, opacity included, stands out less than 4.5 to 1 (3 where large) from what is behind it.
FAINT = """() => {
  const parse = (c) => {
    const m = c.match(/[\\d.]+/g).map(Number), whole = c.startsWith("color(srgb") ? 255 : 1;
    return [m[0] * whole, m[1] * whole, m[2] * whole, m[3] ?? 1];
  };
  const over = (f, b) => [0, 1, 2].map((i) => f[i] * f[3] + b[i] * (1 - f[3])).concat([1]);
  const light = (c) => {
    const f = c.slice(0, 3).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2];
  };
  const up = (e) => (e ? [...up(e.parentElement), e] : []);
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const unseen = !box.width || !box.height || style.visibility === "hidden";
    if (!text || text === "●" || unseen) continue;
    if (e.closest("[disabled],[aria-hidden=true],script,style,option,.rbp-unseen")) continue;
    const chain = up(e).map((n) => getComputedStyle(n));
    const opacity = chain.reduce((o, s) => o * Number(s.opacity), 1);
    if (opacity < 0.05) continue;
    const back = chain.reduce((b, s) => over(parse(s.backgroundColor), b), [255, 255, 255, 1]);
    const ink = parse(style.color);
    const [x, y] = [light(over([...ink.slice(0, 3), ink[3] * opacity], back)), light(back)].sort((p, q) => q - p);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (x + 0.05) / (y + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""

# What can be hit and is smaller than it ought to be: measured by what lies under the points around its middle, so an
# invisible margin counts and what is covered does not. A pixel may get lost between two of the screen's.
SMALL = """(narrow) => {
  const least = (e) => {
    if (e.matches(":is(.lab-said, .lab-question, .lab-lesson, .lab-card, .lab-legend) .lab-term")) return 20;
    if (narrow) return 43;
    if (e.matches(".lab-term, .rbp-term, [data-testid=stTooltipHoverTarget] > button")) return 24;
    return e.closest("[data-testid=stSidebar]") ? 35 : 43;
  };
  const whole = (e) => e.closest(".react-aria-ComboBox")?.firstElementChild ?? (
    e.matches("[type=checkbox]") && e.closest("label")
    || e.matches("[type=range]") && e.closest("[data-testid=stSlider]") && e.closest("[role=group] > div") || e);
  const sidebar = document.querySelector("[data-testid=stSidebar]");
  const away = sidebar.getBoundingClientRect().right <= 1, open = narrow && !away;
  const all = document.querySelectorAll(
    "a[href], button, input:not([type=file]), select, summary, [role=tab], [tabindex='0']");
  const other = "main, canvas, .lab-skip, [data-testid=stSkipToContent], [role=tabpanel], [role=application]";
  return [...new Set([...all].map(whole))].flatMap((e) => {
    if (e.matches(other) || e.disabled || e.closest("[hidden], .rbp-knot")) return [];
    if (sidebar.contains(e) ? away : open) return [];
    const seen = { opacityProperty: true, visibilityProperty: true };
    if (!e.checkVisibility(seen) || !e.getBoundingClientRect().width) return [];
    e.scrollIntoView({ block: "center", behavior: "instant" });
    const box = e.getClientRects()[0], [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const mine = (dx, dy) => {
      const there = document.elementFromPoint(x + dx, y + dy);
      return e.contains(there) && (there === e || !e.matches("label") || !there.closest("button"));
    };
    const reach = (dx, dy) => [...Array(50).keys()].findIndex((i) => !mine(i * dx, i * dy)) & 63;
    const size = [reach(1, 0) + reach(-1, 0) - 1, reach(0, 1) + reach(0, -1) - 1];
    const name = e.getAttribute("aria-label") || e.title || e.innerText || e.className;
    return Math.min(...size) < least(e) ? [`${name.slice(0, 40)}: ${size.join(" x ")}`] : [];
  });
}"""


def test_text_stands_out_and_buttons_can_be_hit(server, open_page):
    page = open_page(f"{server}/Roll", color_scheme="dark")
    page.wait_for_selector(".rbp-radius[data-runs='33']")
    at_rest(page)
    assert page.evaluate(FAINT) == []
    small = page.evaluate(
        "[...document.querySelectorAll('.rbp button:not([hidden]), .lab-tools button')].filter(b => b.offsetWidth"
        " && (b.offsetWidth < 44 || b.offsetHeight < 44)).map(b => b.title)"
    )
    assert small == []
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{GROUND} === 'rgb(255, 255, 255)'")
    at_rest(page)
    assert page.evaluate(FAINT) == []


NAMES = ["", *(title.replace(" ", "_") for title in page_files())]
SHOWN = ".rbp[data-frame], .lab-plots[data-drawn], [data-testid=stDataFrame]"

# Links of which one value is refused, so that each page shows a message too.
REFUSED = {
    "": "radius=abc",
    "Roll": "radius=-1",
    "Race": "radius=-1",
    "Iron": "radius=-1",
    "Phases": "steps=50&surface=none",
    "Train": "seeds=zz",
    "Network_landscape": "radius=-1",
    "Network_phases": "seeds=0",
    "Lessons": "lesson=none&guess=1",
}
# Folds take a new theme a moment later, their ink and their ground each by a transition of its own.
DARK_FOLDS = """() => [...document.querySelectorAll('summary')].every((fold) => {
  const color = (e, name) => getComputedStyle(e)[name].match(/[\\d.]+/g).map(Number);
  const dark = ([red, , , alpha = 1]) => alpha === 0 || red < 128;
  return [...fold.querySelectorAll('p')].every((p) => !dark(color(p, 'color'))) &&
    [fold, fold.parentElement].every((e) => dark(color(e, 'backgroundColor')) && e.getAnimations().length === 0);
})"""
UNFOLD = "[...document.querySelectorAll('details:not([open], .rbp-save) > summary')].forEach((s) => s.click())"


def violations(page) -> list[tuple[str, str]]:
    """What axe finds, each with the first place where. To list what is in order would take most of the time."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_all_can_be_hit_light_and_wide_or_dark_and_narrow(server, open_lasting_page, name):
    page = open_lasting_page(f"{server}/{name}?{REFUSED.get(name, '')}", color_scheme="light")
    page.bring_to_front()
    page.wait_for_selector(SHOWN)
    page.wait_for_function("document.getElementById('picture')")
    page.get_by_test_id("stAlert").first.wait_for(state="attached")
    at_rest(page)
    found = violations(page)
    small = page.evaluate(SMALL, False)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function(f"{GROUND} === 'rgb(18, 21, 28)'")
    page.wait_for_function(DARK_FOLDS)
    # a window that becomes narrow puts the controls away by itself
    page.wait_for_selector("[data-testid=stSidebar][data-collapsed=true]", state="attached")
    at_rest(page)
    found += violations(page)
    small += page.evaluate(SMALL, True)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.wait_for_selector("[data-testid=stSidebar][data-collapsed=false]")
    at_rest(page)
    small += page.evaluate(SMALL, True)
    page.evaluate(UNFOLD)
    page.wait_for_function("!document.querySelector('details:not([open], .rbp-save)')")
    answered(page)
    page.wait_for_function(DARK_FOLDS)
    at_rest(page)
    found += violations(page)
    page.close()
    assert small == []
    assert found == []


@pytest.mark.parametrize("name", ["Roll", "Iron", "Train", "Lessons"])
def test_axe_finds_nothing_on_a_projector_and_without_what_a_link_hides(server, open_lasting_page, name):
    address = f"{server}/{name}?projector=1&embed_options=light_theme&autoplay=0"
    page = open_lasting_page(address, color_scheme="light")
    page.bring_to_front()
    page.wait_for_selector(SHOWN)
    page.wait_for_selector("html[data-projector]", state="attached")
    at_rest(page)
    found = violations(page)
    if name in ("Roll", "Lessons"):
        page.evaluate("document.documentElement.dataset.hide = 'controls strip readouts sentence presets tools'")
        at_rest(page)
        found += violations(page)
    page.close()
    assert found == []


@pytest.fixture(scope="module")
def still(server, open_lasting_page):
    """A page that three tests go on with, one after another."""
    page = open_lasting_page(f"{server}/Roll?autoplay=0")
    page.wait_for_selector(".rbp-radius[data-runs='33']")
    return page


def test_the_keyboard_finds_the_picture_at_once_and_is_told_its_keys(still):
    page = still
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "rbp-stage"
    for _ in range(4):  # the picture's own three buttons, and Play
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.querySelector('.rbp-bar button')")
    page.locator(".rbp-stage").focus()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    page.wait_for_function(f"{PLAYER}.clock.frame === {PLAYER}.clock.last")


# Where the focus is, and which part of the page that belongs to.
FOCUSED = """() => {
  const one = document.activeElement, stage = document.querySelector('.rbp-stage');
  const parts = { skip: '.lab-skip', stage: '.rbp-stage', bar: '.rbp-bar', strip: '.rbp-radius' };
  if (one.closest('.stSidebar')) return ['sidebar', ''];
  const part = Object.keys(parts).find((name) => one.closest(parts[name]));
  const above = one.compareDocumentPosition(stage) & Node.DOCUMENT_POSITION_FOLLOWING;
  return [part ?? (above ? 'head' : 'page'), one.getAttribute('aria-label') || one.innerText];
}"""
PARTS = ["skip", "head", "stage", "bar", "strip", "page", "sidebar"]
SIDEBAR = "document.querySelector('[data-testid=stSidebar]')"


def walk(page, key: str, last: str) -> list[tuple[str, str]]:
    """Where a key leads, press after press, up to the first place in the part named last."""
    been = []
    for _ in range(80):
        page.keyboard.press(key)
        been.append(tuple(page.evaluate(FOCUSED)))
        if been[-1][0] == last:
            return been
    raise AssertionError(f"{key} does not lead to the {last}: {been}")


def walk_from_the_top(page, last: str) -> list[tuple[str, str]]:
    """As `walk`, by Tab, from the skip link of a page at rest."""
    page.wait_for_selector(".lab-skip", state="attached")
    page.wait_for_selector(".rbp-radius[data-runs]")
    at_rest(page)
    page.locator(".lab-skip").focus()
    return walk(page, "Tab", last)


def test_tab_goes_from_the_picture_to_its_bar_and_to_the_sidebar_last(server, open_page):
    page = open_page(f"{server}/?autoplay=0")
    menu = page.get_by_test_id("stSidebar")
    steps = {"Home": len(walk_from_the_top(page, "bar"))}
    menu.get_by_role("link", name="Roll", exact=True).click()
    page.get_by_role("heading", name="Roll", exact=True).wait_for()
    page.get_by_role("button", name="Too fast").wait_for()  # the last of the stories, whose script may come late
    there = walk_from_the_top(page, "sidebar")
    parts = [part for part, _ in there]
    assert parts == sorted(parts, key=PARTS.index)
    assert walk(page, "Shift+Tab", "skip")[:-1] == there[-2::-1]
    steps["Roll"] = parts.index("bar") + 1
    menu.get_by_role("link", name="Race", exact=True).click()
    page.get_by_role("heading", name="Race", exact=True).wait_for()
    steps["Race"] = len(walk_from_the_top(page, "bar"))
    assert page.evaluate(FOCUSED) == ["bar", "Play"]
    assert steps["Home"] <= 10 and steps["Roll"] <= 20 and steps["Race"] <= 11  # nine of Roll's are its stories


def test_an_open_sidebar_has_the_focus_and_a_closed_one_is_not_on_the_way(server, open_page):
    page = open_page(f"{server}/?autoplay=0", width=700)
    assert "sidebar" not in dict(walk_from_the_top(page, "skip"))
    page.get_by_test_id("stExpandSidebarButton").press("Enter")
    page.wait_for_function("document.activeElement.closest('[data-testid=stSidebarCollapseButton]')")
    # as if Streamlit put it before the page anew: what is focused in it stays so
    page.evaluate(f"(one => one.parentElement.moveBefore(one, one.parentElement.firstElementChild))({SIDEBAR})")
    page.wait_for_selector("[data-testid=stSidebar]:last-child")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.dataset.testid === 'stExpandSidebarButton'")


def test_a_link_may_wait_at_a_step_without_controls(server, open_page):
    page = open_page(f"{server}/Roll?at=40&hide=controls,strip", reduced_motion="no-preference")
    page.wait_for_selector(".rbp[data-frame='40']")
    at_rest(page)
    # nothing waits to set it in motion
    assert page.evaluate(f"(p => [p.clock.frame, p.clock.playing, p.autoplay])({PLAYER})") == [40, False, None]
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert not page.locator(".rbp-radius").is_visible()


def test_a_projector_gets_large_type_and_a_low_window_its_bar(server, open_page):
    page = open_page(f"{server}/Roll?projector=1&autoplay=0", width=1920, height=1080, color_scheme="dark")
    page.wait_for_url("**embed_options=light_theme*")
    page.wait_for_selector(".rbp[data-frame]")
    at_rest(page)
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"  # light, whatever the machine prefers
    assert page.get_by_role("button", name="Full screen").is_visible()
    ratio = page.evaluate("(c => c.width / devicePixelRatio / document.querySelector('.rbp').__player.view.box.width)"
                          "(document.querySelector('.rbp-view'))")  # fmt: skip
    assert ratio > 1.5  # a drawing's pixel is one and a half of the page's
    assert not page.get_by_test_id("stSidebar").is_visible()
    low = open_page(f"{server}/Roll?autoplay=0", width=640, height=450)
    low.wait_for_selector(".rbp[data-frame]")
    low.wait_for_function("document.querySelector('.rbp-bar').getBoundingClientRect().y + 40 < 450")


def test_a_message_in_a_folded_group_unfolds_it_and_a_narrow_stage_takes_the_focus(server, open_page):
    page = open_page(f"{server}/Roll?sgd_learning_rate=1000&autoplay=0")
    page.get_by_text("learning rate η must lie between").first.wait_for()
    page.set_viewport_size({"width": 500, "height": 860})
    page.wait_for_selector(".rbp[data-narrow=true]")
    at_rest(page)
    page.locator(".rbp-stage").focus()
    assert page.evaluate("document.activeElement.className") == "rbp-stage"


def test_a_word_explains_itself_and_a_moved_film_tells_where_everyone_is(server, open_page):
    page = open_page(f"{server}/Roll?autoplay=0", has_touch=True)
    page.wait_for_selector(".rbp-radius[data-runs='33']")
    at_rest(page)
    word = page.locator(".lab-head .lab-term")
    told = "getComputedStyle(document.querySelector('.lab-head .lab-term'), '::after').content"
    radius = f"{told}.startsWith('\"The radius of the ball')"
    assert page.evaluate(told) == "none"
    word.hover()
    page.wait_for_function(radius)
    page.mouse.move(5, 500)
    page.wait_for_function(f"{told} === 'none'")
    word.tap()
    page.wait_for_function(radius)
    assert word.evaluate("w => w === document.activeElement")
    page.set_viewport_size({"width": 400, "height": 860})
    sides = "(one) => ['left', 'right'].map((side) => parseFloat(getComputedStyle(one, '::after')[side]))"
    page.wait_for_function(
        f"Math.min(...({sides})(document.querySelector('.lab-head .lab-term'))) >= 0"
    )  # in the window
    page.locator(".rbp-stage").press("ArrowRight")
    page.get_by_text(re.compile(r"step \d+ of 900\. Ball: loss .*; SGD: loss ")).wait_for(state="attached")


def test_a_pinned_run_stays_as_a_ghost_beside_the_next(still):
    page = still
    page.bring_to_front()
    end = page.evaluate(f"Array.from({PLAYER}.base.racers[0].center.slice(-2))")
    page.get_by_role("button", name="Pin this run as a ghost").click()
    page.locator(".rbp-radius").focus()
    page.keyboard.press("PageUp")
    page.wait_for_function(f"{PLAYER}.base.radius.value > 0.5")
    answered(page)
    ghost = f"{PLAYER}.scene.racers.at(-1)"
    assert page.evaluate(f"{ghost}.label") == "pinned ρ = 0.4"
    assert page.evaluate(f"Array.from({ghost}.center.slice(-2))") == end
    page.get_by_role("button", name="Pin this run as a ghost").click()
    assert page.evaluate(f"{PLAYER}.scene.racers.length") == 3


def test_the_run_can_be_heard(still):
    page = still
    page.bring_to_front()
    sound = f"{PLAYER}.sound"
    assert not page.evaluate(f"{sound}.on")
    first = page.evaluate(f"{sound}.heard(0)")
    last = page.evaluate(f"{sound}.heard({PLAYER}.clock.last)")
    assert first["pitch"] > 2 * last["pitch"]  # high loss, high pitch
    assert -1 <= first["pan"] < last["pan"] <= 1
    # However slow the machine, the run does not end meanwhile.
    page.locator(".rbp").get_by_label("Speed").select_option("0.1")
    page.get_by_role("button", name="Hear the run").click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{sound}.volume.gain.value > 0.05")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_function(f"{sound}.volume.gain.value < 0.02")
