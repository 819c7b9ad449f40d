"""The page Roll in a headless Chromium: seconds from a slider's key press to the new run, and frames drawn a second.

python benchmarks/bench_roll_page.py [changes]

Starts the app on a free port, presses the arrow keys of the radius slider (every press is a run that was not computed
before: 900 steps of a rigid ball, SGD and SAM), and waits until the page shows the new run. Prints the median and the
worst. The frame rate counts animation callbacks in which the player drew another frame, over two seconds of playback.
Needs Debian's chromium; its software renderer shares the cores with the server.
"""

from __future__ import annotations

import statistics
import sys
import time

from browsing import app_in_browser

CHANGED = "old => (document.querySelector('.lab-said')?.dataset.ends ?? old) !== old"
FRAMES = """() => new Promise(done => {
  const player = document.querySelector('.rbp'), start = performance.now();
  let drawn = 0, callbacks = 0, last = player.dataset.frame;
  const look = now => {
    callbacks += 1;
    if (player.dataset.frame !== last) { drawn += 1; last = player.dataset.frame; }
    if (now - start < 2000) requestAnimationFrame(look);
    else done([drawn / (now - start) * 1000, callbacks / (now - start) * 1000]);
  };
  requestAnimationFrame(look);
})"""


def main(changes: int) -> None:
    """Print latency and frame rate."""
    with app_in_browser() as (address, browser):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/Roll")
        page.wait_for_selector(".rbp[data-frame]", timeout=60_000)
        page.wait_for_timeout(500)
        drawn, callbacks = page.evaluate(FRAMES)
        print(f"playback: {drawn:.0f} frames drawn a second ({callbacks:.0f} animation callbacks)")
        page.wait_for_timeout(6000)
        seconds = []
        for _ in range(changes):
            before = page.get_attribute(".lab-said", "data-ends")
            page.locator(".st-key-pair_radius input[type=range]").focus()
            begin = time.perf_counter()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function(CHANGED, arg=before)
            seconds.append(time.perf_counter() - begin)
            page.wait_for_timeout(400)
        warm = seconds[1:]
        print(f"slider to new run: median {statistics.median(warm):.3f} s, worst {max(warm):.3f} s of {len(warm)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
