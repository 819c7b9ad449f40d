"""Parameters without a gradient are left alone, as in ``torch.optim``: no momentum or decay moves them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from rbo_core.torch.flat import FlatParameters


class Missing:
    """The parameters without a gradient in one step.

    Attributes:
        segments: indices of their flat segments; empty in most steps.
        memory: the method's memory, vectors (1, n), to be set before the step.
    """

    def __init__(self, flat: FlatParameters) -> None:
        self._flat = flat
        self.segments: Sequence[int] = ()
        self.memory: Sequence[Tensor] = ()
        self._spared: list[tuple[Tensor, Tensor]] = []

    def spare(self, segments: Sequence[int]) -> None:
        """Take these out of the step: what the memory holds of them is set aside."""
        self.segments = segments
        for vector in self.memory:
            for piece in self._pieces(vector[0]):
                self._spared.append((piece, piece.clone()))
                piece.zero_()

    def give_back(self) -> None:
        """Put what was set aside back into the memory."""
        for piece, value in self._spared:
            piece.copy_(value)

    def clear(self, vector: Tensor) -> None:
        """Set ``vector (n,)`` to zero at these parameters."""
        for piece in self._pieces(vector):
            piece.zero_()

    def leave(self, origin: Tensor, memory: Sequence[Tensor]) -> None:
        """After the step: put these parameters back to ``origin (n,)``, and their part of the new ``memory`` to the
        old."""
        if not self.segments:
            return
        for piece, before in zip(self._pieces(self._flat.data), self._pieces(origin), strict=True):
            piece.copy_(before)
        self.give_back()
        for k, after in enumerate(memory):
            if k >= len(self.memory):
                self.clear(after[0])
                continue
            for piece, before in zip(self._pieces(after[0]), self._pieces(self.memory[k][0]), strict=True):
                piece.copy_(before)

    def _pieces(self, vector: Tensor) -> list[Tensor]:
        places = (self._flat.segments[k] for k in self.segments)
        return [vector[s.start : s.stop] for s in places]
