"""How fast the player draws in headless Chromium with software WebGL, and how large its messages are.

    python benchmarks/bench_player.py [seconds]

Prints updates a second for the 2-D view and for a 72 × 72 surface with one ball and three points (standing still and
while the camera turns), the drift of the frame against the clock, and the payload of 4 racers × 1,000 steps. Then
frames a second of Home, Roll (at 1920) and Race, pictures a second of a drag along the strip, and seconds from a
radius to its picture. Then the waits on the page Race: seconds from a click on the map to the new race (two rigid
balls, SGD, SAM), and from the button to the basin maps of 400 starts × 500 steps × 3 methods. A machine that does
other work at the same time says little.
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

APP = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import streamlit as st
from pages.shared import static
from pages.player import player
static.FOLDER = Path(__file__).parent / "static"
st.set_page_config(layout="wide")
sys.path.insert(0, {bench!r})
from bench_player import scene
player(scene(int(st.query_params["dim"])), key="p", height=560, autoplay=False)
"""


def scene(dim: int, steps: int = 1000, balls: int = 1):
    """A landscape with `balls` balls and the rest points, four racers in all, on wavy paths."""
    import numpy as np

    from rbo_core.figures.player.scene import Ground, Racer, Readout, Scene

    t = np.linspace(0, 1, steps + 1)
    x = np.linspace(-3, 3, 2000 if dim == 1 else 72)

    def height(*at):
        return sum(0.2 * v**2 + 0.1 * np.cos(9 * v) for v in at)

    racers = []
    for n, color in enumerate(["#D55E00", "#0072B2", "#009E73", "#E69F00"]):
        at = [(-2.4 + 0.3 * n + 0.4 * k) * (1 - t ** (1 + n / 3)) + 0.1 * np.sin(40 * t + n + k) for k in range(dim)]
        position = np.column_stack([*at, height(*at)])
        center = position + np.array([0.0] * dim + [0.4])
        ball = n < balls
        readouts = [Readout("Loss", position[:, -1]), Readout("Distance", np.hypot(*at) if dim == 2 else abs(at[0]))]
        readouts += [Readout("Gradients", np.arange(steps + 1) * 2, "integer")]
        if ball:
            readouts.append(Readout("Penetration", 0.01 * np.sin(30 * t) ** 2, "percent"))
        racers.append(
            Racer(f"r{n}", f"racer {n}", color, position, center if ball else None, 0.4 if ball else None,
                  shape="ball" if ball else "circle", readouts=tuple(readouts), status="at rest", stopped_at=steps)
        )  # fmt: skip
    ground = Ground(x, height(x)) if dim == 1 else Ground(x, height(*np.meshgrid(x, x)), x)
    return Scene(ground, tuple(racers), duration=20.0)


READ = """(p => [p.drawn, performance.now(), p.clock.frame, p.clock.then, p.clock.rate])(
    document.querySelector('.rbp').__player)"""
TURN = """(p => { const turn = () => { p.view.camera.azimuth += 0.02; p.redraw(); requestAnimationFrame(turn); };
    turn(); })(document.querySelector('.rbp').__player)"""


# The radii at which the batch was rolled, up and down, one a frame of the screen: each is another run, so all of the
# picture changes each time. A hand that goes slowly passes radii between them, where only the strip changes.
DRAG = """(p => new Promise((done) => {
    p.clock.pause();
    const up = p.batch.runs.map((run) => run.radius);
    const radii = [...up, ...up.slice(0, -1).reverse()].slice(0, 49);
    const begun = performance.now(), drawn = p.drawn;
    const step = () => {
        const radius = radii.shift();
        if (radius === undefined) {
            const rate = (p.drawn - drawn) / (performance.now() - begun) * 1000;
            p.settle();
            return done(rate);
        }
        p.strip.move(radius);
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}))(document.querySelector('.rbp').__player)"""


