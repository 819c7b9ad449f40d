"""The player in a real Chromium: rolling, playback, clicks, keyboard, and a sphere that is round."""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"


@pytest.fixture(scope="module")
def app(serve_script, tmp_path_factory) -> Iterator[str]:
    # a copy, for the folder of the script receives the player's files
    script = shutil.copy(Path(__file__).parent / "player_app.py", tmp_path_factory.mktemp("player"))
    with serve_script(Path(script)) as address:
        yield address


@pytest.fixture
def show(app, open_lasting_page):
    """show(scene, **options) -> a page of its own whose player has drawn its first frame."""
    opened = []

    def show_(scene: str, query: str = "", **options):
        page = open_lasting_page(f"{app}/?scene={scene}{query}", **options)
        opened.append(page)
        page.wait_for_selector(".rbp[data-frame]")
        return page

    yield show_
    for page in opened:
        assert not page.said
        page.close()


@pytest.fixture(scope="module")
def pages(app, open_lasting_page):
    """A page for each scene, shared by the tests that leave its data alone: loading one costs more than most tests."""
    opened = {}

    def page_of(scene: str):
        if scene not in opened:
            opened[scene] = open_lasting_page(f"{app}/?scene={scene}")
            opened[scene].wait_for_selector(".rbp[data-frame]")
        return opened[scene]

    return page_of


@pytest.fixture
def shared(pages):
    """shared(scene) -> that scene's page, standing still at its first frame with its first view."""

    def shared_(scene: str):
        page = pages(scene)
        page.bring_to_front()  # a tab in the background is drawn once a second
        page.get_by_label("Speed").select_option("1")
        # the fine picture that follows on software WebGL when all is quiet costs seconds; who needs it asks for it
        page.evaluate(
            f"(p => {{ p.view.software = false; p.clock.loop = false; p.clock.seek(0); p.view.setZoom(0); "
            f"p.view.camera?.reset(); }})({PLAYER})"
        )
        wait_for_frame(page, 0)
        return page

    return shared_


def wait_for_frame(page, number: int) -> None:
    page.wait_for_function(f"document.querySelector('.rbp').dataset.frame === '{number}'")


