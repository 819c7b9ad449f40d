"""The global random streams a closure may draw from: torch's, Python's and NumPy's.

Every evaluation of a step has to see the same function: the same dropout masks and augmentations. The streams are
looked at twice a step, so what costs twenty microseconds (NumPy's whole state) is asked for only where a look of half a
microsecond says that it changed.
"""

from __future__ import annotations

import ctypes
import random
from array import array
from typing import Any, Protocol

import numpy as np
import torch

TWISTER = 624 * 4 + 4
"""Bytes of a Mersenne Twister: its words and its position."""


class Stream(Protocol):
    """A random stream: ``mark`` says where it stands, ``same`` compares two marks, ``put`` goes to one."""

    def mark(self) -> Any: ...

    def same(self, a: Any, b: Any) -> bool: ...

    def put(self, mark: Any) -> None: ...


class RandomStreams:
    """Replays the global random streams within a step.

    Args:
        device: the parameters' device; a GPU's stream is replayed with the CPU's.
    """

    def __init__(self, device: torch.device) -> None:
        self._streams: list[Stream] = [_Torch(), _Python(), _Numpy()]
        if device.type == "cuda":
            self._streams.append(_Cuda(device))
        self._before: list[Any] = []
        self._moved: list[tuple[Stream, Any, Any]] = []

    def begin(self) -> None:
        """Note where the streams stand before a step."""
        self._moved = []
        self._before = [s.mark() for s in self._streams]

    def first_done(self) -> None:
        """Note where the first evaluation left them."""
        for stream, before in zip(self._streams, self._before, strict=True):
            after = stream.mark()
            if not stream.same(before, after):
                self._moved.append((stream, before, after))

    def rewind(self) -> None:
        """Back to the start of the step."""
        for stream, before, _ in self._moved:
            stream.put(before)

    def finish(self) -> None:
        """As after exactly one evaluation."""
        for stream, _, after in self._moved:
            stream.put(after)

    def restore(self) -> None:
        """Undo the step, wherever it broke off."""
        for stream, before in zip(self._streams, self._before, strict=True):
            stream.put(before)


class _Torch:
    def mark(self) -> torch.Tensor:
        return torch.get_rng_state()

    def same(self, a: torch.Tensor, b: torch.Tensor) -> bool:
        return bool(a.numpy().tobytes() == b.numpy().tobytes())

    def put(self, mark: torch.Tensor) -> None:
        torch.set_rng_state(mark)


class _Cuda:
    """Philox: a seed and a position. Both are kept on the host, so reading them does not wait for the GPU.

    While the user captures a graph of the whole training step the graph has the stream, and nobody may read it.
    """

    def __init__(self, device: torch.device) -> None:
        torch.cuda.init()
        index = torch.cuda.current_device() if device.index is None else device.index
        self._generator = torch.cuda.default_generators[index]

    def mark(self) -> tuple[int, int] | None:
        if torch.cuda.is_current_stream_capturing():
            return None
        return self._generator.initial_seed(), self._generator.get_offset()

    def same(self, a: tuple[int, int] | None, b: tuple[int, int] | None) -> bool:
        return a == b

    def put(self, mark: tuple[int, int] | None) -> None:
        if mark is not None:
            self._generator.manual_seed(mark[0])
            self._generator.set_offset(mark[1])


class _Python:
    """Python's generator, a Mersenne Twister in the memory of an object.

    ``random.getstate`` makes a number object of each of its 624 words, ten times the price of a look at the memory; it
    is asked where the memory does not look as expected.
    """

    def __init__(self) -> None:
        self._instance: Any = getattr(random.getstate, "__self__", None)
        self._offset = _twister_offset() if isinstance(self._instance, random.Random) else None

    def mark(self) -> Any:
        if self._offset is None:
            return random.getstate()
        return ctypes.string_at(id(self._instance) + self._offset, TWISTER), self._instance.gauss_next

    def same(self, a: Any, b: Any) -> bool:
        return bool(a == b)

    def put(self, mark: Any) -> None:
        if self._offset is None:
            random.setstate(mark)
            return
        position, *words = array("I", mark[0])
        random.setstate((3, (*words, position), mark[1]))


class _Numpy:
    """NumPy's legacy global stream (``np.random.rand`` and the like).

    Normal draws come in pairs, of which it keeps the second beside the generator: while one waits there, the
    generator's memory does not tell whether it was taken.
    """

    def __init__(self) -> None:
        self._memory = b""
        self._state: Any = None

    def mark(self) -> Any:
        generator = _generator()
        if not isinstance(generator, np.random.MT19937):
            return b"", np.random.get_state(legacy=False)  # noqa: NPY002
        memory = ctypes.string_at(generator.ctypes.state_address, TWISTER)
        if memory != self._memory or self._state["has_gauss"]:
            self._memory, self._state = memory, np.random.get_state(legacy=False)  # noqa: NPY002
        return memory, self._state

    def same(self, a: Any, b: Any) -> bool:
        if not a[0]:
            return repr(a[1]) == repr(b[1])
        return a[0] == b[0] and all(a[1][name] == b[1][name] for name in ("has_gauss", "gauss"))

    def put(self, mark: Any) -> None:
        np.random.set_state(mark[1])  # noqa: NPY002


def _generator() -> Any:
    # NumPy's own stubs leave this public function out.
    return np.random.get_bit_generator()  # type: ignore[attr-defined]


def _twister_offset() -> int | None:
    """Where in an object of Python's generator its position and words begin; None where they are not found so."""
    probe = random.Random(1)
    probe.random()
    *words, position = probe.getstate()[1]
    memory = ctypes.string_at(id(probe), random.Random.__mro__[1].__basicsize__)
    found = memory.find(array("I", [position, *words]).tobytes())
    return None if found < 0 else found
