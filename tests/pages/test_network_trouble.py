"""All network pages in trouble: no data files, nothing stored, a broken record, a GPU that is not there."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.network_phases.controls import DATA as PHASE_DATA
from pages.shared import network_runs
from rbo_core.cli import main
from rbo_core.training import Method, RunStore, TrainConfig
from rbo_core.training import data as data_sets
from rbo_core.training.landscape import PlaneConfig
from rbo_core.training.phases import PhaseConfig

NETWORK_PAGES = ("5_Train", "6_Network_landscape", "7_Network_phases", "8_Results")
ALL_PAGES = sorted(file.stem for file in (Path(__file__).resolve().parents[2] / "pages").glob("[0-9]*.py"))


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set but the digits is on this machine."""
    monkeypatch.setattr(data_sets, "SYSTEM_FOLDERS", {})


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one finished run, one without epochs that says it runs, one of rubbish, one of a newer release."""
    folder = tmp_path_factory.mktemp("store")
    assert main(["train", "--gradient-budget", "40", "--diagnostics", "none", "--json", "--store", str(folder)]) == 0
    with RunStore(folder) as store:
        store.create(TrainConfig(method=Method.of("sgd")))
    newer = json.dumps({**TrainConfig().to_dict(), "gravity": 9.81})
    connection = sqlite3.connect(folder / "training.sqlite")
    with connection:
        for name, config in (("rubbish", "{not json"), ("newer", newer)):
            row = (name, 1e9, 1e9, "done", "", config, "{}")
            connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    return folder


@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_opens_on_an_empty_store_without_data(visit, no_data, tmp_path, name):
    page = visit(name, tmp_path / "nothing")
    assert not page.error


@pytest.mark.parametrize("name", NETWORK_PAGES)
def test_a_broken_run_hides_no_other_run(visit, broken, name):
    page = visit(name, broken)
    assert not page.error
    if name == "8_Results":
        table = next(shown.value for shown in page.dataframe if "problem" in shown.value)
        assert set(table["state"]) == {"done", "running", "broken"}
        problems = dict(zip(table["id"], table["problem"], strict=True))
        assert "gravity" in problems["newer"]
    if name == "6_Network_landscape":
        assert len(page.selectbox("run").options) == 2  # the example and the one that can be read


@pytest.mark.parametrize("name", NETWORK_PAGES)
def test_a_store_that_is_no_database_is_no_traceback(visit, tmp_path, name):
    (tmp_path / "training.sqlite").write_text("this is a letter, not a database, and it is long enough to be read")
    page = visit(name, tmp_path)
    if name in ("6_Network_landscape", "8_Results"):
        assert "file is not a database" in page.error[0].value


def sentence(page: AppTest) -> str:
    """What the page says that came out, or "" where nothing did yet."""
    return next((html.proto.body for html in page.get("html") if 'class="lab-said"' in html.proto.body), "")


def announced(page: AppTest, title: str) -> bool:
    return any(f"{title} is not on this machine" in info.value for info in page.info)


@pytest.mark.parametrize("name", [n for n in network_runs.DATA if n != "digits"])
def test_a_missing_data_set_is_announced_where_it_would_be_used(visit, no_data, tmp_path, name):
    title = network_runs.DATA[name]
    assert announced(visit("5_Train", tmp_path, data=name), title)
    if name in PHASE_DATA:
        assert announced(visit("7_Network_phases", tmp_path, data=name), title)


def test_a_run_on_data_that_are_gone_is_shown_and_said(visit, no_data, tmp_path):
    with RunStore(tmp_path) as store:
        gone = store.create(TrainConfig(data="cifar10", model="mlp"))
        store.save_snapshot(gone, 0, torch.zeros(3))
        store.update(gone, "done", summary={"test_accuracy": 0.5})
    assert announced(visit("6_Network_landscape", tmp_path, run=gone), "CIFAR-10")
    assert list(visit("8_Results", tmp_path).dataframe[0].value["data"]) == ["cifar10"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize(
    ("name", "button"), [("5_Train", "train"), ("6_Network_landscape", "compute"), ("7_Network_phases", "compute")]
)
def test_cuda_where_there_is_none_is_refused_with_the_remedy(visit, broken, name, button):
    page = visit(name, broken, device="cuda")
    assert "there is no CUDA GPU here. Choose cpu or auto" in page.error[0].value
    assert page.button(button).disabled


def test_a_link_to_a_job_of_another_page_is_said(visit, queue, tmp_path):
    job = queue.submit("plane", ["train"], config={"runs": ["abc"]}, title="Loss on a plane")
    page = visit("7_Network_phases", tmp_path, job=job.id)
    assert "another page (Loss on a plane)" in page.error[0].value


def test_a_link_to_a_plane_brings_its_settings_back(visit, queue, broken):
    with RunStore(broken) as store:
        run = store.list(state="done")[0].id
    asked = PlaneConfig(runs=(run,), kind="random", size=31, label_noise=0.2, reach=2.0, seed=5)
    values = {name: getattr(asked, name) for name in asked.__dataclass_fields__}
    job = queue.submit("plane", ["train"], config=values, title="Loss on a plane")
    page = visit("6_Network_landscape", broken, job=job.id)
    page.button("compute").click().run()
    assert PlaneConfig.from_dict(queue.jobs()[0].config) == asked
    lost = queue.submit("plane", ["train"], config={**values, "runs": ["abc"]}, title="Loss on a plane")
    assert "abc is not stored here any more" in visit("6_Network_landscape", broken, job=lost.id).error[0].value


def test_the_example_map_is_that_of_the_default_settings(visit, queue, tmp_path):
    page = visit("7_Network_phases", tmp_path)
    assert "trained earlier with these very settings" in page.caption[0].value
    assert "Best:" in sentence(page)
    page.button("compute").click().run()
    assert PhaseConfig.from_dict(queue.jobs()[0].config) == PhaseConfig()
    # Other settings have no example.
    assert "Not trained yet" in sentence(visit("7_Network_phases", tmp_path, epochs="9"))


def test_a_run_of_the_page_is_one_of_the_command_line(visit, queue, tmp_path, capsys):
    page = visit("5_Train", tmp_path, methods="sgd", gradients="40", seeds="1", sharpness="false")
    page.button("train").click().run()
    job = queue.jobs()[0]
    config = tmp_path / "job.json"
    config.write_text(json.dumps(job.config))
    assert main([str(config) if word == "@config" else word for word in job.argv]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["train", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in listed] == [run["id"] for run in made]


@pytest.mark.parametrize(
    ("name", "button"), [("6_Network_landscape", "train_default"), ("7_Network_phases", "compute")]
)
def test_a_job_that_is_refused_says_why(name, button, visit, queue, tmp_path, monkeypatch):
    page = visit(name, tmp_path)

    def full(*_, **__):
        raise ValueError("the queue is full: 60 jobs wait")

    monkeypatch.setattr(queue, "submit", full)
    page.button(key=button).click().run()
    assert not page.exception
    assert [error.value for error in page.error] == ["The queue is full: 60 jobs wait"]
