"""What a point costs on every surface, against NumPy's direct evaluation of the same formula.

    python benchmarks/bench_surfaces.py [--surface NAME ...] [--points 100000] [--json]

Columns: value and gradient on one core, value alone on one core, value and gradient on all cores (ns a point), one
call with 1 and with 30 points (µs), NumPy's direct value and gradient (ns a point) and how many times slower that is.
All numbers of a row come from one run on one machine; each is the best of several repeats. Spline surfaces are compared
with the Fourier sum that they interpolate.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import landscapes
from landscapes.base import NO_TABLE, Landscape

Direct = Callable[[np.ndarray, Landscape], tuple[np.ndarray, np.ndarray]]
TAU = 2 * math.pi


def best(call: Callable[[], object], seconds: float = 0.25) -> float:
    """Seconds of the fastest of the repeats that fit into the given time (at least three)."""
    call()
    fastest, spent, repeats = math.inf, 0.0, 0
    while repeats < 3 or spent < seconds:
        began = time.perf_counter()
        call()
        took = time.perf_counter() - began
        fastest, spent, repeats = min(fastest, took), spent + took, repeats + 1
    return fastest


def harmonics(x, amplitude, frequency, phase):
    """Σ_j Σ_k A_k cos(ω_k x_j + φ_k) and its gradient: the direct sum."""
    angle = frequency * x[..., None] + phase
    return (amplitude * np.cos(angle)).sum((1, 2)), -(amplitude * frequency * np.sin(angle)).sum(2)


def bowl(x, c):
    return c * (x**2).sum(1), 2 * c * x


def add(*parts):
    return sum(part[0] for part in parts), sum(part[1] for part in parts)


def wrinkled_bowl(x, s):
    p = s.parameters
    w = TAU / p["wavelength"] * np.array([1, 2.3])
    waves = harmonics(x, np.array([p["amplitude"], p["detail"]]), w, np.array([0.0, 1.0]))
    return add(bowl(x, p["steepness"]), waves)


def weierstrass(x, s):
    return harmonics(x, s.setup.t[0], np.pi * s.setup.t[1], 0.0)


def weierstrass_like(x, s):
    k = np.arange(1, s.parameters["terms"] + 1.0)
    return harmonics(x, s.parameters["height"] / k**2, k**2, -np.pi / 2)


def fourier(x, s):
    c, rate = s.setup.p
    t = s.setup.t
    n = t.shape[1]
    transform = np.fft.fft2(t) / t.size
    rows, columns = np.nonzero(np.abs(transform) > 1e-12 * np.abs(transform).max())
    k = np.stack([columns, rows])[: s.dim]
    k = TAU * rate / n * ((k + n // 2) % n - n // 2)
    half = (k[-1] > 0) | ((k[-1] == 0) & (k[0] > 0))
    k, z = k[:, half], 2 * transform[rows[half], columns[half]]
    wave = z * np.exp(1j * (x @ k))
    return add(bowl(x, c), (wave.real.sum(1), (1j * wave).real @ k.T))


def gaussian_pits(x, s):
    p, pits = s.parameters, s.setup.t
    shift = x[:, None, :] - pits
    pit = p["depth"] * np.exp(-(shift**2).sum(2) / (2 * p["sigma"] ** 2))
    return add(bowl(x, p["steepness"]), (-pit.sum(1), (pit[..., None] * shift).sum(1) / p["sigma"] ** 2))


def corduroy(x, s):
    p = s.parameters
    sine, cosine = np.sin(np.pi * x[:, 0] / p["width"]), np.cos(np.pi * x[:, 0] / p["width"])
    f, g = bowl(x, 0.5 * p.get("valley", 0.0))
    f = f - 0.5 * p.get("valley", 0.0) * x[:, 0] ** 2 + p["slope"] * x[:, 0] - p["depth"] * np.abs(sine)
    g[:, 0] = p["slope"] - p["depth"] * np.pi / p["width"] * np.sign(sine) * cosine
    return f, g


def rastrigin(x, s):
    h, a = s.parameters["height"], s.parameters["amplitude"]
    return h * (x**2 + a * (1 - np.cos(TAU * x))).sum(1), h * (2 * x + a * TAU * np.sin(TAU * x))


def ackley(x, s):
    p, d = s.parameters, s.dim
    r = np.sqrt((x**2).mean(1, keepdims=True))
    cone = p["depth"] * np.exp(-p["decay"] * r)
    waves = np.exp(np.cos(TAU * x).mean(1, keepdims=True))
    f = p["height"] * (p["depth"] + math.e - cone - waves)[:, 0]
    return f, p["height"] * (p["decay"] * cone * x / (d * r) + waves * TAU / d * np.sin(TAU * x))


def sine_mse(x, s):
    h, spacing, fixed = s.setup.p
    data = spacing * np.arange(s.setup.t.shape[1])
    amplitude = x[:, 1:] if s.dim == 2 else np.full_like(x, fixed)
    sine, cosine = np.sin(x[:, :1] * data), np.cos(x[:, :1] * data)
    error = amplitude * sine - s.setup.t
    g = np.stack([2 * h * (error * amplitude * cosine * data).mean(1), 2 * h * (error * sine).mean(1)], 1)
    return h * (error**2).mean(1), g[:, : s.dim]


def whitley(x, s):
    h, k = s.setup.p
    a, b = x[:, :, None], x[:, None, :]
    y = k * (a**2 - b) ** 2 + (1 - b) ** 2
    slope = h * (y / 2000 + np.sin(y))
    g = (slope * 4 * k * (a**2 - b) * a).sum(2) - (slope * (2 * k * (a**2 - b) + 2 * (1 - b))).sum(1)
    return h * (y**2 / 4000 - np.cos(y) + 1).sum((1, 2)), g


def rosenbrock(x, s):
    h, b = s.setup.p
    u, v = 1 - x[:, 0], x[:, 1] - x[:, 0] ** 2
    return h * (u**2 + b * v**2), h * np.stack([-2 * u - 4 * b * v * x[:, 0], 2 * b * v], 1)


DIRECT: dict[str, Direct] = {
    **{direct.__name__: direct for direct in (wrinkled_bowl, weierstrass, weierstrass_like, gaussian_pits, corduroy)},
    **{direct.__name__: direct for direct in (rastrigin, ackley, sine_mse, whitley, rosenbrock)},
    "fractional_brownian": fourier,
    "spectral_noise": fourier,
}


def measure(surface: Landscape, points: int) -> dict[str, object]:
    setup = surface.setup
    low, high = surface.bounds.T
    x = np.random.default_rng(0).uniform(low, high, (points, surface.dim))
    f, g = np.empty(points), np.empty_like(x)
    row: dict[str, object] = {"surface": surface.name, "dim": surface.dim}
    row["grad_ns"] = best(lambda: setup.kernel(x, setup.p, setup.t, f, g, True)) / points * 1e9
    row["value_ns"] = best(lambda: setup.kernel(x, setup.p, setup.t, f, NO_TABLE, False)) / points * 1e9
    row["cores_ns"] = best(lambda: surface.value_and_grad(x)) / points * 1e9
    for count in (1, 30):
        few = x[:count].copy()
        row[f"call_{count}_us"] = best(lambda few=few: surface.value_and_grad(few), 0.02) * 1e6
    direct = DIRECT.get(surface.name)
    if direct is not None:
        # As many points as keep the direct sum's tables in a few MB, which is the pace that favours NumPy.
        some = x[: {"fractional_brownian": 20, "spectral_noise": 100, "gaussian_pits": 200}.get(surface.name, 2000)]
        few_f, few_g = direct(some, surface)
        mine_f, mine_g = surface.value_and_grad(some)
        row["numpy_ns"] = best(lambda: direct(some, surface)) / len(some) * 1e9
        row["ratio"] = row["numpy_ns"] / row["grad_ns"]
        row["difference"] = float(max(np.abs(few_f - mine_f).max(), np.abs(few_g - mine_g).max() / np.abs(few_g).max()))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--surface", nargs="*", default=landscapes.names(), help="only these")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    args = parser.parse_args()
    if not args.json:
        print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}, {args.points:,} points")
        print(f"{'surface':24}{'grad':>8}{'value':>8}{'cores':>8} ns{'1':>8}{'30':>7} µs{'NumPy':>10} ns{'ratio':>8}")
    for name in args.surface:
        for dim in (1, 2):
            if name not in landscapes.names(dim):
                continue
            row = measure(landscapes.get(name, dim=dim), args.points)
            if args.json:
                print(json.dumps(row))
                continue
            numpy = f"{row['numpy_ns']:10.0f}   {row['ratio']:7.1f}x" if "ratio" in row else ""
            print(
                f"{name + f' {dim}D':24}{row['grad_ns']:8.1f}{row['value_ns']:8.1f}{row['cores_ns']:8.1f}   "
                f"{row['call_1_us']:8.2f}{row['call_30_us']:7.2f}   {numpy}"
            )


if __name__ == "__main__":
    main()
