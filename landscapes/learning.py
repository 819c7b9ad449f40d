"""Small pictures of learning: the loss of fitting a sine, and two equally deep wells of different sharpness."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscapes.base import Definition, Floats, Minimum, Parameter, Setup, box, kernel, seed
from landscapes.classic import height

_SAMPLES = 50
_LENGTH = 10.0  # data x run from 0 to here


@kernel
def sine_mse_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """h · mean_i (θ₂ sin(θ₁ x_i) − y_i)² on the data x_i = iΔ, y_i = t[0, i]; θ₂ = p[2] when only θ₁ is free.

    The data are evenly spaced, so sin(θ₁ x_i) follows from one sine and one cosine by rotation.
    """
    h, spacing = p[0], p[1]
    samples = t.shape[1]
    n, d = x.shape
    for m in range(n):
        amplitude = x[m, 1] if d == 2 else p[2]
        angle = x[m, 0] * spacing
        rc, rs = math.cos(angle), math.sin(angle)
        c, s = 1.0, 0.0
        total, slope, lift = 0.0, 0.0, 0.0
        for i in range(samples):
            error = amplitude * s - t[0, i]
            total += error * error
            if grad:
                slope += error * c * (i * spacing)
                lift += error * s
            c, s = c * rc - s * rs, s * rc + c * rs
        f[m] = h * total / samples
        if grad:
            g[m, 0] = 2.0 * h * amplitude * slope / samples
            if d == 2:
                g[m, 1] = 2.0 * h * lift / samples


def _build_sine_mse(dim: int, params: Mapping[str, float]) -> Setup:
    spacing = _LENGTH / (_SAMPLES - 1)
    data = spacing * np.arange(_SAMPLES)
    rng = np.random.default_rng(int(params["seed"]))
    y = params["amplitude"] * np.sin(params["frequency"] * data) + params["noise"] * rng.standard_normal(_SAMPLES)
    truth = np.array([params["frequency"], params["amplitude"]][:dim])

    def minimum() -> Minimum:
        return Minimum(truth, 0.0, "closed form: without noise the true parameters fit exactly")

    return Setup(
        kernel=sine_mse_kernel,
        p=np.array([params["height"], spacing, params["amplitude"]]),
        t=y[None, :],
        bounds=np.array([[0.0, 6.0], [-1.0, 3.0]][:dim]),
        start=np.array([2.8, 0.6]),
        # The square's highest frequency in θ₁ is twice the last data point.
        finest_scale=math.pi / _LENGTH,
        minimum=minimum if params["noise"] == 0 else None,
    )


SINE_MSE = Definition(
    name="sine_mse",
    title="Fitting a sine",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta_1) = \tfrac{h}{n} \sum_{i=1}^{n} \left(\theta_2^\ast \sin(\theta_1 x_i) - y_i\right)^2"
        if dim == 1
        else r"f(\theta_1, \theta_2) = \tfrac{h}{n} \sum_{i=1}^{n} \left(\theta_2 \sin(\theta_1 x_i) - y_i\right)^2"
    ),
    source="The smallest network with many local minima: y = θ₂ sin(θ₁ x) fitted to 50 points on [0, 10].",
    summary="A real fitting problem: wrong frequencies have local minima of their own, the right one is a narrow well.",
    parameters=lambda dim: (
        Parameter("frequency", "True θ₁", 2.0, 0.5, 5.5, 0.1, help="Frequency of the data."),
        Parameter("amplitude", "True θ₂", 1.5, 0.5, 2.5, 0.1, help="Amplitude of the data."),
        Parameter("noise", "Noise", 0.0, 0.0, 1.0, 0.05, help="Standard deviation added to the data."),
        seed("Seed of the noise."),
        height(0.5),
    ),
    build=_build_sine_mse,
)


@kernel
def sharp_flat_wells_kernel(x: Floats, p: Floats, t: Floats, f: Floats, g: Floats, grad: bool) -> None:
    """q(x) s(x): a rounded funnel q = kδ²(√(1+|x−a|²/δ²) − 1) about the flat well a, and a pit
    s = 1 − exp(−|x−b|²/(2w²)) about the sharp well b. Both factors are at least zero, and each well is a zero of one.
    """
    half, k, delta, w = p[0], p[1], p[2], p[3]
    n, d = x.shape
    for i in range(n):
        flat, sharp = (x[i, 0] - half) ** 2, (x[i, 0] + half) ** 2
        for j in range(1, d):
            flat += x[i, j] * x[i, j]
            sharp += x[i, j] * x[i, j]
        root = math.sqrt(1.0 + flat / (delta * delta))
        # flat/(root + 1) is δ²(root − 1) without the cancellation at the well's bottom; expm1 likewise.
        q = k * flat / (root + 1.0)
        s = -math.expm1(-0.5 * sharp / (w * w))
        f[i] = q * s
        if grad:
            along_q = s * k / root
            along_s = q * (1.0 - s) / (w * w)
            for j in range(d):
                shift = half if j == 0 else 0.0
                g[i, j] = along_q * (x[i, j] - shift) + along_s * (x[i, j] + shift)


def _build_sharp_flat_wells(dim: int, params: Mapping[str, float]) -> Setup:
    half, k, delta = 0.5 * params["separation"], params["curvature"], 1.0
    # Curvature at the sharp well is q(b)/w²; at the flat one k s(a), with s(a) = 1 to rounding for these ranges.
    at_sharp = k * delta**2 * (math.hypot(1.0, 2 * half / delta) - 1.0)
    w = math.sqrt(at_sharp / (params["ratio"] * k))
    flat = np.zeros(dim)
    flat[0] = half
    note = f"closed form: two equal minima, the flat one here and the sharp one at x = {-half:g}"
    return Setup(
        kernel=sharp_flat_wells_kernel,
        p=np.array([half, k, delta, w]),
        bounds=box(dim, -4.0, 4.0),
        start=np.array([-3.2, 0.4]),
        radius=1.6 if dim == 1 else 1.0,
        finest_scale=2.0 * w,
        minimum=lambda: Minimum(flat, 0.0, note),
    )


SHARP_FLAT_WELLS = Definition(
    name="sharp_flat_wells",
    title="Sharp and flat wells",
    dims=(1, 2),
    latex=lambda dim: (
        r"f(\theta) = \kappa\delta^2\left(\sqrt{1 + \tfrac{|\theta - a|^2}{\delta^2}} - 1\right)"
        r"\left(1 - e^{-|\theta - b|^2 / 2w^2}\right)"
    ),
    source="The sharp-versus-flat question of Hochreiter and Schmidhuber, Flat Minima (1997), with equal depths.",
    summary="Two minima equally deep, one 100 times more curved: a point falls into the sharp one, a ball cannot.",
    parameters=lambda dim: (
        Parameter("curvature", "Curvature κ", 0.8, 0.05, 2.0, 0.05, log=True, help="Curvature of the flat well."),
        Parameter("ratio", "Ratio", 100.0, 20.0, 1000.0, 1.0, log=True, help="The sharp well's curvature over it."),
        Parameter("separation", "Separation", 3.0, 2.0, 5.0, 0.1, help="Distance between the wells."),
    ),
    build=_build_sharp_flat_wells,
)

DEFINITIONS = (SINE_MSE, SHARP_FLAT_WELLS)