def painted(page) -> None:
    """Wait until what happened so far is on the screen."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def told(page) -> tuple[int, list[float]]:
    """Number of clicks that reached Python, and the start it uses."""
    words = page.get_by_text("clicks").inner_text().split()
    return int(words[1]), [float(v) for v in words[3:]]


def ball_box(page) -> tuple[int, int]:
    """Width and height in pixels of the ball, which alone is magenta in the main view."""
    from PIL import Image

    page.mouse.move(5, 5)
    painted(page)
    page.evaluate(f"(p => {{ clearTimeout(p.view.resting); p.view.quality = 2; p.view.draw(p.clock.shown, p.theme); "
                  f"p.view.quality = 1; }})({PLAYER})")  # fmt: skip
    shot = np.asarray(Image.open(io.BytesIO(page.locator(".rbp-main").screenshot())).convert("RGB")).astype(float)
    red, green, blue = np.moveaxis(shot, -1, 0)
    ball = (np.minimum(red, blue) - green > 0.13 * red) & (red > 25)
    columns, rows = np.nonzero(ball.sum(0) > 1)[0], np.nonzero(ball.sum(1) > 1)[0]
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def drag(page, selector: str, dx: int, dy: int, origin: tuple[float, float] | None = None) -> None:
    box = page.locator(selector).bounding_box()
    x, y = origin or (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    painted(page)


@pytest.mark.parametrize("scene", ["plane", "ramp", "compressed"])
def test_the_sphere_is_round_after_a_turn_and_at_any_height_scale(shared, scene):
    page = shared(scene)
    # stand before the downhill side and look at the ball from close by, where a pixel is a small error
    page.evaluate(
        f"""(({{view: {{camera: c, now}}}}) => {{
            c.start = c.azimuth = Math.PI - 0.2; c.shift = now[0].center.map((v, n) => v - c.middle[n]);
            c.zoom *= 130 / (0.4 * {PLAYER}.view.project(now[0].center).k);
        }})({PLAYER})"""
    )
    for turn in [(70, 30), (-130, -60)]:
        drag(page, ".rbp-over", *turn)
        width, height = ball_box(page)
        assert width > 180
        assert width == pytest.approx(height, rel=0.03)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    width, height = ball_box(page)
    assert 60 < width < 150
    assert width == pytest.approx(height, rel=0.03)


def test_the_ball_turns_by_its_path_over_its_radius_in_3d(shared):
    page = shared("plane")
    turn = page.evaluate(f"({PLAYER}).view.paths[0].turn && {{angle: Array.from({PLAYER}.view.paths[0].turn.angle), "
                         f"last: Array.from({PLAYER}.view.paths[0].turn.out.slice(-4))}}")  # fmt: skip
    expected = 1.5 / 0.4
    assert turn["angle"][-1] == pytest.approx(expected, rel=1e-5)
    # rolling along (0.6, 0.8, 0) turns about up × motion = (−0.8, 0.6, 0)
    axis = np.array([-0.8, 0.6, 0.0]) * math.sin(expected / 2)
    assert np.allclose(turn["last"], [*axis, math.cos(expected / 2)], atol=2e-4)


def test_the_ball_turns_by_its_path_over_its_radius_in_2d(shared):
    page = shared("curve")
    angle = page.evaluate(f"Array.from({PLAYER}.scene.racers[0].rotation)")
    assert angle[-1] == pytest.approx(2.0 / 0.4, rel=1e-5)
    assert np.all(np.diff(angle) > 0)


def test_playing_follows_the_clock(shared):
    page = shared("curve")
    page.get_by_label("Speed").select_option("0.1")  # however slow the machine, the run does not end meanwhile
    page.get_by_role("button", name="Play", exact=True).click()
    read = f"({{frame: {PLAYER}.clock.frame, then: {PLAYER}.clock.then, rate: {PLAYER}.clock.rate}})"
    page.wait_for_function(f"{PLAYER}.clock.frame > 0")
    first = page.evaluate(read)
    page.wait_for_function(f"{PLAYER}.clock.then > {first['then'] + 400}")
    second = page.evaluate(read)
    assert first["rate"] == pytest.approx(200 / 4 / 10)
    elapsed = (second["then"] - first["then"]) / 1000
    assert second["frame"] - first["frame"] == pytest.approx(elapsed * first["rate"], abs=1e-6)
    page.get_by_label("Speed").select_option("2")
    assert page.evaluate(read)["rate"] == pytest.approx(100)
    page.get_by_label("Speed").select_option("0.1")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    held = page.evaluate(f"{PLAYER}.clock.frame")
    painted(page)
    painted(page)
    assert page.evaluate(f"{PLAYER}.clock.frame") == held


def test_playback_stops_at_the_end_or_loops(shared):
    page = shared("curve")
    page.get_by_label("Frame").fill("195")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_frame(page, 200)
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.locator(".rbp-readouts").get_by_text("at rest").wait_for()
    page.get_by_role("button", name="Loop").click()
    page.get_by_label("Speed").select_option("10")
    page.get_by_role("button", name="Restart").click()
    wait_for_frame(page, 200)
    page.wait_for_function("Number(document.querySelector('.rbp').dataset.frame) < 150")


def test_buttons_slider_and_read_outs_agree(shared):
    page = shared("curve")
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Step forward").click()
    wait_for_frame(page, 2)
    page.get_by_role("button", name="Step back").click()
    wait_for_frame(page, 1)
    page.get_by_label("Frame").fill("100")
    wait_for_frame(page, 100)
    rows = page.locator(".rbp-readouts tbody tr").all_inner_texts()
    assert "−1.000" in rows[0]
    assert "rolling" in rows[0]
    assert "−1.900" in rows[1]
    assert "stuck" in rows[1]
    assert "step 100 of 200" in page.locator(".rbp-bar").inner_text()


def test_a_gap_is_drawn_as_a_gap_in_both_dimensions(shared):
    page = shared("curve")
    drawn = page.evaluate("""async () => {
      const { view } = document.querySelector('.rbp').__player;
      const main = performance.getEntriesByType('resource').find((e) => /player-\\w+\\/player.js$/.test(e.name)).name;
      const { path } = await import(new URL('ridge.js', main));
      const values = view.scene.ground.heights.slice().fill(NaN, 300, 500);
      const strokes = [];
      const lineTo = () => strokes[strokes.length - 1]++;
      path(view, { beginPath() {}, closePath() {}, moveTo: () => strokes.push(0), lineTo }, values, true);
      return strokes;
    }""")
    assert len(drawn) == 2
    assert min(drawn) > 10
    corners = page.evaluate("""async () => {
      const loaded = performance.getEntriesByType('resource').map((e) => e.name);
      const main = loaded.find((name) => /player-\\w+\\/player.js$/.test(name));
      const { sheet } = await import(new URL('meshes.js', main));
      const axis = [0, 1, 2, 3];
      const heights = Float64Array.from({ length: 16 }, (_, k) => (k === 5 ? NaN : k));
      const { data, index } = sheet({ nx: 4, ny: 4, x: axis, y: axis, scale: 1 }, heights);
      const sound = (k) => [...data.slice(6 * k, 6 * k + 6)].every(Number.isFinite);
      return [index.includes(5), index.length / 3, [...index].every(sound)];
    }""")
    # Of 18 triangles the four cells at the hole have eight, and two of those do not touch it.
    assert corners == [False, 12, True]


def test_keyboard(shared):
    page = shared("curve")
    page.locator(".rbp-stage").focus()
    for key, expected in [("End", 200), ("ArrowLeft", 199), ("Home", 0), ("ArrowRight", 1), ("Shift+ArrowRight", 11)]:
        page.keyboard.press(key)
        wait_for_frame(page, expected)
    page.keyboard.press("Space")
    page.wait_for_function("Number(document.querySelector('.rbp').dataset.frame) > 15")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    outline = page.evaluate("getComputedStyle(document.querySelector('.rbp-stage')).outlineStyle")
    assert outline == "solid"


def test_a_click_on_the_curve_places_the_start_and_a_drag_does_not(show):
    page = show("curve")
    box = page.locator(".rbp-view").bounding_box()
    x = box["x"] + page.evaluate(f"{PLAYER}.view.X(1.25)")
    y = box["y"] + 60
    drag(page, ".rbp-view", 40, 0, origin=(x, y))
    page.mouse.click(x, y)
    # had the drag placed a start, it would be the first one, or the click the second
    page.get_by_text("clicks 1 ").wait_for()
    assert told(page) == (1, [pytest.approx(1.25, abs=0.01)])


def test_a_click_on_the_surface_or_the_map_places_the_start_and_a_drag_does_not(show):
    page = show("bowl")
    cell = 6 / 71
    target = [0.8, 0.5, 0.2 * (0.8**2 + 0.5**2)]
    drag(page, ".rbp-over", 30, 0)
    drag(page, ".rbp-contour", 30, 0)
    box = page.locator(".rbp-over").bounding_box()
    at = page.evaluate(f"{PLAYER}.view.project({target})")
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.get_by_text("clicks 1 ").wait_for()
    assert np.allclose(told(page)[1], target[:2], atol=cell)
    plan = page.locator(".rbp-contour").bounding_box()
    at = page.evaluate(f"[{PLAYER}.contour.X(-1.5), {PLAYER}.contour.Y(2)]")
    page.mouse.click(plan["x"] + at[0], plan["y"] + at[1])
    page.get_by_text("clicks 2 ").wait_for()
    assert np.allclose(told(page)[1], [-1.5, 2.0], atol=cell)


def test_camera_and_frame_survive_playback_and_a_rerun_with_new_data(show):
    page = show("plane")
    drag(page, ".rbp-over", 90, 40)
    page.get_by_role("button", name="Zoom in").click()
    view = f"(({{view: {{camera: c}}}}) => [c.azimuth, c.elevation, c.zoom, ...c.shift])({PLAYER})"
    before = page.evaluate(view)
    page.get_by_label("Frame").fill("195")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_frame(page, 200)
    assert page.evaluate(view) == before
    page.get_by_label("Frame").fill("120")
    # the slider of the app changes the scene (its status text carries the value)
    page.get_by_role("slider", name="Size").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{PLAYER}.scene.racers[0].status !== 'size 0.4'")
    assert page.evaluate(view) == before
    wait_for_frame(page, 120)


def test_the_scene_turns_while_it_plays(shared):
    page = shared("plane")
    page.get_by_label("Speed").select_option("0.1")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{PLAYER}.clock.frame > 0")
    read = f"(({{view: {{camera: c}}, clock}}) => [c.azimuth, clock.frame, clock.playing])({PLAYER})"
    azimuth, begun, _ = page.evaluate(read)
    box = page.locator(".rbp-over").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 100, steps=2)
    page.mouse.up()
    page.wait_for_function(f"{PLAYER}.clock.frame > {begun}")
    turned, _, playing = page.evaluate(read)
    assert playing
    assert turned == pytest.approx(azimuth - 60 * 0.008, abs=0.008)  # 0.008 rad a pixel, but the first few, as a press


def test_touch_plays_and_places_the_start(show):
    page = show("curve", has_touch=True, width=400)
    page.get_by_label("Speed").select_option("0.1")  # however slow the machine, the run does not end meanwhile
    page.get_by_role("button", name="Play", exact=True).tap()
    page.wait_for_function("Number(document.querySelector('.rbp').dataset.frame) > 3")
    page.get_by_role("button", name="Pause", exact=True).tap()
    box = page.locator(".rbp-view").bounding_box()
    page.touchscreen.tap(box["x"] + page.evaluate(f"{PLAYER}.view.X(0.5)"), box["y"] + 40)
    page.get_by_text("clicks 1 ").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_touch_on_a_surface_places_the_start_and_leaves_scrolling_to_the_page(show):
    page = show("bowl", has_touch=True, width=400)
    box = page.locator(".rbp-over").bounding_box()
    at = page.evaluate(f"{PLAYER}.view.project([0.8, 0.5, {0.2 * (0.8**2 + 0.5**2)}])")
    page.touchscreen.tap(box["x"] + at["x"], box["y"] + at["y"])
    page.get_by_text("clicks 1 ").wait_for()
    assert np.allclose(told(page)[1], [0.8, 0.5], atol=6 / 71)
    assert page.evaluate("getComputedStyle(document.querySelector('.rbp-over')).touchAction") == "pan-y"
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_motion_starts_once_by_itself_but_not_under_reduced_motion(show):
    page = show("curve", "&autoplay=1", reduced_motion="no-preference")
    page.wait_for_function("Number(document.querySelector('.rbp').dataset.frame) > 3")
    calm = show("curve", "&autoplay=1", reduced_motion="reduce")
    wait_for_frame(calm, 200)
    assert calm.evaluate(f"{PLAYER}.autoplay") is None
    assert calm.get_by_role("button", name="Play", exact=True).count() == 1


def test_every_control_has_a_name(shared):
    page = shared("bowl")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('.rbp button, .rbp input, .rbp select')]"
        ".filter((e) => !e.getAttribute('aria-label')).length"
    )
    assert unnamed == 0
    for name in ["Play", "Step back", "Step forward", "Restart", "Loop"]:
        assert page.get_by_role("button", name=name, exact=True).count() == 1
    assert page.get_by_role("slider", name="Frame").count() == 1
    assert page.get_by_role("combobox", name="Speed").count() == 1
