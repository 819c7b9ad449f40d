"""Blocks of an ensemble in threads are the ensemble; a perceptron's written-out gradient is autograd's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from rbo_core.torch.ensemble import EnsembleObjective
from rbo_core.torch.perceptrons import PerceptronObjective, linear_layers, objective_of
from rbo_core.training import Method, TrainConfig
from rbo_core.training import ensemble_blocks as planned
from rbo_core.training.ensemble import train_ensemble

CPU = torch.device("cpu")
QUICK = TrainConfig(
    method=Method.of("rbo"), epochs=2, train_size=200, diagnostics="final", device="cpu", precision="float64"
)
RATES = np.geomspace(0.02, 0.5, 9)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(
            nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 5, bias=False), nn.ReLU(), nn.Linear(5, 4)
        ),
        nn.Sequential(nn.Linear(12, 4)),
    ],
)
def test_the_written_out_gradient_is_autograds(model):
    generator = torch.Generator().manual_seed(0)
    decay = torch.tensor([0.0, 0.1, 0.5], dtype=torch.float64)
    ours = objective_of(model.double(), None, decay)
    theirs = EnsembleObjective(model, None, decay)
    assert isinstance(ours, PerceptronObjective)
    x = torch.randn(3, theirs.size, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (3, 6), generator=generator)
    for _ in range(2):  # the second one finds the arrays of the first
        images = torch.randn(3, 6, 12, generator=generator, dtype=torch.float64)
        for one in (ours, theirs):
            one.minibatch(images, labels)
        (f, g), (wanted_f, wanted_g) = ours(x), theirs(x)
        torch.testing.assert_close(f, wanted_f, rtol=1e-13, atol=0)
        torch.testing.assert_close(g, wanted_g, rtol=1e-12, atol=1e-14)
    for found, wanted in zip(
        ours.evaluate(x, images[0], labels[0], 4), theirs.evaluate(x, images[0], labels[0]), strict=True
    ):
        torch.testing.assert_close(found, wanted, rtol=1e-13, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tiles_of_the_registers_cover_every_size(dtype):
    """Widths round one register and several, in both types, with a network that has lost itself."""
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential(nn.Linear(33, 70), nn.ReLU(), nn.Linear(70, 16), nn.ReLU(), nn.Linear(16, 17)).to(dtype)
    ours, theirs = objective_of(model), EnsembleObjective(model)
    x = 0.3 * torch.randn(3, theirs.size, generator=generator).to(dtype)
    x[1, 5] = torch.nan
    images = torch.randn(3, 13, 33, generator=generator).to(dtype)
    labels = torch.randint(17, (3, 13), generator=generator)
    for one in (ours, theirs):
        one.minibatch(images, labels)
    (f, g), (wanted_f, wanted_g) = ours(x), theirs(x)
    assert torch.isnan(f[1]) and torch.isnan(wanted_f[1])
    torch.testing.assert_close(f[0::2], wanted_f[0::2])
    torch.testing.assert_close(g[0::2], wanted_g[0::2])
    ours.minibatch(images, labels + 1)
    with pytest.raises(ValueError, match="below the number of classes"):
        ours(x)


def test_other_networks_are_differentiated():
    tied = nn.Linear(4, 4)
    for model in (
        nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)),
        nn.Sequential(tied, nn.ReLU(), tied),
        nn.Sequential(nn.Linear(4, 4), nn.ReLU()),
        nn.Linear(4, 4),
    ):
        assert linear_layers(model) is None
        assert type(objective_of(model)) is EnsembleObjective


def test_blocks_fit_memory_cache_and_threads(two_threads):
    def sizes(members, each, own, device=CPU):
        return [part.stop - part.start for part in planned.blocks(members, each, own, device)]

    assert sizes(48, 1.0, 100_000) == [12, 12, 12, 12]  # 20 fit into the cache: three blocks, four for two threads
    assert sizes(10, 1.0, 100_000) == [5, 5]
    assert sizes(6, 1.0, 100_000) == [6]  # too small to be cut for the second thread
    assert sizes(6, 1.0, 400_000) == [3, 3]
    assert sizes(48, 1.0, 100_000, torch.device("cuda")) == [48]
    assert sizes(4, planned.BYTES, 1) == [1, 1, 1, 1]
    assert sum(sizes(37, 1.0, 10**9)) == 37


def test_blocks_in_threads_are_the_ensemble(two_threads):
    told = []
    together = train_ensemble(QUICK, lr=RATES, looks=2, progress=lambda done, total: told.append((done, total)))
    torch.set_num_threads(1)
    alone = train_ensemble(QUICK, lr=RATES, looks=2)
    torch.testing.assert_close(together.parameters, alone.parameters, rtol=1e-8, atol=1e-10)
    for name in ("test_accuracy", "stopped_accuracy", "penetration", "train_loss"):
        np.testing.assert_allclose(getattr(together, name), getattr(alone, name), rtol=1e-6)
    assert told[-1] == (1, 1)
    assert all(0 <= done <= total for done, total in told)


def test_threads_stop_when_one_is_cancelled_or_fails(two_threads, monkeypatch):
    asked = []
    long = TrainConfig(method=Method.of("sgd"), epochs=5000, train_size=200, diagnostics="none", device="cpu")
    train_ensemble(dataclasses.replace(long, epochs=1), lr=RATES)  # who waits for the compiler cannot be cancelled
    found = train_ensemble(long, lr=RATES, progress=lambda done, total: asked.append(done) or True)
    assert found.state == "cancelled" and len(asked) <= 3
    assert torch.get_num_threads() == 2

    def broken(self, x):
        raise RuntimeError("no such network")

    monkeypatch.setattr(PerceptronObjective, "_differentiated", broken)
    with pytest.raises(RuntimeError, match="no such network"):
        train_ensemble(long, lr=RATES)
