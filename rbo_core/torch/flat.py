"""One flat buffer that holds all parameters; the parameters become views of it.

A step of an optimizer is then a handful of vector operations whatever the number of layers. Each parameter keeps a
storage object of its own over its part of the buffer, so that ``torch.save`` of one layer writes that layer alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils import dlpack

WHOLE = 0.75
"""Parameters that fill at least this part of a storage they share move with it as one block, gaps included."""


class Segment(NamedTuple):
    """Where a parameter lives: ``flat[start:stop]``, in the order of its own memory.

    order: axes from the largest stride to the smallest, or None where that is the order of the axes.
    address: data pointer the parameter has while it is a view of the buffer.
    view: the tensor that is then its data.
    """

    parameter: Tensor
    start: int
    stop: int
    order: tuple[int, ...] | None
    address: int
    view: Tensor


class Block(NamedTuple):
    """Parameters that must stay together: ``length`` elements, (parameter, offset, order) each.

    cuDNN's recurrent layers read all their weights as one array in an order of its own.
    """

    length: int
    members: list[tuple[Tensor, int, tuple[int, ...] | None]]


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
        check_parameters(unique)
        _check_overlap(unique)
        blocks = _blocks(unique)
        first = unique[0]
        self.data: Tensor = first.new_zeros(sum(block.length for block in blocks))
        segments, start = [], 0
        for block in blocks:
            # Its own storage object over this part of the buffer, which it keeps alive.
            own = _alias(self.data[start : start + block.length])
            for p, offset, order in block.members:
                stop = offset + p.numel()
                own[offset:stop] = _flatten(p.detach(), order)
                view = _view(own[offset:stop], p.shape, order)
                p.data = view
                segments.append(Segment(p, start + offset, start + stop, order, p.data_ptr(), view))
            start += block.length
        self.segments: tuple[Segment, ...] = tuple(segments)
        self._gaps = _gaps(self.segments, start)
        # Asked at every evaluation, hence apart.
        self._plain = all(s.order is None for s in segments)
        self._parameters = [s.parameter for s in segments]
        self._addresses = [s.address for s in segments]
        self._device, self._dtype = first.device, first.dtype

    def is_current(self) -> bool:
        """False once somebody replaced a parameter's storage, as ``module.to(device)`` does."""
        return [p.data_ptr() for p in self._parameters] == self._addresses

    def adopt(self) -> None:
        """Take in the values of parameters that were given another storage, ``p.data = …``, and make them views again.

        Raises:
            ValueError: a new storage has another shape, type or device.
        """
        for s in self.segments:
            p = s.parameter
            if p.data_ptr() == s.address:
                continue
            if p.shape != s.view.shape or p.dtype != self._dtype or p.device != self._device:
                raise ValueError(
                    f"a parameter of shape {tuple(s.view.shape)}, {self._dtype} on {self._device} became one of shape "
                    f"{tuple(p.shape)}, {p.dtype} on {p.device} within a step; change parameters between steps"
                )
            s.view.copy_(p.detach())
            p.data = s.view

    def reclaim(self) -> None:
        """Make parameters views of the buffer again and forget what other storage they were given."""
        for s in self.segments:
            if s.parameter.data_ptr() != s.address:
                s.parameter.data = s.view

    def clear_gradients(self) -> None:
        """Forget all gradients."""
        for p in self._parameters:
            p.grad = None

    def take_gradients(self, loss: Tensor | None = None, out: Tensor | None = None) -> tuple[Tensor, list[int]]:
        """All gradients as one tensor ``(n,)``, zero where a parameter has none; clears them.

        Args:
            out: (n + 1,) where the gradient is wanted, and ``loss ()`` behind it; None for a new tensor.

        Returns:
            the gradient, and the indices of the segments that have none.

        Raises:
            ValueError: when no parameter has a gradient, or one is sparse.
        """
        gradients = [p.grad for p in self._parameters]
        missing = [k for k, gradient in enumerate(gradients) if gradient is None]
        if len(missing) == len(gradients):
            raise ValueError("the closure left no gradient; call loss.backward() in it before it returns the loss")
        if any([g.layout is not torch.strided for g in gradients if g is not None]):  # noqa: C419, a list is faster
            raise ValueError("gradients must be dense, got a sparse one; use sparse=False in the embedding")
        if self._plain and not missing:
            pieces = [g if g.dim() == 1 else g.flatten() for g in gradients if g is not None]
        else:
            pieces = [
                self.data.new_zeros(s.stop - s.start) if g is None else _flatten(g, s.order)
                for s, g in zip(self.segments, gradients, strict=True)
            ]
        self.clear_gradients()
        if out is None or loss is None:
            return self._joined(pieces), missing
        return self._joined(pieces, loss, out)[:-1], missing

    def split(self, vector: Tensor) -> list[Tensor]:
        """Views of ``vector (n,)`` shaped like the parameters, in the order of the segments."""
        return [_view(vector[s.start : s.stop], s.parameter.shape, s.order) for s in self.segments]

    def join(self, tensors: Sequence[Tensor | None]) -> Tensor:
        """Tensors shaped like the parameters as one new vector (n,); None counts as zero."""
        pieces = [
            self.data.new_zeros(s.stop - s.start) if t is None else _flatten(t.to(self._device, self._dtype), s.order)
            for s, t in zip(self.segments, tensors, strict=True)
        ]
        return self._joined(pieces)

    def _joined(self, pieces: list[Tensor], last: Tensor | None = None, out: Tensor | None = None) -> Tensor:
        for index, length in self._gaps:
            pieces.insert(index, self.data.new_zeros(length))
        if last is not None:
            pieces.append(last.reshape(1))
        return torch.cat(pieces) if out is None else torch.cat(pieces, out=out)


