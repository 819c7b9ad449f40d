"""The push on a ball that rests on several contacts: the smallest element of the hull of their slopes.

h is a maximum of smooth pieces, one a contact. Where contacts tie it has a kink, and every convex combination of the
pieces' slopes is a subgradient. The smallest of them is what gets a ball down fastest, and it is zero where the ball
rests::

      s₂ ·                        s₂ ·-------· s₁
          \\                            \\  0  /           0 inside: the ball rests
           \\  nearest to 0              \\   /
      0 ·---x                            \\ /
             \\                           · s₃
              · s₁
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.kernels import helper, inlined, kernel

Floats = NDArray[np.float64]


def tempered(slopes: Floats) -> Floats:
    """s/√(1 + |s|²): a slope's share of the unit-speed step, below one however steep it is."""
    return slopes / np.sqrt(1.0 + np.sum(slopes * slopes, axis=-1, keepdims=True))


@kernel
def smallest_elements(vectors: Floats, shift: Floats, out: Floats) -> None:
    """Smallest-norm element of ``shift + hull(vectors)`` for each ball, written into ``out (B, d)``, d ≤ 2.

    vectors: (B, C, d), NaN-padded. The smallest element is a vertex, lies on an edge, or is zero inside a triangle.
    """
    for b in range(vectors.shape[0]):
        count = 0
        while count < vectors.shape[1] and not np.isnan(vectors[b, count, 0]):
            count += 1
        out[b] = 0.0
        if count > 0 and not _surrounds_zero(vectors[b, :count], shift[b]):
            _nearest_on_edges(vectors[b, :count], shift[b], out[b])


@helper
def _nearest_on_edges(vectors: Floats, shift: Floats, out: Floats) -> None:
    """Write the smallest point of all segments between two vertices, a segment from a vertex to itself included."""
    count, dim = vectors.shape
    best = np.inf
    for p in range(count):
        for q in range(p, count):
            along, across = 0.0, 0.0
            for i in range(dim):
                edge = vectors[q, i] - vectors[p, i]
                across += edge * edge
                along -= edge * (vectors[p, i] + shift[i])
            t = min(1.0, max(0.0, along / across)) if across > 0.0 else 0.0
            norm = 0.0
            for i in range(dim):
                norm += ((1.0 - t) * vectors[p, i] + t * vectors[q, i] + shift[i]) ** 2
            if norm < best:
                best = norm
                for i in range(dim):
                    out[i] = (1.0 - t) * vectors[p, i] + t * vectors[q, i] + shift[i]


@helper
def _surrounds_zero(vectors: Floats, shift: Floats) -> bool:
    """Whether a triangle of vertices, moved by ``shift``, holds the origin; none does with one parameter."""
    count, dim = vectors.shape
    if dim < 2:
        return False
    for p in range(count):
        for q in range(p + 1, count):
            for r in range(q + 1, count):
                a = _turn(vectors[p], vectors[q], shift)
                b = _turn(vectors[q], vectors[r], shift)
                c = _turn(vectors[r], vectors[p], shift)
                if (a >= 0 and b >= 0 and c >= 0) or (a <= 0 and b <= 0 and c <= 0):
                    return True
    return False


@inlined
def _turn(p: Floats, q: Floats, shift: Floats) -> float:
    """Twice the signed area of the triangle 0, p, q, the latter moved by ``shift``: its sign says which way round."""
    return (p[0] + shift[0]) * (q[1] + shift[1]) - (p[1] + shift[1]) * (q[0] + shift[0])
