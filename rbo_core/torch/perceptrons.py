"""Perceptrons trained at once on a CPU: forward and backward pass written out as batched matrix products.

``vmap`` and autograd make a dozen new arrays of all members' parameters and activations for every gradient; here the
products write where their results belong, and what is left is close to the time of the products themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rbo_core.torch.ensemble import EnsembleObjective


class Layer(NamedTuple):
    """Where a linear layer lies in a member's parameters: weight (outputs, inputs), and bias (outputs,) or None."""

    outputs: int
    inputs: int
    weight: slice
    bias: slice | None

    def of(self, x: Tensor) -> Part:
        """The layer's part of ``x (B, n)``."""
        weight = x[:, self.weight].unflatten(1, (self.outputs, self.inputs))
        return Part(weight, weight.transpose(1, 2), None if self.bias is None else x[:, self.bias])


class Part(NamedTuple):
    """Views of one layer's parameters: weight (B, outputs, inputs), across (B, inputs, outputs), bias (B, outputs)."""

    weight: Tensor
    across: Tensor
    bias: Tensor | None


class PerceptronObjective(EnsembleObjective):
    """As :class:`EnsembleObjective`, for networks that :func:`linear_layers` knows."""

    def __init__(self, model: nn.Module, *args: Any, **options: Any) -> None:
        super().__init__(model, *args, **options)
        found = linear_layers(model)
        if found is None:
            raise ValueError("a perceptron is linear layers with ReLU between them; use EnsembleObjective")
        self._layers = found
        self._room: dict[int, Tensor] = {}
        # Most steps move the parameters in place, so that their views need not be made anew.
        self._viewed: tuple[Tensor | None, list[Part]] = None, []

    def _differentiated(self, x: Tensor) -> tuple[Tensor, Tensor]:
        parts, gradient = self._parts(x), torch.empty_like(x)
        last = len(parts) - 1
        inputs = [self._x.flatten(2)]
        for k in range(last):
            room = self._array(k, (x.shape[0], inputs[k].shape[1], self._layers[k].outputs), x)
            inputs.append(_applied(parts[k], inputs[k], room).relu_())
        out = self._array(last, (x.shape[0], self._layers[last].outputs, inputs[last].shape[1]), x)
        loss, slope = _cross_entropy(_across(parts[last], inputs[last], out), self._y)
        for k in range(last, -1, -1):
            own = self._layers[k].of(gradient)
            torch.bmm(slope, inputs[k], out=own.weight)
            if own.bias is not None:
                torch.sum(slope, dim=2, out=own.bias)
            if k > 0:
                before = self._array(-k, tuple(inputs[k].shape), x)
                torch.bmm(slope.transpose(1, 2), parts[k].weight, out=before)
                torch.ops.aten.threshold_backward.grad_input(before, inputs[k], 0, grad_input=before)
                slope = before.transpose(1, 2)
        return loss, gradient

    def _parts(self, x: Tensor) -> list[Part]:
        if self._viewed[0] is not x:
            self._viewed = x, [layer.of(x) for layer in self._layers]
        return self._viewed[1]

    def _outputs(self, x: Tensor, images: Tensor) -> Tensor:
        *hidden, last = self._parts(x)
        out = images.flatten(1).expand(len(x), -1, -1)
        for part in hidden:
            out = _applied(part, out).relu_()
        return _across(last, out).transpose(1, 2)

    def _array(self, use: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """An array of this use, kept from step to step."""
        found = self._room.get(use)
        if found is None or found.shape != shape:
            found = self._room[use] = like.new_empty(shape)
        return found


def _applied(part: Part, inputs: Tensor, out: Tensor | None = None) -> Tensor:
    """(B, m, outputs) of ``inputs (B, m, inputs)``."""
    if part.bias is None:
        return torch.bmm(inputs, part.across, out=out)
    return torch.baddbmm(part.bias[:, None], inputs, part.across, out=out)


def _across(part: Part, inputs: Tensor, out: Tensor | None = None) -> Tensor:
    """As :func:`_applied`, (B, outputs, m): a softmax over a row of ten numbers takes fifteen times as long."""
    if part.bias is None:
        return torch.bmm(part.weight, inputs.transpose(1, 2), out=out)
    return torch.baddbmm(part.bias[:, :, None], part.weight, inputs.transpose(1, 2), out=out)


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
    """Mean loss (B,) of ``out (B, classes, m)`` and its slope there, (B, classes, m)."""
    index = labels[:, None]
    logs = torch.log_softmax(out, dim=1)
    loss = logs.gather(1, index)[:, 0].mean(dim=1).neg_()
    share = 1 / out.shape[2]
    slope = logs.exp_().mul_(share)
    return loss, slope.scatter_add_(1, index, slope.new_full((), -share).expand(index.shape))
