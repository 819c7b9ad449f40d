"""Parameters and modules as people have them, and the settings that came with them."""

from __future__ import annotations

import copy
import io
import random
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rbo_core.torch import RBO, SAM, EntropySGD
from rbo_core.torch import flat as flat_module
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, train, vector


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_learning_rate_that_is_a_tensor_is_followed_when_it_is_filled(name):
    plain, filled = mlp(), mlp()
    first, second = OPTIMIZERS[name](plain), OPTIMIZERS[name](filled)
    rate = torch.tensor(first.param_groups[0]["lr"], dtype=torch.float64)
    second.param_groups[0]["lr"] = rate
    for step in range(4):
        train(plain, first, 1, step)
        train(filled, second, 1, step)
        first.param_groups[0]["lr"] *= 0.5
        rate *= 0.5
    torch.testing.assert_close(vector(filled), vector(plain), rtol=1e-12, atol=1e-14)


def test_torchs_own_schedulers_fill_a_tensor():
    model = mlp()
    ball = RBO(model, lr=torch.tensor(0.1), n_projection_steps=1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(ball, 0.1)
    moves = []
    for _ in range(3):
        before = vector(model)
        ball.step(closure_of(model, ball, *batch()))
        moves.append(float((vector(model) - before).norm()))
        scheduler.step()
    assert moves[1] < 0.2 * moves[0] and moves[2] < 0.2 * moves[1]


class Clipped(nn.Linear):
    """Weight clipping as in the first Wasserstein networks."""

    def forward(self, x: Tensor) -> Tensor:
        self.weight.data = self.weight.data.clamp(-0.4, 0.4)
        return super().forward(x)


def clipped_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(Clipped(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()


def test_a_module_that_assigns_its_parameters_data_trains_as_under_sgd():
    ours, theirs = clipped_model(), clipped_model()
    train(ours, RBO(ours, lr=0.5, n_projection_steps=1), 8)
    train(theirs, torch.optim.SGD(theirs.parameters(), lr=0.5), 8)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_module_that_assigns_its_parameters_data_is_moved(name):
    model = clipped_model()
    start = vector(model)
    optimizer = OPTIMIZERS[name](model)
    losses = train(model, optimizer, 8)
    assert (vector(model) - start).norm() > 0.05
    assert all(np.isfinite(losses))


def test_a_parameter_that_changes_its_shape_within_a_step_is_refused_by_name():
    model = mlp()
    ball = RBO(model)

    def closure() -> Tensor:
        ball.zero_grad()
        loss = nn.functional.cross_entropy(model(batch()[0]), batch()[1])
        loss.backward()
        model[0].weight.data = torch.zeros(2, 2, dtype=torch.float64)
        return loss

    with pytest.raises(ValueError, match=r"shape \(6, 4\), .* became one of shape \(2, 2\)"):
        ball.step(closure)


def test_recurrent_layers_train_without_a_word():
    torch.manual_seed(0)

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(4, 8, 2, batch_first=True), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.lstm.flatten_parameters()
            return self.out(self.lstm(x[:, None].expand(-1, 3, -1))[0][:, -1])

    model = Reader().double()
    start = vector(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ball = RBO(model, lr=0.5)
        losses = [ball.step(closure_of(model, ball, *batch())).item() for _ in range(30)]
    assert losses[-1] < 0.98 * losses[0]
    assert (vector(model.lstm) - start[: vector(model.lstm).numel()]).norm() > 0.05


def test_parameters_that_one_array_must_hold_stay_together(monkeypatch):
    """As cuDNN's recurrent layers need it: their order, and the gaps between them, are those of their storage."""
    monkeypatch.setattr(flat_module, "_read_as_one", lambda group: len(group) > 1)
    storage = torch.arange(12.0, dtype=torch.float64)
    late, early = nn.Parameter(storage[7:11]), nn.Parameter(storage[0:6].view(2, 3))
    alone = nn.Parameter(torch.ones(2, dtype=torch.float64))
    ball = RBO([late, alone, early], lr=0.1, n_projection_steps=1, weight_decay=0.5)
    assert late.data_ptr() - early.data_ptr() == 7 * 8 and early.storage_offset() == 0

    def closure() -> Tensor:
        ball.zero_grad()
        loss = (late**2).sum() + 3 * early.sum() + alone.sum()
        loss.backward()
        return loss

    ball.step(closure)
    torch.testing.assert_close(late.detach(), torch.tensor([7.0, 8, 9, 10]).double() * (1 - 0.25))
    torch.testing.assert_close(early.detach().flatten(), torch.arange(6.0).double() * 0.95 - 0.3)
    torch.testing.assert_close(alone.detach(), torch.full((2,), 0.85).double())


def test_saving_one_layer_writes_that_layer():
    model = nn.Sequential(nn.Linear(100, 100), nn.Linear(100, 10_000))
    ball = RBO(model)
    train_once = closure_of(model, ball, torch.randn(4, 100), torch.randint(0, 10, (4,)))
    ball.step(train_once)
    files = [io.BytesIO(), io.BytesIO()]
    torch.save(model[0].state_dict(), files[0])
    torch.save(copy.deepcopy(nn.Linear(100, 100)).state_dict(), files[1])
    assert len(files[0].getvalue()) < 1.05 * len(files[1].getvalue())
    files[0].seek(0)
    assert torch.equal(torch.load(files[0])["weight"], model[0].weight)


def test_gradients_of_another_optimizers_parameters_come_once():
    torch.manual_seed(0)
    mine, theirs = mlp(), nn.Linear(4, 4).double()
    loose = nn.Parameter(torch.ones(3, dtype=torch.float64))
    ball, sgd = RBO(mine), torch.optim.SGD([*theirs.parameters(), loose], lr=0.1)
    x, y = batch()

    def loss_of() -> Tensor:
        return nn.functional.cross_entropy(mine(theirs(x)) * loose, y)

    expected = torch.autograd.grad(loss_of(), [*theirs.parameters(), loose])

    def closure() -> Tensor:
        ball.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    ball.step(closure)
    for p, g in zip([*theirs.parameters(), loose], expected, strict=True):
        torch.testing.assert_close(p.grad, g)
    # A gradient that was there before is added to, once.
    kept = [p.grad.clone() for p in theirs.parameters()]
    now = torch.autograd.grad(loss_of(), list(theirs.parameters()))
    ball.step(closure)
    for p, before, g in zip(theirs.parameters(), kept, now, strict=True):
        torch.testing.assert_close(p.grad, before + g)
    sgd.step()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_module_first_used_in_a_later_step_counts_each_minibatch_once(name):
    torch.manual_seed(0)
    body, norm = mlp(), nn.BatchNorm1d(3).double()
    optimizer = OPTIMIZERS[name]([*body.parameters(), *norm.parameters()])
    used = False

    def closure() -> Tensor:
        optimizer.zero_grad()
        out = body(x)
        loss = nn.functional.cross_entropy(norm(out) if used else out, y)
        loss.backward()
        return loss

    for step in range(10):
        x, y = batch(step)
        used = step >= 3
        optimizer.step(closure)
    assert norm.num_batches_tracked == 7
    reference = nn.BatchNorm1d(3).double()
    reference.load_state_dict(norm.state_dict())
    x, y = batch(99)
    reference(body(x))
    optimizer.step(closure)
    assert torch.equal(norm.running_mean, reference.running_mean)


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.1}])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_without_a_gradient_is_left_alone(name, settings):
    torch.manual_seed(0)
    body, heads = nn.Linear(4, 4).double(), nn.ModuleList([nn.Linear(4, 3).double() for _ in range(2)])
    optimizer = OPTIMIZERS[name]([*body.parameters(), *heads.parameters()], **settings)
    for step in range(20):
        x, y = batch(step)
        head = heads[step % 2]
        other = vector(heads[1 - step % 2])

        def closure(x: Tensor = x, y: Tensor = y, head: nn.Module = head) -> Tensor:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(head(torch.tanh(body(x))), y)
            loss.backward()
            return loss

        before = vector(head)
        optimizer.step(closure)
        assert torch.equal(vector(heads[1 - step % 2]), other)
        assert not torch.equal(vector(head), before)


def test_without_gradients_for_some_one_gradient_is_torchs_sgd():
    def run(build, steps=10):
        torch.manual_seed(0)
        body, heads = nn.Linear(4, 4).double(), nn.ModuleList([nn.Linear(4, 3).double() for _ in range(2)])
        both = nn.ModuleList([body, heads])
        optimizer = build(list(both.parameters()))
        for step in range(steps):
            x, y = batch(step)

            def closure(x: Tensor = x, y: Tensor = y, head: nn.Module = heads[step % 3 % 2]) -> Tensor:
                optimizer.zero_grad(set_to_none=True)
                loss = nn.functional.cross_entropy(head(torch.tanh(body(x))), y)
                loss.backward()
                return loss

            optimizer.step(closure)
        return vector(both)

    ours = run(lambda p: RBO(p, lr=0.1, momentum=0.9, weight_decay=0.1, n_projection_steps=1))
    theirs = run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("draw", [random.random, np.random.rand, np.random.randn, lambda: random.gauss(0, 1)])
def test_pythons_and_numpys_streams_are_replayed_within_a_step(name, draw):
    model = mlp()
    optimizer = OPTIMIZERS[name](model)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    expected_random, drawn = random.Random(0), []
    inner = closure_of(model, optimizer, *batch())

    def closure() -> Tensor:
        drawn.append(draw())
        return inner()

    firsts = []
    for _ in range(20):
        drawn.clear()
        optimizer.step(closure)
        assert len(set(drawn)) == 1 and (len(drawn) > 1 or name == "looksam")
        firsts.append(drawn[0])
    assert len(set(firsts)) == 20
    if draw is random.random:
        assert firsts == [expected_random.random() for _ in range(20)]


def test_maximize_climbs_as_torch_does():
    ours, theirs = mlp(), mlp()
    up = RBO(ours, lr=0.1, n_projection_steps=1, weight_decay=0.1, maximize=True)
    sgd = torch.optim.SGD(theirs.parameters(), lr=0.1, weight_decay=0.1, maximize=True)
    losses = train(ours, up, 5)
    assert losses == pytest.approx(train(theirs, sgd, 5))
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_maximizing_is_minimizing_the_negative(name):
    one, other = mlp(), mlp()
    up, down = OPTIMIZERS[name](one, maximize=True), OPTIMIZERS[name](other)
    for step in range(4):
        x, y = batch(step)
        up.step(closure_of(one, up, x, y))

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            down.zero_grad()
            loss = -nn.functional.cross_entropy(other(x), y)
            loss.backward()
            return loss

        down.step(closure)
    assert torch.equal(vector(one), vector(other))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_named_parameters_are_taken(name):
    plain, named = mlp(), mlp()
    first, second = OPTIMIZERS[name](plain), OPTIMIZERS[name](named.named_parameters())
    train(plain, first, 3)
    train(named, second, 3)
    assert torch.equal(vector(plain), vector(named))
    assert second.state_dict()["param_groups"][0]["param_names"][0] == "0.weight"
    second.load_state_dict(copy.deepcopy(second.state_dict()))


def test_a_radius_that_differs_between_groups_is_refused_with_the_reason():
    first, second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    with pytest.raises(ValueError, match="radius must be the same in all parameter groups, because they are one ball"):
        RBO([{"params": [first]}, {"params": [second], "radius": 3.0}])
    ball = RBO([first])
    with pytest.raises(ValueError, match="radius must be the same"):
        ball.add_param_group({"params": [second], "radius": 3.0})
    assert len(ball.param_groups) == 1
    ball.add_param_group({"params": [second], "lr": 0.01})


def test_complex_parameters_are_pointed_to_their_real_view():
    with pytest.raises(ValueError, match=r"must be real, got torch\.complex64; keep torch\.view_as_real"):
        RBO([nn.Parameter(torch.zeros(2, dtype=torch.complex64))])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_adaptive_sam_agrees_with_an_independent_implementation(momentum):
    other = pytest.importorskip("pytorch_optimizer", reason="pip install -r requirements-dev.txt")
    ours, theirs = mlp(), mlp()
    sam = SAM(ours, lr=0.1, radius=0.3, momentum=momentum, adaptive=True)
    independent = other.SAM(theirs.parameters(), torch.optim.SGD, rho=0.3, adaptive=True, lr=0.1, momentum=momentum)
    for step in range(30):
        x, y = batch(step)
        sam.step(closure_of(ours, sam, x, y))
        closure = closure_of(theirs, independent, x, y)
        closure()
        independent.step(closure)
        # Its gradient norm is accumulated in float32.
        torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-5, atol=1e-7)


