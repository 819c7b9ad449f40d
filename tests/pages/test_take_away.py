"""Every page hands out an offline page, the Python behind it, and how to cite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.lessons.lesson import Rolled
from pages.lessons.seven import SEVEN
from pages.lessons.takings import takings
from rbo_core.figures.code import Start, run_code

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["app.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("[0-9]*_*.py"))]


@pytest.mark.parametrize("name", [name for name in PAGES if "Results" not in name])
def test_every_page_can_be_taken_along(name, tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    page = AppTest.from_file(str(ROOT / name), default_timeout=120)
    if "Lessons" in name:
        page.query_params["guess"] = "1"
    page.run()
    assert not page.exception
    assert "Offline page" in {button.proto.label for button in page.get("download_button")}
    told = [block.value for block in page.code]
    assert any("2505.19527" in text for text in told)
    script = next(text for text in told if "import " in text)
    compile(script, name, "exec")


@pytest.mark.parametrize("lesson", SEVEN, ids=lambda lesson: lesson.name)
def test_the_python_of_every_lesson_repeats_it_bit_for_bit(lesson):
    script = takings(lesson, "").code.replace("play(runs)", "").replace("    figure.show()", "    pass")
    names = {}
    exec(script, names)  # noqa: S102 - what the lab itself has written
    picture = lesson.picture
    if not isinstance(picture, Rolled):
        assert [one.tobytes() for one in names["swept"].ironed] == [one.tobytes() for one in picture.swept().ironed]
        return
    for entry, run in zip(picture.raced(), names["runs"], strict=True):
        np.testing.assert_array_equal(entry.track.position[-1], run.position[-1, 0])
        assert picture.budget is not None or len(entry.track.position) == len(run.position)


def test_a_budget_gives_each_method_its_own_number_of_steps():
    from landscapes import get
    from rbo_core import SAM, SGD

    names = {}
    exec(run_code(get("plane", dim=1), [SGD(), SAM()], Start((0.0,), 1, budget=9), show=""), names)  # noqa: S102
    assert [run.steps for run in names["runs"]] == [9, 4]
