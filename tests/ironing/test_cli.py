"""`python -m rbo_core iron`: the table, the picture, and one line for bad input."""

import json

import numpy as np
import pytest

import landscapes
from rbo_core.cli import main
from rbo_core.cli.iron import parsed_radii
from rbo_core.ironing import iron_landscape, oscillation


def test_radii():
    np.testing.assert_allclose(parsed_radii("0.01:1:3log"), [0.01, 0.1, 1])
    np.testing.assert_allclose(parsed_radii("1:2:3"), [1, 1.5, 2])
    np.testing.assert_allclose(parsed_radii("0.3,0.1"), [0.1, 0.3])


@pytest.mark.parametrize("text", ["", "a", "1:2", "1:2:0", "2:1:3log", "0:1:3log", "-1,2", "nan", "1:2:3lin"])
def test_bad_radii_are_named(text):
    with pytest.raises(ValueError, match="radi"):
        parsed_radii(text)


def _grid(tmp_path, heights, cell):
    rows = "\n".join(" ".join(f"{value:g}" for value in row) for row in heights)
    file = tmp_path / "grid.asc"
    corner = "xllcorner 7.0\nyllcorner 46.0" if cell < 0.1 else "xllcorner 600000\nyllcorner 200000"
    file.write_text(f"ncols 40\nnrows 40\n{corner}\ncellsize {cell}\n{rows}\n")
    return str(file)


@pytest.mark.parametrize(
    ("cell", "height", "hole", "radii", "words"),
    [
        (1.0, 100.0, -9999.0, "2,4", "1 % of it are holes: nothing is there (marked -9999)"),
        (1.0, 100.0, 3.4e38, "2,4", "nothing is there (marked 3.4e+38)"),
        (1.0, 3000.0, None, "1.1,2", "at radius 1.1 heights range over 3,758 radii: to them the ball is a flat disc"),
        (1.0, 0.01, None, "2,4", "radii and the ball touches them everywhere: it does nothing"),
        (0.001, 100.0, None, "0.002,0.004", "spacing is in ° and heights are in m: a ball is round only where both"),
    ],
)
def test_what_the_page_says_of_heights_stands_on_the_command_line(tmp_path, capsys, cell, height, hole, radii, words):
    x = np.linspace(-1, 1, 40)
    heights = height * np.hypot(*np.meshgrid(x, x))
    if hole is not None:
        heights[10:14, 10:14] = hole
    arguments = ["--heights", _grid(tmp_path, heights, cell), "--radii", radii, "--samples", "40"]
    assert main(["iron", "--surface", "map", *arguments, "--csv", str(tmp_path / "a.csv")]) == 0
    assert words in capsys.readouterr().err


def test_csv_html_and_summary(tmp_path, capsys):
    csv, html = tmp_path / "a.csv", tmp_path / "a.html"
    arguments = ["iron", "--surface", "corduroy", "--radii", "0.2:2:5log", "--samples", "801"]
    assert main([*arguments, "--csv", str(csv), "--html", str(html), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    rows = [line.split(",") for line in csv.read_text().splitlines()]
    assert rows[0][:3] == ["radius", "minima", "basins"]
    assert len(rows) == 1 + 1 + 5
    measured = float(rows[-1][rows[0].index("oscillation")])
    assert measured == pytest.approx(oscillation(iron_landscape(landscapes.get("corduroy"), 2.0, n=801).ironed))
    assert summary["measures"]["oscillation"][-1] == measured
    text = html.read_text()
    charts = text[text.index('<div class="still light">') : text.index('<div class="still dark">')]
    assert len(rows[0]) >= 7
    assert all(f">{name.replace('_', ' ')}</text>" in charts for name in rows[0][1:])
    assert "src=" not in text and len(text) < 2e6


def test_surface_prints_the_table(capsys):
    assert main(["iron", "--dim", "2", "--radii", "0.3", "--samples", "64"]) == 0
    assert capsys.readouterr().out.startswith("radius,minima,basins")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--radii", "0.1,70"], "radius must be at most the window's longest side, 6, got 70"),
        (["--radii", "x"], "radii are written"),
        (["--csv", "a.txt"], "csv must end in .csv"),
        (["--html", "/no/such/folder/a.html"], "html cannot be written to '/no/such/folder/a.html'"),
        (["--radii", "0.1:1:1000000000log"], "radii are written"),
        (["--loss-scale", "1e300"], "heights must stay below 1e+100"),
        (["--samples", "1"], "n must be at least 2"),
        (["--threshold", "-1"], "threshold must be ≥ 0"),
    ],
)
def test_bad_input_is_one_line(arguments, said, capsys):
    assert main(["iron", *arguments]) == 2
    error = capsys.readouterr().err
    assert f"error: {said}" in error
    assert "Traceback" not in error


def test_radii_below_the_grid_are_said(capsys):
    assert main(["iron", "--radii", "0.0001,0.3", "--samples", "601"]) == 0
    said = capsys.readouterr()
    assert "warning: radius 0.0001 is below one grid spacing (0.01): nothing is ironed there" in said.err
    assert said.out.startswith("radius,")


def test_json_names_the_crests_that_live_longest(capsys):
    words = ["iron", "--surface", "corduroy", "--param", "slope=0.2", "--param", "width=1", "--param", "depth=2"]
    assert main([*words, "--radii", "0.5,3", "--samples", "8001", "--json"]) == 0
    crests = json.loads(capsys.readouterr().out)["crests"]
    assert crests["count"] == len(crests["position"]) > 3
    assert max(v for v in crests["lifetime"] if v) == pytest.approx(1.04 / 0.4, rel=3e-3)
