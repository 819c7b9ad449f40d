"""`plane_of` on modules whose loss, Hessian and path are known in closed form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rbo_core.cli import main
from rbo_core.training import NetworkPlane, RunStore, TrainConfig, plane_of, run_training
from rbo_core.training.landscape import PlaneConfig, compute_plane

CURVATURES = torch.tensor([9.0, 4.0, 1.0, 0.5, 0.25, 0.1])


class Quadratic(nn.Module):
    """Outputs its parameters; with the loss below ½ Σ κ θ² through a known rotation."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(0.1 * torch.ones(6))

    def forward(self, rotation: torch.Tensor) -> torch.Tensor:
        return rotation @ self.theta


ROTATION = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0]
BATCHES = [(ROTATION, CURVATURES)]


def bowl(output: torch.Tensor, curvatures: torch.Tensor) -> torch.Tensor:
    return 0.5 * (curvatures * output**2).sum()


def exact(plane: NetworkPlane, axes: torch.Tensor) -> np.ndarray:
    a, b = np.meshgrid(plane.x, plane.y, indexing="ij")
    theta = 0.1 + a[..., None] * axes[0].numpy() + b[..., None] * axes[1].numpy()
    return 0.5 * (CURVATURES.numpy() * (theta @ ROTATION.T.numpy()) ** 2).sum(-1)


def test_the_hessian_plane_has_the_largest_curvatures_and_the_exact_loss() -> None:
    model = Quadratic()
    plane = plane_of(model, bowl, BATCHES, size=21)
    np.testing.assert_allclose(plane.curvature, [9.0, 4.0], rtol=1e-4)
    middle, step = plane.heights[:, 10], plane.x[1] - plane.x[0]
    assert (middle[9] - 2 * middle[10] + middle[11]) / step**2 == pytest.approx(9.0, rel=1e-2)
    across = plane.heights[10]
    assert (across[9] - 2 * across[10] + across[11]) / step**2 == pytest.approx(4.0, rel=1e-2)
    assert plane.heights[10, 10] == pytest.approx(float(bowl(model(ROTATION), CURVATURES).detach()), rel=1e-5)
    assert torch.equal(model.theta, torch.full((6,), 0.1))


