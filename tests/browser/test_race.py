"""The page Race in a real Chromium: clicks place the start, the camera stays, basin maps come and can be cancelled.

All tests share one page, as a visitor would: each says what it looks at and sets what it needs.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, trace
from rbo_core.figures.player.build import run_scene
from rbo_core.figures.player.payload import pack
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.track import track_of
from tests.browser.waits import answered, at_rest, comes_true

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYER = "document.querySelector('.rbp').__player"
VIEW = f"(({{view: {{camera: c}}}}) => [c.azimuth, c.elevation, c.zoom, ...c.shift])({PLAYER})"
SGD = f"{PLAYER}.scene.racers.find((r) => r.name === 'sgd')"
TITLES = ["Rigid (exact)", "Exact argmin", "Newton", "Gradient (paper)"]
FIRSTS = f"{PLAYER}.scene.racers.map((r) => Array.from((r.center || r.position).slice(0, 2)))"


@pytest.fixture(scope="module")
def page(server, open_lasting_page):
    return open_lasting_page(f"{server}/Race?steps=200&radii=0.8 0.1")


def look_at(page, mode: str, content: str) -> None:
    """Choose what to look at, and wait for it."""
    answered(page)
    page.locator(".st-key-mode").get_by_text(mode, exact=True).click()
    page.locator(content).first.wait_for(state="attached")
    # until the script has run to its end, the player of the last mode is still there
    page.wait_for_function("document.querySelectorAll('.rbp').length <= 1")
    answered(page)


def race(page) -> None:
    look_at(page, "Race", ".rbp[data-kind=surface][data-frame]")


def drag(page, dx: int, dy: int) -> None:
    box = page.locator(".rbp-over").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 200 + dx, box["y"] + 200 + dy, steps=4)
    page.mouse.up()


def set_number(page, name: str, key: str, value: str) -> None:
    """Type a number and wait until the script has run with it: a button under the pointer may still move before."""
    # a number's field is one of text while one types
    box = page.get_by_role("spinbutton", name=name).or_(page.get_by_role("textbox", name=name))
    box.fill(value)
    box.press("Enter")
    page.wait_for_url(re.compile(f"[?&]{key}={value}(&|$)"))
    answered(page)


def test_a_click_on_map_or_surface_starts_all_racers_there_and_the_address_says_so(page):
    race(page)
    box = page.locator(".rbp-contour").bounding_box()
    at = page.evaluate(f"[{PLAYER}.contour.X(1.5), {PLAYER}.contour.Y(-1)]")
    page.mouse.click(box["x"] + at[0], box["y"] + at[1])
    page.wait_for_function(f"Math.abs({SGD}.position[0] - 1.5) < 0.1")
    assert np.allclose(page.evaluate(FIRSTS), [1.5, -1.0], atol=0.05)
    page.wait_for_url(re.compile("start_x=.*start_y="))
    start = [float(re.search(rf"start_{axis}=(-?[\d.]+)", page.url)[1]) for axis in "xy"]
    assert np.allclose(start, [1.5, -1.0], atol=0.05)

    # a spot on the wrinkled ground, as high as the player's own mesh is there
    target = page.evaluate(f"((x, y) => [x, y, {PLAYER}.view.field.at(x, y)])(0.9, 1.1)")
    drag(page, 30, 10)  # places nothing
    at = page.evaluate(f"{PLAYER}.view.project({target})")
    hidden = page.evaluate(f"{PLAYER}.view.hidden({target})")
    assert not hidden
    box = page.locator(".rbp-over").bounding_box()
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.wait_for_function(f"Math.abs({SGD}.position[0] - 1.5) > 0.1")
    cell = page.evaluate(f"{PLAYER}.scene.ground.x[1] - {PLAYER}.scene.ground.x[0]")
    assert np.allclose(page.evaluate(FIRSTS), target[:2], atol=cell)


def test_the_camera_stays_when_a_slider_changes_the_race(page):
    race(page)
    drag(page, 60, 30)
    before = page.evaluate(VIEW)
    loss = page.evaluate(f"{SGD}.loss.at(-1)")
    radius = page.evaluate(f"{PLAYER}.scene.racers[0].radius")
    page.get_by_test_id("stSidebar").get_by_role("slider", name="radius ρ").press("ArrowRight")
    page.wait_for_function(f"{PLAYER}.scene.racers[0].radius > {radius} + 1e-3")
    assert page.evaluate(VIEW) == before
    assert page.evaluate(f"{SGD}.loss.at(-1)") == loss


def test_the_rim_of_the_ball_sets_its_radius_and_its_body_the_start(page):
    race(page)
    box = page.locator(".rbp-over").bounding_box()
    view, radius = page.evaluate(VIEW), page.evaluate(f"{PLAYER}.base.radius.value")

    def pull(part: str, to: tuple[float, float]) -> None:
        page.evaluate(f"{PLAYER}.clock.seek({PLAYER}.clock.last)")  # a ball that rolls would be gone when it is gripped
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        circle = page.evaluate(f"{PLAYER}.view.circle()")
        x, y = box["x"] + circle["cx"] + (circle["size"] if part == "rim" else 0), box["y"] + circle["cy"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + to[0] * circle["size"], y + to[1], steps=5)
        page.mouse.up()

    pull("rim", (0.5, 0))
    page.wait_for_function(f"Math.abs({PLAYER}.base.radius.value / {radius} - 1.5) < 0.1")
    page.wait_for_url(re.compile("[?&]radius="))
    answered(page)
    start = page.evaluate(FIRSTS)[0]
    pull("body", (0, 40))
    page.wait_for_function(f"{FIRSTS}[0].some((x, i) => Math.abs(x - {start}[i]) > 0.1)")
    assert page.evaluate(VIEW) == view  # pulled, not turned


def test_keys_turn_the_scene_and_zoom(page):
    race(page)
    page.locator(".rbp-stage").focus()
    before = page.evaluate(VIEW)
    for key in ["d", "w", "+"]:
        page.keyboard.press(key)
    after = page.evaluate(VIEW)
    assert after[0] == pytest.approx(before[0] + 0.1)
    assert after[1] == pytest.approx(before[1] + 0.1)
    assert after[2] == pytest.approx(before[2] * 1.25)


def test_a_ball_between_walls_is_drawn_with_all_its_contacts(page):
    race(page)
    contacts = page.evaluate(f"""{PLAYER}.scene.racers.filter((r) => r.ball).flatMap((r) =>
        [...r.contacts].flatMap(([frame, tied]) => tied.map((p) =>
            Math.hypot(...p.map((v, j) => v - r.center[3 * frame + j])) / r.radius)))""")
    assert contacts
    assert np.allclose(contacts, 1.0, atol=1e-4)
    frame = page.evaluate(f"[...{PLAYER}.scene.racers.find((r) => r.ball && r.contacts.size).contacts.keys()][0]")
    page.get_by_label("Frame").fill(str(int(frame)))
    drawn = f"Math.max(...{PLAYER}.view.touched.map((spots) => spots.length)) >= 2"
    page.wait_for_function(f"document.querySelector('.rbp').dataset.frame === '{int(frame)}' && {drawn}")


def test_one_step_in_slow_motion_shows_four_projections(page):
    look_at(page, "Follow one step", ".rbp-panels canvas")
    assert page.locator(".rbp-panels figcaption").all_inner_texts() == TITLES
    page.get_by_text("frame", exact=False).first.wait_for()
    page.get_by_label("Frame").fill("70")
    page.get_by_text("small steps of size γ").wait_for()
    page.get_by_label("Frame").fill("130")
    page.get_by_text("It touches and does not sink.").first.wait_for()
    set_number(page, "step of the ball's run", "step_number", "17")
    page.get_by_text("Step 17, ended four ways").wait_for()


def test_the_maps_at_every_radius_are_gone_through_with_the_keyboard(page):
    look_at(page, "Many starts", "[data-testid=stMain] .st-key-starts_run")
    set_number(page, "starts a side", "starts_side", "4")
    set_number(page, "steps each", "starts_steps", "50")
    page.get_by_role("button", name="Roll them at every radius").click()
    page.wait_for_function("!document.querySelector('.st-key-against_run, .st-key-against_cancel')")  # all are rolled
    slider = page.locator(".lab-stages input")
    slider.press("Home")
    shown = (
        "[...document.querySelector('.lab-plots').children[0].data].findIndex((t) => t.name === 'starts' && t.visible)"
    )
    page.wait_for_function(f"document.querySelector('.lab-plots').dataset.drawn && {shown} === 0")
    first = slider.get_attribute("aria-valuetext")
    for at in (1, 2):
        slider.press("ArrowRight")
        page.wait_for_function(f"{shown} === {at}")
    assert slider.get_attribute("aria-valuetext") != first
    slider.press("End")
    page.wait_for_function(f"{shown} === 11")
    page.locator(".lab-stages button").click()  # at the end it plays from the beginning
    page.wait_for_function(f"{shown} < 11")


def test_many_starts_can_be_cancelled_and_then_run(page):
    look_at(page, "Many starts", "[data-testid=stMain] .st-key-starts_run")
    set_number(page, "starts a side", "starts_side", "20")
    set_number(page, "steps each", "starts_steps", "1000")
    page.get_by_role("button", name=re.compile(r"^Roll (the other 3\d\d|from 400)\b")).click()
    page.get_by_text(re.compile(r"Rolling ball: step [1-9]\d* of 1000")).wait_for()
    assert page.get_by_test_id("stProgress").count() == 1
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name=re.compile(r"^Roll (the other [23]\d\d|from 400)\b")).wait_for()
    page.get_by_role("button", name="Cancel").wait_for(state="detached")
    set_number(page, "starts a side", "starts_side", "5")
    set_number(page, "steps each", "starts_steps", "50")
    page.get_by_role("button", name=re.compile(r"^Roll (the other 2\d?|from 25)\b")).click()
    page.get_by_text(re.compile(r" % of 25 starts")).wait_for()
    page.locator(".js-plotly-plot .heatmaplayer").nth(2).wait_for(state="attached")

    def agree() -> bool:
        told = page.locator("[data-fractions]").get_attribute("data-fractions").split()
        titles = page.locator(".js-plotly-plot .gtitle").all_text_contents()
        shares = [f"{100 * float(share):.0f} % reached" for share in told]
        return len(shares) == len(titles) == 3 and all(map(str.__contains__, titles, shares))

    comes_true(page, agree)


# How deep the first ball, as it is drawn between two frames, reaches into the drawn triangles, in pixels: the deepest
# of some frames. The triangles are those of the player's own mesh.
DEPTH = f"""(bytes => (p => {{
    p.update({{ data: Uint8Array.from(bytes), setTriggerValue: () => {{}} }});
    const {{ view, scene }} = p, [ball] = scene.racers, {{ field }} = view, {{ nx, ny, scale, heights }} = field;
    const [x0, x1, y0, y1] = field.box, hx = (x1 - x0) / (nx - 1), hy = (y1 - y0) / (ny - 1);
    const z = (i, j) => heights[j * nx + i] * scale;
    const on = (i, j, s, t) => {{
        const [a, b, c, d] = [z(i, j), z(i + 1, j), z(i, j + 1), z(i + 1, j + 1)];
        if (Math.abs(a - d) < Math.abs(b - c))
            return s >= t ? a + s * (b - a) + t * (d - b) : a + t * (c - a) + s * (d - c);
        return s + t <= 1 ? a + s * (b - a) + t * (c - a) : d + (1 - s) * (c - d) + (1 - t) * (b - d);
    }};
    clearTimeout(view.resting);
    let deepest = -Infinity;
    for (let n = 1; n <= 5; n++) {{
        view.draw(Math.floor((n / 5) * (ball.n - 2)) + 0.5, p.theme);
        const [x, y, height] = view.now[0].center, within = (low, v, h, most) => {{
            const cell = (w) => Math.min(Math.max(Math.floor((w - low) / h), 0), most);
            return [cell(v - ball.radius), cell(v + ball.radius)];
        }};
        const [i0, i1] = within(x0, x, hx, nx - 2), [j0, j1] = within(y0, y, hy, ny - 2);
        let nearest = Infinity;
        for (let i = i0; i <= i1; i++) for (let j = j0; j <= j1; j++) for (let a = 0; a < 16; a++) {{
            const [s, t] = [(a % 4) / 4, Math.floor(a / 4) / 4];
            const away = [x0 + (i + s) * hx - x, y0 + (j + t) * hy - y, on(i, j, s, t) - height];
            nearest = Math.min(nearest, Math.hypot(...away));
        }}
        deepest = Math.max(deepest, (ball.radius - nearest) * view.project(view.now[0].center).k);
    }}
    return deepest;
}})({PLAYER}))"""


def test_the_drawn_ball_enters_the_drawn_ground_nowhere_by_more_than_a_pixel(page):
    race(page)
    for name in landscapes.names(2):
        surface = landscapes.get(name, dim=2)
        ball = RBO(radius=surface.radius, learning_rate=0.01, projection="rigid", unit_speed=True)
        run = trace(ball, surface, [surface.start.tolist()], 300)
        scene = run_scene(surface, entries([track_of(run, depths=0)]))
        deepest = page.evaluate(DEPTH, list(pack(scene)))
        assert -3 < deepest < 1, name  # it touches, as far as five frames and a mesh's samples can tell


def test_narrow_screens_do_not_scroll_sideways(server, open_lasting_page):
    page = open_lasting_page(f"{server}/Race?steps=200&radii=0.8", width=400)
    page.wait_for_selector(".rbp[data-narrow=true][data-frame]")
    wide = "document.querySelector('[data-testid=stMain]').scrollWidth"
    assert page.evaluate(wide) <= 400
    look_at(page, "Follow one step", ".rbp-panels canvas")
    assert page.evaluate(wide) <= 400
    # all four panels, then the bar, on one screen; the controls come after them
    at_rest(page)
    panels = [one.bounding_box() for one in page.locator(".rbp-panels canvas").all()]
    bar = page.locator(".rbp-bar").bounding_box()
    assert len(panels) == 4
    assert max(box["y"] + box["height"] for box in panels) < bar["y"] < 900 - bar["height"]
    assert bar["y"] + bar["height"] < page.locator(".st-key-pair_step_number").bounding_box()["y"]
    # A pane smaller than its view's margins, as while a page is laid out: nothing to see, nothing to complain of.
    size = "size => { for (const c of document.querySelectorAll('.rbp-panels canvas')) c.style.cssText = size; }"
    page.evaluate(size, "width: 12px !important; height: 12px !important; min-width: 0 !important")
    page.wait_for_function("document.querySelector('.rbp-panels canvas').clientWidth < 40")
    page.get_by_role("button", name="Step forward").click()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