def check_parameters(parameters: Sequence[Tensor]) -> None:
    """Raise ``ValueError`` for parameters that one buffer cannot hold; the message names the remedy."""
    if not parameters:
        raise ValueError("there is no parameter to optimize; unfreeze at least one (requires_grad=True)")
    first = parameters[0]
    for p in parameters:
        if hasattr(p, "full_tensor"):
            raise ValueError("sharded parameters (DTensor, FSDP) are not supported; use DistributedDataParallel")
        if p.is_complex():
            raise ValueError(
                f"parameters must be real, got {p.dtype}; keep torch.view_as_real(z) as the parameter and take "
                "torch.view_as_complex of it in the forward pass"
            )
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


def _blocks(parameters: Sequence[Tensor]) -> list[Block]:
    """Parameters that fill a storage together as one block, every other parameter as one of its own."""
    together: dict[int, list[Tensor]] = {}
    for p in parameters:
        together.setdefault(p.untyped_storage().data_ptr() if p.numel() else id(p), []).append(p)
    blocks = []
    for group in together.values():
        length = group[0].untyped_storage().nbytes() // group[0].element_size()
        filled = sum(p.numel() for p in group)
        if _read_as_one(group) and filled >= WHOLE * length and all(p.is_contiguous() for p in group):
            inside = sorted(group, key=lambda p: p.storage_offset())
            blocks.append(Block(length, [(p, int(p.storage_offset()), None) for p in inside]))
        else:
            blocks.extend(Block(p.numel(), [(p, 0, _memory_order(p))]) for p in group)
    return blocks


def _read_as_one(group: Sequence[Tensor]) -> bool:
    """Whether a library may read the parameters of one storage as one array: cuDNN does, nothing on a CPU does."""
    return len(group) > 1 and group[0].is_cuda


def _gaps(segments: Sequence[Segment], end: int) -> list[tuple[int, int]]:
    """(index to insert at, length) of the parts of the buffer that belong to no parameter."""
    gaps: list[tuple[int, int]] = []
    before = 0
    for k, s in enumerate(segments):
        if s.start > before:
            gaps.append((k + len(gaps), s.start - before))
        before = s.stop
    if end > before:
        gaps.append((len(segments) + len(gaps), end - before))
    return gaps


def _alias(piece: Tensor) -> Tensor:
    """The same memory under a storage object that begins and ends with it."""
    return dlpack.from_dlpack(dlpack.to_dlpack(piece)) if piece.numel() else piece


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
