"""Offline pages from a file, and the notebook's widget in a page of its own, in a browser without a network."""

import base64

import pytest

import landscapes
from rbo_core import RBO, SGD, trace
from rbo_core.figures import play
from tests.browser.conftest import SLOW

pytestmark = pytest.mark.browser
CLOCK = "document.querySelector('.rbp').__player.clock"
FRAME = "Number(document.querySelector('.rbp')?.dataset.frame)"
# A model as anywidget hands it to a widget: traits, changes of them, and what is saved.
MODEL = """
const bytes = Uint8Array.from(atob("@SCENE"), (c) => c.charCodeAt(0));
const values = { scene: new DataView(bytes.buffer), frame: 0, start: [-2.6] };
const heard = {};
window.model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes() {},
  on: (event, call) => { heard[event] = call; },
  told: (name, value) => { values[name] = value; heard[`change:${name}`](); },
};
widget.render({ model, el: document.body });
"""


def runs(dim):
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    ball = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    return [trace(method, surface, surface.start, 200) for method in (ball, SGD())]


@pytest.fixture
def offline(chromium):
    """Opens a file without a network; the test fails on whatever the console complains of."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    said = []

    def opened(path, width=1280):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_function(f"{FRAME} > 0")
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
    page.locator("summary").click()
    assert "trace(method, surface" in page.locator("pre").inner_text()


def test_the_widget_follows_the_kernel_and_tells_it(offline, tmp_path):
    widget = play(runs(1), offline=False)
    scene = base64.b64encode(widget.scene).decode()
    script = widget._esm.replace("export default", "const widget =") + MODEL.replace("@SCENE", scene)
    file = tmp_path / "widget.html"
    file.write_text(f'<meta charset="utf-8"><style>{widget._css}</style><script type="module">{script}</script>')
    page = offline(file)
    page.wait_for_function("model.get('frame') > 0")
    page.evaluate(f"{CLOCK}.playing = false")
    page.evaluate("model.told('frame', 7)")
    page.wait_for_function(f"{FRAME} === 7")
    box = page.locator(".rbp-view").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("model.get('start')[0] > -2.6")
