"""What a single run and a member of an ensemble must agree on: images, labels, start, steps, price and schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rbo_core.schedule import between
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import DataSet, add_label_noise
from rbo_core.training.models import build_model

PROBE = 256
"""Training images on which gradient norm, penetration and sharpness are measured."""


@dataclass(frozen=True)
class Plan:
    """A run before it begins. images: of the training set, from its first; per_epoch, total: steps; price: gradients of
    one step; schedule: as in the config; radius: its first and last value and the way between, None where it stays."""

    images: int
    per_epoch: int
    total: int
    price: float
    schedule: str
    radius: tuple[float, float, str] | None = None

    def radius_at(self, step: int) -> float | None:
        """The radius of a step (0 is the first, and the last has the last radius); None where it stays as it is."""
        if self.radius is None:
            return None
        first, last, way = self.radius
        return float(between(first, last, min(step / max(self.total - 1, 1), 1.0), way))

    def share(self, step: int) -> float:
        """The learning rate of a step (0 is the first), as a share of the method's own."""
        return 0.5 * (1 + math.cos(math.pi * step / self.total)) if self.schedule == "cosine" else 1.0


def plan(config: TrainConfig, data: DataSet) -> Plan:
    """The plan of a run on a data set.

    Raises:
        ValueError: a minibatch would hold more images than there are.
    """
    images = min(config.train_size or len(data.train_y), len(data.train_y))
    if images < config.batch_size:
        raise ValueError(f"batch_size must be at most the {images} training images, got {config.batch_size}")
    per_epoch = images // config.batch_size
    price = config.method.gradients_per_step
    total = config.epochs * per_epoch if config.gradient_budget is None else int(config.gradient_budget // price)
    radius = None
    if config.final_radius is not None:
        radius = float(config.method["radius"]), float(config.final_radius), config.radius_schedule
    return Plan(images, per_epoch, total, price, config.schedule, radius)


def dtype_of(config: TrainConfig) -> torch.dtype:
    """The type of parameters and images (bf16 is autocast over float32)."""
    return torch.float64 if config.precision == "float64" else torch.float32


def labels_of(config: TrainConfig, data: DataSet, images: int, seed: int) -> NDArray[np.int64]:
    """(images,) training labels of a seed, its share of random ones drawn anew."""
    return add_label_noise(data.train_y[:images], data.classes, config.label_noise, seed)


def seeded_model(config: TrainConfig, data: DataSet, seed: int) -> nn.Module:
    """The network as a seed starts it, on the CPU in float32. It sets torch's global seeds: call it inside fork_rng."""
    # torch.manual_seed would also queue the seeds of devices that are not there, with the stack of each call: 4 ms.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)
    return build_model(config.model, data.shape, data.classes)


def order_generator(seed: int) -> torch.Generator:
    """Draws the order of a seed's training images, one permutation an epoch."""
    return torch.Generator().manual_seed(seed)


def flat_parameters(model: nn.Module) -> Tensor:
    """(n,) parameters in the order of ``model.parameters()``."""
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])
