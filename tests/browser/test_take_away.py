"""Offline pages from a file, and the notebook's widget in a page of its own, in a browser without a network."""

import base64
import io
import json

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

import landscapes
from rbo_core import RBO, SGD, trace
from rbo_core.cli import main
from rbo_core.figures import play
from rbo_core.figures.figures_page import figures_page
from rbo_core.figures.player.offline import Words
from tests.browser.conftest import SLOW

pytestmark = pytest.mark.browser
CLOCK = "document.querySelector('.rbp').__player.clock"
FRAME = "Number(document.querySelector('.rbp')?.dataset.frame)"
# A model as anywidget hands it to a widget. What the picture sends waits in `wire` until a test delivers it.
MODEL = """
const values = @STATE;
values.scene = new DataView(Uint8Array.from(atob(values.scene), (c) => c.charCodeAt(0)).buffer);
const heard = {};
window.wire = [];
window.model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes() { wire.push(structuredClone(values.told)); },
  on: (event, call) => { heard[event] = call; },
  off() {},
  receive: (name, value) => { values[name] = value; heard[`change:${name}`]?.(); },
};
widget.render({ model, el: document.body });
"""
# What VS Code allows a notebook's outputs where `notebook.experimental.enableCsp` is on (backLayerWebView.ts), without
# the network. Playwright itself needs `unsafe-eval`; that the widget does not, a test of its text says.
SCRIPTS = "script-src 'unsafe-inline' 'unsafe-eval'"
CSP = f"default-src 'none'; {SCRIPTS}; style-src 'unsafe-inline'; img-src data:; child-src data:"


def runs(dim):
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    ball = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    return [trace(method, surface, surface.start, 200) for method in (ball, SGD())]


