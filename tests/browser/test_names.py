"""Names in the picture: none lies on another one or under a button, on a curve and on a surface, in any window."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SAM, SGD, Momentum, trace
from rbo_core.figures import play

pytestmark = pytest.mark.browser
PLAYER = "document.querySelector('.rbp').__player"
# The names at a frame as [left, top, right, bottom], the buttons on the same canvas, and the canvas's size.
SEEN = f"""([part, turn]) => {{
  const p = {PLAYER};
  const canvas = p.view.over ?? p.view.canvas;
  if (turn) p.view.camera?.turn(turn, 0);
  p.clock.seek(Math.round(part * p.clock.last));
  p.view.draw(p.clock.shown, p.theme);
  const all = canvas.getBoundingClientRect();
  const buttons = [...document.querySelectorAll('.rbp-zoom button')].map((b) => b.getBoundingClientRect());
  return {{
    names: p.view.named.map(({{ box }}) => box), told: p.view.named.map(({{ text }}) => text),
    buttons: buttons.map((b) => [b.left - all.left, b.top - all.top, b.right - all.left, b.bottom - all.top]),
    size: [all.width, all.height],
  }};
}}"""


def apart(one: list[float], other: list[float]) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.fixture(scope="module", params=[1, 2], ids=["curve", "surface"])
def crowd(request, tmp_path_factory):
    """A page with seven who begin at one place."""
    surface = landscapes.get("wrinkled_bowl", dim=request.param)
    balls = [RBO(radius=r, learning_rate=0.01, projection="rigid", unit_speed=True) for r in (0.1, 0.2, 0.4, 1.6)]
    points = [SGD(), Momentum(), SAM()]
    runs = [trace(method, surface, surface.start, 120) for method in (*balls, *points)]
    return play(runs, offline=True).save(tmp_path_factory.mktemp("names") / "crowd.html")


@pytest.mark.parametrize("renderer", ["software", "hardware"])
@pytest.mark.parametrize("width", [1280, 400])
def test_no_name_lies_on_another_or_under_a_button(crowd, chromium, width, renderer):
    page = chromium.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page.add_init_script(f"window.rbpRenderer = {renderer!r}")
    page.goto(crowd.as_uri())
    page.wait_for_function("document.querySelector('.rbp')?.dataset.frame > 0")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for part in np.linspace(0, 1, 7):
            seen = page.evaluate(SEEN, [float(part), 0.7 if scheme == "dark" else 0])
            names, (wide, high) = seen["names"], seen["size"]
            assert {"Ball ρ = 0.1", "Ball ρ = 1.6", "SGD", "SAM"} <= set(seen["told"]) and len(seen["told"]) >= 7
            assert len(seen["buttons"]) == 3
            for n, name in enumerate(names):
                assert name[0] >= 0 and name[1] >= 0 and name[2] <= wide and name[3] <= high + 3
                assert all(apart(name, box) for box in [*names[:n], *seen["buttons"]]), (part, seen["told"][n])
    assert all(a[2] <= b[0] for a, b in pairwise(seen["buttons"]))
    page.close()
