"""A Streamlit server and a Chromium page for tests that need a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.browser.waits import READY, WIRE, answered
from tests.processes import end

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# The page is put together without WebGL: in software that takes a third more of what a page costs. A canvas's own WebGL
# is drawn by SwiftShader all the same.
COMPOSITED = "--disable-gpu"

# How long to wait for a state, in ms: no test asks how fast a busy machine is.
PATIENCE = 120_000

# What a browser without a graphics card says of its own slowness.
SLOW = ("GPU stall due to ReadPixels", "Automatic fallback to software WebGL", "with the willReadFrequently attribute")


def _is_trouble(message: object) -> bool:
    """An error or a warning on the console, what WebGL refuses included."""
    if message.type not in ("error", "warning"):
        return False
    return not any(text in message.text for text in SLOW)


def _missing(reason: str) -> None:
    """No browser is a skip on a laptop and a failure in CI, where it must not go unnoticed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def serve(script: Path) -> Iterator[str]:
    """Run a Streamlit script on a free loopback port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RBO_DATA_DIR": tempfile.mkdtemp(prefix="rbo-test-")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment)
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                if process.poll() is not None:
                    break
                with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                    break
                time.sleep(0.25)
            else:
                pytest.fail("the Streamlit server did not start within 60 s")
            if process.poll() is not None:
                log.seek(0)
                pytest.fail(f"the Streamlit server ended: {log.read()[-2000:]!r}")
            yield address
        finally:
            end(process)
            shutil.rmtree(environment["RBO_DATA_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def serve_script() -> Callable[[Path], object]:
    """serve_script(path): context manager that runs that script and yields its address."""
    return serve


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of the app itself."""
    with serve(ROOT / "app.py") as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A headless Chromium with software WebGL."""
    try:
        from playwright import sync_api
    except ImportError:
        _missing("playwright is not installed: pip install -r requirements-dev.txt")
    path = shutil.which("chromium")
    if path is None:
        _missing("no chromium on PATH: install Debian's chromium to run the browser tests")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, COMPOSITED])
        yield browser
        browser.close()


class Windows:
    """Windows of one browser by their options: what opens in one shares what is cached of Streamlit's own scripts."""

    def __init__(self, chromium: object) -> None:
        self._chromium = chromium
        self._contexts: dict[tuple[object, ...], object] = {}

    def tab(self, width: int, height: int, options: dict[str, object]) -> object:
        options = {"reduced_motion": "reduce"} | options  # a film that nobody watches takes most of a core
        key = (width, height, *sorted(options.items()))
        if key not in self._contexts:
            self._contexts[key] = self._chromium.new_context(viewport={"width": width, "height": height}, **options)
            self._contexts[key].set_default_timeout(PATIENCE)
        return self._contexts[key].new_page()

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


@contextmanager
def _opener(windows: Windows) -> Iterator[Callable[..., object]]:
    pages = []

    def open_(address: str, width: int = 1280, height: int = 900, script: str = "", **options: object) -> object:
        page = windows.tab(width, height, options)
        page.add_init_script(WIRE + script)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text) if _is_trouble(message) else None)
        page.on("pageerror", lambda error: page.said.append(str(error)))
        pages.append(page)
        page.goto(address)
        page.wait_for_selector(READY)
        return page

    yield open_
    said = [text for page in pages for text in page.said]
    for page in pages:
        if not page.is_closed():
            page.context.clear_cookies()
            page.evaluate("localStorage.clear()")
            page.close()
    assert not said, f"the browser's console complained: {said[:3]}"


@pytest.fixture(scope="session")
def windows(chromium: object) -> Iterator[Windows]:
    """The windows in which :func:`open_page` opens."""
    made = Windows(chromium)
    yield made
    made.close()


@pytest.fixture
def open_page(windows: Windows) -> Iterator[Callable[..., object]]:
    """open_page(address, width=1280, **context options) -> a Playwright page that is ready.

    Films stand still until they are played; with reduced_motion="no-preference" they begin by themselves.
    script: JavaScript that runs before the page's own. page.said collects errors and warnings of the console and errors
    of scripts; the fixture fails the test on any. No test remembers another but for Streamlit's scripts.
    """
    with _opener(windows) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_lasting_page(chromium: object) -> Iterator[Callable[..., object]]:
    """As open_page, for pages that the tests of a module share.

    A tab in the background is drawn once a second only (page.bring_to_front()).
    """
    own = Windows(chromium)
    with _opener(own) as open_:
        yield open_
    own.close()


@pytest.fixture
def settle() -> Callable[[object], None]:
    """settle(page): wait until the script has run again after an interaction.

    A control may take a moment before it asks the server (a slider 200 ms): wait for what it changes first.
    """

    def wait(page: object) -> None:
        page.wait_for_timeout(150)
        answered(page)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    return wait


@pytest.fixture
def press(settle: Callable[[object], None]) -> Callable[..., None]:
    """press(locator): click a widget after the script has run to its end.

    Until then the page still shows what the run before drew, and a click on a widget that is about to go is lost.
    """

    def click(locator: object) -> None:
        locator.wait_for()
        settle(locator.page)
        locator.click()

    return click
