"""The torch optimizers against answers known without them: torch's SGD, closed forms, the slow twin, another SAM."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rbo_core import rolling
from rbo_core.reference import explain_step
from rbo_core.torch import RBO, SAM, EntropySGD, namespace
from rbo_core.torch.signs import Signs
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, train, vector


@settings(max_examples=25)
@given(
    radius=st.floats(1e-3, 1e3),
    lr=st.floats(1e-4, 1.0),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    weight_decay=st.sampled_from([0.0, 0.1]),
)
def test_one_gradient_is_sgd_whatever_the_radius(radius, lr, momentum, weight_decay):
    ours, theirs = mlp(), mlp()
    ball = RBO(ours, lr=lr, radius=radius, n_projection_steps=1, momentum=momentum, weight_decay=weight_decay)
    sgd = torch.optim.SGD(theirs.parameters(), lr=lr, momentum=momentum, weight_decay=weight_decay)
    assert train(ours, ball, 6) == pytest.approx(train(theirs, sgd, 6), rel=1e-9)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-9, atol=1e-11)


def test_newton_step_on_a_quadratic_equals_the_closed_form():
    # f = ½ a θ²; by hand: z₁ = θ − ηg, then one Gauss-Newton move to c̃ from there.
    a, theta, lr, rho = 3.0, 0.7, 0.1, 0.4
    p = nn.Parameter(torch.tensor([theta], dtype=torch.float64))
    ball = RBO([p], lr=lr, radius=rho, trust=1e9)

    def closure():
        ball.zero_grad()
        loss = 0.5 * a * (p**2).sum()
        loss.backward()
        return loss

    loss = ball.step(closure)
    g = a * theta
    lift = rho / np.sqrt(1 + g * g)
    target, height = theta - lift * g - lr * g, 0.5 * a * theta**2 + lift - lr * g * g
    z = theta - lr * g
    slope = a * z
    expected = target - slope * (0.5 * a * z * z + slope * (target - z) - height) / (1 + slope * slope)
    assert loss.item() == pytest.approx(0.5 * a * theta**2)
    assert p.item() == pytest.approx(expected, rel=1e-12)


class NetworkSurface:
    """A small network's loss as a surface for the slow twin."""

    dim = 51
    bounds = np.array([[-9.0, 9.0]] * 51)

    def __init__(self):
        self.model = mlp()
        self.x, self.y = batch()

    def value_and_grad(self, x):
        values, gradients = [], []
        for row in x:
            torch.nn.utils.vector_to_parameters(torch.from_numpy(row.copy()), self.model.parameters())
            loss = nn.functional.cross_entropy(self.model(self.x), self.y)
            gradients.append(
                torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(self.model.parameters()))]).numpy()
            )
            values.append(loss.item())
        return np.array(values), np.array(gradients)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("unit_speed", [False, True])