@pytest.fixture
def offline(chromium):
    """Opens a file without a network; the test fails on whatever the console complains of."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True, accept_downloads=True)
    said = []

    def opened(path, width=1280, ready=f"{FRAME} > 0"):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_function(ready)
        return page

    yield opened
    context.close()
    assert [text for text in said if not any(slow in text for slow in SLOW)] == []


@pytest.mark.parametrize(("dim", "width"), [(1, 400), (2, 1280)])
def test_a_page_plays_from_a_file(offline, tmp_path, dim, width):
    page = offline(play(runs(dim), offline=True).save(tmp_path / "run.html"), width)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("math").count() == 1
    page.locator(".rbp-play").focus()
    page.keyboard.press("End")
    page.wait_for_function(f"{FRAME} === {CLOCK}.last")
    page.keyboard.press("Home")
    page.wait_for_function(f"{FRAME} === 0")
    page.get_by_text("The Python that makes").click()
    assert "trace(method, surface" in page.locator("pre").inner_text()
    if dim == 2:
        turned(page)


def turned(page):
    """The ground turns under the pointer by what it moves, and another picture of it is drawn; keys turn it, too."""
    camera = "(({camera: c}) => [c.azimuth, c.elevation])(document.querySelector('.rbp').__player.view)"
    azimuth, elevation = page.evaluate(camera)
    before = page.locator(".rbp-main").screenshot()
    box = page.locator(".rbp-over").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + box["height"] - 60, steps=4)
    page.mouse.up()
    page.wait_for_function(f"Math.abs(Math.abs({camera}[0] - {azimuth}) - 0.8) < 1e-6")  # 100 px of 0.008
    after, height = page.evaluate(camera)
    assert height == elevation
    shots = [
        np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float)
        for shot in (before, page.locator(".rbp-main").screenshot())
    ]
    assert (np.abs(shots[0] - shots[1]) > 8).mean() > 0.02
    page.locator(".rbp-stage").focus()
    page.keyboard.press("d")
    page.wait_for_function(f"{camera}[0] !== {after}")
    assert page.evaluate(camera)[0] - after == pytest.approx(0.1)


def test_plotly_figures_travel_in_the_page(offline, tmp_path):
    light, dark = (go.Figure(go.Scatter(y=[1, 3, 2], line_color=color)) for color in ("#112233", "#ddeeff"))
    ground = go.Figure(go.Surface(z=[[0, 1], [1, 0]]))  # a page without one leaves out what draws it
    file = tmp_path / "figures.html"
    file.write_text(figures_page([light, ground], [dark, ground], Words("Three points")), encoding="utf-8")
    page = offline(file, 400, "document.getElementById('stage').dataset.drawn === 'light'")
    assert page.locator("canvas").count() > 0
    heights = np.geomspace(1e-3, 10, 1200).reshape(30, 40)
    heights[3, 5] = np.nan
    maps = go.Figure([go.Heatmap(z=z, customdata=z) for z in (heights, np.log10(heights))])
    file.write_text(figures_page([light, maps], [dark, maps], Words("Three points")), encoding="utf-8")
    page = offline(file, 400, "document.getElementById('stage').dataset.drawn === 'light'")
    rows = "document.querySelectorAll('.figure')[1].data.map((t) => t.z.map((row) => Array.from(row)))"
    seen = np.array(page.evaluate(rows), dtype=float)
    np.testing.assert_allclose(seen[0], heights, rtol=1e-4)  # what is shared and quantised is drawn in four digits
    np.testing.assert_allclose(seen[1], np.log10(heights), atol=1e-4)
    line = "getComputedStyle(document.querySelector('.js-line')).stroke"
    assert page.evaluate(line) == "rgb(17, 34, 51)"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{line} === 'rgb(221, 238, 255)'")


def test_picture_and_kernel_agree_whoever_changes_what_while_messages_are_under_way(offline, tmp_path):
    widget = play(runs(1), offline=False)
    names = ("frame", "start", "asked", "told")
    state = json.dumps({"scene": base64.b64encode(widget.scene).decode()} | {n: getattr(widget, n) for n in names})
    script = widget._esm.replace("export default", "const widget =") + MODEL.replace("@STATE", state)
    file = tmp_path / "widget.html"
    file.write_text(
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{CSP}"><style>{widget._css}</style>'
        f'<body class="vscode-dark"><script type="module">{script}</script>'
    )
    page = offline(file)

    def deliver():  # what the picture has sent by now
        for told in page.evaluate("wire.splice(0)"):
            widget.set_state({"told": told})

    def receive(*names):
        for name in names:
            page.evaluate("([name, value]) => model.receive(name, value)", [name, getattr(widget, name)])

    page.wait_for_function("wire.length > 0")  # it plays
    widget.frame = 7
    deliver()
    assert widget.frame == 7, "what the picture told before it heard of the kernel's wish undid it"
    receive("asked")
    page.wait_for_function(f"{FRAME} === 7 && !{CLOCK}.playing")
    deliver()
    assert widget.frame == 7
    page.evaluate(f"{CLOCK}.seek(12)")
    page.wait_for_function("wire.length > 0")
    deliver()
    assert widget.frame == 12
    widget.frame = 12  # where the picture was when it last told
    page.evaluate(f"{CLOCK}.seek(30)")
    receive("asked")
    page.wait_for_function(f"{FRAME} === 12")
    widget.frame = 10_000  # the picture tells that it has no such frame
    receive("asked")
    page.wait_for_function(f"{FRAME} === {CLOCK}.last && wire.at(-1).heard === {widget.asked['n']}")
    deliver()
    assert widget.frame == page.evaluate(f"{CLOCK}.last")
    box = page.locator(".rbp-view").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("wire.length > 0")
    deliver()
    assert widget.start[0] > -2.6
    page.evaluate("document.body.className = 'vscode-light'")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.rbp-notebook')).backgroundColor === 'rgb(255, 255, 255)'"
    )
    page.get_by_label("Save a picture or a film").click()
    page.evaluate("document.body.addEventListener('click', (e) => { window.saved = e.composedPath()[0].download; })")
    with page.expect_download():
        page.get_by_role("button", name="Picture").click()
    assert page.evaluate("saved") == "rolling-ball.png", "VS Code saves what a click in its page points to"


TAKE = """async (kind) => {
  const player = document.querySelector(".rbp").__player;
  player.clock.duration = 0.6;
  const blob = await player.take[kind](player);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return [blob.type, btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""))];
}"""
WATCH = """async ([type, data]) => {
  const video = document.createElement("video");
  video.src = `data:${type};base64,${data}`;
  const told = (event) => new Promise((done) => video.addEventListener(event, done, { once: true }));
  const seen = () => {
    const shot = Object.assign(document.createElement("canvas"), { width: 192, height: 108 }).getContext("2d");
    shot.drawImage(video, 0, 0, 192, 108);
    return shot.getImageData(0, 0, 192, 108).data;
  };
  const seek = async (share) => {
    video.currentTime = share * video.duration;
    await told("seeked");
  };
  await told("loadedmetadata");
  await seek(0.01);
  const first = seen();
  await seek(0.99);
  let moved = false;
  for (let tries = 0; tries < 300 && !moved; tries++) { // on a busy machine the picture follows the news of it
    await new Promise(requestAnimationFrame);
    moved = seen().some((value, k) => Math.abs(value - first[k]) > 60);
  }
  return [video.videoWidth, video.videoHeight, video.duration, moved];
}"""
H264 = """async () => (await VideoEncoder.isConfigSupported({
  codec: "avc1.640028", width: 1920, height: 1080, bitrate: 12e6, framerate: 30,
})).supported"""


def test_pictures_and_films_are_of_the_run_that_is_seen(offline, tmp_path):
    page = offline(play(runs(1), offline=True).save(tmp_path / "run.html"))
    page.keyboard.press("End")
    stage = page.locator(".rbp-stage").bounding_box()
    kind, data = page.evaluate(TAKE, "picture")
    still = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == "image/png"
    assert still.size == (round(2 * stage["width"]), round(2 * stage["height"]))
    orange = np.asarray(still.convert("RGB")).astype(int)
    assert ((orange[..., 0] > 150) & (orange[..., 2] < 60)).mean() > 0.002, "no ball in the picture"

    kind, data = page.evaluate(TAKE, "gif")
    moving = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (kind, moving.format) == ("image/gif", "GIF")
    milliseconds = sum(moving.seek(k) or moving.info["duration"] for k in range(moving.n_frames))
    assert milliseconds == pytest.approx(1000 * (0.6 + 0.8), rel=0.03)
    moving.seek(0)
    first = np.asarray(moving.convert("RGB")).astype(int)
    moving.seek(moving.n_frames - 1)
    assert np.abs(np.asarray(moving.convert("RGB")) - first).max() > 60, "nothing moves"

    for take, expected in (("film", "video/webm"), ("movie", "video/mp4")):
        if take == "movie" and not page.evaluate(H264):
            continue  # the refusal is tested below
        kind, data = page.evaluate(TAKE, take)
        width, height, seconds, moved = page.evaluate(WATCH, [kind, data])
        assert (kind, width, height) == (expected, 1920, 1080)
        assert seconds == pytest.approx(0.6 + 0.8, abs=0.02)
        assert moved, "nothing moves"
    assert page.evaluate(f"{CLOCK}.shown") > 0, "the page is where it was"


def test_a_gif_is_drawn_smaller_until_it_is_small_enough(offline, tmp_path):
    page = offline(play(runs(2), offline=True).save(tmp_path / "run.html"))
    limit = 40_000
    small = TAKE.replace("(player)", f"(player, () => {{}}, {limit})")
    kind, data = page.evaluate(small, "gif")
    shots = Image.open(io.BytesIO(base64.b64decode(data)))
    assert len(base64.b64decode(data)) <= limit
    assert kind == "image/gif"
    assert shots.width < 720
    assert shots.n_frames == round(0.6 * 12) + round(0.8 * 12)
    # A browser without an encoder says what else to take.
    page.evaluate("VideoEncoder.isConfigSupported = async () => ({ supported: false })")
    page.get_by_label("Save a picture or a film").click()
    page.get_by_role("button", name="Film (MP4").click()
    page.get_by_text("cannot encode MP4 (H.264); take the WebM or the GIF").wait_for()


def test_the_list_of_the_playback_bar_saves_a_file(offline, tmp_path):
    page = offline(play(runs(1), offline=True).save(tmp_path / "run.html"))
    page.get_by_label("Save a picture or a film").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Picture").click()
    assert saved.value.suggested_filename == "rolling-ball.png"


@pytest.mark.parametrize("ending", ["gif", "webm"])
def test_the_command_films(chromium, tmp_path, ending):
    out = tmp_path / f"run.{ending}"
    assert main(["roll", "--steps", "20", "--film", str(out)]) == 0
    assert out.read_bytes()[:4] == {"gif": b"GIF8", "webm": b"\x1a\x45\xdf\xa3"}[ending]


def test_without_a_browser_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["roll", "--film", str(tmp_path / "run.webm")]) == 2
    assert "a film needs Chromium or Chrome" in capsys.readouterr().err
