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

WORDS = 624
"""Of a Mersenne Twister. It hands them out one after another and then makes all anew."""


class Stream(Protocol):
    """A random stream: ``mark`` says where it stands, as something to compare; ``put`` goes to a mark."""

    def mark(self) -> Any: ...

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
        self._marks = [s.mark for s in self._streams]
        self._before: list[Any] = []
        self._after: list[Any] | None = None

    def begin(self) -> None:
        """Note where the streams stand before a step."""
        self._after = None
        self._before = [mark() for mark in self._marks]

    def first_done(self) -> None:
        """Note where the first evaluation left them."""
        after = [mark() for mark in self._marks]
        if after != self._before:
            self._after = after

    def rewind(self) -> None:
        """Back to the start of the step."""
        if self._after is not None:
            self._put(self._before)

    def finish(self) -> None:
        """As after exactly one evaluation."""
        if self._after is not None:
            self._put(self._after)

    def restore(self) -> None:
        """Undo the step, wherever it broke off."""
        self._put(self._before)

    def _put(self, marks: list[Any]) -> None:
        for stream, mark in zip(self._streams, marks, strict=True):
            stream.put(mark)


class _Torch:
    def mark(self) -> bytes:
        return torch.default_generator.get_state().numpy().tobytes()

    def put(self, mark: bytes) -> None:
        torch.default_generator.set_state(torch.frombuffer(bytearray(mark), dtype=torch.uint8))


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
        offset = _twister_offset() if isinstance(self._instance, random.Random) else None
        self._twister = (
            None if offset is None else _Twister(id(self._instance) + offset + 4, id(self._instance) + offset)
        )

    def mark(self) -> Any:
        if self._twister is None:
            return random.getstate()
        return self._twister.position.value, self._twister.words(), self._instance.gauss_next

    def put(self, mark: Any) -> None:
        if self._twister is None:
            random.setstate(mark)
            return
        random.setstate((3, (*array("I", mark[1]), mark[0]), mark[2]))


class _Numpy:
    """NumPy's legacy global stream (``np.random.rand`` and the like).

    Normal draws come in pairs, of which it keeps the second beside the generator: while one waits there, the
    generator's memory does not tell whether it was taken.
    """

    def __init__(self) -> None:
        self._source: Any = None
        self._twister: _Twister | None = None
        self._mark: tuple[int, bytes, int, float] = (-1, b"", 1, 0.0)

    def mark(self) -> Any:
        generator = _generator()
        if generator is not self._source:
            self._source = generator
            place = generator.ctypes.state_address if isinstance(generator, np.random.MT19937) else None
            self._twister = None if place is None else _Twister(place, place + 4 * WORDS)
        if self._twister is None:
            return _OtherState(np.random.get_state(legacy=False))  # noqa: NPY002
        position, words = self._twister.position.value, self._twister.words()
        if position != self._mark[0] or words is not self._mark[1] or self._mark[2]:
            state = np.random.get_state(legacy=False)  # noqa: NPY002
            self._mark = position, words, state["has_gauss"], state["gauss"]
        return self._mark

    def put(self, mark: Any) -> None:
        if isinstance(mark, _OtherState):
            np.random.set_state(mark.state)  # noqa: NPY002
            return
        words = np.frombuffer(mark[1], dtype=np.uint32)
        np.random.set_state(("MT19937", words, mark[0], mark[2], mark[3]))  # noqa: NPY002


class _Twister:
    """A Mersenne Twister in memory, whose words are copied only when they were made anew.

    Args:
        words: address of its words. position: address of the index of the next one.
    """

    def __init__(self, words: int, position: int) -> None:
        self.position = ctypes.c_uint32.from_address(position)
        self._address = words
        # The first word may be the same for all seeds; those after it tell blocks apart.
        self._sign = ctypes.c_uint64.from_address(words + 8)
        self._seen: int | None = None
        self._copy = b""

    def words(self) -> bytes:
        """All words, the same object while they are the same."""
        if self._sign.value != self._seen:
            self._seen, self._copy = self._sign.value, ctypes.string_at(self._address, 4 * WORDS)
        return self._copy


class _OtherState:
    """The state of a generator that is no Mersenne Twister, to be compared."""

    def __init__(self, state: Any) -> None:
        self.state = state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OtherState) and repr(self.state) == repr(other.state)

    def __hash__(self) -> int:
        return hash(repr(self.state))


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
