"""One flat buffer that holds all parameters; the parameters become views of it.

A step of an optimizer is then a handful of vector operations whatever the number of layers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Segment(NamedTuple):
    """Where a parameter lives: ``flat[start:stop]``, in the order of its own memory.

    order: axes from the largest stride to the smallest, or None where that is the order of the axes.
    address: data pointer the parameter has while it is a view of the buffer.
    """

    parameter: Tensor
    start: int
    stop: int
    order: tuple[int, ...] | None
    address: int


class FlatParameters:
    """Parameters as views of one contiguous buffer ``data (n,)``.

    Memory formats such as channels_last are kept. A parameter shared by several layers is stored once.

    Args:
        parameters: floating-point parameters of one device and one dtype (float32 or float64).

    Raises:
        ValueError: for parameters that one buffer cannot hold; the message names the remedy.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        unique = list({id(p): p for p in parameters}.values())
        _check(unique)
        orders = [_memory_order(p) for p in unique]
        first = unique[0]
        self.data: Tensor = torch.cat([_flatten(p.detach(), order) for p, order in zip(unique, orders, strict=True)])
        segments, start = [], 0
        for p, order in zip(unique, orders, strict=True):
            stop = start + p.numel()
            p.data = _view(self.data[start:stop], p.shape, order)
            segments.append(Segment(p, start, stop, order, p.data_ptr()))
            start = stop
        self.segments: tuple[Segment, ...] = tuple(segments)
        self._contiguous = all(order is None for order in orders)
        self._device, self._dtype = first.device, first.dtype

    def is_current(self) -> bool:
        """False once somebody replaced a parameter's storage, as ``module.to(device)`` does."""
        return all(s.parameter.data_ptr() == s.address for s in self.segments)

    def clear_gradients(self) -> None:
        """Forget all gradients."""
        for s in self.segments:
            s.parameter.grad = None

    def take_gradients(self) -> Tensor:
        """All gradients as one new tensor ``(n,)``, zero where a parameter has none; clears them.

        Raises:
            ValueError: when no parameter has a gradient, or one is sparse.
        """
        pieces = []
        found = False
        for s in self.segments:
            gradient = s.parameter.grad
            if gradient is None:
                pieces.append(self.data.new_zeros(s.stop - s.start))
                continue
            if gradient.is_sparse:
                raise ValueError("gradients must be dense, got a sparse one; use sparse=False in the embedding")
            found = True
            pieces.append(_flatten(gradient, s.order))
            s.parameter.grad = None
        if not found:
            raise ValueError("the closure left no gradient; call loss.backward() in it before it returns the loss")
        return torch.cat(pieces)

    def split(self, vector: Tensor) -> list[Tensor]:
        """Views of ``vector (n,)`` shaped like the parameters, in their order."""
        return [_view(vector[s.start : s.stop], s.parameter.shape, s.order) for s in self.segments]

    def join(self, tensors: Sequence[Tensor | None]) -> Tensor:
        """Tensors shaped like the parameters as one new vector (n,); None counts as zero."""
        pieces = [
            self.data.new_zeros(s.stop - s.start) if t is None else _flatten(t.to(self._device, self._dtype), s.order)
            for s, t in zip(self.segments, tensors, strict=True)
        ]
        return torch.cat(pieces)


def _memory_order(p: Tensor) -> tuple[int, ...] | None:
    if p.is_contiguous():
        return None
    order = tuple(sorted(range(p.dim()), key=lambda i: (-p.stride()[i], i)))
    return None if order == tuple(range(p.dim())) else order


def _flatten(t: Tensor, order: tuple[int, ...] | None) -> Tensor:
    return t.flatten() if order is None else t.permute(order).flatten()


def _view(piece: Tensor, shape: torch.Size, order: tuple[int, ...] | None) -> Tensor:
    if order is None:
        return piece.view(shape)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return piece.view([shape[i] for i in order]).permute(inverse)


def _check(parameters: Sequence[Tensor]) -> None:
    if not parameters:
        raise ValueError("there is no parameter to optimize; unfreeze at least one (requires_grad=True)")
    first = parameters[0]
    for p in parameters:
        if hasattr(p, "full_tensor"):
            raise ValueError("sharded parameters (DTensor, FSDP) are not supported; use DistributedDataParallel")
        if p.dtype not in (torch.float32, torch.float64):
            raise ValueError(
                f"parameters must be float32 or float64, got {p.dtype}; "
                "keep them in float32 and run the forward pass under torch.autocast(dtype=torch.bfloat16)"
            )
        if p.dtype != first.dtype or p.device != first.device:
            raise ValueError(
                "all parameters must have one dtype and one device, got "
                f"{first.dtype} on {first.device} and {p.dtype} on {p.device}; move the model with module.to(...)"
            )
    _check_overlap(parameters)


def _reach(p: Tensor) -> int:
    """Elements from the first to the last in memory."""
    return 1 + sum((n - 1) * s for n, s in zip(p.shape, p.stride(), strict=True))


def _check_overlap(parameters: Sequence[Tensor]) -> None:
    """Different parameters on the same memory would come apart in the flat buffer."""
    spans = sorted((p.data_ptr(), p.data_ptr() + p.element_size() * _reach(p)) for p in parameters if p.numel() > 0)
    for (_, end), (begin, _) in itertools.pairwise(spans):
        if begin < end:
            raise ValueError(
                "two different parameters share memory; tie weights by using one Parameter object in both places"
            )
