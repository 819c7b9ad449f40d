"""Ensembles on a GPU: recorded as one graph, they are the CPU's ensembles and single runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rbo_core.torch.ensemble_step import EnsembleSteps
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.data import load
from rbo_core.training.ensemble import _Ensemble, train_ensemble
from rbo_core.training.phases import PhaseConfig, compute_phases

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")

SHORT = {"epochs": 3, "train_size": 300, "precision": "float64", "diagnostics": "final"}
METHODS = {
    "rbo": Method.of("rbo"),
    "rbo_filters": Method.of("rbo", scaled_by="filters"),
    "rbo_momentum": Method.of("rbo", momentum=0.9, n_projection_steps=3),
    "sam": Method.of("sam", momentum=0.9),
    "momentum": Method.of("momentum", nesterov=True),
    "sgd": Method.of("sgd"),
    "looksam": Method.of("looksam", momentum=0.9, interval=2),
    "entropy_sgd": Method.of("entropy_sgd", thermal_noise=0.01),
    "adam": Method.of("adam"),
}


@pytest.mark.parametrize("name", METHODS)
def test_an_ensemble_on_a_gpu_is_the_one_on_a_cpu(name):
    method = METHODS[name]
    radius = np.geomspace(0.02, 1, 6) if "radius" in dict(method.settings) else None
    rates = np.geomspace(0.02, 0.3, 6) * (0.05 if name == "adam" else 1)
    here, there = (
        train_ensemble(
            TrainConfig(method=method, device=device, **SHORT), lr=rates, radius=radius,
            seeds=[0, 1, 2] * 2,
        )
        for device in ("cpu", "cuda")
    )  # fmt: skip
    torch.testing.assert_close(there.parameters, here.parameters, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(there.train_loss, here.train_loss, rtol=1e-8)
    np.testing.assert_allclose(there.penetration, here.penetration, rtol=1e-6, atol=1e-9)


def test_a_single_run_on_a_gpu_is_the_one_on_a_cpu():
    runs = [run_training(TrainConfig(method=METHODS["rbo"], device=device, **SHORT)) for device in ("cpu", "cuda")]
    losses = [run.metrics[-1]["train_loss"] for run in runs]
    assert losses[1] == pytest.approx(losses[0], rel=1e-8)


@pytest.mark.parametrize("name", METHODS)
def test_no_step_of_an_ensemble_waits_for_the_gpu(name):
    """New draws of an epoch included (six steps each); the fourth and later steps are replayed."""
    config = TrainConfig(method=METHODS[name], device="cuda", **SHORT)
    made = _Ensemble(config, load("digits"), {"lr": np.array([0.1, 0.2])}, [0, 1])
    steps = EnsembleSteps(made.objective, made.method, made.lr, made.batches.minibatch, made.position)
    for k in range(7):
        steps.take(made.batches.draw(k), 0.5)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for k in range(7, 14):
            steps.take(made.batches.draw(k), 0.5)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.isfinite(steps.state.x).all()


def test_network_phases_run_on_a_gpu():
    config = PhaseConfig(
        train=TrainConfig(**{**SHORT, "device": "cuda"}), radius_low=0.05, radius_high=5.0, n_radii=3, rate_low=0.1,
        rate_high=0.5, n_rates=2, seeds=2,
    )  # fmt: skip
    result = compute_phases(config)
    assert result.validation_accuracy.shape == (3, 2, 2)
    assert np.isfinite(result.train_loss).any()
