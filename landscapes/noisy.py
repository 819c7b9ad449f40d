"""Wrinkles laid over something simple: wrinkled bowl, corduroy, spectral noise and value noise."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel, seed
from landscapes.spline import random_field, spline_kernel, variance
from landscapes.vector import BLOCK, collect, sincos

_DETAIL_RATIO = 2.3  # the second wrinkle is this many times finer than the first


@kernel
def wrinkled_bowl_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """Σ_j c x_j² + a cos(ω x_j) + b cos(2.3 ω x_j + 1)."""
    c, a, b, w, v = p[0], p[1], p[2], p[3], p[4]
    n, d = x.shape
    flat = x.reshape(-1)
    phi, slope = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(0, n * d, BLOCK):
        count = min(BLOCK, n * d - first)
        for m in range(count):
            u = flat[first + m]
            coarse_sin, coarse_cos = sincos(w * u)
            fine_sin, fine_cos = sincos(v * u + 1.0)
            phi[m] = c * u * u + a * coarse_cos + b * fine_cos
            slope[m] = 2.0 * c * u - a * w * coarse_sin - b * v * fine_sin
        collect(phi, slope, first, count, d, f, g, grad)


def _build_wrinkled_bowl(dim: int, params: Mapping[str, float]) -> Setup:
    w = 2.0 * math.pi / params["wavelength"]
    return Setup(
        kernel=wrinkled_bowl_kernel,
        p=np.array([params["steepness"], params["amplitude"], params["detail"], w, _DETAIL_RATIO * w]),
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.6, 2.0]),
        finest_scale=params["wavelength"] / (_DETAIL_RATIO if params["detail"] > 0 else 1.0),
        separable=True,
    )


WRINKLED_BOWL = Definition(
    name="wrinkled_bowl",
    title="Wrinkled bowl",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(x) = c x^2 + a \cos\tfrac{2\pi x}{\ell} + b \cos\left(\tfrac{4.6\pi x}{\ell} + 1\right)"
        if dim == 1
        else r"f(\theta) = \sum_{j=1}^{2} c\,\theta_j^2 + a \cos\tfrac{2\pi \theta_j}{\ell}"
        r" + b \cos\left(\tfrac{4.6\pi \theta_j}{\ell} + 1\right)"
    ),
    source="Made for this lab: a convex loss under two wrinkles whose wavelengths never align.",
    summary="A bowl with two layers of wrinkles: a point stops in the first one, a ball wider than them rolls on.",
    parameters=lambda dim: (
        Parameter("steepness", "Bowl c", 0.25, 0.0, 1.0, 0.01, help="Coefficient of the bowl."),
        Parameter("amplitude", "Wrinkle a", 0.15, 0.0, 0.5, 0.005, help="Height of the coarse wrinkle."),
        Parameter("detail", "Fine wrinkle b", 0.075, 0.0, 0.3, 0.005, help="Height of the fine wrinkle."),
        Parameter("wavelength", "Wavelength ℓ", 0.3, 0.05, 2.0, 0.01, log=True, help="Length of the coarse wrinkle."),
    ),
    build=_build_wrinkled_bowl,
)


@kernel
def corduroy_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """s x − A |sin(πx/w)| (+ c y²/2). The sine's argument is reduced to [0, π), which makes the crests exact."""
    s, depth, w, c = p[0], p[1], p[2], p[3]
    for i in range(x.shape[0]):
        u = x[i, 0] / w
        angle = math.pi * (u - math.floor(u))
        sine, cosine = sincos(angle)
        total = s * x[i, 0] - depth * sine
        if grad:
            g[i, 0] = s - depth * math.pi / w * cosine
        for j in range(1, x.shape[1]):
            total += 0.5 * c * x[i, j] * x[i, j]
            if grad:
                g[i, j] = c * x[i, j]
        f[i] = total