def test_adaptive_sam_does_not_see_how_layers_are_scaled():
    # A layer twice as large before one half as large is the same function; one step without learning shows z₁ alone.
    seen = []
    for scale in (1.0, 4.0):
        model = nn.Sequential(nn.Linear(4, 6, bias=False), nn.Linear(6, 3, bias=False)).double()
        torch.manual_seed(1)
        for p, s in zip(model.parameters(), (scale, 1 / scale), strict=True):
            p.data = torch.randn(p.shape, dtype=torch.float64) * s
        losses: list[float] = []
        sam = SAM(model, lr=1e-12, radius=0.5, adaptive=True)
        sam.step(closure_of(model, sam, *batch(), losses))
        seen.append(losses[1])
    assert seen[0] == pytest.approx(seen[1], rel=1e-9)


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_interval_spends_the_second_gradient_every_nth_step(interval):
    model, calls = mlp(), []
    ball = RBO(model, lr=0.1, radius=0.5, interval=interval)
    for step in range(20):
        ball.step(closure_of(model, ball, *batch(step), calls))
    assert len(calls) == 20 * (1 + 1 / interval)
    # Between, it is plain gradient descent.
    by_hand = mlp()
    every, sgd = RBO(by_hand, lr=0.1, radius=0.5), torch.optim.SGD(by_hand.parameters(), lr=0.1)
    for step in range(20):
        optimizer = every if step % interval == 0 else sgd
        optimizer.step(closure_of(by_hand, optimizer, *batch(step)))
    assert torch.equal(vector(model), vector(by_hand)) or interval == 1
    torch.testing.assert_close(vector(model), vector(by_hand), rtol=1e-12, atol=1e-14)


