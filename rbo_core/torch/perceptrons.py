"""Perceptrons trained at once on a CPU: forward and backward pass in one compiled loop over the members.

``vmap`` and autograd make a dozen new arrays of all members' parameters and activations for every gradient; here a
member's activations stay in the cache, and what is left is close to the time of its matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rbo_core.torch import perceptron_kernel as kernel
from rbo_core.torch.ensemble import EnsembleObjective

AT_ONCE = 200
"""Images whose activations fit the cache."""


class Layer(NamedTuple):
    """A linear layer: outputs, inputs, and where weight (outputs, inputs) and bias (outputs,) begin among a member's
    parameters; bias −1 for none."""

    outputs: int
    inputs: int
    weight: int
    bias: int


class PerceptronObjective(EnsembleObjective):
    """As :class:`EnsembleObjective`, for networks that :func:`linear_layers` knows."""

    def __init__(self, model: nn.Module, *args: Any, **options: Any) -> None:
        super().__init__(model, *args, **options)
        found = linear_layers(model)
        if found is None:
            raise ValueError("a perceptron is linear layers with ReLU between them; use EnsembleObjective")
        self._layers = np.array(found)
        self._room: dict[int, Tensor] = {}

    def _differentiated(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x, labels, count = self._whole(x), self._y.contiguous(), self._y.shape[1]
        images = self._x.reshape(len(x), count * int(self._layers[0, 1])).contiguous()
        loss, gradient = x.new_empty(len(x)), torch.empty_like(x)
        read = x.numpy(), images.numpy(), labels.numpy()
        room = self._room_for(count, x)
        kernel.gradients(*read, self._layers, room.numpy(), loss.numpy(), gradient.numpy())
        return loss, gradient

    def _outputs(self, x: Tensor, images: Tensor) -> Tensor:
        x, images = self._whole(x), images.reshape(len(images), int(self._layers[0, 1])).contiguous()
        out = x.new_empty(len(x), len(images), int(self._layers[-1, 0]))
        room = self._room_for(AT_ONCE, x)
        kernel.outputs(x.numpy(), images.numpy(), self._layers, AT_ONCE, room.numpy(), out.numpy())
        return out

    def _whole(self, x: Tensor) -> Tensor:
        """x in one piece: the compiled loop does not look where it ends."""
        if x.shape[1] != self.size:
            raise ValueError(f"x must have the network's {self.size} parameters, got {x.shape[1]}")
        return x.contiguous()

    def _room_for(self, images: int, like: Tensor) -> Tensor:
        """Scratch memory for so many images, kept from step to step."""
        found = self._room.get(images)
        if found is None or found.dtype != like.dtype:
            found = self._room[images] = like.new_empty(kernel.room_for(self._layers, images))
        return found


def objective_of(
    model: nn.Module, seeds: list[int] | None = None, decay: Tensor | None = None, scaled_by: str = "none"
) -> EnsembleObjective:
    """The objective of copies of ``model``, which is on its device: on a CPU a perceptron's own."""
    on_cpu = all(p.device.type == "cpu" for p in model.parameters())
    made = PerceptronObjective if on_cpu and linear_layers(model) is not None else EnsembleObjective
    return made(model, seeds, decay, scaled_by)


def linear_layers(model: nn.Module) -> list[Layer] | None:
    """The layers of a network that is linear layers with ReLU between them, after ``Flatten``; None for any other."""
    if type(model).forward is not nn.Sequential.forward:
        return None
    parts = list(model.children())
    if parts and isinstance(parts[0], nn.Flatten):
        parts = parts[1:]
    linear, between = parts[0::2], parts[1::2]
    alternate = all(type(part) is nn.Linear for part in linear) and all(type(part) is nn.ReLU for part in between)
    if len(parts) % 2 == 0 or not alternate or len(set(map(id, linear))) < len(linear):
        return None
    return _placed([part for part in linear if isinstance(part, nn.Linear)])


def _placed(linear: Sequence[nn.Linear]) -> list[Layer]:
    """In the order of ``parameters()``: each layer's weight, then its bias."""
    layers, start = [], 0
    for part in linear:
        middle = start + part.weight.numel()
        layers.append(Layer(part.out_features, part.in_features, start, -1 if part.bias is None else middle))
        start = middle if part.bias is None else middle + part.out_features
    return layers
