"""Classic test functions: ravine, saddle, Rosenbrock, Rastrigin, Ackley, Whitley.

A ball lives in true scale: heights and widths share one unit. Each classic therefore has a ``height`` that multiplies
it, with a default that makes its heights comparable to its widths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel
from landscapes.vector import BLOCK, collect, sincos


def height(default: float) -> Parameter:
    """The factor that brings a classic's heights to the scale of its window."""
    return Parameter("height", "Height h", default, 0.001, 2.0, 0.001, log=True, help="Multiplies the loss.")


def known(x: Floats, value: float, why: str) -> Callable[[], Minimum]:
    """A minimum in closed form."""
    return lambda: Minimum(x, value, f"closed form: {why}")


@kernel
def ravine_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """(h/2)(u²/√κ + √κ v²), (u, v) the coordinates along and across the ravine."""
    along, across, c, s = p[0], p[1], p[2], p[3]
    for i in range(x.shape[0]):
        u = c * x[i, 0] + s * x[i, 1]
        v = c * x[i, 1] - s * x[i, 0]
        f[i] = 0.5 * (along * u * u + across * v * v)
        if grad:
            g[i, 0] = along * u * c - across * v * s
            g[i, 1] = along * u * s + across * v * c


def _build_ravine(dim: int, params: Mapping[str, float]) -> Setup:
    h, root, angle = params["height"], math.sqrt(params["condition"]), math.radians(params["angle"])
    c, s = math.cos(angle), math.sin(angle)
    return Setup(
        kernel=ravine_kernel,
        p=np.array([h / root, h * root, c, s]),
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.4 * c - 0.9 * s, -2.4 * s + 0.9 * c]),
        finest_scale=min(1.0, 1.0 / (h * root)),
        minimum=known(np.zeros(dim), 0.0, "the bottom of a convex quadratic"),
    )


RAVINE = Definition(
    name="ravine",
    title="Ravine",
    dims=(2,),
    latex=lambda dim: r"f(x, y) = \tfrac{h}{2}\left(\tfrac{u^2}{\sqrt{\kappa}} + \sqrt{\kappa}\,v^2\right)",
    source="The ill-conditioned quadratic of every text on gradient descent; (u, v) are turned by an angle.",
    summary="A narrow valley with condition number κ: the steep walls limit the step, the floor is almost flat.",
    parameters=lambda dim: (
        Parameter("condition", "Condition κ", 30.0, 1.0, 1000.0, 1.0, log=True, help="Ratio of the two curvatures."),
        Parameter("angle", "Angle", 30.0, 0.0, 90.0, 1.0, help="Direction of the floor, degrees."),
        height(0.15),
    ),
    build=_build_ravine,
)


@kernel
def saddle_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h (x²/2 − y²/2 + y⁴/(4b²))."""
    h, inverse = p[0], p[1]
    for i in range(x.shape[0]):
        a, b = x[i, 0], x[i, 1]
        f[i] = h * (0.5 * a * a - 0.5 * b * b + 0.25 * inverse * b * b * b * b)
        if grad:
            g[i, 0] = h * a
            g[i, 1] = h * (inverse * b * b * b - b)


def _build_saddle(dim: int, params: Mapping[str, float]) -> Setup:
    h, b = params["height"], params["distance"]
    return Setup(
        kernel=saddle_kernel,
        p=np.array([h, 1.0 / b**2]),
        bounds=box(dim, -3.0, 3.0),
        start=np.array([-2.4, 0.02]),
        finest_scale=min(1.0, 1.0 / (h * max(1.0, 27.0 / b**2 - 1.0))),
        minimum=known(np.array([0.0, b]), -0.25 * h * b * b, "x = 0 and y = b; the mirror image y = −b is as low"),
    )


SADDLE = Definition(
    name="saddle",
    title="Saddle",
    dims=(2,),
    latex=lambda dim: r"f(x, y) = h\left(\tfrac{x^2}{2} - \tfrac{y^2}{2} + \tfrac{y^4}{4b^2}\right)",
    source="The monkey's plainer cousin: a quadratic saddle, closed by a quartic so that it has two equal minima.",
    summary="From near its ridge a point slides to the saddle and lingers there before it falls to one side.",
    parameters=lambda dim: (
        Parameter("distance", "Distance b", 2.0, 0.5, 2.9, 0.1, help="Distance from the saddle to each minimum."),
        height(0.4),
    ),
    build=_build_saddle,
)


@kernel
def rosenbrock_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h ((1 − x)² + b (y − x²)²)."""
    h, b = p[0], p[1]
    for i in range(x.shape[0]):
        u = 1.0 - x[i, 0]
        v = x[i, 1] - x[i, 0] * x[i, 0]
        f[i] = h * (u * u + b * v * v)
        if grad:
            g[i, 0] = h * (-2.0 * u - 4.0 * b * v * x[i, 0])
            g[i, 1] = h * (2.0 * b * v)


