"""Perceptrons trained at once on a CPU: forward and backward pass written out as batched matrix products.

``vmap`` and autograd make a dozen new arrays of all members' parameters and activations for every gradient; here the
products write where their results belong, and what is left is close to the time of the products themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbo_core.torch.ensemble import EnsembleObjective


class Layer(NamedTuple):
    """Where a linear layer lies in a member's parameters: weight (outputs, inputs), and bias (outputs,) or None."""

    outputs: int
    inputs: int
    weight: slice
    bias: slice | None

    def weights(self, x: Tensor) -> Tensor:
        """(B, outputs, inputs) view of ``x (B, n)``."""
        return x[:, self.weight].unflatten(1, (self.outputs, self.inputs))


class PerceptronObjective(EnsembleObjective):
    """As :class:`EnsembleObjective`, for networks that :func:`linear_layers` knows."""

    def __init__(
        self,
        model: nn.Module,
        seeds: list[int] | None = None,
        decay: Tensor | None = None,
        scaled_by: str = "none",
    ) -> None:
        super().__init__(model, seeds, decay, scaled_by)
        found = linear_layers(model)
        if found is None:
            raise ValueError("a perceptron is linear layers with ReLU between them; use EnsembleObjective")
        self._layers = found
        self._room: dict[tuple[int, int, int], Tensor] = {}

    def _differentiated(self, x: Tensor) -> tuple[Tensor, Tensor]:
        layers, gradient = self._layers, torch.empty_like(x)
        inputs = [self._x.flatten(2)]
        for k, layer in enumerate(layers):
            inputs.append(self._applied(layer, x, inputs[k], self._array(k, inputs[k], layer.outputs)))
            if k < len(layers) - 1:
                inputs[-1].relu_()
        loss, slope = _cross_entropy(inputs.pop(), self._y)
        for k in reversed(range(len(layers))):
            layer = layers[k]
            torch.bmm(slope.transpose(1, 2), inputs[k], out=layer.weights(gradient))
            if layer.bias is not None:
                torch.sum(slope, dim=1, out=gradient[:, layer.bias])
            if k > 0:
                before = self._array(-k, slope, layer.inputs)
                torch.bmm(slope, layer.weights(x), out=before)
                slope = torch.ops.aten.threshold_backward.grad_input(before, inputs[k], 0, grad_input=before)
        return loss, gradient

    def _outputs(self, x: Tensor, images: Tensor) -> Tensor:
        out = images.flatten(1).expand(len(x), -1, -1)
        for k, layer in enumerate(self._layers):
            out = self._applied(layer, x, out, None)
            if k < len(self._layers) - 1:
                out.relu_()
        return out

    @staticmethod
    def _applied(layer: Layer, x: Tensor, inputs: Tensor, out: Tensor | None) -> Tensor:
        weights = layer.weights(x).transpose(1, 2)
        if layer.bias is None:
            return torch.bmm(inputs, weights, out=out)
        return torch.baddbmm(x[:, None, layer.bias], inputs, weights, out=out)

    def _array(self, use: int, like: Tensor, width: int) -> Tensor:
        """(B, m, width) of this use, kept from step to step."""
        members, images, _ = like.shape
        key = (use, images, width)
        found = self._room.get(key)
        if found is None:
            found = self._room[key] = like.new_empty(members, images, width)
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
        stop = middle if part.bias is None else middle + part.out_features
        bias = None if part.bias is None else slice(middle, stop)
        layers.append(Layer(part.out_features, part.in_features, slice(start, middle), bias))
        start = stop
    return layers


def _cross_entropy(out: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean loss (B,) of ``out (B, m, classes)`` and its slope there, (B, m, classes)."""
    index = labels[:, :, None]
    logs = torch.log_softmax(out, dim=2)
    loss = logs.gather(2, index)[:, :, 0].mean(dim=1).neg_()
    share = 1 / out.shape[1]
    slope = logs.exp_().mul_(share)
    return loss, slope.scatter_add_(2, index, slope.new_full((), -share).expand(index.shape))
