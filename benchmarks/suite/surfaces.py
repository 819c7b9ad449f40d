"""What a point costs: built-in surfaces, the same typed as formulas, and the share of what the machine can multiply."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

import landscapes
from benchmarks.bench_formula import TYPED
from benchmarks.suite.measure import Report, Row, compared, seconds, steady

HARMONICS = 100
FLOPS = 14
"""Additions and multiplications a harmonic: two complex products (6 each) and two sums."""


def run(quick: bool) -> Report:
    """ns a point, value and gradient, on one core."""
    report = Report()
    points = 2_000 if quick else 100_000
    for name in landscapes.names(1)[: 3 if quick else None]:
        if landscapes.get(name, dim=1).name in ("formula", "map", "drawing"):
            continue
        surface = landscapes.get(name, dim=1)
        first = seconds(_call(surface, points))
        cost = _cost(surface, points)
        report.rows.append(Row("a point's value and gradient", name, cost, "ns", first))
        share = 100 * _copied(points) / cost
        report.rows.append(Row("share of the speed at which a point's numbers are copied", name, share, "%"))
    for (name, dim), text in TYPED.items():
        built_in = landscapes.get(name, dim=dim)
        formula = landscapes.get("formula", dim=dim, expression=text, bounds=built_in.bounds)
        calls = {"built in": _call(built_in, points), "formula": _call(formula, points)}
        report.rows += compared(f"{name}, {dim} parameters", calls, 3 if quick else 7, points * 1e-9, "ns")
    wave = landscapes.get("weierstrass_like", dim=1, terms=HARMONICS)
    per_point = _cost(wave, points)
    side = 64 if quick else 1024
    matrix = np.random.default_rng(0).random((side, side))
    with threadpool_limits(1):
        limit = 2 * side**3 / steady(lambda: matrix @ matrix, 5)
    share = FLOPS * HARMONICS / (per_point * 1e-9) / limit
    report.rows.append(Row(f"{HARMONICS} harmonics", "ours", per_point, "ns"))
    report.rows.append(Row(f"{HARMONICS} harmonics", "share of a matrix product on one core", 100 * share, "%"))
    return report


def _call(surface: landscapes.Landscape, points: int):
    setup = surface.setup
    x = np.random.default_rng(0).uniform(*surface.bounds.T, (points, surface.dim))
    f, g = np.empty(points), np.empty_like(x)
    return lambda: setup.kernel(x, setup.p, setup.t, f, g, True)


def _copied(points: int) -> float:
    """ns a point to read its parameter and write its value and gradient: below this no surface can be."""
    x, f, g = np.ones((points, 1)), np.ones(points), np.ones((points, 1))

    def call() -> None:
        np.copyto(f, x[:, 0])
        np.copyto(g, x)

    return steady(call, 5) / points * 1e9


def _cost(surface: landscapes.Landscape, points: int) -> float:
    return steady(_call(surface, points), 5) / points * 1e9
