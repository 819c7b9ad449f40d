"""A page's address, its controls and its picture are one: through changes, Back, Forward, menu, reload and links."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.waits import answered, comes_true
from tests.typed import TYPED

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
DEFAULT = {"radius": "0.4", "momentum": "0", "start": "-2.6"}


def opened(open_, server):
    page = open_(f"{server}/Roll")
    page.wait_for_selector(".rbp-radius[data-runs='33']")
    return page


@pytest.fixture(scope="module")
def tab(server, open_lasting_page):
    """One page for the tests that do not ask what happened to it before."""
    return opened(open_lasting_page, server)


@pytest.fixture
def roll(tab):
    """That page, with every setting at its default and nothing open over it."""
    tab.bring_to_front()
    tab.locator("h1").click()
    tab.get_by_role("button", name="All settings of this page to their defaults").click()
    tab.wait_for_url("**/Roll?v=1")
    answered(tab)
    agree(tab)
    return tab


def box(page, key: str) -> str:
    return page.locator(f".st-key-{key} input").first.input_value()


def agree(page) -> dict[str, str]:
    """Address, controls, strip, picture and sentence come to say the same; what they say."""
    for _ in range(600):
        with suppress(AssertionError):
            return agreed(page)
        page.wait_for_timeout(50)
    return agreed(page)


def agreed(page) -> dict[str, str]:
    """What they say now, all the same."""
    query = {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert query["v"] == "1"
    shown = {name: box(page, name) for name in DEFAULT}
    assert {name: float(query.get(name, default)) for name, default in DEFAULT.items()} == {
        name: float(value) for name, value in shown.items()
    }
    drawn, offered, end = page.evaluate(
        f"(p => {{ const r = p.base.racers[0]; return [r.radius, p.strip.value, r.center[2 * (r.n - 1)]]; }})({PLAYER})"
    )
    assert drawn == offered == float(shown["radius"])
    said = page.locator(".lab-said").inner_text().replace("−", "-")
    assert f"x = {end:.2f}".replace("-0.00", "0.00") in said
    return shown


def nudge(page, key: str, settle) -> None:
    """A key makes a setting larger, and the address and the server say so."""
    page.locator(f".st-key-pair_{key} input[type=range]").press("ArrowRight")
    page.wait_for_url(f"**{key}=*")
    settle(page)


def able(page, name: str, is_able: bool = True) -> None:
    """Wait until a tool of the page can be used, or cannot."""
    page.wait_for_selector(f"[aria-label={name}]{':not([disabled])' if is_able else '[disabled]'}")


def comes_to_show(page, key: str, value: float) -> None:
    page.wait_for_function(f"Number(document.querySelector('.st-key-{key} input')?.value) === {value}")


def changed(page) -> None:
    """A visitor makes the ball larger by a key, and the address says so."""
    page.locator(".st-key-pair_radius input[type=range]").press("ArrowRight")
    page.wait_for_url("**radius=*")


def test_a_visitors_change_is_an_entry_however_soon_and_a_pages_own_is_none_however_late(server, open_page):
    roll = opened(open_page, server)
    undo = roll.get_by_role("button", name="Undo")
    roll.evaluate("history.replaceState({}, '', '?momentum=0.5&v=1'); labPast.commit()")
    assert undo.is_disabled()
    roll.evaluate("history.replaceState({}, '', '?v=1')")
    roll.get_by_role("button", name="All settings of this page to their defaults").click()
    answered(roll)
    assert undo.is_disabled()  # nothing was to be reset
    changed(roll)
    undo.click()
    roll.wait_for_url("**/Roll?v=1")
    able(roll, "Undo", False)
    assert float(agree(roll)["radius"]) == 0.4
    answered(roll)
    changed(roll)
    roll.go_back(wait_until="commit")
    roll.wait_for_url("**/Roll?v=1")
    able(roll, "Undo", False)
    able(roll, "Redo")
    assert float(agree(roll)["radius"]) == 0.4
    answered(roll)
    # A change that ends where it began is none, as long as it may take.
    drawing = "document.documentElement.toggleAttribute('data-drawing', %s)"
    roll.evaluate(drawing % "true")
    roll.locator(".st-key-ironed label").first.click()
    roll.wait_for_function("location.search.includes('ironed')")
    roll.locator(".st-key-ironed label").first.click()
    roll.wait_for_function("!location.search.includes('ironed')")
    roll.evaluate(drawing % "false")
    roll.wait_for_function("!labPast.waiting")
    able(roll, "Undo", False)


def test_letters_alone_do_nothing_but_in_a_text(roll):
    roll.evaluate("window.heard = []; document.addEventListener('keydown', (e) => heard.push(e.key))")
    roll.locator(".rbp-stage").focus()
    for key in ("r", "c", "Shift+R", "?"):
        roll.keyboard.press(key)
    assert roll.evaluate("heard.filter((key) => key.length === 1)") == ["?"]  # Streamlit would run the page at an R
    roll.get_by_role("heading", name="Keys").wait_for()
    roll.keyboard.press("Escape")
    roll.get_by_role("combobox", name="Surface").click()
    roll.keyboard.type("cord")
    options = "[...document.querySelectorAll('[role=option]')].map((one) => one.innerText).join()"
    roll.wait_for_function(f"{options} === 'Cusped corduroy'")
    roll.keyboard.press("Escape")
    roll.locator("[role=option]").first.wait_for(state="detached")


def test_pages_keep_their_own_settings_through_menu_back_and_forward(roll, settle):
    nudge(roll, "radius", settle)
    mine = agree(roll)
    roll.get_by_role("link", name="Iron", exact=True).click()
    roll.wait_for_url("**/Iron*")
    comes_to_show(roll, "radius", 0.2)
    settle(roll)
    roll.go_back(wait_until="commit")
    roll.wait_for_url("**/Roll*radius*")
    roll.wait_for_function(f"document.querySelector('.rbp') && {PLAYER}.base.radius.value === {mine['radius']}")
    settle(roll)
    assert agree(roll) == mine
    roll.go_forward(wait_until="commit")
    roll.wait_for_url("**/Iron*")
    comes_to_show(roll, "radius", 0.2)
    settle(roll)
    roll.get_by_role("link", name="Roll", exact=True).click()
    roll.wait_for_url("**/Roll*radius*")
    roll.wait_for_function(f"document.querySelector('.rbp') && {PLAYER}.base.radius.value === {mine['radius']}")
    settle(roll)
    assert agree(roll) == mine


READ = """async (table) => {
  const module = performance.getEntriesByType("resource").map((r) => r.name).find((name) => name.endsWith("/typed.js"));
  const { read } = await import(module);
  const told = ([text, whole]) => { try { return read(text, whole); } catch (problem) { return problem.message; } };
  return table.map(told);
}"""


def test_numbers_are_read_as_people_type_them_or_refused_with_words(roll, settle):
    found = roll.evaluate(READ, [row[:2] for row in TYPED])
    for (text, whole, wanted), read in zip(TYPED, found, strict=True):
        assert read == wanted or (" " in wanted and read.startswith(wanted)), (text, whole, read)
    field, words = roll.locator(".st-key-radius input").first, roll.locator(".lab-typed")
    for text, value, said in (("0,3", "0.3", ""), ("1,234", "0.3", "may be 1.234 or 1234"), ("½", "0.5", "")):
        field.fill("")
        roll.keyboard.insert_text(text)
        roll.keyboard.press("Enter" if text == "0,3" else "Tab")
        roll.wait_for_url(f"**radius={value}*")
        comes_true(roll, lambda said=said: said in (shown := words.inner_text()) and bool(said) == bool(shown))
        settle(roll)
        assert agree(roll)["radius"] == value


def test_undo_is_the_text_boxs_own_while_one_types(roll, settle):
    nudge(roll, "radius", settle)
    changed = agree(roll)
    field = roll.locator(".st-key-start input").first
    field.click()
    roll.keyboard.type("1")
    roll.keyboard.press("Control+z")
    assert field.evaluate("e => e.value") in ("-2.6", "")  # what was typed is gone, and the setting is not
    roll.keyboard.press("Escape")
    field.fill("-2.6")
    roll.locator("h1").click()
    settle(roll)
    assert agree(roll) == changed
    roll.keyboard.press("Control+z")
    roll.wait_for_url(lambda url: "radius" not in url)
    settle(roll)
    assert agree(roll)["radius"] == DEFAULT["radius"]
    able(roll, "Redo")
    roll.keyboard.press("Control+Shift+z")
    roll.wait_for_url("**radius=*")
    settle(roll)
    assert agree(roll) == changed


def test_of_quick_clicks_the_last_one_counts(roll, settle):
    # A picture that arrives between measuring and clicking has another scale: what the click meant is what was sent.
    roll.evaluate(f"window.sent = []; window.player = {PLAYER}; window.request = player.request.bind(player); 0")
    roll.evaluate("player.request = (name, value) => { sent.push(value.x[0]); request(name, value); }; 0")
    for x in (-2.0, -1.0, 1.0, 2.0, -1.5):
        roll.wait_for_function(f"{PLAYER}.view.X")
        canvas = roll.locator(".rbp-view").bounding_box()
        at = roll.evaluate(f"{PLAYER}.view.X({x})")
        roll.mouse.click(canvas["x"] + at, canvas["y"] + canvas["height"] - 60)
    assert roll.evaluate("sent.length") == 5
    roll.wait_for_function(f"Math.abs({PLAYER}.base.racers[1].position[0] - sent.at(-1)) < 0.02")
    settle(roll)
    assert float(agree(roll)["start"]) == pytest.approx(roll.evaluate("sent.at(-1)"), abs=0.02)


def test_a_link_carries_its_version_and_a_code(roll):
    roll.get_by_role("button", name="Copy link").click()
    roll.get_by_label("without the controls").check()
    assert roll.get_by_label("Address").input_value().endswith("/Roll?v=1&hide=controls")
    roll.get_by_role("button", name="QR code", exact=True).click()
    roll.locator(".lab-code svg").wait_for()