def _build_corduroy(dim: int, params: Mapping[str, float]) -> Setup:
    s, w, depth = params["slope"], params["width"], params["depth"]
    half = 4.0
    p = np.array([s, depth, w, params.get("valley", 0.0)])

    def minimum() -> Minimum:
        # Each groove is the leftmost one shifted: the best is at the window's left edge or the first groove's floor.
        ratio = s * w / (math.pi * depth) if depth > 0 else math.inf
        floors = []
        if ratio < 1:
            local = w * math.acos(ratio) / math.pi
            first = math.floor(-half / w) * w + local
            floors = [first if first >= -half else first + w]
        x = np.zeros((len(floors) + 1, dim))
        x[:, 0] = [-half, *floors]
        f = np.empty(len(x))
        corduroy_kernel(x, p, np.zeros((0, 0)), f, np.zeros((0, 0)), False)
        best = int(f.argmin())
        return Minimum(x[best].copy(), float(f[best]), "closed form: cos(πx/w) = s w / (πA) in the lowest groove")

    return Setup(
        kernel=corduroy_kernel,
        p=p,
        bounds=box(dim, -half, half),
        start=np.array([2.6, 1.5]),
        radius=1.6,
        finest_scale=w,
        minimum=minimum,
    )


CORDUROY = Definition(
    name="corduroy",
    title="Cusped corduroy",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(x) = s x - A\,\left|\sin\tfrac{\pi x}{w}\right|"
        if dim == 1
        else r"f(x, y) = s x - A\,\left|\sin\tfrac{\pi x}{w}\right| + \tfrac{c}{2} y^2"
    ),
    source="Made for this lab: the ball's critical radius has the closed form w(1+s²)/(2s) when the grooves are deep.",
    summary="Sharp ridges on a ramp: below the critical radius w(1+s²)/(2s) a ball rests between them, above it rolls.",
    parameters=lambda dim: (
        Parameter("slope", "Slope s", 0.5, 0.02, 2.0, 0.01, log=True, help="Slope of the ramp under the ridges."),
        Parameter("width", "Width w", 1.0, 0.1, 3.0, 0.01, log=True, help="Distance between two crests."),
        Parameter("depth", "Depth A", 1.0, 0.0, 10.0, 0.05, help="Depth of the grooves."),
        *(
            (Parameter("valley", "Valley c", 0.1, 0.01, 1.0, 0.01, log=True, help="Curvature along the ridges."),)
            * (dim - 1)
        ),
    ),
    build=_build_corduroy,
)


_BOWL = Parameter("steepness", "Bowl c", 0.25, 0.0, 1.0, 0.01, help="Coefficient of the bowl.")
_SEED = seed("Which noise.")
_PERIOD = 12.0  # of spectral noise; the window shows half of it


def _build_spectral_noise(dim: int, params: Mapping[str, float]) -> Setup:
    high = _PERIOD / params["wavelength"]
    low = high / 4.0

    def band(k: Floats) -> Floats:
        # Equal power in every octave, between the wavelength and four times it.
        return np.where((k >= low) & (k <= high), k ** (-0.5 * dim), 0.0)

    scale = params["amplitude"] / math.sqrt(variance(dim, band))
    t = random_field(dim, int(params["seed"]), math.floor(high), lambda k: scale * band(k))
    return Setup(
        kernel=spline_kernel,
        p=np.array([params["steepness"], t.shape[1] / _PERIOD]),
        t=t,
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.6, 2.0]),
        finest_scale=params["wavelength"],
    )


SPECTRAL_NOISE = Definition(
    name="spectral_noise",
    title="Spectral noise",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta) = c\,|\theta|^2 + \sum_{P/4\ell \le |k| \le P/\ell}"
        r" A_k\, \mathrm{Re}\, z_k\, e^{2\pi i\, k \cdot \theta / P}"
    ),
    source="A Gaussian random field with two octaves of wavelengths, joined by cubic B-splines; seeded.",
    summary="A bowl under random waves between one and four wavelengths ℓ: noise with a scale, and no pattern.",
    parameters=lambda dim: (
        _BOWL,
        Parameter("amplitude", "Noise", 0.1, 0.0, 0.5, 0.005, help="Standard deviation of the noise."),
        Parameter("wavelength", "Wavelength ℓ", 0.3, 0.07, 2.0, 0.01, log=True, help="Shortest wavelength."),
        _SEED,
    ),
    build=_build_spectral_noise,
)