def test_two_vectors_and_a_path_off_the_plane() -> None:
    vectors = ROTATION[0], ROTATION[1] + 0.5 * ROTATION[0]
    path = [0.1 + t * ROTATION[0] + 0.3 * ROTATION[2] for t in (0.0, 0.5, 1.0)]
    plane = plane_of(Quadratic(), bowl, BATCHES, vectors, snapshots=path, reach=1.0, size=9)
    np.testing.assert_allclose(plane.heights, exact(plane, ROTATION[:2]), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(plane.path, [[0, 0], [0.5, 0], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(plane.off, 0.3, atol=1e-6)
    true = [float(bowl(ROTATION @ p, CURVATURES)) for p in path]
    np.testing.assert_allclose(plane.path_loss, true, rtol=1e-5)
    below = [float(bowl(ROTATION @ (p - 0.3 * ROTATION[2]), CURVATURES)) for p in path]
    np.testing.assert_allclose(plane.plane_loss, below, rtol=1e-4)


def test_a_network_with_norms_and_dropout_is_left_as_it_was_and_the_mode_is_said() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    x, y = torch.randn(40, 4), torch.randint(0, 3, (40,))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    model[3].train()
    evaluated = plane_of(model, nn.CrossEntropyLoss(), [(x[:25], y[:25]), (x[25:], y[25:])], "random", size=7)
    trained = plane_of(model, nn.CrossEntropyLoss(), [(x, y)], "random", size=7, training=True)
    assert evaluated.notes == ("BatchNorm1d and Dropout as in evaluation.",)
    assert trained.notes == ("BatchNorm1d and Dropout as in training.",)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model[1].training
    assert model[3].training
    model.eval()
    assert evaluated.heights[3, 3] == pytest.approx(float(nn.CrossEntropyLoss()(model(x), y).detach()), rel=1e-5)
    assert not np.allclose(evaluated.heights, trained.heights)
    again = plane_of(model, nn.CrossEntropyLoss(), [(x, y)], "random", size=7, training=True)
    np.testing.assert_array_equal(again.heights, trained.heights)  # dropout draws the same numbers


def test_the_plane_rolls_ironed_and_survives_its_file(tmp_path: Path) -> None:
    plane = plane_of(Quadratic(), bowl, BATCHES, size=31, reach=1.0)
    surface = plane.surface
    points = np.array([[plane.x[3], plane.y[7]], [plane.x[20], plane.y[30]]])
    np.testing.assert_allclose(surface.value(points), [plane.heights[3, 7], plane.heights[20, 30]], rtol=1e-9)
    np.testing.assert_allclose(surface.bounds, [[-1, 1], [-1, 1]])
    again = NetworkPlane.load(plane.save(tmp_path / "plane"))
    assert again.surface == surface
    assert again.notes == plane.notes
    page = again.figure(radius=0.2, steps=30)
    assert "<html" in getattr(page, "html", "<html")


def test_what_is_no_plane_is_refused_in_words(tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match=r"no plane that plane_of\(...\).save wrote"):
        NetworkPlane.load(bad)
    with np.load(plane_of(Quadratic(), bowl, BATCHES, size=9, reach=1.0).save(tmp_path / "good")) as kept:
        arrays = dict(kept)
    wrong = {
        "heights of a plane must have shape": {"heights": np.zeros((9, 8))},
        "two evenly rising axes": {"x": arrays["x"] ** 3},
        "curvature of a plane": {"curvature": np.zeros(3)},
        "more than 512² numbers": {"heights": np.zeros((2000, 2000))},
        "no plane that": {"notes": np.array([{}], dtype=object)},
    }
    for words, change in wrong.items():
        np.savez_compressed(bad, **{**arrays, **change})
        with pytest.raises(ValueError, match=words):
            NetworkPlane.load(bad)


def test_a_diverged_run_is_shown_at_its_last_finite_snapshot_or_refused() -> None:
    model = Quadratic()
    sound = [model.theta.detach() + t for t in (0.0, 0.1, 0.3)]
    with torch.no_grad():
        model.theta.fill_(float("nan"))
    with pytest.raises(ValueError, match="it has diverged; give snapshots"):
        plane_of(model, bowl, BATCHES, size=5)
    path = [*sound, torch.full((6,), float("inf"))]
    plane = plane_of(model, bowl, BATCHES, snapshots=path, size=5)
    assert plane.notes[0].startswith("1 of 4 snapshots are not finite")
    assert "last finite snapshot" in plane.notes[1]
    assert len(plane.path) == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"directions": "steepest"}, "directions must be one of hessian"),
        ({"directions": "principal"}, "need snapshots"),
        ({"directions": [torch.ones(6), torch.ones(6)]}, "span no plane"),
        ({"directions": [torch.ones(3), torch.ones(3)]}, "two vectors of 6 numbers"),
        ({"size": 3}, "size must be"),
        ({"reach": -1.0}, "reach must be positive"),
        ({"batches": []}, "at least one"),
    ],
)
def test_bad_settings_are_named(given: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plane_of(Quadratic(), bowl, **{"batches": BATCHES, **given})


def test_a_stored_runs_hessian_plane_curves_most_along_its_first_axis(tmp_path: Path) -> None:
    bent = {}
    with RunStore(tmp_path) as store:
        run_training(TrainConfig(data="digits", model="mlp", train_size=200, gradient_budget=40), store)
        (run,) = store.list()
        for kind in ("hessian", "random"):
            plane = compute_plane(PlaneConfig(runs=(run.id,), kind=kind, size=9, examples=100), store)
            middle, step = plane.clean[:, 4], plane.spacing[0]
            bent[kind] = (middle[3] - 2 * middle[4] + middle[5]) / step**2
    assert bent["hessian"] > 3 * abs(bent["random"])


def test_the_command_computes_saves_and_draws_the_plane_of_a_function(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "own_networks.py").write_text(
        "from tests.training.test_own_plane import BATCHES, Quadratic, bowl\n"
        "def small():\n    return Quadratic(), bowl, BATCHES\n"
        "def wrong():\n    return Quadratic()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    saved, page = tmp_path / "plane.npz", tmp_path / "plane.html"
    asked = ["plane", "--model", "own_networks:small", "--size", "15", "--save", str(saved), "--html", str(page)]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(told["curvature"], [9.0, 4.0], rtol=1e-4)
    assert told["radius"] == pytest.approx(np.diff(told["window"][0])[0] / 10)
    np.testing.assert_array_equal(
        NetworkPlane.load(saved).heights, plane_of(Quadratic(), bowl, BATCHES, size=15).heights
    )
    assert "<html" in page.read_text()
    for name, words in {
        "own_networks": "MODULE:FUNCTION",
        "own_networks:nothing": "cannot be imported",
        "nowhere:small": "cannot be imported",
        "own_networks:wrong": "must return (model, loss, batches)", "own_networks:__import__('os')": "MODULE:FUNCTION",
    }.items():  # fmt: skip
        assert main(["plane", "--model", name]) == 2
        assert words in capsys.readouterr().err
