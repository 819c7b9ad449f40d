"""First contact: from the server's address to a moving ball on Home, on a machine where nothing is compiled yet.

    python benchmarks/bench_cold_start.py [--rounds 3]

Every round starts a server of its own whose numba cache is an empty folder; the clock begins when a browser asks for
the address. Then Roll is opened by the menu, which tells whether its kernels were compiled meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

from browsing import app_in_browser

MOVING = "Number(document.querySelector('.rbp')?.dataset.frame) > 0"


def first_contact(read: float) -> tuple[float, float, float]:
    """Seconds to a moving ball on Home, on a cold and on a second visit, and on Roll after reading Home so long."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        with app_in_browser() as (address, browser):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            page.goto(address)
            page.wait_for_function(MOVING, timeout=120_000)
            home = time.perf_counter() - began
            page.wait_for_timeout(1000 * read)
            began = time.perf_counter()
            page.get_by_role("link", name="Roll", exact=True).first.click()
            page.wait_for_selector("h1:has-text('Roll')")
            page.wait_for_function(MOVING, timeout=120_000)
            roll = time.perf_counter() - began
            began = time.perf_counter()
            page.goto(address)
            page.wait_for_function(MOVING, timeout=120_000)
            return home, time.perf_counter() - began, roll


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--read", type=float, default=10.0, help="seconds one reads Home before Roll is opened")
    options = parser.parse_args()
    rounds = [first_contact(options.read) for _ in range(options.rounds)]
    for name, took in zip(("Home, cold", "Home, again", "Roll, after reading"), zip(*rounds, strict=True), strict=True):
        print(f"{name}: median {statistics.median(took):.2f} s of {', '.join(f'{one:.2f}' for one in took)}")


if __name__ == "__main__":
    main()
