"""Planes through networks: their geometry, the losses on them, stored results, and the surface a ball rolls on."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rbo_core import RBO, Status, trace
from rbo_core.cancelled import Cancelled
from rbo_core.cli import main
from rbo_core.training import Method, RunStore, TrainConfig, run_training
from rbo_core.training.data import add_label_noise, load
from rbo_core.training.height_surface import HeightSurface
from rbo_core.training.landscape import (
    PlaneConfig,
    comparable,
    compute_plane,
    load_plane,
    save_plane,
)
from rbo_core.training.plane_reading import noise_study, reach_study
from rbo_core.training.planes import Plane, evaluate, flatten, principal_plane, random_plane, window_of


@pytest.fixture
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 5)).double()


def examples(count: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(count, 1, 4, 4, generator=generator, dtype=torch.float64)
    return x, torch.randint(0, 5, (count,), generator=generator)


def test_random_directions_have_the_length_of_each_filter_and_no_bias(net):
    plane, unit = random_plane(net, flatten(net), seed=4)
    first = unit * plane.axes[0]
    start = 0
    for p in net.parameters():
        own = first[start : start + p.numel()].view(p.shape)
        start += p.numel()
        if p.dim() == 1:
            assert (own == 0).all()
        else:
            torch.testing.assert_close(own.flatten(1).norm(dim=1), p.detach().flatten(1).norm(dim=1))
    torch.testing.assert_close(plane.axes @ plane.axes.T, torch.eye(2, dtype=torch.float64))
    again, _ = random_plane(net, flatten(net), seed=4)
    assert torch.equal(again.axes, plane.axes)


def test_principal_components_are_those_of_the_singular_value_decomposition():
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=(6, 30)).cumsum(axis=0) for _ in range(2))
    plane = principal_plane([torch.tensor(first), torch.tensor(second)], torch.tensor(first[-1]))
    rows = np.concatenate([first, second])
    _, values, vectors = np.linalg.svd(rows - rows.mean(axis=0))
    np.testing.assert_allclose(plane.share, values[:2] ** 2 / (values**2).sum())
    np.testing.assert_allclose(np.abs(plane.axes.numpy() @ vectors[:2].T), np.eye(2), atol=1e-9)
    assert (plane.axes.numpy() @ (first[-1] - first[0]) >= 0).all()
    # All snapshots together: what both paths hold in the plane about the common mean is the plane's share.
    inside = ((rows - rows.mean(axis=0)) @ plane.axes.numpy().T) ** 2
    assert inside.sum() / ((rows - rows.mean(axis=0)) ** 2).sum() == pytest.approx(sum(plane.share))


def test_snapshots_on_a_line_span_no_plane():
    line = torch.arange(5.0)[:, None] * torch.ones(5, 7)
    with pytest.raises(ValueError, match="span no plane"):
        principal_plane([line], line[0])


def test_projection_inverts_points_and_measures_the_distance_to_the_plane():
    axes = torch.linalg.qr(torch.randn(9, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0].T
    plane = Plane(torch.arange(9.0, dtype=torch.float64), axes[:2])
    at = torch.tensor([[0.5, -2.0], [3.0, 1.0]], dtype=torch.float64)
    coordinates, off = plane.project(plane.points(at) + torch.tensor([[0.0], [4.0]]) * axes[2])
    torch.testing.assert_close(coordinates, at)
    torch.testing.assert_close(off, torch.tensor([0.0, 4.0], dtype=torch.float64), atol=1e-12, rtol=0)
    assert plane.held(plane.points(at)) == pytest.approx(1.0)
    assert plane.held(torch.stack([plane.origin, plane.origin + axes[2]])) == pytest.approx(0.0, abs=1e-12)


def test_the_window_is_square_and_holds_every_path():
    window = window_of([np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[1.0, 2.0]])], margin=0.25)
    np.testing.assert_allclose(window, [[-1.0, 5.0], [-2.0, 4.0]])


def test_losses_equal_those_of_one_network_after_the_other(net):
    x, y = examples()
    other = (y + 1) % 5
    plane, unit = random_plane(net, flatten(net))
    net.train()
    window = np.array([[-unit, unit], [-0.5 * unit, 2 * unit]])
    heights = evaluate(net, plane, window, 5, x, [y, other], memory=2e4)
    assert net.training
    single = nn.Sequential(*net).eval()
    for i, a in enumerate(np.linspace(-unit, unit, 5)):
        for j, b in enumerate(np.linspace(-0.5 * unit, 2 * unit, 5)):
            with torch.no_grad():
                flat = plane.origin + a * plane.axes[0] + b * plane.axes[1]
                torch.nn.utils.vector_to_parameters(flat, single.parameters())
                wanted = [F.cross_entropy(single(x), labels).item() for labels in (y, other)]
            np.testing.assert_allclose(heights[:, i, j], wanted, rtol=1e-9)
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(plane.origin, net.parameters())


def test_cancelling_stops_the_plane(net):
    x, y = examples()
    plane, _ = random_plane(net, flatten(net))
    seen = []
    with pytest.raises(Cancelled):
        evaluate(net, plane, np.array([[-1.0, 1.0]] * 2), 9, x, [y], lambda d, t: seen.append((d, t)) or True, memory=1)
    assert seen == [(1, 81)]
    with pytest.raises(ValueError, match="size must be at least 2"):
        evaluate(net, plane, np.array([[-1.0, 1.0]] * 2), 1, x, [y])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four short runs from two starts."""
    folder = tmp_path_factory.mktemp("runs")
    with RunStore(folder) as opened:
        for seed, name in ((0, "sgd"), (0, "rbo"), (1, "sgd")):
            config = TrainConfig(method=Method.of(name), epochs=3, train_size=120, seed=seed, diagnostics="none")
            run_training(config, opened)
        yield opened