_TABLE = 256  # lattice values along each axis, repeated beyond


@kernel
def value_noise_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """c Σ_j x_j² + Σ_o A gᵒ noise(2ᵒ x / cell): random values on a lattice, joined by the quintic 6s⁵ − 15s⁴ + 10s³."""
    c, amplitude, rate, gain, octaves = p[0], p[1], p[2], p[3], int(p[4])
    n, d = x.shape
    mask = t.shape[1] - 1
    for i in range(n):
        total = c * x[i, 0] * x[i, 0]
        along, across = 2.0 * c * x[i, 0], 0.0
        if d == 2:
            total += c * x[i, 1] * x[i, 1]
            across = 2.0 * c * x[i, 1]
        a, w = amplitude, rate
        for o in range(octaves):
            shift = 61 * o  # layers start at different lattice points, so their knots and values are unrelated
            u = x[i, 0] * w + 0.37 * o
            cell = math.floor(u)
            s = u - cell
            left = (int(cell) + shift) & mask
            right = (left + 1) & mask
            blend = s * s * s * (s * (6.0 * s - 15.0) + 10.0)
            slope = 30.0 * s * s * (1.0 - s) * (1.0 - s)
            if d == 1:
                q0, q1 = t[0, left], t[0, right]
                total += a * (q0 + blend * (q1 - q0))
                if grad:
                    along += a * w * slope * (q1 - q0)
            else:
                v = x[i, 1] * w + 0.61 * o
                cell = math.floor(v)
                s = v - cell
                low = (int(cell) + shift) & mask
                high = (low + 1) & mask
                lift = s * s * s * (s * (6.0 * s - 15.0) + 10.0)
                q00, q01, q10, q11 = t[low, left], t[low, right], t[high, left], t[high, right]
                bottom = q00 + blend * (q01 - q00)
                top = q10 + blend * (q11 - q10)
                total += a * (bottom + lift * (top - bottom))
                if grad:
                    along += a * w * slope * ((1.0 - lift) * (q01 - q00) + lift * (q11 - q10))
                    across += a * w * (30.0 * s * s * (1.0 - s) * (1.0 - s)) * (top - bottom)
            a *= gain
            w *= 2.0
        f[i] = total
        if grad:
            g[i, 0] = along
            if d == 2:
                g[i, 1] = across


def _build_value_noise(dim: int, params: Mapping[str, float]) -> Setup:
    octaves = int(params["octaves"])
    rng = np.random.default_rng(int(params["seed"]))
    return Setup(
        kernel=value_noise_kernel,
        p=np.array([params["steepness"], params["amplitude"], 1.0 / params["cell"], params["gain"], octaves]),
        t=rng.uniform(-1.0, 1.0, (1 if dim == 1 else _TABLE, _TABLE)),
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.6, 2.0]),
        finest_scale=params["cell"] / 2.0 ** (octaves - 1),
    )


VALUE_NOISE = Definition(
    name="value_noise",
    title="Value noise",
    dims=(1, 2),
    latex=lambda dim: r"f(\theta) = c\,|\theta|^2 + A \sum_{o=0}^{O-1} g^{\,o}\, \mathrm{noise}(2^o\, \theta / \ell)",
    source="K. Perlin, An Image Synthesizer (1985), with the quintic fade of Improving Noise (2002); seeded.",
    summary="A bowl under the cloud noise of computer graphics: each octave is twice as fine and g times as high.",
    parameters=lambda dim: (
        _BOWL,
        Parameter("amplitude", "Noise A", 0.3, 0.0, 1.0, 0.01, help="Height of the coarsest octave."),
        Parameter("cell", "Cell ℓ", 0.8, 0.2, 3.0, 0.05, log=True, help="Lattice spacing of the coarsest octave."),
        Parameter("octaves", "Octaves O", 4, 1, 6, 1, integer=True, help="Number of layers."),
        Parameter("gain", "Gain g", 0.55, 0.2, 0.9, 0.01, help="Height of each octave over the one before."),
        _SEED,
    ),
    build=_build_value_noise,
)

DEFINITIONS = (WRINKLED_BOWL, CORDUROY, SPECTRAL_NOISE, VALUE_NOISE)
