"""A visitor in a real browser: changes controls, goes along the history, and compares what the page shows meanwhile."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.browser.waits import answered

DEAR = ["surface", "projection", "cells", "steps", "starts", "starts_steps", "starts_side", "size", "samples", "seeds",
        "gradients", "refine", "finer", "finite_size", "data", "model", "device", "compare", "how_sharp"]  # fmt: skip
"""Controls that make much work; tests/pages/test_walks.py turns them too."""

# Name and kind of every control that a hand can reach now, and what it shows; Home's radius is in its picture alone.
CONTROLS = """const named = (one) => [...(one.closest('[class*="st-key-"]')?.classList ?? [])]
  .find((name) => name.startsWith('st-key-'))?.slice(7);
const kinds = {
  stNumberInput: (one) => Number(one.querySelector('input').value),
  stSelectbox: (one) => one.querySelector('input').value,
  stCheckbox: (one) => String(one.querySelector('input').checked),
  stButtonGroup: (one) => [...one.querySelectorAll('[aria-checked=true], [aria-pressed=true]')]
    .map((button) => button.innerText.trim()),
};
const controls = Object.entries(kinds).flatMap(([kind, read]) => [...document.querySelectorAll(`[data-testid=${kind}]`)]
  .filter(named).map((one) => [named(one), kind, read(one), one.checkVisibility() && !one.closest('[inert]')]));
