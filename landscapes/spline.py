"""Random periodic fields by spectral synthesis, evaluated as cubic B-splines.

A field is drawn in Fourier space, brought to a grid by one FFT, and interpolated by a periodic uniform cubic B-spline:
twice continuously differentiable, a constant price per point, and the gradient is exact for what is evaluated. Several
grid points per shortest wavelength keep the spline close to the Fourier sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from landscapes.base import Floats, kernel

#: Most harmonics of the period along one axis. Random numbers are drawn for all of them whatever is used, so adding
#: detail does not change the coarse shape.
MAX_HARMONICS = {1: 1024, 2: 256}


@kernel
def spline_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """c Σ_j x_j² + spline(x). p = (c, grid points per unit); t (N, N) or in one parameter (1, N), N a power of two."""
    c, rate = p[0], p[1]
    n, d = x.shape
    mask = t.shape[1] - 1
    for i in range(n):
        u = x[i, 0] * rate
        cell = math.floor(u)
        s = u - cell
        column = int(cell)
        r = 1.0 - s
        a0, a1 = r * r * r / 6.0, (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0
        a2, a3 = (4.0 - 6.0 * r * r + 3.0 * r * r * r) / 6.0, s * s * s / 6.0
        b0, b1 = -0.5 * r * r, 1.5 * s * s - 2.0 * s
        b2, b3 = 2.0 * r - 1.5 * r * r, 0.5 * s * s
        k0, k1, k2, k3 = (column - 1) & mask, column & mask, (column + 1) & mask, (column + 2) & mask
        if d == 1:
            q0, q1, q2, q3 = t[0, k0], t[0, k1], t[0, k2], t[0, k3]
            f[i] = c * x[i, 0] * x[i, 0] + (a0 * q0 + a1 * q1 + a2 * q2 + a3 * q3)
            if grad:
                g[i, 0] = 2.0 * c * x[i, 0] + rate * (b0 * q0 + b1 * q1 + b2 * q2 + b3 * q3)
            continue
        v = x[i, 1] * rate
        cell = math.floor(v)
        s = v - cell
        row = int(cell)
        total, along, across = 0.0, 0.0, 0.0
        r = 1.0 - s
        for m in range(4):
            if m == 0:
                weight, slope = r * r * r / 6.0, -0.5 * r * r
            elif m == 1:
                weight, slope = (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0, 1.5 * s * s - 2.0 * s
            elif m == 2:
                weight, slope = (4.0 - 6.0 * r * r + 3.0 * r * r * r) / 6.0, 2.0 * r - 1.5 * r * r
            else:
                weight, slope = s * s * s / 6.0, 0.5 * s * s
            k = (row - 1 + m) & mask
            q0, q1, q2, q3 = t[k, k0], t[k, k1], t[k, k2], t[k, k3]
            line = a0 * q0 + a1 * q1 + a2 * q2 + a3 * q3
            total += weight * line
            if grad:
                along += weight * (b0 * q0 + b1 * q1 + b2 * q2 + b3 * q3)
                across += slope * line
        f[i] = c * (x[i, 0] * x[i, 0] + x[i, 1] * x[i, 1]) + total
        if grad:
            g[i, 0] = 2.0 * c * x[i, 0] + rate * along
            g[i, 1] = 2.0 * c * x[i, 1] + rate * across


def random_field(dim: int, seed: int, harmonics: int, spectrum: Callable[[Floats], Floats]) -> Floats:
    """B-spline coefficients (1, N) or (N, N) of a random field with one period along each axis.

    ``spectrum`` gives the amplitude at wave number |k| (in harmonics of the period, at least 1); modes beyond
    ``harmonics`` are left out. The variance is the sum of squared amplitudes over the independent modes.
    """
    size = 4 * 2 ** math.ceil(math.log2(harmonics))
    most = MAX_HARMONICS[dim]
    rng = np.random.default_rng(seed)
    if dim == 1:
        k = np.arange(1.0, most + 1.0)
        mode = spectrum(k) * _normal(rng, k.shape)
        transform = np.zeros(size // 2 + 1, dtype=complex)
        transform[1 : harmonics + 1] = mode[:harmonics]
        transform /= _prefilter(np.arange(size // 2 + 1), size)
        return np.fft.irfft(transform, n=size)[None, :] * (size / 2.0)
    rows, columns = np.arange(-most, most + 1), np.arange(most + 1)
    k = np.hypot(rows[:, None], columns[None, :])
    # On the axis kx = 0 the two halves are conjugates of each other: keep one.
    free = (k > 0) & (k <= most) & ((columns[None, :] > 0) | (rows[:, None] > 0))
    mode = np.where(free, spectrum(np.maximum(k, 1.0)), 0.0) * _normal(rng, k.shape)
    used = slice(most - harmonics, most + harmonics + 1)
    block = np.where(k > harmonics, 0.0, mode)[used, : harmonics + 1]
    half = np.zeros((size, size // 2 + 1), dtype=complex)
    half[rows[used] % size, : harmonics + 1] = block
    # irfft2 wants both conjugate halves of that axis.
    half[:, 0] += np.conj(half[-np.arange(size) % size, 0])
    half /= _prefilter(np.fft.fftfreq(size, 1.0 / size), size)[:, None]
    half /= _prefilter(np.arange(size // 2 + 1), size)
    field = np.fft.irfft2(half, s=(size, size)) * (size**2 / 2.0)
    return np.ascontiguousarray(field)


def variance(dim: int, spectrum: Callable[[Floats], Floats]) -> float:
    """The expected variance of the field with all its modes."""
    most = MAX_HARMONICS[dim]
    if dim == 1:
        return float((spectrum(np.arange(1.0, most + 1.0)) ** 2).sum())
    k = np.hypot(*np.meshgrid(np.arange(-most, most + 1), np.arange(-most, most + 1)))
    amplitude = np.where((k > 0) & (k <= most), spectrum(np.maximum(k, 1.0)), 0.0)
    return float(0.5 * (amplitude**2).sum())


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Complex normal numbers whose real part has variance 1."""
    draws = rng.standard_normal((*shape, 2))
    return draws[..., 0] + 1j * draws[..., 1]


def _prefilter(k: np.ndarray, size: int) -> Floats:
    """What a cubic B-spline does to harmonic k; dividing by it makes the spline pass through the grid's values."""
    return (2.0 + np.cos(2.0 * np.pi * k / size)) / 3.0
