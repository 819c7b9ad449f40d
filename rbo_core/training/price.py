"""How long training runs and maps of networks take, told before they begin.

The constants are those of one thread of a cloud machine (2 cores, 2026), fitted to the processor time of ten maps and
planes by `python benchmarks/bench_network_maps.py --estimates`; what the machine at hand took for earlier ones corrects
them. Those of single runs were fitted to the processor time of twelve commands (tests/training/test_price.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import median

import torch
from torch import nn

from rbo_core.training.config import TrainConfig
from rbo_core.training.landscape import PlaneConfig, PlaneResult
from rbo_core.training.models import build_model
from rbo_core.training.phases import PhaseConfig, PhaseResult, parts_of
from rbo_core.training.plan import PROBE
from rbo_core.training.storage import KINDS, parameters_of

START = 3.0
"""Seconds until a job's process computes: Python, torch and the data are loaded."""
ENSEMBLE = 0.12
"""Seconds until an ensemble's first step, and for its end."""
PER_FLOP = 1.4e-11
"""Seconds of one floating-point operation in a layer of many networks at once."""
PER_POINT_FLOP = 2.6e-11
"""The same on a plane, where every network is evaluated on the same images and under two labellings."""
PER_PARAMETER = 3e-9
"""Seconds a gradient and parameter for what does not grow with the minibatch: the steps of the method."""
PER_CALL = 2.2e-4
"""Seconds of one gradient of a single network for what does not grow with it: Python, and torch on its way."""
EPOCH = 5e-3
"""Seconds for an epoch's numbers and its checkpoint, whatever the network."""
LANCZOS = 12
"""Products of the probe's Hessian that the sharpness takes, each about two gradients."""
HELD_OUT = {"digits": (297, 500), "mnist": (5_000, 10_000), "fashion_mnist": (5_000, 10_000)}
"""Validation and test images of the data sets that maps are offered of."""
SCANS = 18
"""Losses on the probe that a penetration takes, at the most, its gradient included."""
TELLING = 3.0
"""Seconds of a map's training, as told, from which on it says how fast this machine is."""
MOST = 5.0
"""How much slower or faster than told a machine may be found to be: one odd map must not spoil the next estimate."""


def runs_seconds(configs: Sequence[TrainConfig], pace: float = 1.0) -> float | None:
    """Seconds that a job takes for runs that take turns; None where one is on a GPU, of which nothing is known.

    Args:
        pace: how many times longer than told this machine takes, as `runs_pace` finds it.
    """
    if any(_on_gpu(config.device) for config in configs):
        return None
    return START + pace * sum(_steps(config) + _epochs(config) for config in configs)


def runs_pace(made: Sequence[tuple[TrainConfig, float]]) -> float:
    """How many times longer than told earlier runs took in their steps, on this machine; 1 where there is none.

    Args:
        made: settings of finished runs on the CPU, each with the seconds of its steps.
    """
    return _pace([seconds / _steps(config) for config, seconds in made])


def phases_seconds(config: PhaseConfig, so_far: PhaseResult | None = None, pace: float = 1.0) -> float | None:
    """Seconds that a job takes for the cells of a map that are missing; None on a GPU, where nothing is known.

    Args:
        pace: how many times longer than told this machine takes, as `phases_pace` finds it.
    """
    if _on_gpu(config.train.device):
        return None
    share = 1.0 if so_far is None else 1.0 - float(so_far.there.mean())
    calls = 1.25 * len(parts_of(config))  # gradient descent is trained along with every fourth part
    return START + pace * share * (calls * ENSEMBLE + _training(config) + _measuring(config))


def phases_pace(results: list[PhaseResult]) -> float:
    """How many times longer than told earlier maps took to train, on this machine; 1 where there is none.

    What was cancelled soon says more of the first ensemble, which is compiled, than of the others.
    """
    told = [(made.seconds, _training(made.config) * float(made.there.mean())) for made in results]
    return _pace([seconds / expected for seconds, expected in told if expected >= TELLING])


def plane_seconds(
    config: PlaneConfig, train: TrainConfig, so_far: PlaneResult | None = None, pace: float = 1.0
) -> float | None:
    """Seconds that a job takes for the points of a plane that are missing; None on a GPU.

    Args:
        train: of the plane's first run. pace: as `plane_pace` finds it.
    """
    if _on_gpu(config.device):
        return None
    share = 1.0 if so_far is None else 1.0 - so_far.share_known
    return START + pace * (share * _points(config, train) + _directions(config, train))


