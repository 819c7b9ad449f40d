"""Ensembles beyond the MLP: convolutional members and their crops are those of single runs, and memory is planned."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.data import load
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.ensemble_blocks import kept_of_an_image
from rbo_core.training.models import build_model

CONVOLUTIONAL = TrainConfig(
    epochs=1, train_size=48, batch_size=16, diagnostics="none", device="cpu", precision="float64", model="resnet8-gn",
    augment=True, label_noise=0.2,
)  # fmt: skip
METHODS = {
    "sgd": {},
    "momentum": {"nesterov": True},
    "adam": {},
    "adamw": {},
    "sam": {"momentum": 0.9},
    "looksam": {"interval": 2},
    "entropy_sgd": {"n_langevin_steps": 2, "thermal_noise": 0.05},
    "rbo": {"momentum": 0.9, "momentum_on": "step"},
}


@pytest.mark.parametrize(("model", "name"), [*(("resnet8-gn", name) for name in METHODS), ("vgg9-gn", "rbo")])
def test_convolutional_members_equal_their_single_runs(model, name):
    config = dataclasses.replace(CONVOLUTIONAL, model=model, method=Method.of(name, **METHODS[name]))
    lr, seeds = [config.method["lr"], 0.5 * config.method["lr"]], [3, 8]
    first = 1 if model == "vgg9-gn" else 0  # VGG takes long
    together = train_ensemble(config, lr=lr[first:], seeds=seeds[first:])
    method = Method.of(name, **{**METHODS[name], "lr": lr[1]})
    alone = run_training(dataclasses.replace(config, seed=seeds[1], method=method))
    expected = torch.cat([p.detach().reshape(-1) for p in alone.model.parameters()])
    torch.testing.assert_close(together.parameters[-1], expected, rtol=1e-6, atol=1e-8)
    assert together.test_accuracy[-1] == pytest.approx(alone.summary["test_accuracy"])


@pytest.mark.parametrize("model", ["resnet8-gn", "vgg9-gn"])
def test_group_norm_forms_have_the_weights_of_the_batch_norm_forms_and_no_buffers(model):
    torch.manual_seed(0)
    ours = build_model(model, (1, 28, 28), 10)
    theirs = build_model(model.removesuffix("-gn"), (1, 28, 28), 10)
    assert not list(ours.buffers())
    assert [p.shape for p in ours.parameters()] == [p.shape for p in theirs.parameters()]


def test_what_an_image_leaves_in_the_layers_is_counted():
    data = load("digits")
    with torch.random.fork_rng(devices=[]):
        mlp = build_model("mlp", data.shape, 10)
    # The image, the inputs of both inner linear layers and the ReLUs' results (the same arrays), in float32.
    assert kept_of_an_image(mlp, data) in (4 * (64 + 64 + 128 + 128), 4 * (64 + 128 + 128))


def test_the_best_moment_to_stop_is_that_of_the_validation_images():
    config = TrainConfig(epochs=2, train_size=200, diagnostics="none", device="cpu", label_noise=0.5)
    rates = [0.5, 1e-6]
    found = train_ensemble(config, lr=rates, looks=4)
    assert (found.stopped_gradients >= 1).all() and (found.stopped_gradients <= found.gradients).all()
    # Trained to each of the moments by itself, with the learning rate held as in the longer run.
    flat = dataclasses.replace(config, schedule="constant")
    whole = train_ensemble(flat, lr=rates, looks=8)
    each = [train_ensemble(dataclasses.replace(flat, gradient_budget=2 * n), lr=rates) for n in range(1, 9)]
    best = np.argmax([one.validation_accuracy for one in each], axis=0)
    for b in range(2):
        assert whole.stopped_accuracy[b] == pytest.approx(each[best[b]].test_accuracy[b])
        assert whole.stopped_gradients[b] == each[best[b]].gradients
    assert np.isnan(each[0].stopped_accuracy).all()
