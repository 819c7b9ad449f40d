"""Wrinkles laid over something simple: wrinkled bowl, corduroy, Gaussian pits, spectral noise and value noise."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel

_DETAIL_RATIO = 2.3  # the second wrinkle is this many times finer than the first


@kernel
def wrinkled_bowl_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """Σ_j c x_j² + a cos(ω x_j) + b cos(2.3 ω x_j + 1)."""
    c, a, b, w, v = p[0], p[1], p[2], p[3], p[4]
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            u = x[i, j]
            total += c * u * u + a * math.cos(w * u) + b * math.cos(v * u + 1.0)
            if grad:
                g[i, j] = 2.0 * c * u - a * w * math.sin(w * u) - b * v * math.sin(v * u + 1.0)
        f[i] = total


def _build_wrinkled_bowl(dim: int, params: Mapping[str, float]) -> Setup:
    w = 2.0 * math.pi / params["wavelength"]
    return Setup(
        kernel=wrinkled_bowl_kernel,
        p=np.array([params["steepness"], params["amplitude"], params["detail"], w, _DETAIL_RATIO * w]),
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.6, 2.0][:dim]),
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
        Parameter("wavelength", "Wavelength ℓ", 0.3, 0.1, 2.0, 0.01, log=True, help="Length of the coarse wrinkle."),
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
        total = s * x[i, 0] - depth * math.sin(angle)
        if grad:
            g[i, 0] = s - depth * math.pi / w * math.cos(angle)
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
        start=np.array([3.0 * w if 3.0 * w < half else half / 2, 1.5][:dim]),
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
    summary="Ridges on a ramp: below the critical radius w(1+s²)/(2s) the ball rests between two crests, above it rolls.",
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

DEFINITIONS = (WRINKLED_BOWL, CORDUROY)
