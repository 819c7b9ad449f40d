"""What runs take on the disk: said before they start, and kept small by keeping fewer snapshots of large networks."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch

from rbo_core.training.config import TrainConfig
from rbo_core.training.models import Shape, build_model

SNAPSHOT_BYTES = 200e6
"""Most that the snapshots of one run take; three are always kept, for the picture of a path."""
MOST_SNAPSHOTS, FEWEST_SNAPSHOTS = 60, 3
CHECKPOINT_COPIES = 3  # the network and at most two arrays of its optimizer
LIMIT_VARIABLE = "RBO_MAX_GB"
LIMIT = 20.0  # GB of one job, unless RBO_MAX_GB says otherwise

KINDS: dict[str, tuple[Shape, int, int]] = {
    "digits": ((1, 8, 8), 10, 1000),
    "mnist": ((1, 28, 28), 10, 55_000),
    "fashion_mnist": ((1, 28, 28), 10, 55_000),
    "cifar10": ((3, 32, 32), 10, 45_000),
    "cifar100": ((3, 32, 32), 100, 45_000),
}
"""Shape of an image, classes and training images of each data set as it was published."""


def keeps_snapshot(epoch: int, epochs: int, parameters: int, itemsize: int = 4) -> bool:
    """Whether a run keeps its parameters after an epoch: evenly spread ones, with the first and the last.

    Args:
        epochs: of the whole run. parameters: of the network. itemsize: bytes of each.
    """
    stride = max(math.ceil(epochs / (_most(parameters * itemsize) - 1)), 1)
    return epoch % stride == 0 or epoch >= epochs


def run_bytes(config: TrainConfig) -> float:
    """Bytes that a run will leave on the disk, for the data set as it was published."""
    images = KINDS[config.data][2]
    per_epoch = max(min(config.train_size or images, images) // config.batch_size, 1)
    steps = config.epochs * per_epoch
    if config.gradient_budget is not None:
        steps = int(config.gradient_budget // config.method.gradients_per_step)
    epochs = math.ceil(steps / per_epoch)
    one = network_bytes(config)
    kept = min(epochs + 1, _most(one)) if config.snapshots else 0
    return one * (kept + CHECKPOINT_COPIES)


def network_bytes(config: TrainConfig) -> float:
    """Bytes of a run's parameters."""
    shape, classes, _ = KINDS[config.data]
    return float(parameters_of(config.model, shape, classes) * (8 if config.precision == "float64" else 4))


def check_space(configs: Sequence[TrainConfig], folder: Path) -> float:
    """Bytes that all these runs will store.

    Raises:
        ValueError: more than one job may, or than half of what is free on the disk.
    """
    size = sum(run_bytes(config) for config in configs)
    limit = 1e9 * float(os.environ.get(LIMIT_VARIABLE) or LIMIT)
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    if size > limit:
        raise ValueError(
            f"these runs would store {size / 1e9:,.1f} GB; one job may store {limit / 1e9:,.0f} GB ({LIMIT_VARIABLE}). "
            "Take fewer seeds or methods, or a smaller network"
        )
    if size > free / 2:
        raise ValueError(
            f"these runs would store {size / 1e6:,.1f} MB and the disk has {free / 1e6:,.1f} MB free; "
            "free some space, or take fewer seeds or methods"
        )
    return size


@lru_cache(maxsize=64)
def parameters_of(model: str, shape: Shape, classes: int) -> int:
    """Number of parameters of a network, without making it."""
    with torch.device("meta"):
        return sum(p.numel() for p in build_model(model, shape, classes).parameters())


def _most(snapshot: float) -> int:
    return int(min(max(SNAPSHOT_BYTES // max(snapshot, 1), FEWEST_SNAPSHOTS), MOST_SNAPSHOTS))
