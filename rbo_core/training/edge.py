"""The edge of stability: how sharp a network gets when it is trained on all images at once, with a step of (ρ, η).

Gradient descent on a network sharpens until the largest Hessian eigenvalue κ hangs about 2/η (Cohen et al. 2021). A
ball amplifies its step, ηκ m(ρκ) = 2 (`rbo_core.frontiers`), so its edge is flatter: κ solves that equation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import brentq

from rbo_core.frontiers import frontier
from rbo_core.rolling import RBO
from rbo_core.torch import RBO as TorchRBO
from rbo_core.training import data as data_sets
from rbo_core.training.config import TrainConfig
from rbo_core.training.diagnostics import same_function, sharpness
from rbo_core.training.plan import PROBE, labels_of, plan, seeded_model


@dataclass(frozen=True)
class Edge:
    """A network at its edge. predicted: κ of the theory; measured: mean of κ over the end of the run, and spread, its
    standard deviation there; loss: mean squared error at the end; gradients: spent."""

    radius: float
    rate: float
    predicted: float
    measured: float
    spread: float
    loss: float
    gradients: int


def predicted_sharpness(method: RBO) -> float:
    """κ at which the learning rate of the method is its frontier."""
    rate, radius = float(np.asarray(method.learning_rate)), float(np.asarray(method.radius))

    def left(curvature: float) -> float:
        return float(frontier(method, radius, curvature)) - rate

    low, high = 1e-6 / rate, 2.0 / rate * (1 + 1e-9)
    return float(brentq(left, low, high)) if left(high) <= 0 else high


def train_to_the_edge(
    radius: float, rate: float, steps: int = 3000, images: int = 300, seed: int = 0, trust: float = 0.5
) -> Edge:
    """Train a small tanh network on so many digits at once, mean squared error, and watch κ over the last quarter."""
    data = data_sets.load("digits")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10)).double()
    x = torch.from_numpy(data.train_x[:images].reshape(images, -1)).double()
    y = F.one_hot(torch.from_numpy(data.train_y[:images]), 10).double()
    parameters: list[torch.Tensor] = list(net.parameters())
    price = 2 if radius > 0 else 1
    # The first Newton move is gradient descent, so K = 1 is the point.
    optimizer = TorchRBO(net, lr=rate, radius=max(radius, 1e-6), n_projection_steps=price, trust=trust)

    def loss() -> torch.Tensor:
        return F.mse_loss(net(x), y) * 5.0  # half the squared error, summed over the ten outputs, mean over images

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    seen = []
    for step in range(steps):
        optimizer.step(closure)
        if step >= 3 * steps // 4 and step % max(1, steps // 100) == 0:
            seen.append(sharpness(loss, parameters, iterations=20, seed=seed))
    ball = RBO(radius=max(radius, 1e-6), learning_rate=rate, n_projection_steps=price, trust=trust)
    return Edge(
        radius,
        rate,
        predicted_sharpness(ball),
        float(np.mean(seen)),
        float(np.std(seen)),
        float(loss().detach()),
        price * steps,
    )


def start_sharpness(config: TrainConfig) -> float:
    """Largest Hessian eigenvalue of a run's loss at its start, on the images on which diagnostics are taken."""
    data = data_sets.load(config.data, config.data_dir) if config.data_dir else data_sets.load(config.data)
    count = min(plan(config, data).images, PROBE)
    with torch.random.fork_rng(devices=[]):
        model = seeded_model(config, data, config.seed)
    x = torch.from_numpy(data.train_x[:count])
    y = torch.from_numpy(labels_of(config, data, plan(config, data).images, config.seed)[:count])
    with same_function(model):
        return sharpness(lambda: F.cross_entropy(model(x), y), list(model.parameters()), seed=config.seed)
