"""A curve drawn by hand: ``landscapes.get("drawing", knots=[(-3, 1.2), (0.5, 0.1), (3, 1.0)])``.

It is the natural cubic spline through at most 64 knots, and straight beyond its ends, so it is C² everywhere. Knots lie
on a lattice, so that a drawing is a short text that fits into an address: four characters a knot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscapes.base import Definition, Floats, Setup, Text, box, kernel

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Paper:
    """What a curve is drawn on: the lattice of the knots, and how many there may be.

    left, bottom: its corner; across, up: steps of the lattice; steps: how many there are each way; most: knots; apart:
    steps between two knots, at least (a ball's search sees no finer wave, and a finger sets none).
    """

    left: float = -3.0
    bottom: float = 0.0
    across: float = 0.0015
    up: float = 0.0005
    steps: int = 4000
    most: int = 64
    apart: int = 32

    @property
    def right(self) -> float:
        return self.left + self.steps * self.across

    @property
    def top(self) -> float:
        return self.bottom + self.steps * self.up


PAPER = Paper()


@kernel
def drawing_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """t (K + 1, 6): from where a piece counts, its origin, and its cubic's coefficients, the constant first."""
    pieces = t.shape[0]
    for i in range(x.shape[0]):
        low, high = 0, pieces
        while high - low > 1:
            middle = (low + high) // 2
            if x[i, 0] >= t[middle, 0]:
                low = middle
            else:
                high = middle
        s = x[i, 0] - t[low, 1]
        f[i] = t[low, 2] + s * (t[low, 3] + s * (t[low, 4] + s * t[low, 5]))
        if grad:
            g[i, 0] = t[low, 3] + s * (2.0 * t[low, 4] + 3.0 * s * t[low, 5])


def encoded(knots: object) -> str:
    """The text of knots (K, 2), places and heights, each rounded to the lattice; ValueError where they are none."""
    paper = PAPER
    try:
        given = np.array(knots, dtype=float)
    except (TypeError, ValueError):
        given = np.empty(0)
    if given.ndim != 2 or given.shape[1] != 2 or not np.isfinite(given).all():
        raise ValueError(f"knots must be 2 to {paper.most} pairs (x, height) of finite numbers, got {knots!r:.60}")
    low, high = (paper.left, paper.bottom), (paper.right, paper.top)
    if (given < low).any() or (given > high).any():
        k = int(((given < low) | (given > high)).any(axis=1).argmax())
        raise ValueError(
            f"knots must lie within x from {low[0]:g} to {high[0]:g} and heights from {low[1]:g} to {high[1]:g}, "
            f"got ({given[k, 0]:g}, {given[k, 1]:g})"
        )
    lattice = np.round((given - low) / (paper.across, paper.up)).astype(int)
    text = "".join(_ALPHABET[n // 64] + _ALPHABET[n % 64] for n in lattice.ravel().tolist())
    _lattice(text)
    return text


def knots_of(text: str) -> Floats:
    """(K, 2) places and heights of the knots that a text stands for; ValueError, in words, where it is none."""
    return (PAPER.left, PAPER.bottom) + _lattice(text) * (PAPER.across, PAPER.up)


def _lattice(text: str) -> Floats:
    paper = PAPER
    if len(text) % 4 or not 8 <= len(text) <= 4 * paper.most:
        raise ValueError(f"a drawing has 2 to {paper.most} knots of four characters each, got {len(text)} characters")
    digits = [_ALPHABET.find(character) for character in text]
    if min(digits) < 0:
        raise ValueError(f"a drawing is written in letters, digits, - and _, got {text[digits.index(-1)]!r}")
    pairs = np.array(digits).reshape(-1, 2, 2) @ (64, 1)
    if pairs.max() > paper.steps:
        raise ValueError(f"a knot of this drawing lies off its paper: it holds {pairs.max()}, at most {paper.steps}")
    if pairs[0, 0] != 0 or pairs[-1, 0] != paper.steps:
        raise ValueError(f"the first knot must lie at x = {paper.left:g} and the last at x = {paper.right:g}")
    gap = int(np.diff(pairs[:, 0]).min())
    if gap < paper.apart:
        raise ValueError(
            f"knots must go from left to right, at least {paper.apart * paper.across:g} apart, "
            f"got {gap * paper.across:g}: move or remove one"
        )
    return pairs.astype(float)


def _read(value: object) -> str:
    if isinstance(value, str):
        _lattice(value.strip())
        return value.strip()
    return encoded(value)


def _build(dim: int, params: Mapping[str, Any]) -> Setup:
    from scipy.interpolate import CubicSpline

    knots = knots_of(params["knots"])
    spline = CubicSpline(*knots.T, bc_type="natural")
    x, slope = spline.x, spline(spline.x, 1)
    table = np.zeros((len(x) + 1, 6))
    table[:, 0] = [-math.inf, *x]
    table[:, 1] = [x[0], *x]
    table[1:-1, 2:] = spline.c[::-1].T
    table[0, 2:4] = knots[0, 1], slope[0]
    table[-1, 2:4] = knots[-1, 1], slope[-1]
    gap = float(np.diff(x).min())
    return Setup(
        kernel=drawing_kernel,
        p=np.zeros(1),
        t=table,
        bounds=box(1, PAPER.left, PAPER.right),
        start=np.array([-2.6]),
        # Heights that go up and down from knot to knot are the shortest wave.
        finest_scale=min(2.0 * gap, 0.5 * (PAPER.right - PAPER.left)),
        latex=rf"f(x) = \text{{the }} C^2 \text{{ cubic spline through {len(x)} knots}}",
    )


def _valley() -> str:
    """A valley with uneven wrinkles, 0.37 wide: a point stays in one, a ball of 0.4 rolls over nearly all of them."""
    k = np.arange(33)
    x = np.linspace(PAPER.left, PAPER.right, k.size)
    wave = np.where(k % 2, -0.04, 0.04) * (1.0 + 0.35 * np.sin(1.9 * k))
    return encoded(np.column_stack([x, 0.55 * np.hypot(x, 0.3) + wave]))


DEFAULT = _valley()

DRAWING = Definition(
    name="drawing",
    title="Drawing",
    dims=(1,),
    latex=lambda dim: r"f(x) = \text{the } C^2 \text{ cubic spline through its knots}",
    source="Drawn by you.",
    summary="A curve drawn by hand: the natural cubic spline through its knots, straight beyond its ends.",
    parameters=lambda dim: (),
    build=_build,
    asks=lambda dim, given: (Text("knots", "Knots", DEFAULT, _read, "Four characters a knot, or pairs (x, height)."),),
    dim_of=lambda given: 1,
)

DEFINITIONS = (DRAWING,)
