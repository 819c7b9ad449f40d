"""Fractals: Weierstrass, the Weierstrass-like Σ sin(k²θ)/k², fractional Brownian surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Parameter, Setup, box, kernel

_LANES = 16


@kernel
def weierstrass_like_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """height · Σ_j Σ_k sin(k²x_j)/k².

    With z = e^{ix}: z^{(k+1)²} = z^{k²} z^{2k+1} and z^{2k+3} = z^{2k+1} z², so one sine and one cosine serve all harmonics.
    The products form one chain of dependent operations; sixteen points run side by side to fill the pipeline.
    """
    terms = int(p[0])
    height = p[1]
    n, d = x.shape
    blocks = n // _LANES
    if blocks > 0:
        zr, zi = np.empty(_LANES), np.empty(_LANES)
        wr, wi = np.empty(_LANES), np.empty(_LANES)
        qr, qi = np.empty(_LANES), np.empty(_LANES)
        fs, gs = np.empty(_LANES), np.empty(_LANES)
        for block in range(blocks):
            first = block * _LANES
            for m in range(_LANES):
                f[first + m] = 0.0
            for j in range(d):
                for m in range(_LANES):
                    c, s = math.cos(x[first + m, j]), math.sin(x[first + m, j])
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
                for m in range(_LANES):
                    f[first + m] += height * fs[m]
                    if grad:
                        g[first + m, j] = height * gs[m]
    for i in range(blocks * _LANES, n):
        total = 0.0
        for j in range(d):
            c, s = math.cos(x[i, j]), math.sin(x[i, j])
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
        start=np.array([1.3, 2.0][:dim]),
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
    summary="A fractal with wrinkles at every scale: the number of minima that a ball still feels falls like 1/ρ.",
    parameters=lambda dim: (
        Parameter("terms", "Terms n", 100 if dim == 1 else 10, 1, 200, 1, integer=True, help="Harmonics in the sum."),
        Parameter("height", "Height h", 1.0, 0.05, 5.0, 0.05, log=True, help="Multiplies the loss."),
    ),
    build=_build_weierstrass_like,
)

DEFINITIONS = (WEIERSTRASS_LIKE,)
