"""Coordinates by norms: the step is the ball's on a network that was written in them; ensembles equal single runs."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from rbo_core.torch import RBO, SAM
from rbo_core.torch.ellipsoid import FLOOR, scales, weights_of
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.ensemble import train_ensemble
from tests.torch.helpers import batch, closure_of, mlp, train, vector


def test_scales_are_root_mean_squares_beside_that_of_all_weights():
    first, second = torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([[1.0, 1.0]])
    bias = torch.tensor([7.0, 7.0])
    x = torch.cat([first.reshape(-1), bias, second.reshape(-1)])[None].double()
    weights = weights_of([first.shape, bias.shape, second.shape])
    whole = (9 + 16 + 0 + 0 + 1 + 1) / 6
    layers = [(25 / 4 / whole) ** 0.5] * 4 + [1, 1] + [(1 / whole) ** 0.5] * 2
    filters = [(25 / 2 / whole) ** 0.5] * 2 + [FLOOR] * 2 + [1, 1] + [(1 / whole) ** 0.5] * 2
    for by, wanted in (("layers", layers), ("filters", filters)):
        torch.testing.assert_close(scales(x, weights, by)[0], torch.tensor(wanted, dtype=torch.float64))
        torch.testing.assert_close(scales(5 * x, weights, by), scales(x, weights, by))


def uneven() -> nn.Sequential:
    """Layers of which one is larger than it starts."""
    model = mlp()
    with torch.no_grad():
        model[0].weight.mul_(2.0)
    return model


class Written(nn.Module):
    """A network whose parameters are z, with θ = s z."""

    def __init__(self, model: nn.Module, s: torch.Tensor) -> None:
        super().__init__()
        self.inner, self.s = [copy.deepcopy(model)], s
        self.z = nn.Parameter(vector(model) / s)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        named, start, given = dict(self.inner[0].named_parameters()), 0, {}
        for name, p in named.items():
            given[name] = (self.s * self.z)[start : start + p.numel()].view_as(p)
            start += p.numel()
        return torch.func.functional_call(self.inner[0], given, (x,))


OPTIONS = {
    "newton": (RBO, {"radius": 0.3, "lr": 0.4}),
    "three": (RBO, {"radius": 1.0, "lr": 0.4, "n_projection_steps": 3, "loss_scale": 3.0}),
    "step": (RBO, {"radius": 0.3, "lr": 0.1, "momentum": 0.9, "momentum_on": "step", "trust": 2.0}),
    "published": (RBO, {"radius": 0.3, "lr": 0.4, "projection": "gradient", "n_projection_steps": 4,
                        "projection_step_size": 0.2}),
    "sam": (SAM, {"radius": 0.3, "lr": 0.4, "momentum": 0.9}),
}  # fmt: skip


@pytest.mark.parametrize("by", ["layers", "filters"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_step_is_the_balls_on_the_network_written_in_its_coordinates(name, by):
    kind, settings = OPTIONS[name]
    model = uneven()
    s = scales(vector(model)[None], weights_of([p.shape for p in model.parameters()]), by)[0]
    assert s.min() < 0.95 and s.max() > 1.05
    written = Written(model, s)
    ours, theirs = kind(model, scaled_by=by, **settings), kind(written.parameters(), **settings)
    start = vector(model)
    x, y = batch()
    ours.step(closure_of(model, ours, x, y))
    theirs.step(closure_of(written, theirs, x, y))
    torch.testing.assert_close(vector(model), (s * written.z).detach(), rtol=1e-11, atol=1e-13)
    plain = uneven()
    other = kind(plain, **settings)
    other.step(closure_of(plain, other, x, y))
    assert (vector(plain) - vector(model)).norm() > 0.02 * (vector(model) - start).norm()


def test_layers_that_trade_a_factor_stay_one_function():
    """ReLU lets one layer be a times as large and the next 1/a: norms follow, and so do the steps."""
    x, y = batch()
    found = []
    for a in (1.0, 3.0):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 6, bias=False), nn.ReLU(), nn.Linear(6, 3, bias=False)).double()
        whole = vector(net).square().mean().sqrt()
        with torch.no_grad():
            net[0].weight.mul_(a)
            net[2].weight.div_(a)
        c = float(vector(net).square().mean().sqrt() / whole)  # all of z is c times what it was: so are all lengths
        optimizer = RBO(net, lr=0.3 * c, radius=0.5 * c, loss_scale=c, scaled_by="layers")
        optimizer.step(closure_of(net, optimizer, x, y))
        found.append(cross_entropy(net(x), y).item())
    assert found[1] == pytest.approx(found[0], rel=1e-10)


def test_settings_and_checkpoints():
    with pytest.raises(ValueError, match="scaled_by must be one of none, layers, filters; got 'rows'"):
        RBO(mlp(), scaled_by="rows")
    with pytest.raises(ValueError, match="scaled_by must be"):
        Method.of("rbo", scaled_by="rows")
    assert "scaled_by" not in Method.of("rbo").to_dict()
    assert Method.from_dict(Method.of("sam", scaled_by="layers").to_dict())["scaled_by"] == "layers"
    model, again = mlp(), mlp()
    first = RBO(model, lr=0.1, momentum=0.9, scaled_by="filters")
    train(model, first, 3)
    second = RBO(again, lr=0.1, momentum=0.9, scaled_by="filters")
    again.load_state_dict(model.state_dict())
    second.load_state_dict(first.state_dict())
    train(model, first, 2, 3)
    train(again, second, 2, 3)
    assert torch.equal(vector(model), vector(again))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("rbo", {"scaled_by": "filters"}),
        ("rbo", {"scaled_by": "layers", "momentum": 0.9, "momentum_on": "step", "lr": 0.05}),
        ("sam", {"scaled_by": "filters", "momentum": 0.9}),
        ("momentum", {"scaled_by": "layers"}),
    ],
)
def test_members_equal_their_single_runs(name, settings):
    config = TrainConfig(epochs=2, train_size=200, batch_size=20, diagnostics="none", device="cpu", precision="float64")
    method = Method.of(name, weight_decay=0.01, **settings)
    lr, seeds = [method["lr"], 0.5 * method["lr"]], [3, 4]
    together = train_ensemble(
        TrainConfig(**{**vars(config), "method": method}), lr=lr, settings={"weight_decay": [0.01] * 2}, seeds=seeds
    )
    own = Method.of(name, **{**dict(method.settings), "lr": lr[1]})
    alone = run_training(TrainConfig(**{**vars(config), "method": own, "seed": seeds[1]}))
    expected = torch.cat([p.detach().reshape(-1) for p in alone.model.parameters()])
    torch.testing.assert_close(together.parameters[1], expected, rtol=1e-8, atol=1e-10)
    unscaled = run_training(
        TrainConfig(**{**vars(config), "method": Method.of(name, **{**dict(own.settings), "scaled_by": "none"}),
                       "seed": seeds[1]})
    )  # fmt: skip
    assert not torch.allclose(vector(unscaled.model), expected, rtol=1e-3)
