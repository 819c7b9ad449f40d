"""The app in a headless Chromium: cold start, slider to picture, payload, frames a second, memory a visitor."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from typing import Any

import psutil
from scipy import stats

import landscapes
from benchmarks.browsing import app_in_browser
from benchmarks.suite.measure import Report, Row
from rbo_core import RBO, SGD, trace
from rbo_core.figures.player.build import run_scene
from rbo_core.figures.player.payload import pack
from rbo_core.figures.playing import raced

FRAME = "Number(document.querySelector('.rbp')?.dataset.frame)"
SIZE = {"width": 1280, "height": 900}
PATIENCE = 180_000
PLAYER, PLOT = ".rbp[data-frame]", ".lab-plots[data-drawn]"
PICTURES = {
    "": PLAYER, "Roll": PLAYER, "Race": PLAYER, "Iron": PLOT, "Phases": PLOT, "Train": PLOT, "Network_landscape": PLOT,
    "Network_phases": PLOT, "Results": "[data-testid=stDataFrame] canvas", "Lessons": PLAYER,
}  # fmt: skip
"""Every page, and what is on it once its first picture is there."""


def run(quick: bool) -> Report:
    """Each from the outside, as a visitor has it; rendered by the processor, which is the slowest there is."""
    report = Report()
    report.rows.append(Row("payload", "Roll: a ball and a point, 900 steps", _payload(1) / 1000, "kB"))
    report.rows.append(Row("payload", "Race: a ball and a point, 900 steps", _payload(2) / 1000, "kB"))
    if shutil.which("chromium") is None:
        report.notes.append("the app in a browser left out: there is no chromium on the path")
        return report
    with tempfile.TemporaryDirectory() as cache:  # numba's, empty
        kept = os.environ.get("NUMBA_CACHE_DIR")
        os.environ["NUMBA_CACHE_DIR"] = cache
        try:
            with app_in_browser() as (address, browser):
                report.rows.append(Row("to a moving ball on Home", "nothing compiled yet", _moving(browser, address)))
                report.rows.append(Row("to a moving ball on Home", "second visitor", _moving(browser, address)))
        finally:
            os.environ.pop("NUMBA_CACHE_DIR") if kept is None else os.environ.update(NUMBA_CACHE_DIR=kept)
    with app_in_browser() as (address, browser):
        for page in ("Roll", "Race"):
            report.rows += _page(browser, f"{address}/{page}", page, 2 if quick else 7, 1.0 if quick else 4.0)
        for page, picture in PICTURES.items():
            report.rows += _first_picture(browser, f"{address}/{page}", picture, page or "Home", 1 if quick else 3)
        report.rows.append(_memory(browser, f"{address}/Roll", 3 if quick else 6))
        report.notes.append("private memory: where the interval holds 0, a visitor costs less than the server's own "
                            "ups and downs, since equal runs are kept once for all")  # fmt: skip
    return report


def _payload(dim: int) -> int:
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    ball = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    runs = [trace(method, surface, surface.start, 900) for method in (ball, SGD(learning_rate=0.01))]
    return len(pack(run_scene(surface, raced(runs))))


def _moving(browser: Any, address: str) -> float:
    page = browser.new_page(viewport=SIZE)
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_function(f"{FRAME} > 0", timeout=PATIENCE, polling=20)
    took = time.perf_counter() - begin
    page.close()
    return took


def _first_picture(browser: Any, address: str, picture: str, name: str, rounds: int) -> list[Row]:
    """Seconds to a page's first picture when others have opened it before, and of them the server's own computing."""
    server, took, computed = _server(), [], []
    context = browser.new_context(viewport=SIZE)
    for _ in range(rounds + 1):
        page = context.new_page()
        before = sum(server.cpu_times()[:2])
        begin = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(picture, timeout=PATIENCE)
        took.append(time.perf_counter() - begin)
        computed.append(sum(server.cpu_times()[:2]) - before)
        page.close()
    context.close()
    warm, work = statistics.median(took[1:]), statistics.median(computed[1:])
    return [
        Row("first picture of a page, warm", name, warm, "s", took[0], rounds=rounds),
        Row("of it the server's computing", name, work, "s", computed[0], rounds=rounds),
    ]


def _page(browser: Any, address: str, name: str, changes: int, watched: float) -> list[Row]:
    """Seconds from a step of the radius slider to the new picture, and frames drawn a second."""
    page = browser.new_page(viewport=SIZE)
    page.goto(address)
    page.wait_for_function(f"{FRAME} > 0", timeout=PATIENCE)
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=PATIENCE)
    took = []
    for _ in range(changes + 1):
        page.evaluate("window.before = document.querySelector('.rbp').__player.scene")
        page.locator(".st-key-pair_radius input[type=range]").focus()
        begin = time.perf_counter()
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("document.querySelector('.rbp').__player.scene !== window.before",
                               polling=10, timeout=PATIENCE)  # fmt: skip
        took.append(time.perf_counter() - begin)
    read = "[document.querySelector('.rbp').__player.drawn, performance.now()]"
    page.keyboard.press("ArrowRight")  # a new run plays from its beginning
    page.wait_for_timeout(1000)
    before = page.evaluate(read)
    page.wait_for_timeout(1000 * watched)
    after = page.evaluate(read)
    page.close()
    return [
        Row("radius slider to the new picture", name, statistics.median(took[1:]), "s", took[0], rounds=changes),
        Row("frames drawn", name, 1000 * (after[0] - before[0]) / (after[1] - before[1]), "a second"),
    ]


def _memory(browser: Any, address: str, visitors: int) -> Row:
    """The slope of the server's private memory over visitors who stay: caches are full after the first two, who are not
    counted, and Streamlit collects garbage after every run."""
    server = _server()
    pages = [_stays(browser, address) for _ in range(2)]
    held = []
    for _ in range(visitors):
        pages.append(_stays(browser, address))
        held.append(server.memory_full_info().uss / 1e6)
    for page in pages:
        page.close()
    fit = stats.linregress(range(visitors), held)
    half = float(stats.t.ppf(0.975, visitors - 2) * fit.stderr)
    who = f"a further visitor of Roll, fitted over {visitors} (95 % {fit.slope - half:.2g} to {fit.slope + half:.2g})"
    return Row("private memory of the server", who, float(fit.slope), "MB", rounds=visitors)


def _stays(browser: Any, address: str) -> Any:
    """A visitor's page, standing still, so that many of them leave the processor to the server."""
    page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
    page.goto(address)
    page.wait_for_selector(PLAYER, timeout=PATIENCE)
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=PATIENCE)
    page.wait_for_timeout(500)  # the collection after the run
    return page


def _server() -> Any:
    return next(one for one in psutil.Process().children(recursive=True) if "streamlit" in " ".join(one.cmdline()[:4]))
