"""The roll command: summary, files and refusals."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import landscapes
from rbo_core import RBO, RadiusSchedule, trace
from rbo_core.cli import main
from rbo_core.figures.playing import code_of

ROLL = ["roll", "--surface", "wrinkled_bowl", "--method", "rbo", "--radius", "0.4", "--steps", "500"]


def test_summary_says_what_the_run_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ROLL, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    run = trace(RBO(radius=0.4, projection="rigid"), landscapes.get("wrinkled_bowl"), [[-2.6]], steps=500)
    assert said["status"] == "CONVERGED"
    assert said["center"] == run.center[-1, 0].tolist()
    assert main(ROLL) == 0
    assert "came to rest" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json"])
def test_the_trajectory_survives_the_file(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"run{suffix}"
    assert main([*ROLL, "--output", str(path)]) == 0
    if suffix == ".json":
        frame = pd.DataFrame(json.loads(path.read_text())["trajectory"])
    else:
        frame = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    run = trace(RBO(radius=0.4, projection="rigid"), landscapes.get("wrinkled_bowl"), [[-2.6]], steps=500)
    assert frame["x1"].to_numpy() == pytest.approx(run.position[:, 0, 0], abs=1e-15)
    assert frame["center_height"].to_numpy() == pytest.approx(run.center[:, 0, 1], abs=1e-15)


def test_a_radius_schedule_reaches_summary_table_and_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    breath = ["roll", "--steps", "60", "--radius-schedule", "breathing:0.2:0.5:20:30"]
    path, page = tmp_path / "run.csv", tmp_path / "run.html"
    assert main([*breath, "--json", "--output", str(path), "--html", str(page)]) == 0
    schedule = RadiusSchedule.breathing(0.2, 0.5, 20, 30)
    run = trace(RBO(projection="rigid"), landscapes.get("wrinkled_bowl"), [[-2.6]], 60, radius=schedule)
    said = json.loads(capsys.readouterr().out)
    assert (said["radius"], said["center"]) == (0.2, run.center[-1, 0].tolist())
    frame = pd.read_csv(path)
    assert frame["radius"].max() == 0.5
    assert frame["center1"].to_numpy() == pytest.approx(run.center[:, 0, 0], abs=1e-15)
    code = code_of([run])
    assert html.escape(code.splitlines()[-3], quote=False) in page.read_text()
    names: dict[str, Any] = {}
    exec(code.replace("play(runs)", ""), names)  # noqa: S102 - the code that the lab itself has written
    np.testing.assert_array_equal(names["runs"][0].center, run.center)


BAD = [
    (["--radius", "-1"], "radius must be positive, got -1.0"),
    (["--surface", "nowhere"], "nowhere"),
    (["--param", "curvature"], "a surface parameter is written NAME=VALUE, got 'curvature'"),
    (["--start", "99"], "lies outside the domain"),
    (["--start", "left"], "start must be a number"),
    (["--steps", "0"], "steps must be a whole number of at least 1, got 0"),
    (["--output", "run.xlsx"], "output must end in .csv or .parquet or .json"),
    (["--output", "/no/such/folder/run.csv"], "there is no folder '/no/such/folder'"),
    (["--radius-schedule", "breathing:1:2"], "give --radius or --radius-schedule, not both"),
    (["--method", "sgd"], "sgd has no setting 'radius'"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_options_exit_with_2_and_one_line(
    change: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ROLL, *change]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_importing_the_core_loads_no_heavy_package() -> None:
    check = (
        "import sys, rbo_core, landscapes; "
        "print([m for m in ('torch', 'streamlit', 'plotly', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_core_and_landscapes_do_not_import_each_other() -> None:
    for module, stranger in (("rbo_core", "landscapes"), ("landscapes", "rbo_core")):
        check = f"import sys, {module}; print(any(m.split('.')[0] == {stranger!r} for m in sys.modules))"
        done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "False"


def test_a_formula_rolls_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["roll", "--surface", "formula", "--expression", "a(x^2 + y^2) + 0.05sin(9x)", "--param", "a=0.5"]
    assert main([*typed, "--bounds=-2:2", "--radius", "0.4", "--steps", "300", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    surface = landscapes.get("formula", expression="a(x^2 + y^2) + 0.05sin(9x)", bounds="-2:2", a=0.5)
    run = trace(RBO(radius=0.4, projection="rigid"), surface, surface.start, steps=300)
    assert said["center"] == run.center[-1, 0].tolist()
    assert main(["roll", "--surface", "formula", "--expression", "x^^2"]) == 2
    assert "x^^2\n    ^" in capsys.readouterr().err
    assert main(["roll", "--expression", "x"]) == 2
    assert "--expression belongs to --surface formula" in capsys.readouterr().err


def test_a_file_of_heights_rolls_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "profile.csv"
    path.write_text("x,z\n" + "\n".join(f"{0.1 * k},{0.02 * (k - 20) ** 2}" for k in range(41)))
    asked = ["roll", "--surface", "map", "--heights", str(path), "--radius", "0.3", "--steps", "400", "--json"]
    assert main(asked) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == "CONVERGED"
    assert said["center"][0] == pytest.approx(2.0, abs=1e-3)
    assert main(["roll", "--surface", "map", "--heights", str(tmp_path / "none.csv")]) == 2
    assert "cannot read" in capsys.readouterr().err
