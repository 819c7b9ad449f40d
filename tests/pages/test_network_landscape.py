"""The page Network landscape without a browser: empty and broken stores, planes, paths, balls, noise."""

from __future__ import annotations

import functools
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import pages.player
from pages.network_landscape import view
from pages.network_landscape.controls import PlaneLook
from pages.network_landscape.plane import natural_scale
from pages.shared import tracks
from pages.shared.network_examples import landscape_runs
from pages.shared.network_examples import plane as example
from rbo_core.figures.network_landscape import Frame, Heights, log_limits, noise_figure, plane_figure
from rbo_core.figures.words import plain, short
from rbo_core.ironing import iron, iron_landscape
from rbo_core.training import Method, RunStore, TrainConfig, plane_of, run_training
from rbo_core.training.landscape import PlaneConfig, comparable, compute_plane, save_plane
from rbo_core.training.plane_reading import NoiseStudy, Reach
from tests.pages.drawn import drawn

PAGE = Path(__file__).resolve().parents[2] / "pages" / "6_Network_landscape.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store with a ball's and SGD's run, and the plane of both that the page asks for by default."""
    path = tmp_path_factory.mktemp("runs")
    with RunStore(path) as store:
        for name in ("sgd", "rbo"):
            run_training(TrainConfig(method=Method.of(name), epochs=2, train_size=120, diagnostics="none"), store)
        ball = store.list(method="rbo")[0].id
        save_plane(compute_plane(PlaneConfig(runs=tuple(comparable(store, ball))), store), path)
    return path


@pytest.fixture
def scenes(monkeypatch):
    seen = SimpleNamespace(last=None, click=None)

    def fake(scene, key, **options):
        seen.last = scene
        click, seen.click = seen.click, None
        return click

    monkeypatch.setattr(pages.player, "player", fake)
    return seen


@pytest.fixture
def page(visit):
    """page(folder, **query): this page on that data folder."""
    return functools.partial(visit, "6_Network_landscape")


def said(opened: AppTest) -> str:
    body = next(h.proto.body for h in opened.get("html") if 'class="lab-said"' in h.proto.body)
    return plain(body).replace("\N{NO-BREAK SPACE}", " ")


def charts(opened: AppTest) -> list[dict]:
    return [figure for block in drawn(opened).values() for figure in block]


def test_an_empty_store_offers_to_train_and_does(page, tmp_path, queue):
    opened = page(tmp_path / "nothing")
    assert "No run is stored here yet" in opened.caption[0].value
    # Meanwhile there is something to see: three networks trained earlier.
    assert len(charts(opened)) == 2
    assert "of all the paths' variance" in said(opened)
    opened.button(key="train_default").click().run()
    assert not opened.exception
    job = queue.jobs()[0]
    assert job.config == {"runs": landscape_runs()}
    assert opened.query_params["job"] in (job.id, [job.id])


def test_a_plane_not_yet_computed_can_be_asked_for(page, folder, queue):
    opened = page(folder, kind="random", size="31")
    opened.button(key="compute").click().run()
    job = queue.jobs()[0]
    assert job.argv[0] == "train"
    assert "--plane" in job.argv
    asked = PlaneConfig.from_dict(job.config)
    assert (asked.kind, asked.size, len(asked.runs)) == ("random", 31, 2)


def test_the_example_stays_in_reach_and_a_new_run_is_offered(page, folder, tmp_path, queue):
    """A store with runs and no plane: never a blank page."""
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "planes")
    opened = page(tmp_path / "copy")
    assert len(charts(opened)) == 2
    assert "This is the example. Stored here: Rolling ball" in opened.caption[0].value
    opened.button(key="see_newest").click().run()
    assert not opened.exception
    (job,) = queue.jobs()
    with RunStore(tmp_path / "copy") as store:
        ball = store.list(method="rbo")[0].id
    assert PlaneConfig.from_dict(job.config).runs[0] == opened.session_state["run"] == ball
    assert len(charts(opened)) == 2  # the example, until there is something of the plane
    again = page(tmp_path / "copy", run="example")
    assert len(charts(again)) == 2
    assert "of all the paths' variance" in said(again)


