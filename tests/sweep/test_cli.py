"""``python -m rbo_core sweep`` and ``jobs``, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rbo_core import jobs, sweep
from rbo_core.cli import main

SPEC: dict[str, Any] = {
    "surface": {"name": "wrinkled_bowl"},
    "method": {"name": "rbo", "projection": "rigid", "unit_speed": True, "learning_rate": 0.05},
    "grid": {"radius": "0.1:3:10log"},
    "starts": 4,
    "steps": 120,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path / "runs"))
    (tmp_path / "sweep.json").write_text(json.dumps(SPEC))
    return tmp_path


def test_run_show_export_list_delete(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", str(here / "sweep.json"), "--json"]
    assert main([*words, "--balls", str(here / "balls.parquet"), "--cells", str(here / "cells.csv")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["cells"], said["stored_cells"], said["computed_cells"]) == (10, 10, 10)
    assert said["best_in_basin"]["value"] == 1.0
    assert said["transitions_of_in_basin"][0]["jump"] > 0
    assert "lets go" in said["theory"][0]["label"]
    assert [regime["name"] for regime in said["regimes"]] == ["microscopic", "macroscopic"]

    balls, table = pd.read_parquet(here / "balls.parquet"), pd.read_csv(here / "cells.csv")
    assert balls.shape[0] == 40
    by_cell = balls.groupby("cell")["in_basin"].mean().to_numpy()
    np.testing.assert_array_equal(by_cell, table["in_basin"])
    assert (table["in_basin_low"] <= table["in_basin"]).all()
    assert table["radius"].iloc[[0, -1]].tolist() == [0.1, 3.0]

    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["computed_cells"] == 0
    assert main(["sweep", "show", said["id"], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert sweep.parse(shown["spec"]).id == said["id"]
    assert main(["sweep", "show", said["id"]]) == 0
    assert "best in basin: value = 1, radius = " in capsys.readouterr().out
    assert main(["sweep", "list"]) == 0
    assert f"{said['id']}  " in capsys.readouterr().out
    assert main(["sweep", "delete", said["id"], "--json"]) == 0
    assert main(["sweep", "show", said["id"]]) == 2


def test_refine_adds_radii_where_the_order_parameter_jumps(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", str(here / "sweep.json"), "--refine", "2", "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["cells"] == said["stored_cells"] == said["computed_cells"] > 11
    assert main(words) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["id"], again["computed_cells"]) == (said["id"], 0)
    # Between two of the ten radii of the description, which stand log(30)/9 apart, and not in the middle between them.
    place = np.log(said["transitions_of_in_basin"][0]["at"] / 0.1) / (np.log(30) / 9)
    assert abs(place % 1 - 0.5) > 0.1


def test_estimate_does_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(here / "sweep.json"), "--estimate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ball_steps"] == 4800
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-file.json"], "cannot read no-such-file.json"),
        (["shwo"], "give a JSON file, finite-size, or show, list, delete"),
        (["{file}", "--workers", "0"], "workers must be at least 1, got 0"),
        (["{file}", "--balls", "x.xlsx"], "must end in .csv or .parquet"),
        (["{file}", "--cells", "/no/such/folder/x.csv"], "there is no folder '/no/such/folder'"),
        (["{file}", "--max-megabytes", "0.0001"], "the grid is too large"),
        (["{file}", "--max-hours", "0"], "would take too long"),
        (["{file}", "--max-hours", "nan"], "max-hours must be finite, got nan"),
        (["{file}", "--along", "height"], "no axis 'height'; it has ['radius']"),
        (["{file}", "--refine", "9"], "refine takes from 0 to 6 rounds, got 9"),
        (["show"], "needs a sweep's id"),
        (["show", "feed"], "no sweep 'feed'"),
        (["{file}", "--scheduler", "nonsense"], "Dask"),
    ],
)
def test_bad_input_is_one_line(here: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert main(["sweep", *[word.format(file=here / "sweep.json") for word in words]]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_malformed_json_names_the_field(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.json").write_text(json.dumps({**SPEC, "starts": -3}))
    assert main(["sweep", str(here / "bad.json")]) == 2
    assert "starts must be at least 1, got -3" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["sweep"], ["train"], ["train", "--plane"], ["train", "--phases"]], ids=" ".join)
def test_json_nested_without_end_is_refused(here: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    (here / "deep.json").write_text("[" * 100_000)
    assert main([*words, str(here / "deep.json")]) == 2
    assert "nested too deeply" in capsys.readouterr().err


@pytest.mark.slow
def test_jobs_run_empties_the_queue(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = jobs.Queue()
    job = queue.submit("sweep", ["sweep", jobs.CONFIG, "--json"], config=SPEC)
    assert main(["jobs", "run", "--json"]) == 0
    assert [entry["state"] for entry in json.loads(capsys.readouterr().out)] == ["done"]
    assert queue.result(job.id)["stored_cells"] == 10
    assert (here / "runs" / "sweeps.sqlite").exists()
    queue.close()


def test_jobs_list_show_cancel(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = jobs.Queue()
    job = queue.submit("sweep", ["sweep", jobs.CONFIG], title="ten radii")
    assert main(["jobs"]) == 0
    assert f"{job.id}  queued" in capsys.readouterr().out
    assert main(["jobs", "show", job.id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["title"], shown["position"]) == ("ten radii", 0)
    assert main(["jobs", "cancel", job.id]) == 0
    assert "cancelled" in capsys.readouterr().out
    assert main(["jobs"]) == 0
    assert "no jobs waiting or running" in capsys.readouterr().out
    assert main(["jobs", "list", "--all", "--json"]) == 0
    assert [entry["state"] for entry in json.loads(capsys.readouterr().out)] == ["cancelled"]
    assert main(["jobs", "show"]) == 2
    assert main(["jobs", "show", "feed"]) == 2
    queue.close()
