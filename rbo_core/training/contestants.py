"""Who takes part in a contest: methods, what is fixed of them, and the boxes in which they are tuned; and the paper's
own results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Box = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Contestant:
    """A method, what is fixed of it, and the box (low, high) of each setting that is tuned."""

    label: str
    method: str
    fixed: Mapping[str, Any]
    box: Box


_DECAY = (1e-5, 5e-2)
_RADIUS = (5e-3, 2.0)
_PLAIN, _HEAVY = (2e-2, 2.0), (3e-3, 0.5)

CONTESTANTS: dict[str, Contestant] = {
    "sgd": Contestant("SGD", "sgd", {}, {"lr": _PLAIN, "weight_decay": _DECAY}),
    "momentum": Contestant("SGD + momentum 0.9", "momentum", {}, {"lr": _HEAVY, "weight_decay": _DECAY}),
    "adam": Contestant("Adam", "adam", {}, {"lr": (1e-4, 2e-2), "weight_decay": _DECAY}),
    "adamw": Contestant("AdamW", "adamw", {}, {"lr": (1e-4, 2e-2), "weight_decay": (1e-3, 3.0)}),
    "sam": Contestant("SAM", "sam", {}, {"lr": _PLAIN, "radius": (1e-2, 1.0), "weight_decay": _DECAY}),
    "sam_momentum": Contestant(
        "SAM + momentum 0.9", "sam", {"momentum": 0.9}, {"lr": _HEAVY, "radius": (1e-2, 1.0), "weight_decay": _DECAY}
    ),
    "looksam": Contestant(
        "LookSAM + momentum 0.9, every 5th step",
        "looksam",
        {"momentum": 0.9, "interval": 5},
        {"lr": _HEAVY, "radius": (1e-2, 1.0), "weight_decay": _DECAY},
    ),
    "entropy_sgd": Contestant(
        "Entropy-SGD, L = 5", "entropy_sgd", {}, {"lr": (0.3, 2.0), "langevin_lr": (2e-2, 1.0), "weight_decay": _DECAY}
    ),
    "rbo": Contestant("RBO Newton, K = 2", "rbo", {}, {"lr": _PLAIN, "radius": _RADIUS, "weight_decay": _DECAY}),
    "rbo_published": Contestant(
        "RBO as published, K = 20, γ = 0.01",
        "rbo",
        {"projection": "gradient", "n_projection_steps": 20, "projection_step_size": 0.01},
        {"lr": (0.5, 20.0), "radius": (5e-2, 10.0), "weight_decay": _DECAY},
    ),
    "rbo_step": Contestant(
        "RBO, momentum of the rolled step, λ = 5, trust 2",
        "rbo",
        {"momentum": 0.9, "momentum_on": "step", "loss_scale": 5.0, "trust": 2.0},
        {"lr": (1e-3, 0.2), "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_tangent": Contestant(
        "RBO, momentum in the tangent plane",
        "rbo",
        {"momentum": 0.9, "momentum_on": "tangent"},
        {"lr": _HEAVY, "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_interval": Contestant(
        "RBO, second gradient every 5th step, momentum of the rolled step",
        "rbo",
        {"momentum": 0.9, "momentum_on": "step", "loss_scale": 5.0, "trust": 2.0, "interval": 5},
        {"lr": (1e-3, 0.2), "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_layers": Contestant(
        "RBO Newton, K = 2, an ellipsoid by layers",
        "rbo",
        {"scaled_by": "layers"},
        {"lr": _PLAIN, "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "rbo_filters": Contestant(
        "RBO Newton, K = 2, an ellipsoid by filters",
        "rbo",
        {"scaled_by": "filters"},
        {"lr": _PLAIN, "radius": _RADIUS, "weight_decay": _DECAY},
    ),
    "sam_filters": Contestant(
        "SAM + momentum 0.9, scaled by filters",
        "sam",
        {"momentum": 0.9, "scaled_by": "filters"},
        {"lr": _HEAVY, "radius": (1e-2, 1.0), "weight_decay": _DECAY},
    ),
    "momentum_filters": Contestant(
        "SGD + momentum 0.9, scaled by filters",
        "momentum",
        {"scaled_by": "filters"},
        {"lr": _HEAVY, "weight_decay": _DECAY},
    ),
}

PAPER: dict[tuple[str, str], dict[str, float]] = {
    ("mnist", "mlp"): {"sgd": 91.77, "entropy_sgd": 95.22, "sam": 97.22, "rbo_published": 97.51},
    ("mnist", "resnet6"): {"sgd": 97.59, "entropy_sgd": 98.18, "sam": 99.11, "rbo_published": 99.07},
    ("mnist", "vgg9"): {"sgd": 98.78, "entropy_sgd": 98.57, "sam": 99.39, "rbo_published": 99.27},
    ("cifar10", "resnet8"): {"sgd": 56.54, "entropy_sgd": 59.16, "sam": 69.09, "rbo_published": 71.58},
    ("cifar10", "vgg9"): {"sgd": 66.04, "entropy_sgd": 65.46, "sam": 77.81, "rbo_published": 81.87},
    ("cifar100", "resnet8"): {"sgd": 19.28, "entropy_sgd": 28.33, "sam": 36.26, "rbo_published": 37.11},
    ("cifar100", "vgg9"): {"sgd": 29.37, "entropy_sgd": 28.98, "sam": 47.17, "rbo_published": 50.07},
}
"""Test accuracy (%) in Table 1 of arXiv 2505.19527: ten epochs, untuned."""
