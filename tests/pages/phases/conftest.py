"""The page Phases with a store and a queue of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import pages.player
from pages.phases import compute
from pages.shared import background
from rbo_core import jobs, sweep
from tests.pages.phases.reading import PAGE, SMALL


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """What the page gave to the player; a store and a queue of its own, in which no job runs by itself."""
    seen = SimpleNamespace(scene=None, click=None, store=sweep.Store(tmp_path / "s.sqlite"))
    seen.queue = jobs.Queue(tmp_path / "j.sqlite")

    def fake(scene, key, **options):
        seen.scene = scene
        click, seen.click = seen.click, None
        if click is not None:
            options["on_click"](click)
            st.rerun()

    monkeypatch.setattr(pages.player, "player", fake)
    monkeypatch.setattr(background, "queue", lambda: seen.queue)
    monkeypatch.setattr(compute, "store", lambda: seen.store)
    # A first look that is as long as it takes: how much one of a second holds depends on what else the machine does.
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 60.0)
    yield seen
    seen.store.close()
    seen.queue.close()


@pytest.fixture
def phases(lab):
    """phases(radius="0.3", ...) -> the page as a link with these settings opens it."""

    def open_(**query) -> AppTest:
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in {**SMALL, **query}.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return open_
