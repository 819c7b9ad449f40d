"""Many networks as one batch: an objective over flat parameters (B, n), and the loop that steps all of them at once.

Every member sees the same minibatches in the same order, so members differ by their settings alone.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, replace_all_batch_norm_modules_, vmap
from torch.nn import functional as F

from rbo_core.torch import namespace

Progress = Callable[[int, int], object]


class Cancelled(Exception):  # noqa: N818  (it is no error: somebody pressed Cancel)
    """Raised when the progress callback asked to stop."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Training and validation examples on one device. labels are what the training sees; clean_labels are the truth."""

    inputs: Tensor
    labels: Tensor
    clean_labels: Tensor
    validation_inputs: Tensor
    validation_labels: Tensor


class Members:
    """B networks of one architecture, evaluated together: ``members(x (B, n)) -> loss (B,), gradient (B, n)``.

    Normalisation layers use the statistics of the examples at hand, in training and in evaluation, because running
    statistics belong to one network.
    """

    xp: Any = namespace

    def __init__(self, model: nn.Module, seed: int = 0) -> None:
        self.model = copy.deepcopy(model)
        replace_all_batch_norm_modules_(self.model)
        self.shapes = [(name, p.shape, p.numel()) for name, p in self.model.named_parameters()]
        self._generator = torch.Generator().manual_seed(seed)
        self._gradients = vmap(grad_and_value(self._loss), in_dims=(0, None, None))
        self._forward = vmap(self.logits, in_dims=(0, None))
        self.inputs: Tensor | None = None
        self.targets: Tensor | None = None

    def see(self, inputs: Tensor, targets: Tensor) -> None:
        """The minibatch of the next evaluations: inputs (P, ...), targets (P,)."""
        self.inputs, self.targets = inputs, targets

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        g, f = self._gradients(x, self.inputs, self.targets)
        return f, g

    def normal(self, like: Tensor) -> Tensor:
        """Standard normal draws of the shape of ``like``."""
        return torch.randn(like.shape, generator=self._generator, dtype=like.dtype).to(like.device)

    def logits(self, flat: Tensor, inputs: Tensor) -> Tensor:
        """(P, classes) answers of the network with parameters ``flat (n,)``."""
        parameters, start = {}, 0
        for name, shape, count in self.shapes:
            parameters[name] = flat[start : start + count].view(shape)
            start += count
        answer: Tensor = functional_call(self.model, parameters, (inputs,))
        return answer

    def score(self, x: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss (B,) and accuracy (B,) of every member on the given examples."""
        with torch.no_grad():
            logits = self._forward(x, inputs)
            wanted = targets.expand(len(x), -1)
            loss = -F.log_softmax(logits, dim=-1).gather(2, wanted[..., None]).mean(dim=(1, 2))
            return loss, (logits.argmax(dim=-1) == wanted).double().mean(dim=1)

    def _loss(self, flat: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(flat, inputs), targets)


def train_members(
    members: Members,
    method: Any,
    start: Tensor,
    data: Examples,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    schedule: str = "constant",
    each: Callable[[int, int, Any], object] | None = None,
) -> Tensor:
    """Step all members through the same minibatches.

    Args:
        method: a frozen settings object of ``rbo_core``; its numbers may be tensors (B,).
        start: (B, n) first parameters.
        schedule: "constant", or "cosine" to take the learning rate to zero over the run.
        each: called with (steps done, steps, state) before the first step and after every step; true cancels.

    Returns:
        (B, n) the last parameters.
    """
    if schedule not in ("constant", "cosine"):
        raise ValueError(f"schedule must be constant or cosine, got {schedule!r}")
    generator = torch.Generator().manual_seed(seed)
    count = len(data.inputs)
    total = epochs * math.ceil(count / batch_size)
    state = method.init(members, start.clone())
    done = 0
    if each is not None and each(0, total, state):
        raise Cancelled
    with torch.no_grad():
        for _ in range(epochs):
            order = torch.randperm(count, generator=generator).to(data.inputs.device)
            for index in order.split(batch_size):
                members.see(data.inputs[index], data.labels[index])
                now = method
                if schedule == "cosine":
                    factor = 0.5 * (1.0 + math.cos(math.pi * done / total))
                    now = replace(method, learning_rate=method.learning_rate * factor)
                state = now.step(members, state)[0]
                done += 1
                if each is not None and each(done, total, state):
                    raise Cancelled
    final: Tensor = state.x
    return final


def penetration(
    members: Members, x: Tensor, radius: Tensor, loss_scale: float, inputs: Tensor, targets: Tensor, samples: int = 12
) -> Tensor:
    """(B,) how far each ball has sunk into the graph, as a share of its radius, along the line of steepest descent.

    With the contact p = (θ, λf) and the centre c = p + ρν, the distance from c to the graph is searched on the line
    θ − tg/|g| under the centre, t in (0, 2ρ]: a lower bound of (ρ − d(c, Γ))/ρ over all of Γ, 0 when nothing there
    enters the ball.
    """
    with torch.no_grad():
        members.see(inputs, targets)
        f, g = members(x)
        f, g = loss_scale * f, loss_scale * g
        norm = torch.sqrt(1.0 + (g * g).sum(dim=1))
        slope = torch.linalg.vector_norm(g, dim=1)
        unit = g / (slope[:, None] + 1e-30)
        across, up = radius * slope / norm, f + radius / norm
        nearest = radius.clone()
        for t in torch.linspace(-1.0, 1.0, samples).tolist():
            move = across + t * radius
            height = loss_scale * members.score(x - move[:, None] * unit, inputs, targets)[0]
            distance = torch.sqrt((move - across) ** 2 + (height - up) ** 2)
            nearest = torch.minimum(nearest, distance.to(nearest))
        return ((radius - nearest) / radius).clamp(min=0.0)


def digits(label_noise: float = 0.0, seed: int = 0, device: str = "cpu") -> Examples:
    """scikit-learn's 8 × 8 digits: 1,000 to train on, 297 to validate on; a share of the training labels is redrawn.

    Raises:
        ValueError: for a label noise outside 0 to 1.
    """
    from sklearn.datasets import load_digits

    if not 0 <= label_noise <= 1:
        raise ValueError(f"label_noise must lie between 0 and 1, got {label_noise}")
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1797))
    x = (torch.as_tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16.0)[order]
    y = torch.as_tensor(labels, dtype=torch.int64)[order]
    x = (x - x[:1000].mean()) / x[:1000].std()
    generator = torch.Generator().manual_seed(seed)
    clean = y[:1000]
    noisy = torch.where(
        torch.rand(1000, generator=generator) < label_noise, torch.randint(0, 10, (1000,), generator=generator), clean
    )
    parts = (x[:1000], noisy, clean, x[1000:1297], y[1000:1297])
    return Examples(*(part.to(device) for part in parts))
