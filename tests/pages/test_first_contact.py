"""A fresh machine: Home shows its run before anything is compiled, and pages of surfaces never load torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import landscapes
from pages.home.opening import opening
from pages.home.rolled import opening as fresh_opening
from pages.home.warm import warm
from pages.shared import shipped
from rbo_core import RBO, trace
from rbo_core.figures.player.track import track_of

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numba", "scipy", "pandas", "pyarrow", "plotly", "matplotlib", "torch")
LIGHT = f"""
import sys
sys.modules["plotly"] = None  # Streamlit itself takes it where it is there
import pages.home.warm
from streamlit.testing.v1 import AppTest
pages.home.warm.AFTER = 1e6
page = AppTest.from_file("app.py", default_timeout=120).run()
assert not page.exception and len(page.get("bidi_component")) > 2, page.exception
print([name for name in {HEAVY} if sys.modules.get(name)])
"""
CODE = """
import sys
from numba.core.dispatcher import Dispatcher
from streamlit.testing.v1 import AppTest
compiled, ordinary = [], Dispatcher.compile

def compile_(self, signature):
    compiled.append(self.py_func.__module__)
    return ordinary(self, signature)

Dispatcher.compile = compile_
import pages.home.warm
pages.home.warm.warm = lambda: None
page = AppTest.from_file("app.py", default_timeout=120).run()
assert not page.exception and len(page.get("bidi_component")) > 1, page.exception
print([name for name in compiled if name.partition(".")[0] in ("landscapes", "rbo_core")])
for name in sys.argv[1:]:
    assert not AppTest.from_file(name, default_timeout=120).run().exception
print([name for name in ("torch", "sklearn", "matplotlib", "distributed") if name in sys.modules])
"""


def test_the_run_that_opens_the_lab_is_a_fresh_one():
    made = shipped.make()
    with np.load(shipped.FILE, allow_pickle=False) as stored:
        assert set(stored.files) == set(made)
        for name in stored.files:
            if name == "minimum/certified":
                assert str(stored[name]) == str(made[name])
            elif not name.endswith("/seconds"):
                np.testing.assert_allclose(stored[name], made[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_what_is_shipped_is_given_to_who_asks_for_it_and_to_nobody_else():
    surface = landscapes.get(shipped.SURFACE, dim=1)
    asked = (tuple(surface.start), shipped.STEPS, 0)
    found = shipped.track(surface, shipped.BALL, *asked, None)
    fresh = track_of(trace(shipped.BALL, surface, [list(surface.start)], shipped.STEPS))
    assert found is not None
    assert (found.status, found.stopped_at, found.method) == (fresh.status, fresh.stopped_at, fresh.method)
    np.testing.assert_allclose(found.penetration, fresh.penetration, atol=1e-9)
    assert shipped.known(surface).minimum.value == surface.minimum.value
    other = RBO(radius=0.41, learning_rate=0.01, projection="rigid", unit_speed=True)
    assert shipped.track(surface, other, *asked, None) is None
    assert shipped.track(surface, shipped.BALL, asked[0], 901, 0, None) is None
    assert shipped.track(surface, shipped.BALL, (0.0,), shipped.STEPS, 0, None) is None
    assert shipped.track(landscapes.get(shipped.SURFACE, dim=1, wavelength=0.31), shipped.BALL, *asked, None) is None
    assert shipped.heights(landscapes.get(shipped.SURFACE, dim=2)) is None


def test_home_compiles_nothing_before_its_ball_rolls_and_no_surface_page_loads_torch(tmp_path):
    pages = [str(ROOT / "pages" / name) for name in ("1_Roll.py", "3_Iron.py")]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *pages], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_home_shows_its_picture_before_anything_heavy_is_loaded():
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["[]"]


def test_the_picture_that_opens_the_lab_is_a_fresh_one():
    """Where it is not: `python -m pages.home.opening`."""
    shown, made = opening(), fresh_opening()
    for name in ("radius", "said", "stem", "code"):
        assert getattr(shown, name) == getattr(made, name)
    assert tuple(shown.limits) == made.limits
    for name in ("message", "strip"):
        mine, other = getattr(shown, name), getattr(made, name)
        assert len(mine) == len(other)
        start = 1 + mine[0] if name == "strip" else 0  # the player's name
        assert mine[:start] == other[:start]
        told, arrays = message_of(mine[start:])
        again, others = message_of(other[start:])
        assert close(told, again)
        np.testing.assert_allclose(arrays, others, rtol=1e-6, atol=1e-6)
    assert shown.picture.takings.page() == made.picture.takings.page()


def message_of(message: bytes) -> tuple[object, np.ndarray]:
    """Header and numbers of a player's message."""
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length]), np.frombuffer(message[4 + length :], "<f4")


def close(one: object, other: object) -> bool:
    """Equal but for the last digits of numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == other or (isinstance(one, float) and one == pytest.approx(other, rel=1e-6, abs=1e-9))


def test_the_kernels_of_the_other_pages_are_compiled_in_the_background(monkeypatch):
    done = []
    monkeypatch.setattr("pages.home.warm.AFTER", 0.0)
    monkeypatch.setattr("pages.home.kernels.STEPS", (lambda: done.append("here"),))
    warm.clear()
    thread = warm()
    thread.join(10)
    assert done == ["here"]
    assert warm() is thread
    warm.clear()