def _build_rosenbrock(dim: int, params: Mapping[str, float]) -> Setup:
    h, b = params["height"], params["valley"]
    return Setup(
        kernel=rosenbrock_kernel,
        p=np.array([h, b]),
        bounds=np.array([[-2.0, 2.0], [-1.0, 3.0]]),
        start=np.array([-0.8, 2.4]),
        radius=0.8,
        # 2hb(1 + 4x²) is the curvature across the valley; at x = ±2 it is 34hb.
        finest_scale=min(1.0, 1.0 / (34.0 * h * b)),
        minimum=known(np.ones(dim), 0.0, "a sum of squares that vanishes at (1, 1) only"),
    )


ROSENBROCK = Definition(
    name="rosenbrock",
    title="Rosenbrock",
    dims=(2,),
    latex=lambda dim: r"f(x, y) = h\left((1 - x)^2 + b\,(y - x^2)^2\right)",
    source="H. H. Rosenbrock, The Computer Journal 3 (1960), with b = 100 and h = 1.",
    summary="A curved valley with a nearly flat floor; scaled by h, and b = 10 by default, to fit a true scale.",
    parameters=lambda dim: (
        Parameter("valley", "Valley b", 10.0, 1.0, 100.0, 1.0, log=True, help="Steepness of the walls; 1960: 100."),
        height(0.03),
    ),
    build=_build_rosenbrock,
)


@kernel
def rastrigin_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h Σ_j (x_j² + A (1 − cos 2πx_j))."""
    h, a = p[0], p[1]
    w = 2.0 * math.pi
    n, d = x.shape
    flat = x.reshape(-1)
    phi, slope = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(0, n * d, BLOCK):
        count = min(BLOCK, n * d - first)
        for m in range(count):
            u = flat[first + m]
            sine, cosine = sincos(w * u)
            phi[m] = h * (u * u + a * (1.0 - cosine))
            slope[m] = h * (2.0 * u + a * w * sine)
        collect(phi, slope, first, count, d, f, g, grad)


def _build_rastrigin(dim: int, params: Mapping[str, float]) -> Setup:
    return Setup(
        kernel=rastrigin_kernel,
        p=np.array([params["height"], params["amplitude"]]),
        bounds=box(dim, -5.12, 5.12),
        start=np.array([-4.0, 3.0]),
        radius=2.0,
        finest_scale=1.0,
        minimum=known(np.zeros(dim), 0.0, "every term is at least zero"),
    )


RASTRIGIN = Definition(
    name="rastrigin",
    title="Rastrigin",
    dims=(1, 2),
    latex=lambda dim: r"f(\theta) = h \sum_j \left(\theta_j^2 + A\,(1 - \cos 2\pi\theta_j)\right)",
    source="L. A. Rastrigin, Systems of Extremal Control (1974), with A = 10 and h = 1.",
    summary="An egg box in a bowl, scaled by h: every whole number is a trap for a point.",
    parameters=lambda dim: (
        Parameter("amplitude", "Amplitude A", 10.0, 0.0, 20.0, 0.5, help="Height of the egg box; 1974: 10."),
        height(0.05),
    ),
    build=_build_rastrigin,
)


@kernel
def ackley_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h (a + e − a exp(−b r) − exp(mean cos 2πx_j)), r = √(mean x_j²); zero gradient at the tip r = 0."""
    h, a, b = p[0], p[1], p[2]
    w = 2.0 * math.pi
    n, d = x.shape
    for i in range(n):
        squares, cosines = 0.0, 0.0
        for j in range(d):
            squares += x[i, j] * x[i, j]
            cosines += sincos(w * x[i, j])[1]
        r = math.sqrt(squares / d)
        cone = a * math.exp(-b * r)
        waves = math.exp(cosines / d)
        f[i] = h * ((a - cone) + (math.e - waves))
        if grad:
            pull = b * cone / (d * r) if r != 0.0 else 0.0
            for j in range(d):
                g[i, j] = h * (pull * x[i, j] + waves * w / d * sincos(w * x[i, j])[0])


