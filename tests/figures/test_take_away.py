"""What one takes along: the player in one script, offline pages, the code behind a picture, the notebook's widget."""

import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg

import landscapes
from rbo_core import METHODS, RBO, SAM, SGD, EntropySGD, sweep, trace
from rbo_core.cli import main
from rbo_core.figures import OfflinePage, play
from rbo_core.figures.code import Start, iron_code, run_code, sweep_code
from rbo_core.figures.phases import Jump, Mark, Notes, PhaseMap
from rbo_core.figures.player import bundle as bundling
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.glide import glide_scene
from rbo_core.figures.playing import raced
from rbo_core.figures.still import as_svg, iron_still, map_still, measures_still, roll_still
from rbo_core.figures.style import palette
from rbo_core.ironing import iron_landscape, measure_sweep, sample, sweep_field
from rbo_core.sweep import order_parameters

ROOT = Path(__file__).resolve().parents[2]
BOWL = landscapes.get("wrinkled_bowl", dim=1)


def rolled(*methods, surface=BOWL, steps=60, seed=0):
    return [trace(method, surface, surface.start, steps, seed=seed) for method in methods]


def repeated(code):
    names = {}
    exec(code.replace("play(runs)", ""), names)  # noqa: S102 - the code that the lab itself has written
    return names["runs"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dim", [1, 2])
def test_the_code_behind_a_picture_repeats_it_bit_for_bit(name, dim):
    surface = landscapes.get("spectral_noise", dim=dim, seed=7)
    method = METHODS[name](learning_rate=0.1 / 3, gradient_noise=0.2)
    (run,) = rolled(method, surface=surface, steps=40, seed=3)
    (again,) = repeated(run_code(surface, [method], Start(tuple(surface.start), 40, 3)))
    np.testing.assert_array_equal(again.position, run.position)
    np.testing.assert_array_equal(again.loss, run.loss)


def test_the_page_holds_the_code_of_its_runs(tmp_path):
    runs = rolled(RBO(radius=0.2, projection="rigid"), SGD(), EntropySGD(), seed=5)
    page = play(runs, offline=True)
    found = re.search(r"<pre><code>(.*?)</code></pre>", page.html, re.DOTALL)[1]
    for again, run in zip(repeated(found.replace("&#x27;", "'")), runs, strict=True):
        np.testing.assert_array_equal(again.position, run.position)
    assert page.save(tmp_path / "run.html").stat().st_size < 2e6


def test_the_page_asks_nothing_of_the_network():
    html = play(rolled(SGD(), SAM()), offline=True).html
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(([^)]*)|import\s*\(|from\s+["']""", html)
    assert links == []
    # Names of XML vocabularies, which nobody fetches.
    assert set(re.findall(r"https?://[^\s\"'<>]+", html)) <= {
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/2000/svg",
    }


def test_the_page_wears_the_themes_of_the_app():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    light, dark = bundling.theme(":root").split("prefers-color-scheme: dark", 1)
    assert bundling.theme(":root") in play(rolled(SGD()), offline=True).html
    for kind, css in (("light", light), ("dark", dark)):
        for name in ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor", "borderColor"):
            variable = "--st-" + re.sub(r"[A-Z]", lambda m: "-" + m[0].lower(), name)
            assert f"{variable}: {theme[kind][name]};" in css


def test_every_process_bundles_the_same():
    # Its hash is the folder's name: a browser keeps what it has over a restart of the server.
    script = "import sys; from rbo_core.figures.player.bundle import bundle; sys.stdout.write(bundle())"
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert made == {bundling.bundle().encode()}


def test_what_cannot_be_bundled_is_named(tmp_path, monkeypatch):
    (tmp_path / "main.js").write_text('import "./other.js";\nexport const mount = 1;\n')
    monkeypatch.setattr(bundling, "WEB", tmp_path)
    bundling.bundle.cache_clear()
    with pytest.raises(ValueError, match=r'main.js: no bundle is made of \'import "./other.js";\''):
        bundling.bundle()
    (tmp_path / "main.js").write_text('import { a } from "./other.js";\nexport const mount = a;\n')
    (tmp_path / "other.js").write_text('import { mount } from "./main.js";\nexport const a = mount;\n')
    with pytest.raises(ValueError, match="in a circle"):
        bundling.bundle()
    bundling.bundle.cache_clear()


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "at least one run"),
        ([3], "takes what rbo_core.trace returned, got int"),
        (rolled(SGD()) + rolled(SGD(), surface=landscapes.get("plane", dim=1)), "must share one surface"),
    ],
)
def test_what_cannot_be_played_is_named(runs, message):
    with pytest.raises(ValueError, match=message):
        play(runs)


