"""What goes wrong for users of optimizers that evaluate a minibatch several times, and for flat buffers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rbo_core.torch import RBO, SAM, EntropySGD
from rbo_core.torch.flat import FlatParameters
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, train, vector


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("given", [True, False])
def test_running_statistics_count_a_minibatch_once(name, given):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3)).double()
    reference = copy.deepcopy(model)
    x, y = batch()
    optimizer = OPTIMIZERS[name](model if given else model.parameters())
    for step in range(3):
        reference.load_state_dict(model.state_dict())
        reference(x)
        optimizer.step(closure_of(model, optimizer, x, y))
        assert model[1].num_batches_tracked == step + 1
        assert torch.equal(model[1].running_mean, reference[1].running_mean)
        assert torch.equal(model[1].running_var, reference[1].running_var)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_dropout_draws_one_mask_a_step(name):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 32), nn.Dropout(0.5), nn.Linear(32, 3)).double()
    masks: list[torch.Tensor] = []
    model[1].register_forward_hook(lambda module, inputs, out: masks.append(out == 0))
    optimizer = OPTIMIZERS[name](model)
    x, y = batch()
    first = torch.get_rng_state()
    optimizer.step(closure_of(model, optimizer, x, y))
    assert len(masks) > 1 and all(torch.equal(masks[0], m) for m in masks)
    after = torch.get_rng_state()
    count = len(masks)
    optimizer.step(closure_of(model, optimizer, x, y))
    assert not torch.equal(masks[0], masks[count])
    # The stream advanced by exactly one evaluation.
    torch.set_rng_state(first)
    model(x)
    assert torch.equal(torch.get_rng_state(), after)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_dict_round_trip_is_bit_for_bit(name):
    whole = mlp()
    train(whole, OPTIMIZERS[name](whole), 8)
    first = mlp()
    optimizer = OPTIMIZERS[name](first)
    train(first, optimizer, 4)
    saved, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(first.state_dict())
    second = mlp(seed=9)
    second.load_state_dict(weights)
    resumed = OPTIMIZERS[name](second)
    resumed.load_state_dict(saved)
    train(second, resumed, 4, first=4)
    assert torch.equal(vector(second), vector(whole))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_parameters_stay_and_may_thaw(name):
    model = mlp()
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    optimizer = OPTIMIZERS[name](model, weight_decay=0.1)
    train(model, optimizer, 3)
    assert torch.equal(model[0].weight, before)
    model[0].weight.requires_grad_(True)
    train(model, optimizer, 1)
    assert not torch.equal(model[0].weight, before)
    model[2].weight.requires_grad_(False)
    kept = model[2].weight.detach().clone()
    train(model, optimizer, 2)
    assert torch.equal(model[2].weight, kept)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_memory_layouts_do_not_change_the_trajectory(name):
    plain, odd = mlp(), mlp()
    odd[0].weight.data = odd[0].weight.data.t().contiguous().t()
    odd[2].weight.data = torch.stack([odd[2].weight.data] * 2, dim=2)[..., 0]
    assert not odd[0].weight.is_contiguous() and not odd[2].weight.is_contiguous()
    train(plain, OPTIMIZERS[name](plain), 4)
    train(odd, OPTIMIZERS[name](odd), 4)
    if name != "entropy_sgd":  # its noise follows the order of memory
        torch.testing.assert_close(vector(odd), vector(plain), rtol=1e-10, atol=1e-12)
    assert not odd[0].weight.is_contiguous()


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(4, 4).double(), nn.Linear(4, 4).double()
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))[:, :3]


def test_a_tied_parameter_is_stored_once_and_stays_tied():
    ours, theirs = Tied(), Tied()
    ball = RBO(ours, lr=0.1, n_projection_steps=1)
    train(ours, ball, 3)
    train(theirs, torch.optim.SGD(theirs.parameters(), lr=0.1), 3)
    assert ours.first.weight is ours.second.weight
    torch.testing.assert_close(vector(ours), vector(theirs))


def test_parameters_that_share_memory_are_refused():
    weight = nn.Parameter(torch.zeros(3, 3))
    with pytest.raises(ValueError, match="share memory; tie weights by using one Parameter"):
        RBO([weight, nn.Parameter(weight.data.t())])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_storage_replaced_in_the_middle_of_training(name):
    # module.to(device) gives parameters new storage; here a change of dtype and back does.
    plain, moved = mlp(), mlp()
    first, second = OPTIMIZERS[name](plain), OPTIMIZERS[name](moved)
    train(plain, first, 3)
    train(moved, second, 3)
    for p in moved.parameters():
        p.data = p.data.clone()
    train(plain, first, 3, first=3)
    train(moved, second, 3, first=3)
    assert torch.equal(vector(plain), vector(moved))
    moved.float()
    x, y = batch(dtype=torch.float32)
    second.step(closure_of(moved, second, x, y))
    assert all(p.dtype == torch.float32 for p in moved.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")
def test_move_to_cuda_in_the_middle_of_training():
    model = mlp()
    ball = OPTIMIZERS["newton_momentum"](model)
    train(model, ball, 2)
    model.cuda()
    x, y = (t.cuda() for t in batch())
    ball.step(closure_of(model, ball, x, y))
    assert ball._flat.data.is_cuda


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradient_accumulation_equals_the_whole_batch(name):
    whole, parts = mlp(), mlp()
    first, second = OPTIMIZERS[name](whole), OPTIMIZERS[name](parts)
    for step in range(3):
        x, y = batch(step)
        first.step(closure_of(whole, first, x, y))

        def closure(x=x, y=y):
            second.zero_grad()
            total = 0.0
            for k in (0, 1):
                loss = nn.functional.cross_entropy(parts(x[8 * k : 8 * k + 8]), y[8 * k : 8 * k + 8]) / 2
                loss.backward()
                total = total + loss.detach()
            return total

        second.step(closure)
    torch.testing.assert_close(vector(whole), vector(parts), rtol=1e-9, atol=1e-11)


def test_bfloat16_autocast_follows_float32():
    models = [mlp(dtype=torch.float32) for _ in range(2)]
    x, y = batch(dtype=torch.float32)
    for model, enabled in zip(models, (False, True), strict=True):
        ball = RBO(model, lr=0.2, radius=0.1)

        def closure(model=model, ball=ball, enabled=enabled):
            ball.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
                loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses = [ball.step(closure).item() for _ in range(20)]
        assert losses[-1] < 0.9 * losses[0]
    assert all(p.dtype == torch.float32 for p in models[1].parameters())
    torch.testing.assert_close(vector(models[0]), vector(models[1]), rtol=0.1, atol=0.05)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_compiled_model_follows_the_plain_one(name):
    plain, compiled = mlp(), mlp()
    fast = torch.compile(compiled, backend="eager")
    first, second = OPTIMIZERS[name](plain), OPTIMIZERS[name](fast.parameters())
    train(plain, first, 3)
    train(fast, second, 3)
    torch.testing.assert_close(vector(plain), vector(compiled), rtol=1e-9, atol=1e-11)


def test_clipping_inside_the_closure_is_seen():
    model = mlp()
    ball = RBO(model, lr=1.0, n_projection_steps=1)
    before = vector(model)
    x, y = batch()

    def closure():
        ball.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
        return loss

    ball.step(closure)
    assert (vector(model) - before).norm() == pytest.approx(1e-3, rel=1e-2)


def test_learning_rate_and_radius_schedules_are_followed():
    model = mlp()
    ball = RBO(model, lr=0.1, radius=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(ball, lambda step: [1.0, 0.0, 0.5][min(step, 2)])
    train(model, ball, 1)
    schedule.step()
    before = vector(model)
    train(model, ball, 1)
    assert torch.equal(vector(model), before)
    schedule.step()
    ball.param_groups[0]["radius"] = 2.0
    train(model, ball, 1)
    assert not torch.equal(vector(model), before)
    ball.param_groups[0]["radius"] = -1.0
    with pytest.raises(ValueError, match=r"radius must be positive, got -1.0"):
        train(model, ball, 1)


BAD = [
    (lambda p: RBO(p, lr=-1.0), r"lr must be zero or positive, got -1.0"),
    (lambda p: RBO(p, radius=0.0), r"radius must be positive, got 0.0"),
    (lambda p: RBO(p, radius=float("nan")), r"radius must be finite, got nan"),
    (lambda p: RBO(p, momentum=1.0), r"momentum must be less than 1, got 1.0"),
    (lambda p: RBO(p, n_projection_steps=0), r"n_projection_steps must be a whole number of at least 1, got 0"),
    (lambda p: RBO(p, projection="rigid"), r'projection must be "newton" or "gradient", got .rigid.'),
    (lambda p: RBO(p, projection_step_size=0.0), r"projection_step_size must be positive"),
    (lambda p: RBO(p, loss_scale=-2.0), r"loss_scale must be positive, got -2.0"),
    (lambda p: RBO(p, weight_decay=-0.1), r"weight_decay must be zero or positive, got -0.1"),
    (lambda p: SAM(p, radius=-0.1), r"radius must be zero or positive, got -0.1"),
    (lambda p: EntropySGD(p, n_langevin_steps=0), r"n_langevin_steps must be a whole number"),
    (lambda p: EntropySGD(p, averaging=2.0), r"averaging must be between 0 and 1, got 2.0"),
]


@pytest.mark.parametrize(("build", "message"), BAD)
def test_bad_settings_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build([nn.Parameter(torch.zeros(2))])


def test_bad_closures_and_parameters_are_named():
    p = nn.Parameter(torch.zeros(2))
    ball = RBO([p])
    with pytest.raises(ValueError, match=r"needs a closure.*GradScaler"):
        ball.step()
    with pytest.raises(ValueError, match="returned None"):
        ball.step(lambda: p.sum().backward())
    with pytest.raises(ValueError, match="left no gradient"):
        ball.step(lambda: p.sum())
    with pytest.raises(ValueError, match="as a tensor, got float"):
        ball.step(lambda: 1.0)
    with pytest.raises(ValueError, match=r"one loss, got a tensor of shape \(2,\)"):
        ball.step(lambda: p * 2)
    with pytest.raises(ValueError, match=r"float32 or float64, got torch.float16"):
        RBO([nn.Parameter(torch.zeros(2, dtype=torch.float16))])
    with pytest.raises(ValueError, match="one dtype and one device"):
        RBO([p, nn.Parameter(torch.zeros(2, dtype=torch.float64))])
    with pytest.raises(ValueError, match="no parameter to optimize"):
        FlatParameters([])
    with pytest.raises(ValueError, match="radius must be the same in all parameter groups"):
        RBO([{"params": [p]}, {"params": [nn.Parameter(torch.zeros(2))], "radius": 3.0}]).step(lambda: p.sum())