def test_a_plane_half_computed_is_shown_and_can_go_on(page, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    with RunStore(tmp_path / "copy") as store:
        ball = store.list(method="rbo")[0].id
        config = PlaneConfig(runs=tuple(comparable(store, ball)), size=31)
        whole = compute_plane(config, store)
    known = np.zeros((31, 31), bool)
    known[::2, ::2] = True
    save_plane(
        replace(whole, clean=np.where(known, whole.clean, np.nan), noisy=np.where(known, whole.noisy, np.nan),
                known=known), tmp_path / "copy",
    )  # fmt: skip
    opened = page(tmp_path / "copy", size="31")
    assert "So far, 256 of 961 points" in said(opened)
    (shown,) = charts(opened)
    assert {"loss", "not computed yet"} <= {trace.get("name") for trace in shown["data"]}
    assert opened.button(key="compute").label.startswith("Go on: the other 705 points, about ")


@pytest.mark.parametrize(
    ("radius", "out", "words"),
    [
        (8.0, 0.14, "Here the radius matters: a ball of ρ = 8 cannot touch 14 % of this plane (λ = 1), one of "
                    "ρ = 4 can touch all but 4 % of it"),
        (2.0, 0.0, "At ρ = 2 the radius hardly matters: the ball can touch all of this plane (λ = 1). It matters from "
                   "about ρ = 8 on"),
        (2.0, 0.02, "can touch all but 2 % of this plane"),
    ],
)  # fmt: skip
def test_the_headline_says_whether_the_radius_matters(radius, out, words):
    plane = example()
    reach = Reach(np.array([4.0, 8.0, 16.0]), np.array([0.04, 0.12, 0.3]))
    look = PlaneLook(plane, "paths", radius, 1.0, 0, "rigid", reach)
    assert words in plain(view.whether_the_radius_matters(look, out))
    flat = replace(look, reach=Reach(reach.radii, np.array([0.0, 0.01, 0.04])))
    assert "On this plane the radius hardly matters: even a ball half as wide as it, ρ = 16, can touch all but 4 %" in (
        plain(view.whether_the_radius_matters(flat, out))
    )


def test_the_example_opens_where_the_radius_matters(page, tmp_path):
    opened = page(tmp_path / "nothing")
    assert said(opened).startswith("Here the radius matters: a ball of ρ = ")
    # By the picture's own numbers: the share out of reach at the radius that is shown.
    plane = example()
    share = iron(natural_scale(plane.own, float(plane.x[-1] - plane.x[0])) * plane.own, plane.spacing,
                 opened.number_input(key="radius").value).unreachable_share  # fmt: skip
    assert share >= 0.1
    assert f"cannot touch {100 * share:.0f} % of this plane" in said(opened)


def test_the_paths_are_drawn_where_the_runs_went(page, folder):
    opened = page(folder)
    assert not opened.error
    left, right = charts(opened)
    names = [t["name"] for t in left["data"] if t.get("name") in ("Rolling ball", "SGD")]
    assert names == ["Rolling ball", "SGD"]
    assert right["data"][0]["type"] == "contour"
    assert "of all the paths' variance" in said(opened)
    assert left["layout"]["yaxis"]["scaleanchor"] == "x"


def test_a_ball_rolls_down_and_a_click_starts_it_elsewhere(page, folder, scenes):
    opened = page(folder, view="roll", steps="60")
    ball, point = scenes.last.racers
    assert (ball.name, point.name) == ("rbo", "sgd")
    assert ball.loss[-1] < ball.loss[0]
    # The ball rests on the drawn surface: its centre is one radius from the contact.
    np.testing.assert_allclose(
        np.linalg.norm(ball.center - ball.position, axis=1), ball.radius, rtol=0.02
    )  # fmt: skip
    middle = scenes.last.bounds.mean(axis=1)
    scenes.click = SimpleNamespace(x=middle)
    opened.run()
    np.testing.assert_allclose(scenes.last.racers[1].position[0, :2], middle, atol=1e-4)
    assert "lowest point of this plane" in said(opened)


def test_a_roll_that_takes_too_long_is_ended_and_told(page, folder, monkeypatch):
    monkeypatch.setattr(tracks, "PATIENCE", 0.0)
    opened = page(folder, view="roll", steps="61")
    assert not opened.exception
    assert all("take more than the 0 s of computing" in error.value for error in opened.error)
    assert len(opened.error) == 2


def test_label_noise_is_shown_beside_true_labels(page, folder):
    opened = page(folder, view="noise")
    assert len(charts(opened)) == 3
    assert "40 % random labels" in said(opened)


def test_a_damaged_plane_is_said_and_can_be_computed_again(page, tmp_path, folder):
    shutil.copytree(folder, tmp_path / "copy")
    for file in (tmp_path / "copy" / "planes").iterdir():
        file.write_bytes(b"not a plane")
    with RunStore(tmp_path / "copy") as store:
        ball = store.list(method="rbo")[0].id
    opened = page(tmp_path / "copy", run=ball)
    assert "cannot be read" in opened.error[0].value
    assert opened.button(key="compute")


def test_a_broken_run_and_a_missing_gpu_are_no_traceback(page, tmp_path, folder):
    shutil.copytree(folder, tmp_path / "copy")
    connection = sqlite3.connect(tmp_path / "copy" / "training.sqlite")
    with connection:
        connection.execute(
            "INSERT INTO runs SELECT 'broken', created, updated, state, '', '{', summary FROM runs LIMIT 1"
        )
    connection.close()
    opened = page(tmp_path / "copy", device="cuda", size="31")
    if not torch.cuda.is_available():
        assert any("no CUDA GPU" in e.value for e in opened.error)
        assert opened.button(key="compute").disabled


def test_a_natural_scale_makes_the_relief_about_a_third_of_the_width():
    heights = np.linspace(0, 7, 100)
    scale = natural_scale(heights, 20.0)
    assert scale == 1.0
    assert 0.1 < scale * 7 / 20 < 0.4
    assert natural_scale(100 * heights, 20.0) == pytest.approx(0.01)


def test_the_map_shows_what_no_ball_touches():
    x = np.linspace(0, 1, 41)
    heights = 1 + np.abs(np.sin(9 * x))[:, None] + 0 * x[None, :]
    ironed = iron(heights, (0.025, 0.025), 0.3)
    fig = plane_figure(
        Heights(x, x, heights), False, Frame(log_limits(heights)), radius=0.1, unreachable=~ironed.reachable
    )
    *_, veil = (trace.z.T for trace in fig.data if trace.type == "heatmap")  # over the colours of the loss
    np.testing.assert_array_equal(np.isfinite(veil), ~ironed.reachable)
    circle = fig.layout.shapes[0]
    assert circle.x1 - circle.x0 == pytest.approx(0.2)


def test_the_radius_where_noise_is_gone_is_marked():
    study = NoiseStudy(np.array([0.0, 0.1, 1.0]), np.array([1.0, 0.6, 0.05]), 1.0)
    marked = [shape.x0 for shape in noise_figure(study, 0.3, dark=True).layout.shapes]
    assert 1.0 in marked
    assert 0.3 in marked


def test_a_plane_saved_in_a_notebook_opens_on_the_page(page, tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    x, y = torch.randn(30, 3), torch.randint(0, 2, (30,))
    end = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
    path = [end + step * torch.ones_like(end) for step in (0.4, 0.2, 0.0)]
    plane = plane_of(model, torch.nn.CrossEntropyLoss(), [(x, y)], snapshots=path, size=21)
    opened = page(tmp_path / "store")
    assert not opened.exception
    saved = plane.save(tmp_path / "mine").read_bytes()
    opened.file_uploader("own_plane").set_value(("mine.npz", saved, "application/octet-stream")).run()
    assert not opened.exception
    assert not opened.error
    sentence = next(text.value for text in opened.markdown if "cannot touch" in text.value)
    assert f"Curvatures along the axes: {short(float(plane.curvature[0]))}" in sentence
    assert f"its true loss is {short(float(plane.path_loss[-1]))}" in sentence
    radius = opened.number_input("own_radius").value
    share = iron_landscape(plane.surface, radius, n=21).unreachable_share
    assert f"A ball of ρ = {short(radius)} cannot touch {100 * share:.0f} % of it" in sentence
    opened.file_uploader("own_plane").set_value(("no.npz", b"PK nothing", "application/octet-stream")).run()
    assert any("no plane that plane" in error.value for error in opened.error)
