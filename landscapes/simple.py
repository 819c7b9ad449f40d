"""Surfaces on which everything about a ball is known in closed form: plane, paraboloid, V-shaped valley."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel

_HALF = 3.0


@kernel
def plane_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """Σ_j a x_j with a = s/√d, so that s is the slope in any dimension."""
    a = p[0]
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total += a * x[i, j]
            if grad:
                g[i, j] = a
        f[i] = total


def _build_plane(dim: int, params: Mapping[str, float]) -> Setup:
    a = params["slope"] / math.sqrt(dim)
    return Setup(
        kernel=plane_kernel,
        p=np.array([a]),
        bounds=box(dim, -_HALF, _HALF),
        start=np.full(dim, 0.8 * _HALF),
        finest_scale=_HALF,
        minimum=lambda: Minimum(np.full(dim, -_HALF), -a * _HALF * dim, "closed form: the window's lowest corner"),
    )


@kernel
def paraboloid_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """κ|x|²/2."""
    k = p[0]
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total += 0.5 * k * x[i, j] * x[i, j]
            if grad:
                g[i, j] = k * x[i, j]
        f[i] = total


def _build_paraboloid(dim: int, params: Mapping[str, float]) -> Setup:
    k = params["curvature"]

    def minimum() -> Minimum:
        if k >= 0:
            return Minimum(np.zeros(dim), 0.0, "closed form: the bottom of the bowl")
        return Minimum(np.full(dim, -_HALF), 0.5 * k * _HALF**2 * dim, "closed form: a corner of the window")

    return Setup(
        kernel=paraboloid_kernel,
        p=np.array([k]),
        bounds=box(dim, -_HALF, _HALF),
        start=np.array([-2.2, 1.4]) if k >= 0 else np.array([-0.2, 0.1]),
        finest_scale=min(_HALF, 1.0 / max(abs(k), 1e-3)),
        minimum=minimum,
    )


@kernel
def v_valley_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """s|x| (+ c y²/2); at the kink the derivative to the right."""
    s, c = p[0], p[1]
    for i in range(x.shape[0]):
        u = x[i, 0]
        total = s * abs(u)
        if grad:
            g[i, 0] = s if u >= 0.0 else (-s if u < 0.0 else math.nan)
        for j in range(1, x.shape[1]):
            total += 0.5 * c * x[i, j] * x[i, j]
            if grad:
                g[i, j] = c * x[i, j]
        f[i] = total


def _build_v_valley(dim: int, params: Mapping[str, float]) -> Setup:
    return Setup(
        kernel=v_valley_kernel,
        p=np.array([params["slope"], params.get("valley", 0.0)]),
        bounds=box(dim, -_HALF, _HALF),
        start=np.array([-2.2, 1.4]),
        finest_scale=1.0,
        minimum=lambda: Minimum(np.zeros(dim), 0.0, "closed form: the bottom of the valley"),
    )


PLANE = Definition(
    name="plane",
    title="Plane",
    dims=(1, 2),
    latex=lambda dim: r"f(x) = s x" if dim == 1 else r"f(x, y) = s\,\frac{x + y}{\sqrt 2}",
    source="The simplest test: the contact moves by −ηg whatever the radius.",
    summary="A plane: ball and point move alike.",
    parameters=lambda dim: (Parameter("slope", "Slope s", 0.5, 0.0, 5.0, 0.05, help="Rise per unit length."),),
    build=_build_plane,
)

PARABOLOID = Definition(
    name="paraboloid",
    title="Paraboloid",
    dims=(1, 2),
    latex=lambda dim: r"f(\theta) = \tfrac{\kappa}{2}\,|\theta|^2",
    source="The test of curvature: contacts move 1/(1−ρκ) times as far as the centre in a bowl, 1/(1+ρκ) on a dome.",
    summary="One curvature everywhere: a bowl, or with a negative curvature a dome.",
    parameters=lambda dim: (
        Parameter("curvature", "Curvature κ", 0.4, -2.0, 5.0, 0.05, help="Second derivative at the bottom."),
    ),
    build=_build_paraboloid,
)

V_VALLEY = Definition(
    name="v_valley",
    title="V-shaped valley",
    dims=(1, 2),
    latex=lambda dim: r"f(x) = s\,|x|" if dim == 1 else r"f(x, y) = s\,|x| + \tfrac{c}{2} y^2",
    source="The test of two contacts at once: the ball rests on both walls.",
    summary="A kinked valley: a point zigzags across it, a ball touches both walls and rests.",
    parameters=lambda dim: (
        Parameter("slope", "Slope s", 0.7, 0.02, 5.0, 0.01, log=True, help="Slope of the walls."),
        *((Parameter("valley", "Valley c", 0.1, 0.01, 1.0, 0.01, log=True, help="Curvature along it."),) * (dim - 1)),
    ),
    build=_build_v_valley,
)

DEFINITIONS = (PLANE, PARABOLOID, V_VALLEY)