def test_without_anywidget_a_notebook_gets_the_page(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    page = play(rolled(SGD()))
    assert isinstance(page, OfflinePage)
    assert page._repr_html_().startswith("<iframe srcdoc=")


def test_a_widget_needs_nothing_that_a_notebook_may_forbid():
    script = re.sub(r"//.*", "", play(rolled(SGD()), offline=False)._esm)
    assert not re.search(r"\beval\b|\bFunction\(|\bimport\b|\bfetch\b|\bWorker\b|XMLHttpRequest|WebSocket", script)


def test_of_two_changes_at_once_the_kernels_stays():
    widget = play(rolled(SGD(learning_rate=0.003), steps=30), offline=False)
    widget.set_state({"told": {"frame": 12, "heard": 0}})
    assert (widget.frame, widget.asked["n"]) == (12, 0)
    for wish in (12, 20):  # the film may have gone on since it told of 12
        widget.frame = wish
        widget.set_state({"told": {"frame": 5, "heard": widget.asked["n"] - 1}})
        assert (widget.frame, widget.asked["frame"]) == (wish, wish)
    widget.start = [1.5]
    widget.set_state({"told": {"start": [-1.0], "heard": widget.asked["n"] - 1}})
    assert widget.start == [1.5]
    widget.set_state({"told": {"start": [-1.0], "heard": widget.asked["n"]}})
    assert widget.runs[0].position[0, 0] == widget.start == [-1.0]
    with pytest.raises(traitlets.TraitError, match="frame"):
        widget.frame = -1


def test_a_widget_rolls_again_from_where_it_is_told():
    widget = play(rolled(SGD(learning_rate=0.003), steps=30), offline=False)
    before = bytes(widget.scene)
    widget.start = [1.5]
    assert widget.scene != before
    np.testing.assert_array_equal(widget.runs[0].position, trace(SGD(learning_rate=0.003), BOWL, [[1.5]], 30).position)
    for bad in ([99.0], [0.0, 0.0], [float("nan")]):
        with pytest.raises(traitlets.TraitError, match="start must be 1 numbers inside"):
            widget.start = bad
    assert widget.start == [1.5]


@pytest.mark.parametrize(("command", "dim"), [("roll", 1), ("race", 2), ("race", 1)])
def test_commands_write_the_page(command, dim, tmp_path, capsys):
    out = tmp_path / "run.html"
    assert main([command, "--dim", str(dim), "--steps", "30", "--html", str(out), "--json"]) == 0
    assert "mount(" in out.read_text(encoding="utf-8")
    assert main([command, "--html", str(tmp_path / "nowhere" / "run.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_race_refuses_what_it_does_not_know(capsys):
    assert main(["race", "--rivals", "sgdd"]) == 2
    assert "a rival must be one of" in capsys.readouterr().err
    assert main(["race", "--radii", ",".join(str(k) for k in range(1, 11))]) == 2
    assert "at most 8" in capsys.readouterr().err


def test_stills_are_vectors_with_letters(monkeypatch):
    runs = rolled(RBO(radius=0.4, projection="rigid"), SGD())
    share = np.random.default_rng(0).random((5, 4))
    pictures = [
        roll_still(BOWL, raced(runs), Look(ironed=True)),
        iron_still(iron_landscape(BOWL, 0.4, 501), dark=True),
        map_still(
            PhaseMap(
                np.geomspace(0.1, 1, 5), np.geomspace(0.01, 1, 4), share, np.where(share > 0.9, 1.0, 0.0), "share"
            ),
            Notes([Mark(0.3, "theory")], [Jump(0.1, 0.3, 0.2, 0.5)], radius=0.2, rate=0.1),
        ),
    ]
    for picture, words in zip(pictures, ("Ball", "underside of the sweep", "learning rate η"), strict=True):
        svg = as_svg(picture).decode()
        assert f">{words}</text>" in svg
        assert "<image" not in svg


def test_a_still_of_a_ball_is_a_circle_of_its_radius():
    (run,) = rolled(RBO(radius=0.4, projection="rigid"))
    axes = roll_still(BOWL, raced([run])).axes[0]
    (circle,) = axes.patches
    assert circle.radius == 0.4
    assert circle.center == tuple(run.center[-1, 0])
    touched = axes.lines[-1].get_xydata()
    assert len(touched) > 1
    np.testing.assert_allclose(np.linalg.norm(touched - circle.center, axis=1), 0.4, rtol=1e-9)
    assert axes.get_aspect() == 1.0


@pytest.mark.parametrize("dark", [False, True])
def test_the_measures_axes_can_be_read_in_both_themes(dark):
    for radii in ([0.1, 0.4], [0.02, 0.1, 1.6]):
        measures = measure_sweep(sweep_field(sample(BOWL, 501, 1.0, margin=max(radii)), np.array(radii)), 0.01)
        figure = measures_still(measures, radii[0], dark)
        FigureCanvasAgg(figure).draw()
        for axes in figure.axes:
            low, high = axes.get_xlim()
            ticks = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
            boxes = [tick.label1.get_window_extent() for tick in ticks]
            assert len(boxes) >= 2 and all(a.x1 < b.x0 for a, b in pairwise(boxes))
            assert {tick.label1.get_color() for tick in ticks} == {palette(dark).muted}
            assert not any(text.get_text() for text in axes.get_xticklabels(minor=True))


def test_names_of_points_in_one_wrinkle_stand_above_each_other():
    axes = roll_still(BOWL, raced(rolled(SGD(), SAM(), EntropySGD()))).axes[0]
    names = [text for text in axes.texts if text.get_text() != "★"]
    assert len({text.xy[1] for text in names}) == 1  # above the highest of them
    assert sorted(text.get_position()[1] for text in names) == [7, 20, 33]


@pytest.mark.parametrize("dim", [1, 2])
def test_a_gliding_ball_touches_the_ground_it_is_said_to_touch(dim):
    surface = landscapes.get("wrinkled_bowl", dim=dim)
    ironed = iron_landscape(surface, 0.5, 2001 if dim == 1 else 256)
    (ball,) = glide_scene(ironed, "").racers
    away = np.linalg.norm(ball.center - ball.position, axis=1)
    np.testing.assert_allclose(away, 0.5, rtol=1e-9)
    # Between two contacts the slope of h is that of neither: there the drawn contact hangs in the air for one frame.
    gap = ball.position[:, dim] - surface.value(ball.position[:, :dim])
    assert np.median(np.abs(gap)) < (2e-3 if dim == 1 else 2e-2)


def test_the_code_of_an_ironed_surface_and_of_a_sweep_repeats_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    code = iron_code(BOWL, 0.1 + 0.2, 401, 2.0)
    exec(code.replace(".show()", ""), names)  # noqa: S102 - the code that the lab itself has written
    expected = iron_landscape(BOWL, 0.1 + 0.2, 401, 2.0)
    np.testing.assert_array_equal(names["ironed"].closing, expected.closing)
    spec = sweep.parse(
        {
            "surface": {"name": "wrinkled_bowl"},
            "method": {"name": "rbo", "projection": "rigid", "unit_speed": True},
            "grid": {"radius": [0.2, 0.8], "learning_rate": [0.02]},
            "starts": 3,
            "steps": 40,
        }
    )
    exec(sweep_code(sweep.dumps(spec), "final_loss"), names)  # noqa: S102
    with sweep.Store(":memory:") as store:
        values = sweep.run(spec, store, landscapes.get)
    np.testing.assert_array_equal(names["share"], order_parameters.cell_map(spec, values, "final_loss"))