const home = document.querySelector('.st-key-home_player .rbp')?.__player?.strip;
if (home?.range) controls.push(['radius', 'strip', home.value, true]);
"""
SEEN = f"""() => {{ {CONTROLS}
  const digest = (value) => {{
    const hash = (length, at, value = length) => {{
      for (let i = 0; i < length; i++) value = (Math.imul(value, 31) + at(i)) | 0;
      return value;
    }};
    const bytes = (one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
    const digested = (one) => [one.constructor.name, hash(one.byteLength, ((all) => (i) => all[i])(bytes(one)))];
    const plain = (key, one) => (key === 'uid' ? undefined : ArrayBuffer.isView(one) ? digested(one) : one);
    const text = JSON.stringify(value, plain) ?? '';
    return hash(text.length, (i) => text.charCodeAt(i));
  }};
  const plots = [...document.querySelectorAll('.lab-plots')], players = [...document.querySelectorAll('.rbp')];
  return {{
    controls: Object.fromEntries(controls.map(([name, , value]) => [name, value])),
    plots: plots.flatMap((one) => [...one.querySelectorAll('.js-plotly-plot')]).map((plot) => digest(plot.data)),
    players: players.map((one) => one.__player?.base).map((base) => base && digest([base.racers, base.radius?.value])),
    said: [...document.querySelectorAll('.lab-said, [data-testid=stAlertContentError]')].map((one) => one.innerText),
    drawn: !document.querySelector('[data-stale=true]') && plots.every((one) => one.dataset.drawn)
      && players.every((one) => one.dataset.frame),
  }};
}}"""


@dataclass
class Visitor:
    """In one tab, page.

    entries: the places the browser's history has, at: where it is among them; seen: what a place showed first.
    """

    page: Any
    draw: random.Random
    entries: list[str] = field(default_factory=list)
    at: int = -1
    seen: dict[str, Any] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def query(self) -> dict[str, list[str]]:
        """The settings in the address."""
        found = parse_qs(urlsplit(self.page.url).query, keep_blank_values=True)
        return {name: found[name] for name in sorted(found.keys() - {"v"})}

    @property
    def place(self) -> str:
        """Page and settings."""
        return json.dumps([urlsplit(self.page.url).path, self.query])

    def look(self) -> dict[str, Any]:
        """What is seen, once the page has come to rest."""
        last: list[Any] = [None, None]
        for _ in range(1000):
            answered(self.page)
            now = (self.place, self.page.evaluate(SEEN))
            if now[1]["drawn"] and now[1]["controls"] and last == [now, now]:
                return now[1]
            last = [now, last[0]]
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the page does not come to rest: {last} after {self.done}")

    def agree(self) -> dict[str, Any]:
        """Address, controls, picture and sentence say the same, and what they said when the address was here before."""
        now = self.look()
        for name, values in self.query.items():
            if name in now["controls"]:
                assert self._written(now["controls"][name]) == self._written(values), (
                    name,
                    values,
                    now["controls"][name],
                    self.done,
                )
        known = self.seen.setdefault(self.place, now)
        for _ in range(20):
            if now == known:
                return now
            now = self.look()
        return self.reload()  # what was seen first may not have been all of it yet: the address opened anew decides

    def enter(self, did: str) -> dict[str, Any]:
        """What was done made one new entry, which agrees."""
        self.done.append(did)
        here = self.entries[self.at] if self.entries else ""
        self._until(lambda: self.place != here)
        now = self.agree()
        self.page.evaluate("labPast.commit()")  # what follows at once would be part of the same change
        self.entries = [*self.entries[: self.at + 1], self.place]
        self.at = len(self.entries) - 1
        return now

    def menu(self, title: str) -> dict[str, Any]:
        """To another page."""
        self.page.locator("[data-testid=stSidebar]").get_by_role("link", name=title, exact=True).click()
        path = "/" if title == "Home" else f"/{title.replace(' ', '_')}"
        self._until(lambda: urlsplit(self.page.url).path == path)
        return self.enter(f"menu to {title}")

    def change(self) -> dict[str, Any]:
        """Another value of some control within reach."""
        reach = self.page.evaluate(f"() => {{ {CONTROLS} return controls; }}")
        name, kind, value, _ = self.draw.choice([one for one in reach if one[3] and one[0] not in DEAR])
        control = self.page.locator(f".st-key-{name}").first
        if kind in ("stNumberInput", "strip"):
            pair = self.page.locator(f".st-key-pair_{name} input[type=range]" if kind != "strip" else ".rbp-radius")
            pair.focus()
            highest = pair.get_attribute("aria-valuenow") or pair.get_attribute("value")
            most = pair.get_attribute("aria-valuemax") or pair.get_attribute("max")
            self.page.keyboard.press("ArrowLeft" if highest == most else "ArrowRight")
        elif kind == "stCheckbox":
            control.locator("label").first.click()
        elif kind == "stSelectbox":
            control.get_by_role("combobox").click()
            self.draw.choice(self.page.get_by_role("option", selected=False).all()).click()
        else:
            buttons = control.locator("button")
            free = buttons.and_(self.page.locator(":not([aria-checked=true]):not([aria-pressed=true])"))
            self.draw.choice((free if free.count() else buttons).all()).click()
        return self.enter(f"{name}, which was {value}")

    def undo(self) -> dict[str, Any]:
        """The change before by the button."""
        self.page.get_by_role("button", name="Undo").click()
        return self._travel("undo", -1)

    def redo(self) -> dict[str, Any]:
        """What was undone."""
        self.page.get_by_role("button", name="Redo").click()
        return self._travel("redo", 1)

    def back(self) -> dict[str, Any]:
        """The browser's own Back."""
        self.page.go_back(wait_until="commit")
        return self._travel("back", -1)

    def forward(self) -> dict[str, Any]:
        """The browser's own Forward."""
        self.page.go_forward(wait_until="commit")
        return self._travel("forward", 1)

    def reset(self) -> dict[str, Any]:
        """All settings of the page to their defaults."""
        self.page.get_by_role("button", name="All settings of this page to their defaults").click()
        return self.enter("reset")

    def reload(self) -> dict[str, Any]:
        """The page as somebody else opens it shows what is there."""
        self.done.append("reload")
        before = self.look()
        self.page.reload()
        for _ in range(100):
            now = self.look()
            if now == before:
                self.seen[self.place] = now
                return now
        parted = {name: (before[name], now[name]) for name in now if before[name] != now[name]}
        raise AssertionError(f"{self.place}: {parted} after {self.done}")

    def step(self) -> None:
        """One thing that a visitor does."""
        kinds = {"change": 6, "reload": 1}
        if self.query:  # what is as it was first is not reset
            kinds["reset"] = 1
        if self.at > 0:
            kinds["back"] = 2
        if self.at + 1 < len(self.entries):
            kinds["forward"] = 2
        for name in ("undo", "redo"):
            if self.page.get_by_role("button", name=name.capitalize()).is_enabled():
                kinds[name] = 2
        (kind,) = self.draw.choices(list(kinds), weights=list(kinds.values()))
        getattr(self, kind)()

    def _travel(self, how: str, by: int) -> dict[str, Any]:
        self.done.append(how)
        self.at += by
        self._until(lambda: self.place == self.entries[self.at])
        return self.agree()

    def _until(self, true: Any) -> None:
        for _ in range(1200):
            if true():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited in vain at {self.page.url} after {self.done}, with {self.entries} at {self.at}")

    @staticmethod
    def _written(value: Any) -> list[Any]:
        """A value as an address writes it, numbers as numbers, several in any order."""
        texts = value if isinstance(value, list) else [value]
        try:
            return [float(f"{float(one):.6g}") for one in texts]
        except ValueError:
            return sorted(str(one) for one in texts if one != "")
