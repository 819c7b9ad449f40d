"""What a closure returns must belong to its gradient; the right ways to accumulate and to scale; what the docs show."""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import rbo_core.torch
from rbo_core.torch import RBO, SAM, scaled_closure
from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, train, vector

MISFIT = "does not belong to its gradient"


def parts_of(model, optimizer, x, y, returned):
    """A closure that accumulates the gradient over four parts and returns their sum, or the last part's loss."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        total = torch.zeros(())
        for k in range(4):
            part = slice(4 * k, 4 * k + 4)
            loss = nn.functional.cross_entropy(model(x[part]), y[part]) / 4
            loss.backward()
            total = total + loss.detach()
        return total if returned == "sum" else loss

    return closure


@pytest.mark.parametrize("projection", ["newton", "gradient"])
def test_accumulation_that_returns_the_last_part_is_noticed_once(projection):
    model = mlp()
    ball = RBO(model, lr=0.1, radius=0.1, projection=projection, projection_step_size=0.2)
    with pytest.warns(UserWarning, match=MISFIT) as seen:
        for step in range(10):
            ball.step(parts_of(model, ball, *batch(step), "last"))
    assert len(seen) == 1
    said = str(seen[0].message)
    rise, expected = (float(v) for v in re.search(r"changed by (\S+), where .* say (\S+?)\. The", said).groups())
    assert rise != expected and "sum of all parts" in said and "scaled_closure" in said


@pytest.mark.parametrize("scale", [8.0, 128.0, 65536.0])
def test_a_scaled_backward_pass_with_a_plain_loss_is_noticed(scale):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    ball = RBO(model, lr=0.01, radius=0.1)
    x, y = batch(dtype=torch.float32)

    def closure() -> Tensor:
        ball.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        (scale * loss).backward()
        return loss

    with pytest.warns(UserWarning, match=MISFIT):
        for _ in range(8):
            ball.step(closure)


def test_the_right_loss_is_not_spoken_of():
    """Whatever the rate: the small ones stay on a straight line, the large ones overshoot."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for lr in (1e-4, 1e-2, 0.3, 3.0, 30.0):
            for settings in ({}, {"momentum": 0.9}, {"projection": "gradient"}, {"weight_decay": 0.1}, {"radius": 30}):
                for seed in range(3):
                    model = mlp(seed, dtype=torch.float32)
                    ball = RBO(model, lr=lr, **settings)
                    for step in range(10):
                        ball.step(closure_of(model, ball, *batch(20 * seed + step, dtype=torch.float32)))
        for activation in (nn.ReLU(), nn.GELU()):
            for lr in (0.01, 0.3, 3.0):
                torch.manual_seed(1)
                model = nn.Sequential(
                    nn.Linear(4, 64), activation, nn.BatchNorm1d(64), nn.Dropout(0.5), nn.Linear(64, 3)
                )
                ball = RBO(model, lr=lr, radius=0.1)
                for step in range(10):
                    ball.step(closure_of(model, ball, *batch(step, dtype=torch.float32)))


def test_the_summed_loss_of_parts_is_right_and_takes_the_whole_batchs_path():
    whole, parts = mlp(), mlp()
    first, second = RBO(whole), RBO(parts)
    for step in range(8):
        x, y = batch(step)
        first.step(closure_of(whole, first, x, y))
        second.step(parts_of(parts, second, x, y, "sum"))
    torch.testing.assert_close(vector(whole), vector(parts), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_scaled_closure_takes_the_plain_path(name):
    plain, scaled = mlp(), mlp()
    first, second = OPTIMIZERS[name](plain), OPTIMIZERS[name](scaled)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=2)
    for step in range(5):
        x, y = batch(step)
        first.step(closure_of(plain, first, x, y))

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            second.zero_grad()
            loss = nn.functional.cross_entropy(scaled(x), y)
            scaler.scale(loss).backward()
            return loss

        second.step(scaled_closure(scaler, closure))
        scaler.update()
    # Powers of two change no digit.
    assert torch.equal(vector(plain), vector(scaled))
    assert scaler.get_scale() == 2.0**12


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("build", [lambda m: RBO(m, momentum=0.9), lambda m: SAM(m, momentum=0.9)])
def test_a_scaled_step_that_is_not_finite_is_skipped_and_the_scale_comes_down(build, at):
    model = mlp()
    optimizer = build(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    calls: list[int] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        calls.append(1)
        if len(calls) == at:
            next(model.parameters()).grad[0, 0] = torch.inf
        return loss

    x, y = batch()
    before = vector(model)
    optimizer.step(scaled_closure(scaler, closure))
    scaler.update()
    assert torch.equal(vector(model), before)
    assert scaler.get_scale() == 512.0
    optimizer.step(scaled_closure(scaler, closure))
    assert not torch.equal(vector(model), before)


def examples() -> list[str]:
    """The code of every docstring example of the optimizers, and of the README's chapter on training loops."""
    found = []
    for one in (RBO, scaled_closure, rbo_core.torch):
        lines = [
            line.strip()[4:] for line in (one.__doc__ or "").splitlines() if line.strip().startswith((">>>", "..."))
        ]
        if lines:
            found.append("\n".join(lines))
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    chapter = readme.split("## In your own training loop")[1].split("\n## ")[0]
    return found + re.findall(r"```python\n(.*?)```", chapter, flags=re.S)


@pytest.mark.parametrize("code", examples())
def test_examples_of_the_docs_train(code):
    model = mlp(dtype=torch.float32)
    model.no_sync = contextlib.nullcontext  # as DistributedDataParallel has it
    x, y = batch(dtype=torch.float32)
    names = {
        "torch": torch, "contextlib": contextlib, "model": model, "x": x, "y": y, "RBO": RBO,
        "scaled_closure": scaled_closure,
        "criterion": nn.functional.cross_entropy, "optimizer": RBO(model, lr=0.1),
        "scaler": torch.amp.GradScaler("cpu", init_scale=16.0), "parts": [(x[:8], y[:8]), (x[8:], y[8:])],
    }  # fmt: skip
    before = nn.functional.cross_entropy(model(x), y).item()
    code = code.replace('"cuda"', '"cpu"').replace("torch.float16", "torch.bfloat16")
    for _ in range(10):
        exec(compile(code, "<example>", "exec"), names)  # noqa: S102, the repository's own text
    assert nn.functional.cross_entropy(model(x), y).item() < 0.98 * before


def test_training_goes_on_while_the_check_looks():
    model = mlp()
    ball = RBO(model)
    train(model, ball, 12)
    assert not ball._check.open