def _build_ackley(dim: int, params: Mapping[str, float]) -> Setup:
    return Setup(
        kernel=ackley_kernel,
        p=np.array([params["height"], params["depth"], params["decay"]]),
        bounds=box(dim, -5.0, 5.0),
        start=np.array([-4.0, 3.0]),
        radius=2.5,
        finest_scale=1.0,
        minimum=known(np.zeros(dim), 0.0, "both terms are smallest at the origin"),
    )


ACKLEY = Definition(
    name="ackley",
    title="Ackley",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta) = h\left(a + e - a\,e^{-b\,\|\theta\|/\sqrt d}"
        r" - \exp\left(\tfrac1d \textstyle\sum_j \cos 2\pi\theta_j\right)\right)"
    ),
    source="D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing (1987), with a = 20, b = 0.2 and h = 1.",
    summary="Ripples on a wide funnel with a sharp tip, scaled by h: flat far out, where traps hold longest.",
    parameters=lambda dim: (
        Parameter("depth", "Depth a", 20.0, 1.0, 40.0, 0.5, help="Depth of the funnel; 1987: 20."),
        Parameter("decay", "Decay b", 0.2, 0.02, 1.0, 0.01, log=True, help="How fast it flattens; 1987: 0.2."),
        height(0.2),
    ),
    build=_build_ackley,
)


@kernel
def whitley_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h Σ_i Σ_j (y²/4000 − cos y + 1), y = K (x_i² − x_j)² + (1 − x_j)²."""
    h, stiffness = p[0], p[1]
    n, d = x.shape
    for m in range(n):
        total = 0.0
        if grad:
            for j in range(d):
                g[m, j] = 0.0
        for i in range(d):
            for j in range(d):
                u = x[m, i] * x[m, i] - x[m, j]
                v = 1.0 - x[m, j]
                y = stiffness * u * u + v * v
                sine, cosine = sincos(y)
                total += y * y / 4000.0 - cosine + 1.0
                if grad:
                    slope = h * (y / 2000.0 + sine)
                    g[m, i] += slope * 4.0 * stiffness * u * x[m, i]
                    g[m, j] -= slope * (2.0 * stiffness * u + 2.0 * v)
        f[m] = h * total


def _build_whitley(dim: int, params: Mapping[str, float]) -> Setup:
    stiffness = params["stiffness"]
    low, high = -0.75, 1.75
    # The cosine's local wavelength is 2π/|∇y|, and the slope of y is smooth, so a coarse grid finds the steepest.
    side = np.linspace(low, high, 101)
    a, b = (side[:, None], side[None, :]) if dim == 2 else (side, side)
    u = a * a - b
    if dim == 2:
        steepest = np.hypot(4 * stiffness * u * a, 2 * stiffness * u + 2 * (1 - b)).max()
    alone = side * side - side
    steepest_alone = np.abs(2 * stiffness * alone * (2 * side - 1) - 2 * (1 - side)).max()
    return Setup(
        kernel=whitley_kernel,
        p=np.array([params["height"], stiffness]),
        bounds=box(dim, low, high),
        start=np.array([-0.55]) if dim == 1 else np.array([-0.11, 1.2]),
        radius=1.6 if dim == 1 else 0.5,
        finest_scale=2.0 * math.pi / float(max(steepest, steepest_alone) if dim == 2 else steepest_alone),
        minimum=known(np.ones(dim), 0.0, "every term is at least zero and all vanish where each y = 0, at θ = 1"),
    )


WHITLEY = Definition(
    name="whitley",
    title="Whitley",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta) = h \sum_{i,j} \left(\tfrac{y_{ij}^2}{4000} - \cos y_{ij} + 1\right),\quad"
        r" y_{ij} = K(\theta_i^2 - \theta_j)^2 + (1 - \theta_j)^2"
    ),
    source="D. Whitley et al., Artificial Intelligence 85 (1996), with K = 100 and h = 1.",
    summary="Rosenbrock's valley under ripples that get finer away from it; scaled by h, and K = 10 by default.",
    parameters=lambda dim: (
        Parameter("stiffness", "Stiffness K", 10.0, 1.0, 100.0, 1.0, log=True, help="Steepness; in 1996: 100."),
        height(0.4 if dim == 1 else 0.1),
    ),
    build=_build_whitley,
)

DEFINITIONS = (RAVINE, SADDLE, ROSENBROCK, RASTRIGIN, ACKLEY, WHITLEY)
