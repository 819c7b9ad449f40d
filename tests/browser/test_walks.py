"""Every page through changes, Undo, Redo, Reset, Back, Forward, reload and menu: address, controls, picture and
sentence agree. RBO_WALKS=20 goes on with so many random steps on each page; tests/pages/test_walks.py walks further.
"""

from __future__ import annotations

import os
import random

import pytest

from docs.addresses import STATES
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MORE = int(os.environ.get("RBO_WALKS", "0"))


BRIEF = {"Race": "steps=100", "Phases": "cells=12&starts=1&steps=20"}
"""Settings of pages that take long, or whose picture grows meanwhile, as they open."""


@pytest.fixture(scope="module")
def tab(server, open_lasting_page):
    """One tab, in which a visitor goes from page to page."""
    return open_lasting_page(f"{server}/Roll")


@pytest.mark.parametrize("title", sorted(STATES, key="Roll".__ne__))
def test_undo_redo_and_reset_go_along_the_entries_of_a_page(server, tab, title):
    visitor = Visitor(tab, random.Random(title))
    if title in BRIEF:
        tab.goto(f"{server}/{title}?v=1&{BRIEF[title]}")
    visitor.enter("arrives")
    if title not in BRIEF and title != "Roll":
        visitor.menu(title)
    visitor.change()
    visitor.undo()
    visitor.redo()
    visitor.reload()
    visitor.reset()
    assert not visitor.query
    for _ in range(MORE):
        visitor.step()
