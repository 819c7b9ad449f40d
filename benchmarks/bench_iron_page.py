"""The page Iron in a headless Chromium: seconds from a press on the radius slider to the picture that is ironed anew.

python benchmarks/bench_iron_page.py [changes]

Starts the app on a free port and presses the arrow keys of the radius slider; every press is a radius that was not
computed before. The clock stops in the browser, when Plotly has drawn the new curve (both new surfaces): a press, the
way to the server, the ironing, the figure, the way back and the drawing all count. Prints the median and the worst for
the curve and for the 256 × 256 surface, and how long the same ironing takes without a page. Needs Debian's chromium;
its software renderer shares the cores with the server.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browsing import app_in_browser

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import landscapes
from rbo_core.ironing import iron_landscape

# Plotly's own event says when a plot is drawn; one or two plots must be drawn again.
WATCH = """() => {
  const plots = [...document.querySelectorAll('.st-key-iron_plot .js-plotly-plot')];
  const left = new Set(plots);
  window.ironed = new Promise((done) => {
    let begun = null;
    window.addEventListener('keydown', () => { begun = performance.now(); }, { once: true, capture: true });
    plots.forEach((plot) => plot.on('plotly_afterplot', () => {
      if (begun === null) return;
      left.delete(plot);
      if (left.size === 0) requestAnimationFrame(() => done((performance.now() - begun) / 1000));
    }));
  });
}"""


def main(changes: int) -> None:
    """Print the latencies."""
    with app_in_browser() as (address, browser):
        for name, query, plots in (("curve", "", 1), ("surface 256 × 256", "ground=surface&look=blur", 2)):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/Iron?{query}")
            seconds = presses(page, plots, changes)[1:]
            page.close()
            print(
                f"{name}: press to picture, median {statistics.median(seconds):.3f} s, "
                f"worst {max(seconds):.3f} s of {len(seconds)}"
            )
    for dim, n in ((1, 2001), (2, 256)):
        surface = landscapes.get("wrinkled_bowl", dim=dim)
        iron_landscape(surface, 0.11, n=n)
        print(f"ironing alone, {dim} parameter(s): {clock(lambda s=surface, n=n: iron_landscape(s, 0.2, n=n)):.4f} s")


def presses(page: Any, plots: int, changes: int) -> list[float]:
    """Seconds of every press, the first (cold) one included."""
    page.wait_for_function(
        f"document.querySelectorAll('.st-key-iron_plot .js-plotly-plot').length >= {plots}", timeout=60_000
    )
    page.wait_for_timeout(3000)
    seconds = []
    for _ in range(changes + 1):
        page.locator(".st-key-pair_radius input[type=range]").focus()
        page.evaluate(WATCH)
        page.keyboard.press("ArrowRight")
        seconds.append(page.evaluate("window.ironed"))
        page.wait_for_timeout(700)
    return seconds


def clock(call: Callable[[], Any], times: int = 5) -> float:
    """Median wall time in seconds."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