def race_page(browser: object, address: str, clicks: int = 9) -> None:
    """Waits of a visitor of the page Race, in seconds."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    began = time.perf_counter()
    page.goto(f"{address}/Race")
    page.wait_for_selector(".rbp[data-frame]", timeout=120_000)
    print(f"page Race, first visit to a new server: {time.perf_counter() - began:.2f} s")
    took = []
    for k in range(clicks + 1):
        x, y = -2.4 + 0.5 * k % 4.8, 2.3 - 0.37 * k
        box = page.locator(".rbp-contour").bounding_box()
        player = "document.querySelector('.rbp').__player"
        at = page.evaluate(f"[{player}.contour.X({x}), {player}.contour.Y({y})]")
        page.evaluate(f"{player}.clock.pause(); window.raced = {player}.scene")
        began = time.perf_counter()
        page.mouse.click(box["x"] + at[0], box["y"] + at[1])
        page.wait_for_function(f"{player}.scene !== window.raced", polling=10)
        took.append(time.perf_counter() - began)
    warm = took[1:]
    print(f"click to new race, 4 racers × 1,000 steps: median {statistics.median(warm):.2f} s, worst {max(warm):.2f} s")
    page.goto(f"{address}/Race?mode=starts&starts_side=20")
    button = page.get_by_role("button", name=re.compile("^Roll (from|the other)"))
    button.wait_for()
    began = time.perf_counter()
    button.click()
    page.get_by_text("of 400 starts").wait_for(timeout=120_000)
    print(f"400 starts × 500 steps × 3 methods: {time.perf_counter() - began:.1f} s")
    page.close()


def frames_and_radius(browser: object, address: str, seconds: float, changes: int = 5) -> None:
    """Frames a second of Roll and Race in playback, and seconds from a radius chosen on the strip to the new picture.

    Beside them what a drag along the strip draws a second: it asks no server, which Home, Roll and Race do alike.
    """
    player = "document.querySelector('.rbp').__player"
    for name, width, height in [("Home", 1280, 900), ("Roll", 1920, 1080), ("Race", 1280, 900)]:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{address}/{'' if name == 'Home' else name}?v=1&autoplay=0")
        page.wait_for_selector(".rbp[data-frame]", timeout=120_000)
        page.wait_for_function(f"{player}.batch?.runs.length > 0", timeout=120_000)
        page.evaluate(f"(p => {{ p.clock.loop = true; p.clock.play(); }})({player})")
        page.wait_for_timeout(500)
        a = page.evaluate(READ)
        page.wait_for_timeout(1000 * seconds)
        b = page.evaluate(READ)
        print(f"{name} at {width}: {(b[0] - a[0]) / (b[1] - a[1]) * 1000:.1f} frames a second")
        dragged = page.evaluate(DRAG)
        print(f"{name}, dragging along the strip: {dragged:.1f} pictures a second")
        took = []
        for k in range(changes if name != "Home" else 0):
            page.evaluate(f"window.before = {player}.base")
            began = time.perf_counter()
            page.evaluate(f"(s => {{ s.move({0.31 + 0.013 * k}); s.done(); }})({player}.strip)")
            page.wait_for_function(f"{player}.base !== window.before", polling=10, timeout=120_000)
            took.append(time.perf_counter() - began)
        if took:
            print(f"{name}, radius to picture: median {statistics.median(took):.2f} s, worst {max(took):.2f} s")
        page.close()


def main(seconds: float = 5.0) -> None:
    from conftest import FLAGS, serve
    from playwright.sync_api import sync_playwright

    from rbo_core.figures.player.payload import pack

    for balls in (1, 4):
        size = len(pack(scene(2, balls=balls)))
        print(f"payload, 72 × 72 surface, 4 racers × 1,000 steps, {balls} of them balls: {size / 1000:.0f} kB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        script = Path(folder) / "app.py"
        script.write_text(APP.format(root=str(ROOT), bench=str(ROOT / "benchmarks")))
        with serve(script) as address:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
            for dim, turning in [(1, False), (2, False), (2, True)]:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(f"{address}/?dim={dim}")
                page.wait_for_selector(".rbp[data-frame]")
                page.wait_for_timeout(1500)
                page.get_by_role("button", name="Play", exact=True).click()
                if turning:
                    page.evaluate(TURN)
                page.wait_for_timeout(500)
                a = page.evaluate(READ)
                page.wait_for_timeout(1000 * seconds)
                b = page.evaluate(READ)
                drift = (b[2] - a[2]) / ((b[3] - a[3]) / 1000 * b[4]) - 1
                words = f"{dim + 1}-D{', camera turning' if turning else ''}"
                print(f"{words}: {(b[0] - a[0]) / (b[1] - a[1]) * 1000:.1f} updates a second, clock drift {drift:.1e}")
                page.close()
            with serve(ROOT / "app.py") as app:
                frames_and_radius(browser, app, seconds)
                race_page(browser, app)
            browser.close()


if __name__ == "__main__":
    main(*(float(v) for v in sys.argv[1:]))
