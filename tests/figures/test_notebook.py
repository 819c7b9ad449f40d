"""The notebook of the manual runs, and its player is live: what the kernel shares is what the picture shows."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import landscapes
from rbo_core import RBO, trace

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own packages
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_runs_and_its_player_is_live(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("print(player.frame, player.start, len(player.scene))"))
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    client.execute()
    shown, moved, saved, told = (cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    view = next(one.data["application/vnd.jupyter.widget-view+json"] for one in shown if "data" in one)
    state = client.widget_state[view["model_id"]]
    assert "mount(" in state["_esm"]
    assert (state["frame"], state["start"]) == (40, [1.5])
    surface = landscapes.get("wrinkled_bowl", dim=1)
    ball = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)
    assert float(moved[0].text) == trace(ball, surface, [[1.5]], 300).center[-1, 0, 0]
    assert re.fullmatch(r"40 \[1\.5\] \d+\n", told[0].text)
    assert "run.html" in saved[0].data["text/plain"]
    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "mount(" in page and len(page) < 2e6
