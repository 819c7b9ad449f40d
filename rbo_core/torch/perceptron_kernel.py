"""The minibatch losses of many perceptrons and their gradients, one network after the other in the processor's cache.

With the images of a minibatch as a₀ (m, inputs), y their labels and m their number, for the layers k = 1 … K:

    z_k = a_{k−1} W_kᵀ + b_k,   a_k = max(z_k, 0)                     forward, a_K = z_K
    f = mean over images of log Σ exp z_K − z_K[y]                    cross-entropy
    s_K = (softmax(z_K) − onehot(y))/m                                its slope in z_K
    ∂f/∂W_k = s_kᵀ a_{k−1},   ∂f/∂b_k = Σ over images of s_k          backward
    s_{k−1} = s_k W_k where a_{k−1} > 0, else 0
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rbo_core.kernel_cache import njit
from rbo_core.torch.register_tile import multiply, transpose


@njit(cache=True, nogil=True)
def gradients(x: Any, images: Any, labels: Any, layers: Any, room: Any, loss: Any, gradient: Any) -> None:
    """Fill ``loss (B,)`` and ``gradient (B, n)`` of the networks with parameters ``x (B, n)``.

    Args:
        images: (B, m · inputs) each network's own; labels: (B, m).
        layers: (K, 4) outputs, inputs, and where weight (outputs, inputs) and bias (outputs,) begin among a network's
            parameters; −1 for no bias.
        room: as :func:`room_for` counts it, overwritten.
    """
    for b in range(x.shape[0]):
        loss[b] = _one(x[b], images[b], labels[b], layers, room, gradient[b])


@njit(cache=True, nogil=True)
def outputs(x: Any, images: Any, layers: Any, at_once: int, room: Any, out: Any) -> None:
    """Fill ``out (B, N, classes)`` with z_K of all networks ``x (B, n)`` on the same ``images (N, inputs)``, so many of
    them at once."""
    last = len(layers) - 1
    for b in range(x.shape[0]):
        for first in range(0, len(images), at_once):
            part = images[first : first + at_once]
            _values(x[b], part.reshape(part.size), len(part), layers, room)
            own = out[b, first : first + at_once]
            own.reshape(own.size)[:] = room[last][: own.size]


def room_for(layers: Any, images: int) -> tuple[int, int]:
    """The shape of the scratch memory of a network: each layer's outputs, two slopes and a weight's transpose."""
    weights = layers[:, 0] * layers[:, 1]
    return len(layers) + 3, max(int(layers[:, 0].max()) * images, int(weights.max()))


@njit(nogil=True)
def _values(x: Any, images: Any, m: int, layers: Any, room: Any) -> None:
    """a_k into ``room[k − 1]``, from z = a Wᵀ + b."""
    last, across = len(layers) - 1, room[len(layers) + 2]
    for k in range(last + 1):
        outputs, inputs, weight, bias = layers[k]
        transpose(x[weight:], outputs, inputs, across)
        z = room[k][: m * outputs]
        if bias >= 0:
            _spread(x[bias : bias + outputs], z)
        multiply(images if k == 0 else room[k - 1], inputs, 1, across, z, (m, inputs, outputs), bias >= 0)
        if k < last:
            _rectify(z)


@njit(nogil=True)
def _one(x: Any, images: Any, labels: Any, layers: Any, room: Any, gradient: Any) -> float:
    m, last = len(labels), len(layers) - 1
    slope, before = room[last + 1], room[last + 2]
    _values(x, images, m, layers, room)
    loss = _cross_entropy(room[last], labels, layers[last, 0], slope)
    for k in range(last, -1, -1):
        outputs, inputs, weight, bias = layers[k]
        known = images if k == 0 else room[k - 1]
        # ∂f/∂W = sᵀ a,  ∂f/∂b = Σ s
        multiply(slope, 1, outputs, known, gradient[weight:], (outputs, m, inputs), False)
        if bias >= 0:
            _sum_rows(slope, m, gradient[bias : bias + outputs])
        if k > 0:
            # s ← s W where a > 0
            multiply(slope, outputs, 1, x[weight:], before, (m, outputs, inputs), False)
            _cut(before[: m * inputs], known)
            slope, before = before, slope
    return loss


@njit(nogil=True)
def _spread(bias: Any, z: Any) -> None:
    """The bias in every row."""
    for i in range(0, len(z), len(bias)):
        z[i : i + len(bias)] = bias


@njit(nogil=True)
def _rectify(z: Any) -> None:
    """max(z, 0), which keeps what is not a number."""
    for j in range(len(z)):
        z[j] = z.dtype.type(0) if z[j] < 0 else z[j]


@njit(nogil=True)
def _cut(slope: Any, values: Any) -> None:
    """0 where the values after max(z, 0) are 0."""
    for j in range(len(slope)):
        slope[j] = slope.dtype.type(0) if values[j] <= 0 else slope[j]


@njit(nogil=True)
def _sum_rows(slope: Any, m: int, out: Any) -> None:
    width = len(out)
    out[:] = slope[:width]
    for i in range(1, m):
        row = slope[i * width : (i + 1) * width]
        for j in range(width):
            out[j] += row[j]


@njit(nogil=True)
def _cross_entropy(z: Any, labels: Any, classes: int, slope: Any) -> float:
    """The mean of log Σ exp z − z[y] over the images; slope (m, classes) ← (softmax(z) − onehot(y))/m."""
    m, loss = len(labels), 0.0
    for i in range(m):
        if not 0 <= labels[i] < classes:
            raise ValueError("a label must be at least 0 and below the number of classes")
        row, own = z[i * classes : (i + 1) * classes], slope[i * classes : (i + 1) * classes]
        top = np.max(row)
        total = 0.0
        for j in range(classes):
            own[j] = math.exp(row[j] - top)
            total += own[j]
        loss += math.log(total) + top - row[labels[i]]
        share = row.dtype.type(1 / (m * total))
        for j in range(classes):
            own[j] *= share
        own[labels[i]] -= row.dtype.type(1 / m)
    return loss / m
