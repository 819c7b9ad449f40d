"""The torch optimizers on a GPU: they take the CPU's path and never wait for the GPU, recorded or not."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from rbo_core.torch import RBO, SAM, scaled_closure
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, same, vector

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")

ALL: dict[str, Callable[..., torch.optim.Optimizer]] = {
    **OPTIMIZERS,
    "sam_plain": lambda p, **k: SAM(p, lr=0.1, radius=0.1, **k),
    "newton_k3": lambda p, **k: RBO(p, lr=0.1, radius=0.3, n_projection_steps=3, unit_speed=True, **k),
    "on_step": lambda p, **k: RBO(p, lr=0.05, radius=0.3, momentum=0.9, momentum_on="step", interval=2, **k),
    "asam": lambda p, **k: SAM(p, lr=0.1, radius=0.1, adaptive=True, **k),
    "filters": lambda p, **k: RBO(p, lr=0.1, radius=0.3, scaled_by="filters", **k),
}
RECORDED = [name for name in ALL if name != "filters"]


def train_on(device: str, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, first: int = 0) -> None:
    for step in range(first, first + steps):
        x, y = (t.to(device) for t in batch(100 + step))
        optimizer.step(closure_of(model, optimizer, x, y))


@contextmanager
def no_waiting() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Synchronization debug mode")
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("name", ALL)
def test_a_gpu_takes_the_path_of_a_cpu(name, decay):
    here, there = mlp(), mlp().cuda()
    first, second = (ALL[name](model, weight_decay=decay) for model in (here, there))
    for k in range(4):
        train_on("cpu", here, first, 10, 10 * k)
        train_on("cuda", there, second, 10, 10 * k)
        # A schedule of both numbers a recorded step reads.
        for optimizer in (first, second):
            optimizer.param_groups[0]["lr"] *= 0.7
            if "radius" in optimizer.param_groups[0]:
                optimizer.param_groups[0]["radius"] *= 1.3
    torch.testing.assert_close(vector(there).cpu(), vector(here), rtol=1e-10, atol=1e-12)
    assert (second._recorder is not None and len(second._recorder._recordings) > 0) == (name in RECORDED)


@pytest.mark.parametrize("name", ALL)
def test_no_step_waits_for_the_gpu(name):
    model = mlp().cuda()
    optimizer = ALL[name](model)
    batches = [tuple(t.cuda() for t in batch(step)) for step in range(25)]
    # The first step allocates and starts libraries.
    optimizer.step(closure_of(model, optimizer, *batches[0]))
    recorded = 0
    for x, y in batches[1:]:
        with no_waiting():
            optimizer.step(closure_of(model, optimizer, x, y))
        recorded += bool(getattr(optimizer._recorder, "_recordings", None))
    assert recorded > 5 or name not in RECORDED


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("at", [2, 20])
def test_an_exception_in_a_later_evaluation_leaves_nothing(name, at):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 3)).double().cuda()
    optimizer = ALL[name](model)
    train_on("cuda", model, optimizer, at)
    before = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict()), torch.cuda.get_rng_state()
    x, y = (t.cuda() for t in batch())
    inner, calls = closure_of(model, optimizer, x, y), []

    def closure() -> Tensor:
        calls.append(1)
        loss = inner()
        if len(calls) == 2:
            raise KeyboardInterrupt
        return loss

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure)
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[0][key]), key
    assert same(optimizer.state_dict(), before[1])
    assert torch.equal(torch.cuda.get_rng_state(), before[2])
    train_on("cuda", model, optimizer, 2)


@pytest.mark.parametrize("name", [*OPTIMIZERS, "sam_plain"])
def test_an_evaluation_that_is_not_finite_has_the_outcome_of_a_cpu(name):
    outcomes = []
    for device in ("cpu", "cuda"):
        model = mlp().to(device)
        optimizer = ALL[name](model)
        train_on(device, model, optimizer, 16)
        x, y = (t.to(device) for t in batch(7))
        inner, calls = closure_of(model, optimizer, x, y), []

        def closure(inner=inner, calls=calls, model=model) -> Tensor:
            loss = inner()
            calls.append(1)
            if len(calls) > 1:
                for p in model.parameters():
                    p.grad.fill_(torch.nan)
                return loss * torch.nan
            return loss

        optimizer.step(closure)
        assert optimizer.steps_cut_short == 1
        assert torch.isfinite(vector(model)).all()
        train_on(device, model, optimizer, 5)
        outcomes.append(vector(model).cpu())
    torch.testing.assert_close(outcomes[1], outcomes[0], rtol=1e-10, atol=1e-12)


def test_overflow_of_the_squared_gradient_keeps_the_first_move():
    outcomes = []
    for device in ("cpu", "cuda"):
        v = nn.Parameter(torch.zeros(3, device=device))
        ball = RBO([v], lr=0.1, radius=0.3)

        def closure(v=v, ball=ball) -> Tensor:
            ball.zero_grad()
            loss = torch.sigmoid(1e25 * v).sum()
            loss.backward()
            return loss

        ball.step(closure)
        outcomes.append(v.detach().cpu())
        assert ball.steps_cut_short == 1
    assert torch.isfinite(outcomes[0]).all()
    torch.testing.assert_close(outcomes[0], outcomes[1])


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.one, self.other = (nn.Linear(4, 4).double() for _ in range(3))
        self.use_other = False

    def forward(self, x: Tensor) -> Tensor:
        return (self.other if self.use_other else self.one)(torch.tanh(self.body(x)))[:, :3]


@pytest.mark.parametrize("name", ["newton", "newton_momentum", "sam"])
def test_parameters_without_a_gradient_in_a_recorded_run(name):
    models = [TwoHeads(), TwoHeads().cuda()]
    for model, device in zip(models, ("cpu", "cuda"), strict=True):
        optimizer = ALL[name](model, weight_decay=0.1)
        for k in range(5):
            model.use_other = bool(k % 2)
            kept = vector(model.one if model.use_other else model.other).clone()
            train_on(device, model, optimizer, 6, 6 * k)
            assert torch.equal(vector(model.one if model.use_other else model.other), kept)
    torch.testing.assert_close(vector(models[1]).cpu(), vector(models[0]), rtol=1e-10, atol=1e-12)


class Recurrent(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.LSTM(4, 8, layers, batch_first=True), nn.GRU(8, 8, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.first(x[:, None].expand(-1, 5, -1))
        return self.out(self.second(h)[0][:, -1])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("flatten", [False, True])
def test_recurrent_layers_train_without_warnings(layers, flatten):
    here, there = Recurrent(layers).double(), Recurrent(layers).double().cuda()
    first, second = RBO(here, lr=0.1, radius=0.1), RBO(there, lr=0.1, radius=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(15):
            train_on("cpu", here, first, 1, step)
            if flatten:
                there.first.flatten_parameters()
            train_on("cuda", there, second, 1, step)
    torch.testing.assert_close(vector(there).cpu(), vector(here), rtol=1e-7, atol=1e-9)
    assert (vector(here) - vector(Recurrent(layers).double())).norm() > 0.05


def test_a_learning_rate_on_the_gpu_is_followed_without_waiting():
    plain, filled = mlp().cuda(), mlp().cuda()
    rate = torch.tensor(0.1, device="cuda", dtype=torch.float64)
    first, second = RBO(plain, lr=0.1), RBO(filled, lr=rate)
    for step in range(20):
        x, y = (t.cuda() for t in batch(step))
        first.param_groups[0]["lr"] = 0.1 * 0.9**step
        rate.fill_(0.1 * 0.9**step)
        first.step(closure_of(plain, first, x, y))
        if step == 0:
            second.step(closure_of(filled, second, x, y))
        else:
            with no_waiting():
                second.step(closure_of(filled, second, x, y))
    torch.testing.assert_close(vector(filled), vector(plain), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["newton", "newton_momentum", "sam"])
def test_float16_with_a_scaler(name):
    model = mlp(dtype=torch.float32).cuda()
    optimizer = ALL[name](model)
    # A scale that overflows at first: the steps are skipped until it came down.
    scaler = torch.amp.GradScaler("cuda", init_scale=2.0**40)
    x, y = (t.cuda() for t in batch(dtype=torch.float32))

    def closure() -> Tensor:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        return loss

    start = vector(model)
    losses = [optimizer.step(scaled_closure(scaler, closure)).item()]
    assert torch.equal(vector(model), start)
    scaler.update()
    for _ in range(40):
        with no_waiting():
            loss = optimizer.step(scaled_closure(scaler, closure))
            scaler.update()
        losses.append(loss.item())
    assert 1 < scaler.get_scale() < 2.0**40
    assert losses[-1] < 0.9 * losses[0]


def test_a_training_step_captured_as_a_whole_follows_the_plain_one():
    plain, captured = mlp().cuda(), mlp().cuda()
    first, second = RBO(plain, lr=0.1), RBO(captured, lr=0.1)
    x, y = (t.cuda() for t in batch())
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    for _ in range(15):
        first.step(closure_of(plain, first, x, y))
    with torch.cuda.stream(aside):
        for _ in range(15):
            second.step(closure_of(captured, second, x, y))
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        second.step(closure_of(captured, second, x, y))
    for _ in range(5):
        graph.replay()
        first.step(closure_of(plain, first, x, y))
    torch.testing.assert_close(vector(captured), vector(plain), rtol=1e-9, atol=1e-11)


def test_bfloat16_autocast_follows_float32():
    models = [mlp(dtype=torch.float32).cuda() for _ in range(2)]
    x, y = (t.cuda() for t in batch(dtype=torch.float32))
    for model, enabled in zip(models, (False, True), strict=True):
        ball = RBO(model, lr=0.2, radius=0.1)

        def closure(model=model, ball=ball, enabled=enabled) -> Tensor:
            ball.zero_grad()
            with torch.autocast("cuda", dtype=torch.bfloat16, enabled=enabled):
                loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses = [ball.step(closure).item() for _ in range(20)]
        assert losses[-1] < 0.9 * losses[0]
    torch.testing.assert_close(vector(models[0]), vector(models[1]), rtol=0.1, atol=0.05)