@pytest.mark.parametrize(("projection", "steps"), [("newton", 2), ("newton", 5), ("gradient", 6)])
def test_flat_step_equals_the_slow_twin(projection, steps, momentum, unit_speed):
    kwargs = {
        "radius": 0.5, "projection": projection, "n_projection_steps": steps, "projection_step_size": 0.2,
        "momentum": momentum, "unit_speed": unit_speed, "loss_scale": 1.7,
    }  # fmt: skip
    model, surface = mlp(), NetworkSurface()
    x, y = batch()
    ball = RBO(model, lr=0.3, **kwargs)
    theta, velocity = vector(model).numpy(), None
    for _ in range(5):
        explained = explain_step(rolling.RBO(learning_rate=0.3, **kwargs), surface, theta, velocity)
        theta, velocity = explained.new_contact[:-1], explained.velocity
        ball.step(closure_of(model, ball, x, y))
        np.testing.assert_allclose(vector(model).numpy(), theta, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sam_agrees_with_an_independent_implementation(momentum):
    other = pytest.importorskip("pytorch_optimizer", reason="pip install -r requirements-dev.txt")
    ours, theirs = mlp(), mlp()
    sam = SAM(ours, lr=0.1, radius=0.3, momentum=momentum)
    independent = other.SAM(theirs.parameters(), torch.optim.SGD, rho=0.3, lr=0.1, momentum=momentum)
    for step in range(50):
        x, y = batch(step)
        sam.step(closure_of(ours, sam, x, y))
        closure = closure_of(theirs, independent, x, y)
        closure()
        independent.step(closure)
        # Its gradient norm is accumulated in float32.
        torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("projection", ["newton", "gradient"])
def test_loss_scale_law(projection):
    # Multiplying the loss by k and dividing λ by k gives the identical trajectory, with momentum too; η counts in
    # units of the scaled loss, so it stays.
    kwargs = {"lr": 0.1, "radius": 0.3, "projection": projection, "momentum": 0.5, "n_projection_steps": 3}
    plain, scaled = mlp(), mlp()
    first, second = RBO(plain, loss_scale=1.0, **kwargs), RBO(scaled, loss_scale=1 / 8, **kwargs)
    for step in range(8):
        x, y = batch(step)
        first.step(closure_of(plain, first, x, y))

        def closure(x=x, y=y):
            second.zero_grad()
            loss = 8 * nn.functional.cross_entropy(scaled(x), y)
            loss.backward()
            return loss

        second.step(closure)
    # Powers of two round alike, so the trajectories are identical to the last bit.
    assert torch.equal(vector(plain), vector(scaled))


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.1}], ids=["plain", "decay"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_single_numbers_are_the_same_as_floats_and_as_tensors(monkeypatch, name, settings):
    """The second is how a GPU keeps them; here it runs on the CPU."""
    as_floats, as_tensors = mlp(), mlp()
    train(as_floats, OPTIMIZERS[name](as_floats, **settings), 5)
    monkeypatch.setattr("rbo_core.torch.closure._namespace", lambda device: namespace)
    train(as_tensors, OPTIMIZERS[name](as_tensors, **settings), 5)
    torch.testing.assert_close(vector(as_floats), vector(as_tensors), rtol=1e-10, atol=1e-12)


def split_mix(state):
    """SplitMix64 as published, in whole numbers."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        yield z ^ (z >> 31)


def test_signs_are_the_bits_of_the_published_generator_for_each_network():
    # The first outputs for the seed 1234567, as in the author's own code.
    stream = split_mix(1234567)
    assert [next(stream) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    signs, like = Signs([7, 0, 2**62]), torch.zeros(3, 100)
    drawn = torch.cat([signs(like), signs(like)], dim=1)
    for row, seed in zip(drawn, (7, 0, 2**62), strict=True):
        words = split_mix(next(split_mix(seed)))
        data = b"".join(next(words).to_bytes(8, "little") for _ in range(4))
        bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(2, 128)[:, :100]
        np.testing.assert_array_equal(row.numpy(), 2.0 * bits.ravel() - 1)
    torch.testing.assert_close(Signs([0])(like[:1]), drawn[1:2, :100])


def test_noise_of_a_walk_has_mean_zero_variance_one_and_no_memory():
    signs, like = Signs([3]), torch.zeros(1, 5015, dtype=torch.float64)
    draws = torch.cat([signs(like) for _ in range(200)])
    assert torch.equal(draws.abs(), torch.ones_like(draws))
    # A mean of n independent signs deviates by 1/√n; five deviations are never seen by chance.
    assert abs(draws.mean()) < 5 / np.sqrt(draws.numel())
    assert abs((draws[:-1] * draws[1:]).mean()) < 5 / np.sqrt(draws.numel())
    assert abs((draws[:, :-1] * draws[:, 1:]).mean()) < 5 / np.sqrt(draws.numel())
    assert draws.mean(dim=0).abs().max() < 5 / np.sqrt(200)


def test_entropy_sgd_equals_the_algorithm_written_out():
    model, by_hand = mlp(), mlp()
    optimizer = EntropySGD(model, lr=0.7, n_langevin_steps=4, langevin_lr=0.2, scope=0.3, thermal_noise=1e-2, seed=5)
    state = next(split_mix(5))
    words = split_mix(state)
    for step in range(3):
        x, y = batch(step)
        optimizer.step(closure_of(model, optimizer, x, y))
        start = vector(by_hand)
        walker, mean = start.clone(), start.clone()
        for _ in range(4):
            torch.nn.utils.vector_to_parameters(walker, by_hand.parameters())
            loss = nn.functional.cross_entropy(by_hand(x), y)
            g = torch.cat([t.reshape(-1) for t in torch.autograd.grad(loss, list(by_hand.parameters()))])
            data = next(words).to_bytes(8, "little")
            noise = torch.tensor(
                [1.0 if data[i // 8] >> (7 - i % 8) & 1 else -1.0 for i in range(start.numel())]
            ).double()
            walker = walker - 0.2 * (g + 0.3 * (walker - start)) + np.sqrt(0.2) * 1e-2 * noise
            mean = 0.25 * mean + 0.75 * walker
        torch.nn.utils.vector_to_parameters(start - 0.7 * (start - mean), by_hand.parameters())
        torch.testing.assert_close(vector(model), vector(by_hand), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_returns_the_first_loss_and_spends_what_it_says(name):
    model = mlp()
    optimizer = OPTIMIZERS[name](model)
    calls: list[float] = []
    x, y = batch()
    before = nn.functional.cross_entropy(model(x), y).item()
    loss = optimizer.step(closure_of(model, optimizer, x, y, calls))
    assert loss.item() == before == calls[0]
    assert (
        len(calls) == {"newton": 2, "newton_momentum": 3, "gradient": 4, "sam": 2, "looksam": 2, "entropy_sgd": 3}[name]
    )


def test_groups_with_their_own_learning_rate_and_decay():
    # First order: each group moves by its own lr; with K = 1 exactly torch's SGD with the same groups.
    ours, theirs = mlp(), mlp()

    def groups(model):
        return [
            {"params": model[0].parameters(), "lr": 0.05, "weight_decay": 0.1},
            {"params": model[2].parameters(), "lr": 0.2},
        ]

    train(ours, RBO(groups(ours), n_projection_steps=1, radius=0.7), 5)
    train(theirs, torch.optim.SGD(groups(theirs), lr=0.1), 5)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-10, atol=1e-12)


def test_groups_are_the_metric_theta_over_sqrt_lr():
    # A group at lr 4η is a ball whose coordinates there are θ/2: the same as a model with that reparametrisation.
    ours = mlp()
    ball = RBO([{"params": ours[0].parameters(), "lr": 0.1}, {"params": ours[2].parameters(), "lr": 0.4}], radius=0.3)
    theirs = mlp()
    last = theirs[2]
    half = nn.ParameterList([nn.Parameter(last.weight.detach() / 1.0), nn.Parameter(last.bias.detach() / 1.0)])
    first = [nn.Parameter(p.detach() * 2) for p in theirs[0].parameters()]
    other = RBO([*first, *half], lr=0.4, radius=0.3)
    for step in range(5):
        x, y = batch(step)
        ball.step(closure_of(ours, ball, x, y))

        def closure(x=x, y=y):
            other.zero_grad()
            hidden = torch.tanh(nn.functional.linear(x, first[0] / 2, first[1] / 2))
            loss = nn.functional.cross_entropy(nn.functional.linear(hidden, half[0], half[1]), y)
            loss.backward()
            return loss

        other.step(closure)
    torch.testing.assert_close(ours[0].weight, first[0] / 2, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(ours[2].weight, half[0], rtol=1e-9, atol=1e-11)


def test_float32_ball_at_a_stationary_point_stays():
    p = nn.Parameter(torch.zeros(3))
    ball = RBO([p], lr=0.1, radius=0.3, n_projection_steps=3)

    def closure():
        ball.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    ball.step(closure)
    assert torch.equal(p.detach(), torch.zeros(3))


def storages_of(size: int) -> set[int]:
    """Addresses of all storages of ``size`` bytes that tensors alive hold."""
    alive = (thing for thing in gc.get_objects() if type(thing) is torch.Tensor)
    return {t.untyped_storage().data_ptr() for t in alive if t.untyped_storage().nbytes() == size}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_holds_at_most_two_arrays_of_parameter_size_while_it_evaluates(name):
    """Beside the momentum of before and after: a step that breaks off puts the former back bit for bit."""
    model = mlp()
    optimizer = OPTIMIZERS[name](model)
    size = vector(model).untyped_storage().nbytes()
    inner = closure_of(model, optimizer, *batch())
    gc.collect()
    others = storages_of(size)
    held = []

    def closure():
        held.append(len(storages_of(size) - others))
        return inner()

    for _ in range(2):
        optimizer.step(closure)
    # Between the evaluations of a step something has to be remembered: the count sees it.
    assert 1 <= max(held) <= (4 if name == "newton_momentum" else 2)
