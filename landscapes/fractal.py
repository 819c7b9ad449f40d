"""Fractals: Weierstrass, the Weierstrass-like Σ sin(k²θ)/k², fractional Brownian surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel, seed
from landscapes.spline import MAX_HARMONICS, random_field, spline_kernel, variance
from landscapes.vector import BLOCK, collect, sincos

_LANES = 16
_FEW = 4  # points up to which one after the other is faster than all lanes, most of them idle


@kernel
def weierstrass_like_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """height · Σ_j Σ_k sin(k²x_j)/k².

    With z = e^{ix}: z^{(k+1)²} = z^{k²} z^{2k+1} and z^{2k+3} = z^{2k+1} z², so one sine and one cosine serve all
    harmonics. The products form one chain of dependent operations; sixteen points side by side fill the pipeline.
    """
    terms = int(p[0])
    height = p[1]
    n, d = x.shape
    blocks = n // _LANES if n % _LANES <= _FEW else n // _LANES + 1
    if blocks > 0:
        zr, zi = np.empty(_LANES), np.empty(_LANES)
        wr, wi = np.empty(_LANES), np.empty(_LANES)
        qr, qi = np.empty(_LANES), np.empty(_LANES)
        fs, gs = np.empty(_LANES), np.empty(_LANES)
        for block in range(blocks):
            first = block * _LANES
            count = min(_LANES, n - first)
            for m in range(count):
                f[first + m] = 0.0
            for j in range(d):
                for m in range(_LANES):
                    s, c = sincos(x[first + min(m, count - 1), j])
                    zr[m], zi[m] = c, s
                    qr[m], qi[m] = c * c - s * s, 2.0 * c * s
                    wr[m], wi[m] = qr[m] * c - qi[m] * s, qr[m] * s + qi[m] * c
                    fs[m], gs[m] = 0.0, 0.0
                for k in range(terms):
                    amplitude = t[0, k]
                    for m in range(_LANES):
                        fs[m] += amplitude * zi[m]
                        gs[m] += zr[m]
                        a, b = zr[m] * wr[m] - zi[m] * wi[m], zr[m] * wi[m] + zi[m] * wr[m]
                        zr[m], zi[m] = a, b
                        a, b = wr[m] * qr[m] - wi[m] * qi[m], wr[m] * qi[m] + wi[m] * qr[m]
                        wr[m], wi[m] = a, b
                for m in range(count):
                    f[first + m] += height * fs[m]
                    if grad:
                        g[first + m, j] = height * gs[m]
    for i in range(blocks * _LANES, n):
        total = 0.0
        for j in range(d):
            s, c = sincos(x[i, j])
            ar, ai = c, s
            sr, si = c * c - s * s, 2.0 * c * s
            br, bi = sr * c - si * s, sr * s + si * c
            value, slope = 0.0, 0.0
            for k in range(terms):
                value += t[0, k] * ai
                slope += ar
                ar, ai = ar * br - ai * bi, ar * bi + ai * br
                br, bi = br * sr - bi * si, br * si + bi * sr
            total += height * value
            if grad:
                g[i, j] = height * slope
        f[i] = total


def _build_weierstrass_like(dim: int, params: Mapping[str, float]) -> Setup:
    terms = int(params["terms"])
    return Setup(
        kernel=weierstrass_like_kernel,
        p=np.array([terms, params["height"]]),
        t=1.0 / np.arange(1.0, terms + 1.0)[None, :] ** 2,
        bounds=box(dim, -1.0, 8.0),
        start=np.array([2.6, 6.4]),
        radius=1.3,
        finest_scale=2.0 * math.pi / terms**2,
        separable=True,
    )


WEIERSTRASS_LIKE = Definition(
    name="weierstrass_like",
    title="Weierstrass-like",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(x) = h \sum_{k=1}^{n} \frac{\sin(k^2 x)}{k^2}"
        if dim == 1
        else r"f(x, y) = h \sum_{k=1}^{n} \frac{\sin(k^2 x) + \sin(k^2 y)}{k^2}"
    ),
    source="Riemann's example of a nowhere (almost) differentiable function; Figure 2 of arXiv 2505.19527.",
    summary="A fractal with wrinkles at every scale: the number of minima that a ball feels falls about like 1/ρ.",
    parameters=lambda dim: (
        Parameter("terms", "Terms n", 100 if dim == 1 else 10, 1, 200, 1, integer=True, help="Harmonics in the sum."),
        Parameter("height", "Height h", 1.0, 0.05, 5.0, 0.05, log=True, help="Multiplies the loss."),
    ),
    build=_build_weierstrass_like,
)


@kernel
def weierstrass_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h Σ_j Σ_n aⁿ cos(bⁿ π x_j), n = 0 … terms − 1; t[0] = h aⁿ, t[1] = bⁿ. Each argument is reduced to one period."""
    n, d = x.shape
    flat = x.reshape(-1)
    phi, slope = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(0, n * d, BLOCK):
        count = min(BLOCK, n * d - first)
        for m in range(count):
            phi[m], slope[m] = 0.0, 0.0
        for k in range(t.shape[1]):
            height, ratio = t[0, k], t[1, k]
            for m in range(count):
                u = ratio * flat[first + m]
                sine, cosine = sincos(math.pi * (u - 2.0 * math.floor(0.5 * u)))
                phi[m] += height * cosine
                slope[m] -= height * ratio * math.pi * sine
        collect(phi, slope, first, count, d, f, g, grad)


