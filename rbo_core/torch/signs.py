"""Seeded draws ±1, made where the parameters are.

Stream s is SplitMix64 (Steele, Lea and Flood 2014) from a state that is the first output for its seed; every output
gives 64 signs. A draw depends on the seed and on how many were made before, so a network sees the same noise alone, as
a member of an ensemble, on every rank and on every device; nothing of it is drawn by the host.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def _wrapped(value: int) -> int:
    """A number modulo 2⁶⁴ as the signed integer that has its bits."""
    value %= 1 << 64
    return value - (1 << 64) if value >= 1 << 63 else value


GOLDEN = _wrapped(0x9E3779B97F4A7C15)
_FACTORS = _wrapped(0xBF58476D1CE4E5B9), _wrapped(0x94D049BB133111EB)


def mixed(z: Tensor) -> Tensor:
    """SplitMix64's finaliser on integers (int64, their bits without a sign); z is overwritten."""
    # Shifts of signed integers draw the sign along; the mask takes it away again.
    for shift, factor in ((30, _FACTORS[0]), (27, _FACTORS[1]), (31, None)):
        z ^= (z >> shift) & ((1 << (64 - shift)) - 1)
        if factor is not None:
            z *= factor
    return z


class Signs:
    """One stream a network.

    They drive a Langevin walk to the same weak order as normal draws (Kloeden and Platen 1992, section 14.1) and
    cost a tenth of them on a CPU.

    Args:
        seeds: one a network, B.

    Attributes:
        position: how many words of 64 signs each stream has given, an integer tensor () that moves to the device of
            what is asked for; steps recorded on a GPU advance it there.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._state = mixed(torch.tensor([_wrapped(s) for s in seeds], dtype=torch.int64)[:, None] + GOLDEN)
        self.position = torch.zeros((), dtype=torch.int64)
        self._words = torch.empty(0)
        self._table: Tensor | None = None

    def __call__(self, like: Tensor) -> Tensor:
        """±1, equally likely, as a new tensor like ``like (B, n)``."""
        members, count = like.shape
        words = -(-count // 64)
        if self._words.shape[-1] != words or self._words.device != like.device:
            order = torch.arange(1, words + 1, dtype=torch.int64) * GOLDEN
            self._words = (self._state + order).to(like.device)
            self.position = self.position.to(like.device)
        if self._table is None or self._table.dtype != like.dtype or self._table.device != like.device:
            bits = torch.arange(256)[:, None] >> torch.arange(7, -1, -1) & 1
            self._table = (2 * bits - 1).to(like.device, like.dtype)
        drawn = mixed(self._words + self.position * GOLDEN)
        self.position += words
        chosen = drawn.view(torch.uint8).to(torch.int32)
        return torch.nn.functional.embedding(chosen, self._table).view(members, -1)[:, :count]

    def restore(self, position: Tensor) -> None:
        """Go back (or on) to a position that was kept."""
        self.position.copy_(position)
