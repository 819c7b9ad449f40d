"""Random walks over all pages, with the menu, links, Back, Forward and reload: whatever a visitor does, the controls,
the pictures and the words are those that the address opens anew, and a page is found as it was left. What only a
browser has is walked in tests/browser/test_addresses.py.

The bulk, 200 walks that begin on each page: RBO_WALKS=200 python -m pytest tests/pages/test_walks.py. A failure prints
the walk; RBO_WALK="Roll 17" walks that one again.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from docs.addresses import STATES
from rbo_core.training import Method, RunStore, TrainConfig
from tests.pages.window import Address, Seen, Window

WALKS = int(os.environ.get("RBO_WALKS", "1"))
STEPS = 5
ONLY = os.environ.get("RBO_WALK", "")
ALL = [f"{title} {seed}" for title in STATES for seed in range(WALKS)]
CHEAP: dict[str, Address] = {
    "Roll": {"steps": ["40"]},
    "Race": {"steps": ["30"]},
    "Phases": {"cells": ["12"], "starts": ["1"], "steps": ["20"]},
}
"""Settings with which a walk begins on a page, so that it costs little."""
DEAR = frozenset(
    {
        "steps",
        "starts",
        "starts_steps",
        "starts_side",
        "cells",
        "gradients",
        "size",
        "samples",
        "seeds",
        "refine",
        "finer",
    }
)
"""Controls that only make work longer: they stay at their lower end."""


@dataclass
class Walk:
    """A walk in one window.

    entries: what the browser's history has, as (page, address, what was seen); at: where it is; known: how many of the
    entries are from before the last reload, after which a session of its own remembers no page as it was left.
    """

    draw: random.Random
    window: Window = field(default_factory=Window)
    entries: list[tuple[str, Address, Seen]] = field(default_factory=list)
    at: int = -1
    known: int = 0
    done: list[str] = field(default_factory=list)

    def arrive(self, title: str, address: Address) -> None:
        """Open a page at an address; a new entry, after which there is no Forward."""
        self.enter(self.window.show(title, address))

    def enter(self, seen: Seen) -> None:
        """What is seen now is a new entry."""
        self.entries = [*self.entries[: self.at + 1], (self.window.title, self.window.address, seen)]
        self.at = len(self.entries) - 1

    def step(self) -> None:
        """One thing that a visitor does."""
        kinds = {"change": 6, "menu": 2, "back": 2, "forward": 1, "reload": 1, "link": 1, "reset": 1}
        (kind,) = self.draw.choices(list(kinds), weights=list(kinds.values()))
        getattr(self, kind)()

    def change(self) -> None:
        """Another value of some control."""
        buttons = [one.key for one in self.window.session.button if str(one.key).startswith("preset_")]
        if buttons and self.draw.random() < 0.2:
            key = self.draw.choice(buttons)
            self.done.append(f"{self.window.title}: {key}")
            self.window.session.button(key).click().run()
            self.enter(self.window.seen)
            return
        names = [name for name in self.window.seen.controls if self.window.options(name, DEAR)]
        if names:
            name = self.draw.choice(sorted(names))
            value = self.draw.choice(self.window.options(name, DEAR))
            self.done.append(f"{self.window.title}: {name} = {value!r}")
            self.enter(self.window.change(name, value))

    def menu(self) -> None:
        """Another page by the menu, which is found as it was left."""
        title = self.draw.choice([name for name in STATES if name != self.window.title])
        since = self.entries[self.known : self.at + 1]
        left = next((seen for name, _, seen in reversed(since) if name == title), None)
        self.done.append(f"menu to {title}")
        self.arrive(title, self.window.left(title) or ({} if left else CHEAP.get(title, {})))
        if left is not None:
            assert not left.differences(self.entries[self.at][2]), f"{title} is not as it was left"

    def link(self) -> None:
        """One of the page's own links."""
        found = self.window.links()
        if found:
            title, address = self.draw.choice(found)
            self.done.append(f"link to {title} {address}")
            self.arrive(title, address)

    def reset(self) -> None:
        """All settings of the page to their defaults, as chrome.js does it: the bare address, in this session."""
        self.done.append("reset")
        self.enter(self.window.show(self.window.title, CHEAP.get(self.window.title, {}), back=True))

    def back(self) -> None:
        """Back or undo, to what was seen there."""
        self.travel(-1)

    def forward(self) -> None:
        """Forward or redo."""
        self.travel(1)

    def travel(self, by: int) -> None:
        """Along the history."""
        if 0 <= self.at + by < len(self.entries):
            self.at += by
            title, address, before = self.entries[self.at]
            self.done.append(f"{'back' if by < 0 else 'forward'} to {title} {address}")
            seen = self.window.show(title, address, back=True)
            assert not before.differences(seen), "another picture than the one that was left there"

    def reload(self) -> None:
        """The same address in a session of its own."""
        title, address = self.window.title, self.window.address
        self.done.append("reload")
        self.window.restart()
        self.window.show(title, address)
        self.known = len(self.entries)

    def check(self) -> None:
        """The address, opened by somebody else, shows the same."""
        title, address = self.window.title, self.window.address
        assert not self.window.seen.differences(opened_anew(title, json.dumps(address))), f"/{title}?{address}"


@cache
def opened_anew(title: str, address: str) -> Seen:
    """What somebody sees who opens this address. address: as JSON."""
    return Window().show(title, json.loads(address))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some finished runs, which Train, Results and the pages of networks read."""
    folder = tmp_path_factory.mktemp("stored")
    with RunStore(folder) as store:
        for name, data, seed in product(("rbo", "momentum"), ("digits", "mnist"), (0, 1)):
            made = store.create(TrainConfig(method=Method.of(name), data=data, seed=seed))
            for epoch in range(3):
                row = {"epoch": epoch, "gradients": 20 * epoch, "seconds": 0.1 * epoch}
                better = 0.02 * (name == "rbo") + 0.01 * seed
                row |= {"train_loss": 1 / (1 + epoch) - better, "validation_accuracy": 0.3 * epoch + better}
                store.add_metrics(made, row)
            store.update(made, "done", summary={"test_accuracy": 0.9 + 0.01 * seed})
    return folder


@pytest.mark.parametrize("name", [ONLY] if ONLY else ALL)
def test_a_walk_never_parts_address_controls_pictures_and_words(
    name: str, queue: Any, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(stored))
    # a busy machine, or one that compiles its kernels first, cuts nothing short
    for limit in (
        "pages.phases.compute.PREVIEW_SECONDS",
        "pages.phases.compute.PATIENCE_SECONDS",
        "pages.shared.asked.ALL_RUNS",
    ):
        monkeypatch.setattr(limit, 600.0)
    monkeypatch.setattr(
        "pages.roll.presets.story_asked", lambda: 0
    )  # counts the stories: each plays from its beginning
    monkeypatch.setattr("pages.shared.radius.rolled", lambda *_: ())  # the strip's other radii take their time
    title = name.rsplit(" ", 1)[0]
    walk = Walk(random.Random(name))
    try:
        walk.arrive(title, CHEAP.get(title, {}))
        for _ in range(STEPS):
            walk.step()
            walk.check()
    except AssertionError as parted:
        raise AssertionError(f"{name}: {parted}\n" + "\n".join(walk.done)) from parted