def test_interval_goes_on_after_a_checkpoint():
    model = mlp()
    ball = RBO(model, interval=3)
    train(model, ball, 4)
    again = mlp()
    again.load_state_dict(model.state_dict())
    resumed = RBO(again, interval=3)
    resumed.load_state_dict(copy.deepcopy(ball.state_dict()))
    train(model, ball, 4)
    train(again, resumed, 4)
    assert torch.equal(vector(model), vector(again))


def test_what_belongs_to_another_projection_is_refused():
    p = [nn.Parameter(torch.zeros(2))]
    with pytest.raises(ValueError, match=r'interval must be 1 under projection "gradient", got 2; use .* "newton"'):
        RBO(p, projection="gradient", interval=2)
    with pytest.raises(ValueError, match="momentum_on must be one of tangent, step"):
        RBO(p, momentum_on="velocity")


def test_momentum_on_the_step_is_a_heavy_ball_on_what_the_ball_alone_would_roll():
    ours, alone = mlp(), mlp()
    ball = RBO(ours, lr=0.1, radius=0.5, momentum=0.8, momentum_on="step", trust=2.0, loss_scale=5.0)
    single = RBO(alone, lr=0.1, radius=0.5, trust=2.0, loss_scale=5.0)
    theta, v = vector(ours), torch.zeros_like(vector(ours))
    for step in range(6):
        x, y = batch(step)
        ball.step(closure_of(ours, ball, x, y))
        torch.nn.utils.vector_to_parameters(theta.clone(), alone.parameters())
        single.step(closure_of(alone, single, x, y))
        v = 0.8 * v + (theta - vector(alone)) / 0.1
        theta = theta - 0.1 * v
        torch.testing.assert_close(vector(ours), theta, rtol=1e-9, atol=1e-11)


def test_momentum_on_the_step_in_groups_of_their_own_rates():
    # With one gradient the roll is gradient descent, so both forms are torch's heavy ball.
    ours, theirs = mlp(), mlp()

    def groups(model):
        return [{"params": model[0].parameters(), "lr": 0.05}, {"params": model[2].parameters(), "lr": 0.2}]

    train(ours, RBO(groups(ours), n_projection_steps=1, momentum=0.9, momentum_on="step"), 6)
    train(theirs, torch.optim.SGD(groups(theirs), lr=0.1, momentum=0.9), 6)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-9, atol=1e-11)


def test_entropy_sgd_refuses_what_it_does_not_have():
    with pytest.raises(TypeError, match="EntropySGD has no option 'interval'"):
        EntropySGD([nn.Parameter(torch.zeros(2))], interval=2)
