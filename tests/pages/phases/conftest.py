"""The page Phases with a store and a queue of its own."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.phases import compute
from rbo_core import sweep
from tests.pages.phases.reading import PAGE, SMALL


@pytest.fixture
def lab(scenes, queue, monkeypatch, tmp_path):
    """What the page gave to the player; a store and a queue of its own, in which no job runs by itself."""
    seen = scenes
    seen.store, seen.queue = sweep.Store(tmp_path / "s.sqlite"), queue
    monkeypatch.setattr(compute, "store", lambda: seen.store)
    # A first look that is as long as it takes: how much one of a second holds depends on what else the machine does.
    monkeypatch.setattr(compute, "PREVIEW_SECONDS", 60.0)
    yield seen
    seen.store.close()


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