def _build_weierstrass(dim: int, params: Mapping[str, float]) -> Setup:
    terms, b = int(params["terms"]), params["b"]
    n = np.arange(terms)
    t = np.stack([params["height"] * params["a"] ** n, float(b) ** n])

    def minimum() -> Minimum:
        return Minimum(np.ones(dim), -dim * float(t[0].sum()), "closed form: for odd b every cosine is −1 at x = 1")

    return Setup(
        kernel=weierstrass_kernel,
        p=np.zeros(0),
        t=t,
        bounds=box(dim, -0.5, 2.5),
        start=np.array([0.15, 1.75]),
        radius=0.8,
        finest_scale=2.0 / float(b) ** (terms - 1),
        minimum=minimum if b % 2 == 1 else None,
        separable=True,
    )


WEIERSTRASS = Definition(
    name="weierstrass",
    title="Weierstrass",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(x) = h \sum_{n=0}^{N-1} a^n \cos(b^n \pi x)"
        if dim == 1
        else r"f(x, y) = h \sum_{n=0}^{N-1} a^n \left(\cos(b^n \pi x) + \cos(b^n \pi y)\right)"
    ),
    source="K. Weierstrass (1872), cut after N terms; G. H. Hardy (1916): nowhere differentiable if ab ≥ 1.",
    summary="The first curve known to be continuous and nowhere smooth: each copy is b times finer and a times lower.",
    parameters=lambda dim: (
        Parameter("a", "Decay a", 0.5, 0.05, 0.95, 0.01, help="Height of each layer over the one before."),
        Parameter("b", "Ratio b", 3, 2, 7, 1, integer=True, help="Each layer is so many times finer."),
        Parameter("terms", "Terms N", 6 if dim == 1 else 4, 1, 8, 1, integer=True, help="Number of layers."),
        Parameter("height", "Height h", 0.4, 0.02, 2.0, 0.02, log=True, help="Multiplies the loss."),
    ),
    build=_build_weierstrass,
)

_PERIOD = 16.0  # of the Brownian field; the window shows half of it, so nobody sees it repeat


def _build_fractional_brownian(dim: int, params: Mapping[str, float]) -> Setup:
    exponent = params["hurst"] + 0.5 * dim
    scale = params["height"] / math.sqrt(variance(dim, lambda k: k**-exponent))
    harmonics = int(params["harmonics"])
    t = random_field(dim, int(params["seed"]), harmonics, lambda k: scale * k**-exponent)
    return Setup(
        kernel=spline_kernel,
        p=np.array([0.0, t.shape[1] / _PERIOD]),
        t=t,
        bounds=box(dim, -4.0, 4.0),
        start=np.array([0.0]) if dim == 1 else np.array([2.3, -3.0]),
        radius=1.6,
        finest_scale=_PERIOD / harmonics,
    )


FRACTIONAL_BROWNIAN = Definition(
    name="fractional_brownian",
    title="Fractional Brownian",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta) = \sum_{0 < |k| \le K} |k|^{-(H + " + (r"1/2" if dim == 1 else "1") + r")}\,"
        r"\mathrm{Re}\, z_k\, e^{2\pi i\, k \cdot \theta / P},\quad z_k \sim \mathcal{CN}(0, 1)"
    ),
    source="B. Mandelbrot and J. Van Ness (1968); by spectral synthesis on a periodic grid, joined by cubic B-splines.",
    summary="A random mountain range whose roughness is one number, the Hurst exponent: smooth near 1, jagged near 0.",
    parameters=lambda dim: (
        Parameter("hurst", "Hurst H", 0.5, 0.05, 0.95, 0.01, help="0.5 is Brownian motion."),
        Parameter("height", "Height", 0.8, 0.05, 3.0, 0.05, log=True, help="Standard deviation of the field."),
        Parameter(
            "harmonics",
            "Harmonics K",
            512 if dim == 1 else 128,
            8,
            MAX_HARMONICS[dim],
            8,
            log=True,
            integer=True,
            help="The finest wavelength is 16/K.",
        ),
        seed("Which mountain range.", default=2),
    ),
    build=_build_fractional_brownian,
)

DEFINITIONS = (WEIERSTRASS, WEIERSTRASS_LIKE, FRACTIONAL_BROWNIAN)
