"""`python -m benchmarks`: what its fits and ratios say of known costs, and that a broken part leaves the others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import benchmarks.__main__ as everything
from benchmarks.suite import ironing, surfaces, trajectories
from benchmarks.suite.measure import compared, growth

ROOT = Path(__file__).resolve().parents[1]


def test_growth_of_a_known_cost():
    sizes = np.array([1.0, 10.0, 100.0, 1000.0])
    found = growth("g", "w", sizes, 3e-6 * sizes**1.5 * np.array([1.1, 0.9, 1.0, 1.05]))
    assert found.low < 1.5 < found.high
    assert found.exponent == pytest.approx(1.5, abs=0.05)


def test_first_call_and_steady_state_are_told_apart(monkeypatch):
    clock, calls = [0.0], {"ours": iter([5.0, 1.0, 1.0, 1.0]), "theirs": iter([2.0, 3.0, 9.0, 3.0])}
    monkeypatch.setattr("benchmarks.suite.measure.time.perf_counter", lambda: clock[0])

    def spend(who):
        clock[0] += next(calls[who])

    ours, theirs = compared("g", {who: lambda who=who: spend(who) for who in calls}, 3)
    assert (ours.first, ours.steady, ours.ratio) == (5.0, 1.0, 1.0)
    assert (theirs.first, theirs.steady, theirs.ratio) == (2.0, 3.0, 3.0)


@pytest.mark.parametrize("part", [ironing, surfaces, trajectories])
def test_a_part_measures(part):
    report = part.run(True)
    assert report.rows
    assert all(row.steady > 0 and row.rounds > 0 for row in report.rows)
    assert json.loads(json.dumps(report.plain()))["growth"] is not None


def test_one_file_of_numbers_and_one_table_whatever_fails(tmp_path, monkeypatch, capsys):
    reports = {
        "sweeps": {"rows": [{"group": "g", "who": "we", "steady": 2.0, "unit": "s", "first": 3.0, "ratio": None}],
                   "growth": [], "notes": ["a note"], "seconds": 1.0},
        "app": {"problem": "took more than 1 s and was ended"},
    }  # fmt: skip
    monkeypatch.setattr(everything, "measured", lambda name, quick: reports[name])
    assert everything.main(["--only", "sweeps", "app", "--out", str(tmp_path)]) == 1
    (numbers,), (table,) = tmp_path.glob("*.json"), tmp_path.glob("*.md")
    told = json.loads(numbers.read_text())
    assert told["parts"] == reports
    assert told["machine"]["cores"] >= 1 and told["machine"]["numpy"] == np.__version__
    assert "| g | we | 2 s | 3 s |  |" in table.read_text()
    assert "**Failed:** took more than 1 s" in capsys.readouterr().out


def test_a_part_that_hangs_or_breaks_is_told(monkeypatch):
    monkeypatch.setitem(everything.LIMITS, "networks", 0.05)
    assert everything.measured("networks", True) == {"problem": "took more than 0.05 s and was ended"}
    monkeypatch.setitem(everything.LIMITS, "nothing", 60)
    assert "No module named 'benchmarks.suite.nothing'" in everything.measured("nothing", True)["problem"]


def test_the_readme_gets_the_numbers_that_were_measured(tmp_path, monkeypatch):
    group = "surface, 512², radius 20"
    rows = [("SciPy", 2.25), ("scikit-image", 2.6), ("ours", 1.0)]
    parts = {
        "ironing": {"rows": [{"group": group, "who": w, "ratio": r, "steady": 1} for w, r in rows]},
        "trajectories": {
            "rows": [
                {"group": f"published, K = 20, {n} balls, 500 steps", "who": "JAX", "ratio": ratio, "steady": 1}
                for n, ratio in ((1, 0.5), (256, 32.0))
            ]
        },
        "app": {"problem": "no browser"},
    }
    machine = {"processor": "a processor", "cores": 2}
    readme = tmp_path / "README.md"
    readme.write_text("before <!-- numbers -->old<!-- end --> after")
    monkeypatch.setattr(everything, "ROOT", tmp_path)
    everything.write_readme({"date": "2030-01-02", "machine": machine, "parts": parts}, tmp_path / "b.md")
    told = readme.read_text()
    assert told.startswith("before <!-- numbers -->") and told.endswith("<!-- end --> after")
    assert "old" not in told and "a processor, 2 cores, 2030-01-02" in told
    assert re.findall(r"^- .*", told, re.MULTILINE) == [
        "- **2.25** times as fast as SciPy's grey dilation, 2.6 times as fast as scikit-image's rolling ball: 512², "
        "radius 20",
        "- **32** times as fast as jitted JAX: 256 balls as published on 100 harmonics, 500 steps (one ball: "
        "0.5 times)",
    ]
    assert "<!-- numbers -->" in (ROOT / "README.md").read_text("utf-8")


def test_the_numbers_of_the_readme_are_measured_under_those_names():
    """The groups and names that a part really reports, at sizes that cost nothing."""
    sources = {name: (ROOT / f"benchmarks/suite/{name}.py").read_text("utf-8") for name in everything.LIMITS}
    for part, _, who, column, _ in everything.FIVE:
        assert column in ("ratio", "steady")
        assert who in sources[part] or who.removeprefix("ours: ") in sources[part]
