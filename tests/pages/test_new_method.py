"""A method that is registered in one place is found everywhere: command line, sweep, training, pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import landscapes
import pages.player
from pages.shared.network_methods import contenders, standard
from rbo_core import METHODS, sweep, trace
from rbo_core.checks import Number, column
from rbo_core.cli import main
from rbo_core.figures.style import color, label
from rbo_core.objective import Array, Objective
from rbo_core.points import PointMethod, PointState
from rbo_core.settings import setting
from rbo_core.sweep.cells import batched_axes
from rbo_core.sweep.measure import COLUMNS
from rbo_core.training import Method, TrainConfig, run_training

PAGES = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, kw_only=True)
class Dragged(PointMethod):
    """Gradient descent with drag: x ← x − η g/(1 + δ|g|)."""

    drag: Number = setting(0.5, label="drag δ", low=0.0, high=2.0, at_least=0, help="Slows a fast point down.")

    name = "dragged"
    label = "Dragged"
    color = "#123456"
    shape = "star"

    def step(self, objective: Objective, state: PointState) -> tuple[PointState, Array]:
        xp = objective.xp
        f, g = objective(state.x)
        rate = self.learning_rate / (1.0 + self.drag * xp.sqrt(xp.vecdot(g, g)))
        return PointState(state.x + column(-rate) * g), f


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place."""
    monkeypatch.setitem(METHODS, "dragged", Dragged)


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["roll", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "--drag DRAG drag δ of dragged; 0 to 2; default 0.5. Slows a fast point down." in said
    assert main(["roll", "--method", "dragged", "--drag", "1.5", "--steps", "20", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    run = trace(Dragged(drag=1.5), landscapes.get("wrinkled_bowl"), [[-2.6]], steps=20)
    assert (done["method"], done["position"]) == ("dragged", run.position[-1, 0].tolist())
    assert main(["roll", "--method", "dragged", "--drag", "-1"]) == 2
    assert "drag must be zero or positive, got -1.0" in capsys.readouterr().err


def test_in_a_sweep_specification(tmp_path: Path) -> None:
    described = {"surface": "wrinkled_bowl", "method": "dragged", "starts": [[-2.6]], "steps": 20}
    spec = sweep.parse({**described, "grid": {"drag": {"count": 3}}})
    assert spec.axis("drag").values == (0.0, 1.0, 2.0)
    assert batched_axes(spec) == ("drag",)
    with sweep.Store(tmp_path / "sweeps.db") as store:
        data = sweep.run(spec, store, landscapes.get)
    for drag, row in zip((0.0, 1.0, 2.0), data, strict=True):
        run = trace(Dragged(drag=drag), landscapes.get("wrinkled_bowl"), [[-2.6]], steps=20)
        assert row[0, COLUMNS.index("final_loss")] == run.loss[-1, 0]


@pytest.mark.parametrize("name", ["1_Roll", "2_Race"])
def test_among_the_rivals_and_in_their_expander(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = SimpleNamespace(scene=None)
    monkeypatch.setattr(pages.player, "player", lambda scene, key, **options: setattr(seen, "scene", scene))
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    for key, value in {"rivals": "dragged", "dragged_drag": "1.5", "steps": "30", "radii": ""}.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    assert "Dragged" in [str(option) for option in page.button_group(key="rivals").options]
    (expander,) = [one for one in page.expander if one.label == "Their settings"]
    assert [one.value for one in expander.number_input if one.key == "dragged_drag"] == [1.5]
    (slider,) = [one for one in expander.select_slider if one.label == "drag δ"]
    assert (slider.options[0], slider.options[-1]) == ("0", "2")
    assert slider.help == "Slows a fast point down."
    ball, dragged = seen.scene.racers
    assert (ball.name, dragged.name, dragged.color, dragged.shape) == ("rbo", "dragged", "#123456", "star")
    surface = landscapes.get("wrinkled_bowl", dim=int(name[0]))
    run = trace(Dragged(drag=1.5), surface, surface.start, 30)
    assert np.allclose(dragged.position[-1, :-1], run.position[-1, 0], atol=1e-6)
    assert (color("dragged"), label("dragged")) == ("#123456", "Dragged")


def test_on_networks() -> None:
    one = contenders()["dragged"]
    assert [(s.name, s.low, s.high) for s in one.settings] == [
        ("lr", 1e-4, 10.0), ("drag", 0.0, 2.0), ("weight_decay", 0.0, 0.1),
    ]  # fmt: skip
    (chosen,) = standard("dragged")
    assert (chosen.settings, chosen.gradients_per_step) == ({"lr": 0.1, "drag": 0.5, "weight_decay": 0.0}, 1)
    quick = TrainConfig(train_size=200, epochs=2, schedule="constant", device="cpu", diagnostics="none")
    free = replace(quick, method=Method.of("dragged", lr=0.2, drag=0.0))
    plain = replace(quick, method=Method.of("sgd", lr=0.2))
    losses = [[row["train_loss"] for row in run_training(config).metrics] for config in (free, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0][-1] < 0.9 * losses[0][0]
