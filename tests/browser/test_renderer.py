"""The 3-D view on both branches (graphics card and software), after a new scene, and after a lost WebGL context."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"

# Draw the first frame as the page would, and count the pixels that are not the page's background: ground and ball.
PAINT = f"""(p => {{
    clearTimeout(p.view.resting);
    p.view.draw(p.clock.shown, p.theme);
    const gl = p.view.gl, [w, h] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const dots = new Uint8Array(4 * w * h);
    gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, dots);
    const back = p.theme.background;
    let painted = 0;
    for (let i = 0; i < dots.length; i += 4) painted += back.some((v, n) => Math.abs(v - dots[i + n]) > 8);
    return [painted / (w * h), gl.getError()];
}})({PLAYER})"""


# Pictures drawn finely once all is quiet: while a scene that was asked for is under way, and after it came; null where
# nothing is drawn a second time.
FINELY = f"""(p => {{
    const {{ view }} = p, {{ draw }} = view;
    let drawn = 0;
    view.draw = (...all) => {{ drawn += view.quality > 1; draw.apply(view, all); }};
    const quiet = () => {{
        drawn = 0;
        clearTimeout(view.resting);
        view.resting = 0;
        view.draw(0, p.theme);
        if (!view.resting) return null;
        view.finely(0, p.theme);
        clearTimeout(view.resting);
        return drawn;
    }};
    p.send = () => {{}};
    view.actions.click([0, 0]);
    const meanwhile = quiet();
    p.load({{ ...p.base }});
    return [meanwhile, quiet()];
}})({PLAYER})"""


@pytest.fixture(scope="module")
def app(serve_script, tmp_path_factory) -> Iterator[str]:
    script = shutil.copy(Path(__file__).parent / "player_app.py", tmp_path_factory.mktemp("renderer"))
    with serve_script(Path(script)) as address:
        yield address


@pytest.mark.parametrize("renderer", ["software", "hardware"])
def test_a_new_scene_draws_its_ground_at_once(app, open_page, renderer):
    page = open_page(f"{app}/?scene=plane", script=f"window.rbpRenderer = '{renderer}'")
    page.wait_for_selector(".rbp[data-frame]")
    assert page.evaluate(f"{PLAYER}.view.software") == (renderer == "software")
    first, error = page.evaluate(PAINT)
    assert error == 0
    assert first > 0.2
    # two new scenes: in the second one the buffers of the first are gone
    for _ in range(2):
        page.evaluate(f"(p => {{ p.view.load(p.scene); }})({PLAYER})")
        again, error = page.evaluate(PAINT)
        assert error == 0
        assert again == pytest.approx(first, abs=0.01)
    drawn = page.evaluate(FINELY)
    assert drawn == ([0, 1] if renderer == "software" else [None, None])


# The first view, another one, another frame: each with the ground kept (copied the second time) and drawn in full.
KEPT = f"""(p => {{
    const {{ view }} = p, {{ gl, canvas }} = view;
    view.rest = () => {{}};
    clearTimeout(view.resting);
    const pixels = (frame, software) => {{
        view.software = software;
        view.draw(frame, p.theme);
        const dots = new Uint8Array(4 * canvas.width * canvas.height);
        gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, dots);
        return dots;
    }};
    return [[0, 0], [0.4, 0], [0, p.clock.last]].map(([turn, frame]) => {{
        view.camera.turn(turn, 0);
        pixels(frame, true);
        const [kept, full] = [pixels(frame, true), pixels(frame, false)];
        return [kept.reduce((most, v, n) => Math.max(most, Math.abs(v - full[n])), 0), gl.getError()];
    }});
}})({PLAYER})"""


def test_kept_ground_with_shadows_laid_on_it_is_the_picture_drawn_in_full(app, open_page):
    page = open_page(f"{app}/?scene=plane")
    page.wait_for_selector(".rbp[data-frame]")
    for difference, error in page.evaluate(KEPT):
        assert error == 0
        assert difference <= 2  # of 255: the kept colour is rounded before the shadow falls on it


def test_a_lost_context_is_told_and_the_picture_comes_back(app, open_page):
    page = open_page(f"{app}/?scene=plane")
    page.wait_for_selector(".rbp[data-frame]")
    before, _ = page.evaluate(PAINT)
    take = "window.taken = p.view.gl.getExtension('WEBGL_lose_context'); taken.loseContext();"
    page.evaluate(f"(p => {{ {take} }})({PLAYER})")
    page.locator(".rbp-lost").wait_for()
    assert "graphics card" in page.locator(".rbp-lost").inner_text()
    assert not page.locator(".rbp-over").is_visible()
    # a new scene may arrive meanwhile
    page.evaluate(f"(p => {{ p.view.load(p.scene); p.redraw(); }})({PLAYER})")
    page.evaluate("taken.restoreContext()")
    page.locator(".rbp-lost").wait_for(state="detached")
    page.wait_for_function("document.querySelector('.rbp-over').offsetParent !== null")
    after, error = page.evaluate(PAINT)
    assert error == 0
    assert after == pytest.approx(before, abs=0.01)
    page.said = [text for text in page.said if "context lost" not in text.lower()]


def test_race_asks_a_worker_who_draws_and_hears_what_the_page_itself_would(server, open_page):
    page = open_page(f"{server}/Race")
    page.wait_for_selector(".rbp[data-frame]")
    heard = page.wait_for_function("window.rbpRenderer").json_value()
    asked = page.evaluate("""async () => {
        const [{ name }] = performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith("/early.js"));
        const { rendererOf } = await import(new URL("renderer.js", name).href);
        return rendererOf(document.createElement("canvas"));
    }""")
    assert heard == asked
    assert page.evaluate(f"{PLAYER}.view.software") == (heard == "software")
