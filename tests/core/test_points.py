"""The rivals against torch's own optimizers and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rbo_core import SAM, SGD, Adam, AdamW, EntropySGD, LookSAM, Momentum, trace
from tests.core.surfaces import Paraboloid, Smooth

TWINS: list[tuple[Any, Any, dict[str, Any]]] = [
    (SGD(learning_rate=0.03), torch.optim.SGD, {"lr": 0.03}),
    (Momentum(learning_rate=0.02, momentum=0.8), torch.optim.SGD, {"lr": 0.02, "momentum": 0.8}),
    (
        Momentum(learning_rate=0.02, momentum=0.8, nesterov=True),
        torch.optim.SGD,
        {"lr": 0.02, "momentum": 0.8, "nesterov": True},
    ),
    (Adam(learning_rate=0.05), torch.optim.Adam, {"lr": 0.05}),
    (Adam(learning_rate=0.05, beta1=0.5, beta2=0.9), torch.optim.Adam, {"lr": 0.05, "betas": (0.5, 0.9)}),
    (AdamW(learning_rate=0.05, weight_decay=0.1), torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("ours", "theirs", "settings"), TWINS)
def test_point_methods_equal_torchs(ours: Any, theirs: Any, settings: dict[str, Any]) -> None:
    surface, start, steps = Smooth(dim=2), [0.4, -0.7], 60
    run = trace(ours, surface, start, steps=steps, tolerance=0.0)
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = theirs([x], **settings)
    for t in range(steps):
        np.testing.assert_allclose(run.position[t, 0], x.detach().numpy(), rtol=1e-10, atol=1e-12)
        optimizer.zero_grad()
        (torch.cos(1.3 * x + torch.arange(2)) + 0.1 * x * x).sum().backward()
        optimizer.step()


def test_sam_on_a_quadratic() -> None:
    """On ½κ|x|² SAM's gradient is κ(x + r x/|x|)."""
    kappa, r, rate = 1.7, 0.05, 0.1
    run = trace(SAM(learning_rate=rate, perturbation_radius=r), Paraboloid(kappa, 2), [[0.6, -0.8]], steps=5)
    x = np.array([0.6, -0.8])
    for t in range(5):
        x = x - rate * kappa * (x + r * x / np.linalg.norm(x))
        np.testing.assert_allclose(run.position[t + 1, 0], x, rtol=1e-9)


def test_sam_without_perturbation_is_sgd() -> None:
    surface = Smooth(dim=2)
    sam = trace(SAM(learning_rate=0.02, perturbation_radius=0.0), surface, [[0.4, -0.7]], steps=30)
    sgd = trace(SGD(learning_rate=0.02), surface, [[0.4, -0.7]], steps=30)
    np.testing.assert_array_equal(sam.position, sgd.position)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_looksam_is_the_published_algorithm(momentum: float) -> None:
    """Liu et al. (2022), Algorithm 1, written out; α |g|/|g_v| g_v is added in the steps between."""
    surface, rate, r, alpha, k = Smooth(dim=3), 0.03, 0.2, 0.6, 3
    method = LookSAM(learning_rate=rate, perturbation_radius=r, interval=k, reuse=alpha, momentum=momentum)
    run = trace(method, surface, [[0.4, -0.7, 1.1]], steps=11, tolerance=0.0)

    def gradient(at: Any) -> Any:
        return surface.value_and_grad(at[None])[1][0]

    x, velocity, g_v = np.array([0.4, -0.7, 1.1]), np.zeros(3), np.zeros(3)
    for t in range(11):
        g = gradient(x)
        if t % k == 0:
            g_s = gradient(x + r * g / np.linalg.norm(g))
            cosine = g @ g_s / (np.linalg.norm(g) * np.linalg.norm(g_s))
            g_v = g_s - np.linalg.norm(g_s) * cosine * g / np.linalg.norm(g)
        else:
            g_s = g + alpha * np.linalg.norm(g) / np.linalg.norm(g_v) * g_v
        velocity = momentum * velocity + g_s
        x = x - rate * velocity
        np.testing.assert_allclose(run.position[t + 1, 0], x, rtol=1e-5)
    assert method.gradients_per_step == pytest.approx(4 / 3) and run.gradients[0] == 11 + 4


def test_looksam_at_every_step_is_sam_and_on_a_line_sgd_between() -> None:
    surface = Smooth(dim=2)
    every = trace(LookSAM(learning_rate=0.02, interval=1), surface, [[0.4, -0.7]], steps=30)
    np.testing.assert_array_equal(
        every.position, trace(SAM(learning_rate=0.02), surface, [[0.4, -0.7]], steps=30).position
    )
    # With one parameter nothing lies across the gradient.
    line = trace(LookSAM(learning_rate=0.1, interval=4, perturbation_radius=0.0), Paraboloid(2.0), [[1.0]], steps=6)
    np.testing.assert_allclose(line.position[:, 0, 0], 0.8 ** np.arange(7), rtol=1e-6)


def test_entropy_sgd_on_a_quadratic_without_heat() -> None:
    """One Langevin step from x gives μ = x − αη'κx, so x shrinks by 1 − ηαη'κ."""
    method = EntropySGD(
        learning_rate=0.5, n_langevin_steps=1, langevin_learning_rate=0.1, thermal_noise=0.0, averaging=0.75
    )
    run = trace(method, Paraboloid(2.0), [[1.0]], steps=6)
    np.testing.assert_allclose(run.position[:, 0, 0], (1 - 0.5 * 0.75 * 0.1 * 2.0) ** np.arange(7), rtol=1e-12)


def test_gradient_noise_has_the_stated_deviation_and_a_seed() -> None:
    noisy = SGD(learning_rate=0.01, gradient_noise=0.3)
    seeds = np.arange(4000)
    run = trace(noisy, Paraboloid(1.0), np.zeros((4000, 1)), steps=1, seed=seeds)
    kicks = run.position[1, :, 0] / -0.01
    assert kicks.mean() == pytest.approx(0.0, abs=4 * 0.3 / np.sqrt(4000))
    assert kicks.std() == pytest.approx(0.3, rel=0.05)
    again = trace(noisy, Paraboloid(1.0), np.zeros((1, 1)), steps=1, seed=17)
    assert again.position[1, 0, 0] == run.position[1, 17, 0]