def plane_pace(results: list[PlaneResult]) -> float:
    """How many times longer than told earlier planes took on this machine; 1 where there is none."""
    told = [(r.seconds, r.share_known * _points(r.config, r.train) + _directions(r.config, r.train)) for r in results]
    return _pace([seconds / expected for seconds, expected in told])


def _pace(ratios: list[float]) -> float:
    return min(max(median(ratios), 1 / MOST), MOST) if ratios else 1.0


def _on_gpu(device: str) -> bool:
    return device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())


def _taken(train: TrainConfig) -> tuple[int, int]:
    """Steps of a run, and of one of its epochs."""
    images = KINDS[train.data][2]
    per_epoch = max(min(train.train_size or images, images) // train.batch_size, 1)
    if train.gradient_budget is None:
        return train.epochs * per_epoch, per_epoch
    return int(train.gradient_budget // train.method.gradients_per_step), per_epoch


def _steps(config: TrainConfig) -> float:
    """Seconds of a single run's steps."""
    shape, classes, _ = KINDS[config.data]
    product = 3 * config.batch_size * flops_of(config.model, shape, classes) * PER_FLOP
    own = parameters_of(config.model, shape, classes) * PER_PARAMETER
    return _taken(config)[0] * config.method.gradients_per_step * (PER_CALL + product + own)


def _epochs(config: TrainConfig) -> float:
    """Seconds for what a single run measures and stores, and for its test images."""
    shape, classes, _ = KINDS[config.data]
    validation, test = HELD_OUT.get(config.data, (5_000, 10_000))
    per_image = flops_of(config.model, shape, classes) * PER_FLOP
    steps, per_epoch = _taken(config)
    epochs = math.ceil(steps / per_epoch) + 1
    probed = {"epoch": epochs, "final": 1}.get(config.diagnostics, 0)
    probe = (6 * LANCZOS + (SCANS if config.method.name == "rbo" else 0)) * PROBE * per_image + 4 * LANCZOS * PER_CALL
    return epochs * (EPOCH + (validation + max(validation, 1000)) * per_image) + probed * probe + test * per_image


def _training(config: PhaseConfig) -> float:
    """Seconds in the training loops of all networks and of gradient descent beside them."""
    train = config.train
    shape, classes, _ = KINDS[train.data]
    price = train.method.gradients_per_step
    steps, _ = _taken(train)
    networks = config.members + config.n_rates * config.seeds
    size = parameters_of(train.model, shape, classes)
    gradient = 3 * train.batch_size * flops_of(train.model, shape, classes) * PER_FLOP + size * PER_PARAMETER
    return networks * steps * price * gradient


def _measuring(config: PhaseConfig) -> float:
    """Seconds for the losses, accuracies and penetrations of all networks at their end."""
    shape, classes, _ = KINDS[config.train.data]
    validation, test = HELD_OUT.get(config.train.data, (5_000, 10_000))
    images = validation + 2 * test + 1000 + SCANS * PROBE
    return config.members * images * flops_of(config.train.model, shape, classes) * PER_FLOP


def _points(config: PlaneConfig, train: TrainConfig) -> float:
    shape, classes, images = KINDS[train.data]
    used = min(config.examples, train.train_size or images, images)
    return config.size**2 * used * flops_of(train.model, shape, classes) * PER_POINT_FLOP


def _directions(config: PlaneConfig, train: TrainConfig) -> float:
    """Seconds for the plane's directions: some sixty products with the Hessian, each about two gradients."""
    if config.kind != "hessian":
        return 0.5
    shape, classes, images = KINDS[train.data]
    used = min(config.examples, train.train_size or images, images)
    return 0.5 + 60 * 6 * used * flops_of(train.model, shape, classes) * PER_FLOP


@lru_cache(maxsize=32)
def flops_of(model: str, shape: tuple[int, int, int], classes: int) -> int:
    """Floating-point operations for one image on its way through a network's linear layers and convolutions."""
    found = 0

    def note(layer: nn.Module, given: object, out: torch.Tensor) -> None:
        nonlocal found
        places = out[0, 0].numel() if isinstance(layer, nn.Conv2d) else 1
        found += 2 * places * sum(p.numel() for p in layer.parameters())

    # Not on the meta device: torch loads a second of registrations for it.
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        network = build_model(model, shape, classes).eval()
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                layer.register_forward_hook(note)
        network(torch.zeros(1, *shape))
    return found