def run_of(store: RunStore, name: str, seed: int) -> str:
    return next(r.id for r in store.list(method=name, seed=seed))


def test_runs_that_compare_share_data_and_start(store):
    ball = run_of(store, "rbo", 0)
    assert comparable(store, ball) == [ball, run_of(store, "sgd", 0)]
    assert comparable(store, run_of(store, "sgd", 1)) == [run_of(store, "sgd", 1)]


def test_the_middle_of_a_random_plane_is_the_trained_network(store):
    ball = run_of(store, "rbo", 0)
    config = PlaneConfig(runs=(ball,), kind="random", size=7, reach=0.5, label_noise=0.4, device="cpu")
    result = compute_plane(config, store)
    model, data = store.model(ball), load("digits")
    x = torch.from_numpy(data.train_x[:120])
    noisy = add_label_noise(data.train_y[:120], 10, 0.4, 0)
    with torch.no_grad():
        wanted = [F.cross_entropy(model(x), torch.from_numpy(y)).item() for y in (data.train_y[:120], noisy)]
    np.testing.assert_allclose([result.clean[3, 3], result.noisy[3, 3]], wanted, rtol=1e-4)
    assert store.metrics(ball)["train_loss"][-1] == pytest.approx(result.clean[3, 3], rel=1e-4)
    assert sum(result.share) < 0.05  # two random directions in 26,122 hold next to nothing
    assert result.trained_on == "clean"


def test_a_principal_plane_holds_most_of_the_paths_and_is_stored_by_its_request(store, tmp_path):
    ball, point = run_of(store, "rbo", 0), run_of(store, "sgd", 0)
    config = PlaneConfig(runs=(ball, point), size=9, examples=50, device="cpu")
    told = []
    result = compute_plane(config, store, lambda done, total: told.append((done, total)))
    assert told[-1] == (81, 81)
    assert sum(result.share) > 0.7
    assert [p.method for p in result.paths] == ["rbo", "sgd"]
    np.testing.assert_allclose(result.paths[0].coordinates[-1], 0.0, atol=1e-4)
    assert result.paths[0].off[-1] == pytest.approx(0.0, abs=1e-3)
    # One start for both.
    np.testing.assert_allclose(result.paths[0].coordinates[0], result.paths[1].coordinates[0], atol=1e-4)
    save_plane(result, tmp_path)
    again = load_plane(dataclasses.replace(config, device="auto").key, tmp_path)
    np.testing.assert_array_equal(again.noisy, result.noisy)
    np.testing.assert_array_equal(again.paths[1].off, result.paths[1].off)
    assert (again.config, again.train, again.share) == (config, result.train, result.share)
    assert load_plane(dataclasses.replace(config, size=11).key, tmp_path) is None


def test_a_plane_fills_coarse_to_fine_and_goes_on_where_it_was_cancelled(store, tmp_path):
    ball = run_of(store, "rbo", 0)
    config = PlaneConfig(runs=(ball,), kind="random", size=9, examples=100, device="cpu")
    whole = compute_plane(config, store)
    assert whole.complete
    kept = []

    def enough(done, total):
        return done >= 9

    with pytest.raises(Cancelled):
        compute_plane(config, store, enough, keep=kept.append)
    save_plane(kept[-1], tmp_path)
    half = load_plane(config.key, tmp_path)
    assert not half.complete
    assert half.known[::4, ::4].all()  # the coarse grid first
    assert 9 / 81 <= half.share_known < 1
    np.testing.assert_array_equal(np.isnan(half.clean), ~half.known)
    told = []
    again = compute_plane(config, store, lambda done, total: told.append(done) and False, so_far=half)
    assert told[0] > half.known.sum()
    assert again.complete
    np.testing.assert_allclose(again.noisy, whole.noisy, rtol=1e-5)
    np.testing.assert_array_equal(again.clean[half.known], half.clean[half.known])


