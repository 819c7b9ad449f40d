"""What the tests of several pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

import pages.player
from pages.shared import background
from rbo_core.jobs import Queue

PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small train faster on one thread, the more so beside other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", autouse=True)
def one_script_cache() -> Iterator[None]:
    """A page is read and compiled once, as a server does it, and not anew for every run of an AppTest: 50 ms a run."""
    shared = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        for module in (local_script_runner, app_test):  # of the script, and of the pages it leads to
            patch.setattr(module, "ScriptCache", lambda: shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def packages_searched_once() -> Iterator[None]:
    """Streamlit searches all packages for components when a server starts, and AppTest at every run: 250 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Queue]:
    """A queue that nobody serves, in place of the server's own: what a page asks for can be read, nothing runs."""
    opened = Queue(tmp_path / "jobs.sqlite")
    monkeypatch.setattr(background, "queue", lambda: opened)
    yield opened
    opened.close()


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the page gave to the player, and the click that the player will report."""
    seen = SimpleNamespace(last=None, click=None)

    def fake(scene: Any, key: str, **options: Any) -> None:
        seen.last = scene
        click, seen.click = seen.click, None
        if click is not None:
            options["on_click"](click)
            st.rerun()

    monkeypatch.setattr(pages.player, "player", fake)
    return seen


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, queue: Queue) -> Callable[..., AppTest]:
    """visit("5_Train", folder, **query): that page on that data folder, run once without an exception."""

    def opened(name: str, folder: Path, **query: str) -> AppTest:
        monkeypatch.setenv("RBO_DATA_DIR", str(folder))
        page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
        return page

    return opened
