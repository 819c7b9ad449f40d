"""A step is done as a whole or not at all, whatever ends it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rbo_core.torch import RBO, SAM, EntropySGD
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, same, train, vector


def noisy_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 3)).double()


def random_states() -> list[object]:
    words, position = np.random.get_state()[1:3]  # noqa: NPY002
    return [torch.get_rng_state(), random.getstate(), words.tolist(), position]


SPENDS = {"newton": 2, "newton_momentum": 3, "gradient": 4, "sam": 2, "entropy_sgd": 3}


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), KeyboardInterrupt()])
@pytest.mark.parametrize(("name", "at"), [(name, at) for name, spends in SPENDS.items() for at in {1, 2, spends}])
def test_an_exception_leaves_everything_as_before_the_step(name, at, error):
    model = noisy_model()
    optimizer = OPTIMIZERS[name](model)
    train(model, optimizer, 3)
    before = copy.deepcopy([model.state_dict(), optimizer.state_dict(), random_states()])
    inner, calls = closure_of(model, optimizer, *batch()), []

    def closure() -> Tensor:
        calls.append(random.random() + np.random.rand())  # noqa: NPY002
        loss = inner()
        if len(calls) == at:
            raise error
        return loss

    with pytest.raises(type(error)):
        optimizer.step(closure)
    assert same([model.state_dict(), optimizer.state_dict(), random_states()], before)
    # The run goes on as if nothing had been tried.
    again = noisy_model()
    other = OPTIMIZERS[name](again)
    again.load_state_dict(before[0])
    other.load_state_dict(before[1])
    for one, its in ((model, optimizer), (again, other)):
        torch.set_rng_state(before[2][0])
        train(one, its, 2)
    assert torch.equal(vector(model), vector(again))


def test_an_interrupt_between_evaluations_is_undone_too(monkeypatch):
    model = mlp()
    ball = OPTIMIZERS["newton_momentum"](model)
    train(model, ball, 2)
    before = copy.deepcopy([model.state_dict(), ball.state_dict()])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rbo_core.torch.closure.ClosureObjective.finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(model, ball, 1)
    assert same([model.state_dict(), ball.state_dict()], before)


def test_a_forward_pass_outside_of_the_closure_gets_a_hint():
    model = mlp()
    ball = RBO(model)
    x, y = batch()
    loss = nn.functional.cross_entropy(model(x), y)
    before = vector(model)

    def closure() -> Tensor:
        ball.zero_grad()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="second time") as caught:
        ball.step(closure)
    assert any("forward pass belongs in the closure" in note for note in caught.value.__notes__)
    assert torch.equal(vector(model), before)


def broken_later(inner: Callable[[], Tensor], model: nn.Module, what: str) -> Callable[[], Tensor]:
    """The same closure, whose second and later calls give a loss or a gradient that is not finite."""
    calls: list[int] = []

    def closure() -> Tensor:
        loss = inner()
        calls.append(1)
        if len(calls) > 1:
            if what == "loss":
                return loss * torch.inf
            next(model.parameters()).grad[0] = torch.nan
        return loss

    return closure


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_ball_keeps_its_first_move_when_the_second_evaluation_is_not_finite(what, momentum):
    ours, theirs = mlp(), mlp()
    ball = RBO(ours, lr=0.1, radius=0.5, momentum=momentum)
    sgd = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=momentum)
    x, y = batch()
    ball.step(broken_later(closure_of(ours, ball, x, y), ours, what))
    sgd.step(closure_of(theirs, sgd, x, y))
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-12, atol=1e-14)
    assert ball.steps_cut_short == 1
    train(ours, ball, 2)
    assert ball.steps_cut_short == 1


def test_later_moves_of_a_gradient_projection_stop_where_it_is_not_finite():
    ours, theirs = mlp(), mlp()
    many = RBO(ours, projection="gradient", n_projection_steps=5, projection_step_size=0.1)
    one = RBO(theirs, projection="gradient", n_projection_steps=1, projection_step_size=0.1)
    x, y = batch()
    many.step(broken_later(closure_of(ours, many, x, y), ours, "gradient"))
    one.step(closure_of(theirs, one, x, y))
    assert torch.equal(vector(ours), vector(theirs))


@pytest.mark.parametrize(
    "build", [lambda m: SAM(m, momentum=0.9), lambda m: SAM(m), lambda m: EntropySGD(m, thermal_noise=1e-2)]
)
def test_others_skip_a_step_whose_later_evaluation_is_not_finite(build):
    model = mlp()
    optimizer = build(model)
    train(model, optimizer, 2)
    before = copy.deepcopy([vector(model), optimizer.state_dict()["state"]])
    optimizer.step(broken_later(closure_of(model, optimizer, *batch()), model, "gradient"))
    assert same([vector(model), optimizer.state_dict()["state"]], before)
    assert optimizer.steps_cut_short == 1


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("steps", [2, 4])
def test_a_squared_gradient_that_overflows_has_one_outcome(monkeypatch, tensors, steps):
    """In float32 |∇f|² is infinite although ∇f is not; with single numbers as tensors (as on a GPU) and as floats."""
    if tensors:
        from rbo_core.torch import namespace

        monkeypatch.setattr("rbo_core.torch.closure._namespace", lambda device: namespace)
    v = nn.Parameter(torch.zeros(2))
    ball = RBO([v], lr=0.1, radius=0.3, n_projection_steps=steps)

    def closure() -> Tensor:
        ball.zero_grad()
        loss = torch.sigmoid(1e25 * v).sum()
        loss.backward()
        return loss

    ball.step(closure)
    # Plain gradient descent: σ'(0) = 1/4.
    torch.testing.assert_close(v.detach(), torch.full((2,), -0.1 * 0.25 * 1e25))
    assert ball.steps_cut_short == 1


STRANGERS = {
    "torch.optim.SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "torch.optim.Adam or AdamW": lambda p: torch.optim.AdamW(p),
    "EntropySGD": lambda p: EntropySGD(p),
    "SAM": lambda p: SAM(p, momentum=0.9),
    "RBO": lambda p: RBO(p, momentum=0.9),
}


@pytest.mark.parametrize("whose", STRANGERS)
@pytest.mark.parametrize("ours", ["RBO", "SAM", "EntropySGD"])
def test_a_strangers_checkpoint_is_refused_by_name_and_changes_nothing(whose, ours):
    if whose == ours:
        return
    other, model = mlp(), mlp()
    stranger = STRANGERS[whose](list(other.parameters()))
    train(other, stranger, 2)
    optimizer = STRANGERS[ours](list(model.parameters()))
    train(model, optimizer, 2)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=f"no checkpoint of {ours}.* looks like one of {whose}; nothing was loaded"):
        optimizer.load_state_dict(stranger.state_dict())
    assert same(optimizer.state_dict(), before)
    train(model, optimizer, 1)


def test_a_refusal_names_what_is_missing():
    parameter = [nn.Parameter(torch.zeros(2))]
    with pytest.raises(ValueError, match=r"lacks radius, .*projection.*, and looks like one of torch\.optim\.SGD"):
        RBO(parameter).load_state_dict(torch.optim.SGD(parameter, lr=0.1).state_dict())


def test_a_checkpoint_of_other_parameters_or_with_bad_settings_is_refused():
    model = mlp()
    ball = RBO(model, momentum=0.9)
    train(model, ball, 2)
    before = copy.deepcopy(ball.state_dict())
    wider = nn.Sequential(nn.Linear(4, 7), nn.Tanh(), nn.Linear(7, 3)).double()
    other = RBO(wider, momentum=0.9)
    train(wider, other, 1)
    with pytest.raises(ValueError, match=r"velocity of parameter 0 has shape \(7, 4\)"):
        ball.load_state_dict(other.state_dict())
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, this optimizer of \[4\]"):
        ball.load_state_dict(RBO(nn.Linear(2, 2)).state_dict())
    bad = copy.deepcopy(before)
    bad["param_groups"][0]["radius"] = -1.0
    with pytest.raises(ValueError, match=r"radius must be positive, got -1.0"):
        ball.load_state_dict(bad)
    assert same(ball.state_dict(), before)


def test_a_checkpoint_from_before_a_setting_existed_takes_its_default():
    model = mlp()
    ball = RBO(model, momentum=0.9)
    train(model, ball, 2)
    old = copy.deepcopy(ball.state_dict())
    for name in ("maximize", "momentum_on", "interval"):
        del old["param_groups"][0][name]
    del old["ball"]["taken"]
    ball.load_state_dict(old)
    assert ball.param_groups[0]["interval"] == 1
    train(model, ball, 1)