def test_a_damaged_result_is_named(tmp_path):
    config = PlaneConfig(runs=("a",))
    (tmp_path / "planes").mkdir()
    (tmp_path / "planes" / f"{config.key}.npz").write_bytes(b"PK\x03\x04 not a result")
    with pytest.raises(ValueError, match=r"cannot be read .* delete it"):
        load_plane(config.key, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs": ()}, "at least one run"),
        ({"kind": "curved"}, "kind must be one of principal, random, hessian; got 'curved'"),
        ({"size": 2}, "size must be a whole number of at least 5, got 2"),
        ({"reach": -1.0}, "reach must be positive, got -1.0"),
        ({"label_noise": 1.5}, "label_noise must be at most 1, got 1.5"),
        ({"colour": "red"}, "a plane has no setting 'colour'"),
    ],
)
def test_bad_planes_are_refused(changes, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        PlaneConfig.from_dict({"runs": ("a",), **changes})


def test_the_command_computes_a_plane_and_says_where_it_is(store, tmp_path, capsys):
    ball = run_of(store, "rbo", 0)
    file = tmp_path / "plane.json"
    file.write_text(json.dumps({"runs": [ball], "kind": "random", "size": 5, "examples": 20}))
    assert main(["train", str(file), "--plane", "--json", "--store", str(store.folder)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert load_plane(said["key"], store.folder).config.runs == (ball,)
    file.write_text(json.dumps({"runs": ["nothing"]}))
    assert main(["train", str(file), "--plane", "--store", str(store.folder)]) == 2
    assert "there is no run 'nothing'" in capsys.readouterr().err


def grid(function, n: int = 41, half: float = 2.0) -> HeightSurface:
    axis = np.linspace(-half, half, n)
    return HeightSurface(axis, axis, function(*np.meshgrid(axis, axis, indexing="ij")))


def test_the_surface_between_the_points_is_exact_for_cubics():
    surface = grid(lambda a, b: a**3 - 2 * a * b**2 + b)
    x = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    f, g = surface.value_and_grad(x)
    a, b = x.T
    np.testing.assert_allclose(f, a**3 - 2 * a * b**2 + b, atol=1e-10)
    np.testing.assert_allclose(g, np.stack([3 * a**2 - 2 * b**2, 1 - 4 * a * b], axis=1), atol=1e-9)
    np.testing.assert_array_equal(surface.value(x), f)
    assert np.isnan(surface.value(np.array([[2.5, 0.0]]))).all()


def test_surfaces_of_equal_heights_are_equal():
    one, same, other = (grid(lambda a, b, k=k: a + k * b) for k in (1.0, 1.0, 1.1))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


@pytest.mark.parametrize(
    ("heights", "message"),
    [(np.zeros((3, 3)), "at least 4 points"), (np.full((5, 5), np.inf), "heights must be finite")],
)
def test_heights_that_carry_no_ball_are_refused(heights, message):
    axis = np.arange(float(len(heights)))
    with pytest.raises(ValueError, match=message):
        HeightSurface(axis, axis, heights)


def test_a_rigid_ball_rolls_to_the_bottom_of_a_bowl():
    run = trace(
        RBO(radius=0.3, learning_rate=0.05, projection="rigid"), grid(lambda a, b: a**2 + b**2), [1.2, -0.9], 300
    )
    assert run.status[0] in (Status.CONVERGED, Status.RUNNING)
    np.testing.assert_allclose(run.center[-1, 0], [0.0, 0.0, 0.3], atol=1e-3)


def test_the_radius_from_which_a_plane_is_out_of_reach_is_that_of_its_wells():
    """A ball of ρ > 1/2 rests in the paraboloid r² on the circle r² = ρ² − 1/4; it can touch all of a tilted plane."""
    axis = np.linspace(-2, 2, 81)
    a, b = np.meshgrid(axis, axis, indexing="ij")
    radii = np.array([0.2, 0.4, 0.6, 0.8, 0.9, 1.0])
    bowl = reach_study(a**2 + b**2, (0.05, 0.05), radii)
    np.testing.assert_allclose(bowl.out, np.pi * np.clip(radii**2 - 0.25, 0, None) / 16, atol=0.01)
    assert bowl.matters == 0.9
    assert reach_study(0.3 * a + 0.1 * b, (0.05, 0.05), radii).matters is None


def test_noise_narrower_than_the_ball_goes_and_a_tilt_stays():
    axis = np.linspace(-2, 2, 81)
    a, b = np.meshgrid(axis, axis, indexing="ij")
    bowl, spacing = 0.1 * (a**2 + b**2), (0.05, 0.05)
    wrinkles = -0.03 * (np.cos(10 * np.pi * a) < -0.5)  # grooves 1/15 wide: no ball of radius 0.5 goes in
    radii = np.array([0.1, 0.2, 0.5])
    wrinkled = noise_study(bowl, bowl + wrinkles, spacing, radii)
    assert wrinkled.vanished is not None
    assert wrinkled.vanished <= 0.5
    tilted = noise_study(bowl, bowl + 0.3 * a, spacing, radii)
    assert tilted.vanished is None
    np.testing.assert_allclose(tilted.left, 1.0, atol=0.1)
    np.testing.assert_array_equal(noise_study(bowl, bowl, spacing, radii).left[1:], 0.0)
