"""Recorded steps without a GPU: a stand-in for CUDA graphs repeats the tensor operations it saw, in their memory.

What a real GPU does with them is tested in ``tests/cuda``.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rbo_core.torch import RBO, SAM, EntropySGD, LookSAM, namespace
from rbo_core.torch.recorded import Recorder
from tests.torch.helpers import batch, closure_of, mlp, same, train, vector

KINDS = {
    "newton": lambda p, **k: RBO(p, lr=0.1, radius=0.3, **k),
    "newton_k3": lambda p, **k: RBO(p, lr=0.1, radius=0.3, n_projection_steps=3, unit_speed=True, **k),
    "momentum": lambda p, **k: RBO(p, lr=0.05, radius=0.3, momentum=0.9, n_projection_steps=3, **k),
    "on_step": lambda p, **k: RBO(p, lr=0.05, radius=0.3, momentum=0.9, momentum_on="step", **k),
    "interval": lambda p, **k: RBO(p, lr=0.1, radius=0.3, interval=3, **k),
    "one": lambda p, **k: RBO(p, lr=0.1, radius=0.3, n_projection_steps=1, momentum=0.5, **k),
    "gradient": lambda p, **k: RBO(p, projection="gradient", n_projection_steps=4, projection_step_size=0.1, **k),
    "sam": lambda p, **k: SAM(p, lr=0.1, radius=0.1, momentum=0.9, **k),
    "looksam": lambda p, **k: LookSAM(p, lr=0.1, radius=0.1, momentum=0.9, interval=3, **k),
    "asam": lambda p, **k: SAM(p, lr=0.1, radius=0.1, adaptive=True, **k),
}


class Graph:
    """Like ``torch.cuda.CUDAGraph``: operations between begin and end can be repeated, in the same memory.

    Unlike it they also run while they are recorded, so the first replay, which follows at once, does nothing.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.fresh = True

    def capture_begin(self, **_: Any) -> None:
        graph = self

        class Mode(TorchDispatchMode):
            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                out = func(*args, **(kwargs or {}))
                graph.calls.append((func, args, kwargs or {}, out))
                return out

        self.mode = Mode()
        self.mode.__enter__()

    def capture_end(self) -> None:
        self.mode.__exit__(None, None, None)

    def replay(self) -> None:
        if self.fresh:
            self.fresh = False
            return
        for func, args, kwargs, out in self.calls:
            new = func(*args, **kwargs)
            # What writes into an argument, or is a view of one, is where it belongs already.
            if isinstance(out, Tensor) and not any(r.alias_info for r in func._schema.returns):
                out.copy_(new)


class Stream:
    def wait_stream(self, other: Stream) -> None: ...


@pytest.fixture
def graphs(monkeypatch):
    monkeypatch.setattr("rbo_core.torch.closure._namespace", lambda device: namespace)
    for name, value in {
        "CUDAGraph": Graph, "Stream": Stream, "current_stream": Stream, "graph_pool_handle": lambda: None,
        "set_stream": lambda stream: None,
    }.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, value)

    def recorded(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        optimizer._cut_short = torch.zeros(1, dtype=torch.int64)
        optimizer._recorder = Recorder(torch.device("cpu"), optimizer._cut_short)
        return optimizer

    return recorded


@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, {}) for name in KINDS), ("momentum", {"weight_decay": 0.05}), ("sam", {"maximize": True})],
)
def test_a_recorded_run_is_the_plain_one_under_a_schedule(graphs, name, settings):
    plain, replayed = mlp(), mlp()
    first, second = KINDS[name](plain, **settings), graphs(KINDS[name](replayed, **settings))
    for k in range(20):
        train(plain, first, 1, k)
        train(replayed, second, 1, k)
        for optimizer in (first, second):
            optimizer.param_groups[0]["lr"] *= 0.95
            optimizer.param_groups[0]["radius"] *= 1.05
    torch.testing.assert_close(vector(replayed), vector(plain), rtol=1e-10, atol=1e-12)
    assert len(second._recorder._recordings) == (2 if name in ("interval", "looksam") else 1)


def test_a_recorded_walk_draws_new_noise_at_every_step(graphs):
    plain, replayed = mlp(), mlp()
    first = EntropySGD(plain, langevin_lr=0.1, n_langevin_steps=3, thermal_noise=0.1, seed=3)
    second = graphs(EntropySGD(replayed, langevin_lr=0.1, n_langevin_steps=3, thermal_noise=0.1, seed=3))
    for k in range(12):
        train(plain, first, 1, k)
        train(replayed, second, 1, k)
    torch.testing.assert_close(vector(replayed), vector(plain), rtol=1e-10, atol=1e-12)
    assert len(second._recorder._recordings) == 1 and second._signs.position == first._signs.position == 36


@pytest.mark.parametrize("name", KINDS)
def test_an_exception_in_a_recorded_step_leaves_nothing(graphs, name):
    model = mlp()
    optimizer = graphs(KINDS[name](model))
    train(model, optimizer, 18)
    before = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
    inner, calls = closure_of(model, optimizer, *batch()), []

    def closure() -> Tensor:
        loss = inner()
        calls.append(1)
        if len(calls) == (1 if name == "one" else 2):
            raise KeyboardInterrupt
        return loss

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure)
    assert same([model.state_dict(), optimizer.state_dict()], before)


@pytest.mark.parametrize("name", ["newton", "momentum", "on_step", "sam"])
def test_a_recorded_step_that_is_not_finite(graphs, name):
    plain, replayed = mlp(), mlp()
    first, second = KINDS[name](plain), graphs(KINDS[name](replayed))
    for k in range(20):
        for model, optimizer in ((plain, first), (replayed, second)):
            inner, calls = closure_of(model, optimizer, *batch(k)), []

            def closure(inner=inner, calls=calls, model=model, k=k) -> Tensor:
                loss = inner()
                calls.append(1)
                if k in (13, 17) and len(calls) == 2:
                    next(model.parameters()).grad[0] = torch.nan
                return loss

            optimizer.step(closure)
    assert first.steps_cut_short == second.steps_cut_short == 2
    torch.testing.assert_close(vector(replayed), vector(plain), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["newton", "momentum", "sam"])
def test_steps_without_some_gradients_between_recorded_ones(graphs, name):
    class TwoHeads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.body, self.one, self.other = (nn.Linear(4, 4).double() for _ in range(3))
            self.which = self.one

        def forward(self, x: Tensor) -> Tensor:
            return (self.which(self.body(x)) + (0 if self.which is self.other else self.other(self.body(x))))[:, :3]

    models = [TwoHeads(), TwoHeads()]
    first, second = KINDS[name](models[0]), graphs(KINDS[name](models[1]))
    for k in range(24):
        for model, optimizer in zip(models, (first, second), strict=True):
            # For a while one head is not used.
            model.which = model.other if 12 <= k < 16 else model.one
            optimizer.step(closure_of(model, optimizer, *batch(k)))
    torch.testing.assert_close(vector(models[1]), vector(models[0]), rtol=1e-10, atol=1e-12)
