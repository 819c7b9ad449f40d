"""Pages of Plotly figures and of phase maps: small, complete, the same numbers in both themes."""

from __future__ import annotations

import base64
import json
import re
import zlib

import numpy as np
import plotly.graph_objects as go
import pytest

import landscapes
from rbo_core import sweep
from rbo_core.cli import main
from rbo_core.figures.figures_page import _changes, figures_page
from rbo_core.figures.network_code import phases_code, plane_code, train_code
from rbo_core.figures.player.offline import Words
from rbo_core.sweep import order_parameters


def figure(color):
    return go.Figure(go.Scatter(x=np.arange(4.0), y=np.array([1.0, np.nan, 3.0, 2.0]), line={"color": color}))


def unpacked(html, name):
    packed = re.search(rf'id="{name}">([^<]*)</script>', html)[1]
    return zlib.decompress(base64.b85decode(packed.translate(str.maketrans(",:", "<&")))).decode()


def changed(value, change):
    """As the page's script applies a change."""
    if change is None:
        return value
    if isinstance(change, list):
        return change[0]
    items = change.items()
    if isinstance(value, list):
        return [changed(one, change.get(str(k))) for k, one in enumerate(value)]
    return {**value, **{name: changed(value[name], inner) for name, inner in items}}


def spread(told, arrays):
    """As the page's script puts arrays where their numbers stand."""
    if isinstance(told, dict):
        return arrays[told["@"]] if "@" in told else {name: spread(one, arrays) for name, one in told.items()}
    return [spread(one, arrays) for one in told] if isinstance(told, list) else told


def test_a_page_of_figures_holds_all_it_needs():
    light, dark = figure("#000000"), figure("#ffffff")
    html = figures_page([light], [dark], Words("Two <themes>", code="x = 1 < 2"))
    assert len(html.encode()) < 2e6
    assert not re.findall(r"""(?:src|href)\s*=\s*["']""", re.sub(r'id="plotly">[^<]*', "", html))
    assert "Two &lt;themes&gt;" in html and "x = 1 &lt; 2" in html
    assert "react" in unpacked(html, "plotly")
    told = json.loads(unpacked(html, "figures"))
    arrays = told["arrays"]
    assert spread(told["light"][0]["data"], arrays) == json.loads(light.to_json())["data"]
    dark_again = changed(told["light"][0], told["dark"][0])
    assert spread(dark_again["data"], arrays) == json.loads(dark.to_json())["data"]
    assert len(json.dumps(told["dark"])) < 0.1 * len(json.dumps(told["light"])), "the numbers travel once"


@pytest.mark.parametrize(
    ("before", "after"),
    [({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}), ([1, 2], [1]), ({"a": 1}, {"b": 1}), ({"a": [0]}, {"a": None})],
)
def test_a_change_leads_from_one_to_the_other(before, after):
    assert changed(before, _changes(before, after)) == after
    assert _changes(after, after) is None


def test_the_command_maps_a_sweep_and_its_page_repeats_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--radii", "0.2,0.4,0.8", "--rates", "0.01,0.1", "--starts", "3", "--steps", "60", "--store", "s.sqlite"]
    order = ["--order", "final_loss"]
    assert main(["phases", *options, *order, "--html", "map.html", "--svg", "map.svg", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "mount(" in page and len(page) < 2e6 and page.count("<svg") >= 2
    assert ">learning rate η</text>" in (tmp_path / "map.svg").read_text(encoding="utf-8")
    names = {}
    code = re.search(r"<code>(.*)</code>", page, re.DOTALL)[1].replace("&quot;", '"').replace("&#x27;", "'")
    exec(code, names)  # noqa: S102 - the code that the lab itself has written
    assert names["share"].tolist() == told["values"]
    direct = sweep.run(names["spec"], sweep.Store(":memory:"), landscapes.get)
    np.testing.assert_array_equal(order_parameters.cell_map(names["spec"], direct, "final_loss"), told["values"])
    rows = re.findall(r"<tr>.*?</tr>", page)
    assert len(rows) == 3 and "<th scope='row'>0.1</th>" in rows[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--radii", "a,b"], "numbers and commas"), (["--cell", "1"], "two numbers"), (["--cell", "0,1"], "positive")],
)
def test_what_cannot_be_mapped_is_named(options, message, tmp_path, capsys):
    assert main(["phases", *options, "--steps", "10", "--store", str(tmp_path / "s.sqlite")]) == 2
    assert message in capsys.readouterr().err


def test_a_sweep_of_other_axes_is_no_map(tmp_path, capsys):
    file = tmp_path / "sweep.json"
    file.write_text(json.dumps({"surface": {"name": "wrinkled_bowl"}, "method": {"name": "rbo"}, "steps": 5,
                                "grid": {"radius": [0.1, 0.2]}}))  # fmt: skip
    assert main(["phases", str(file)]) == 2
    assert "needs the grid radius, learning_rate" in capsys.readouterr().err


def test_the_code_of_networks_trains_them_again_bit_for_bit(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from rbo_core.training import RunStore, TrainConfig, run_training
    from rbo_core.training.landscape import PlaneConfig, compute_plane
    from rbo_core.training.phases import PhaseConfig, compute_phases

    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    small = {"data": "digits", "train_size": 100, "gradient_budget": 12, "diagnostics": "none", "device": "cpu"}
    configs = [
        TrainConfig.from_dict({**small, "method": name, "seed": seed}).to_dict()
        for name in ("rbo", "sgd")
        for seed in (0,)
    ]
    plane = {"size": 5, "examples": 50, "device": "cpu"}
    with RunStore("own") as store:
        runs = [run_training(TrainConfig.from_dict(one), store).run_id for one in configs]
        expected = compute_plane(PlaneConfig(runs=tuple(runs), **plane), store)
        metrics = [store.metrics(run)["train_loss"] for run in runs]
    names = {}
    exec(plane_code(configs, {"runs": runs, **plane}, (0.5, 0.1)), names)  # noqa: S102
    np.testing.assert_array_equal(names["plane"].own, expected.own)
    assert names["ironed"].closing.shape == expected.own.shape
    again = {}
    exec(train_code(configs), again)  # noqa: S102
    for mine, told in zip(metrics, again["epochs"], strict=True):
        np.testing.assert_array_equal(mine, told["train_loss"])
    phases = PhaseConfig.from_dict(
        {"train": {**small, "gradient_budget": None, "epochs": 1}, "n_radii": 2, "n_rates": 2}
    )
    mapped = {}
    exec(phases_code(phases.to_dict()), mapped)  # noqa: S102
    np.testing.assert_array_equal(mapped["result"].train_loss, compute_phases(phases).train_loss)
