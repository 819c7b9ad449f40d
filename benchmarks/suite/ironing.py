"""Dilation by a ball, against SciPy, scikit-image and a direct loop in numba: curves and surfaces, radii in samples.

A GPU is not measured: there is no ironing on one. The envelope of one row is a stack, which two threads cannot push to
at once, so a GPU would have a thread a row; its monotone-matrix form, which has many threads a row, was not written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from scipy import ndimage
from skimage.restoration import ellipsoid_kernel, rolling_ball

from benchmarks.suite.measure import Report, Row, compared, growth, steady
from rbo_core.ironing import iron
from rbo_core.ironing.cap import cap as cap_of
from rbo_core.ironing.dilation import dilate_curve, dilate_grid
from rbo_core.threads import threads

PATIENCE = 15.0
"""Seconds of one call beyond which a competitor is left out; predicted from its cost a sample and offset."""
PACE = {"SciPy": 5.0e-9, "scikit-image": 1.5e-9, "numba loop": 1.0e-9}


@njit(cache=True)
def direct_row(f: Any, cap: Any, out: Any) -> None:
    """The definition: h_i = max over |k| ≤ r of f_{i+k} + cap_k."""
    reach = cap.size // 2
    for i in range(f.size):
        best = -np.inf
        for k in range(max(-reach, -i), min(reach, f.size - 1 - i) + 1):
            best = max(best, f[i + k] + cap[k + reach])
        out[i] = best


def run(quick: bool) -> Report:
    """Curves to 10⁶ samples, surfaces to 2048², radii of 5 to 400 samples."""
    report = Report()
    _curves(report, quick)
    _surfaces(report, quick)
    _limits(report, quick)
    return report


def _curves(report: Report, quick: bool) -> None:
    sizes = (1_000, 4_000, 16_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    for radius in (5, 20) if quick else (5, 10, 20, 50, 400):
        reach = np.arange(-radius, radius + 1)
        cap = np.sqrt(np.maximum(radius**2 - reach**2, 0.0))
        ours = []
        for n in sizes:
            x = np.arange(n, dtype=float)
            f, out = (x - n / 2) ** 2 / (40 * n) + 8 * np.cos(x / 3), np.empty(n)
            expected = dilate_curve(f, 1.0, float(radius))
            calls: dict[str, Any] = {"ours": lambda f=f, r=radius: dilate_curve(f, 1.0, float(r))}
            if n * (2 * radius + 1) * PACE["SciPy"] < PATIENCE:
                calls["SciPy"] = lambda f=f, cap=cap: ndimage.grey_dilation(
                    f, footprint=np.ones(cap.size, bool), structure=cap, mode="constant", cval=-1e300
                )
                np.testing.assert_allclose(calls["SciPy"](), expected, atol=1e-9)
            calls["numba loop"] = lambda f=f, cap=cap, out=out: direct_row(f, cap, out)
            calls["numba loop"]()
            np.testing.assert_allclose(out, expected, atol=1e-9)
            rows = compared(f"curve, {n:,} samples, radius {radius}", calls, 3)
            report.rows += rows
            ours.append(rows[0].steady)
        report.growth.append(growth(f"curve, radius {radius}, over samples", "ours", sizes, ours))


def _surfaces(report: Report, quick: bool) -> None:
    sides = (64, 96, 128) if quick else (128, 256, 512, 1024, 2048)
    radii = (5, 10) if quick else (5, 10, 20, 50, 100, 200, 400)
    middle, radius = (96, 5) if quick else (512, 20)
    ours = {side: _surface(report, side, radius, quick) for side in sides}
    along = {r: ours[middle] if r == radius else _surface(report, middle, r, quick) for r in radii}
    for k, who in enumerate(("dilation", "iron")):
        cost = [both[k] for both in ours.values()]
        report.growth.append(growth(f"surface, radius {radius}, over the side", who, sides, cost))
        if len(radii) > 2:
            cost = [both[k] for both in along.values()]
            report.growth.append(growth(f"surface, {middle}², over the radius", who, radii, cost))


def _limits(report: Report, quick: bool) -> None:
    """What the machine could do at most: copy a curve; compare as many samples without leaving the first cache."""
    n, side, radius = (10_000, 64, 5) if quick else (1_000_000, 512, 20)
    f = 8 * np.cos(np.arange(n) / 3)
    share = steady(f.copy, 5) / steady(lambda: dilate_curve(f, 1.0, 5.0), 5)
    report.rows.append(Row("share of the limit", f"curve, {n:,} samples, radius 5, of copying it", 100 * share, "%"))
    grid = f[: side**2].reshape(side, side) if side**2 <= n else np.resize(f, (side, side))
    repeats, row = 10_000, np.zeros((5, 512))
    in_cache = repeats * 512 * 4 * threads() / steady(lambda: compare_in_cache(row, repeats), 5)
    compared_ = side**2 * cap_of(float(radius), (1.0, 1.0)).samples
    share = compared_ / steady(lambda: dilate_grid(grid, (1.0, 1.0), float(radius)), 5) / in_cache
    who = f"surface, {side}², radius {radius}, of the same comparisons in the first cache"
    report.rows.append(Row("share of the limit", who, 100 * share, "%"))


@njit(cache=True, fastmath={"nnan", "nsz"}, error_model="numpy")
def compare_in_cache(rows: Any, repeats: int) -> None:
    """The inner loop of the direct maximum, four comparisons a sample, on rows that never leave the first cache."""
    out, a, b, c, d = rows[0], rows[1], rows[2], rows[3], rows[4]
    for k in range(repeats):
        for j in range(out.size):
            out[j] = max(out[j], max(max(a[j], b[j]), max(c[j], d[j])) + k)


def _surface(report: Report, side: int, radius: int, quick: bool) -> tuple[float, float]:
    """Seconds of the dilation, and of all of `iron`."""
    y, x = np.mgrid[0:side, 0:side].astype(float)
    f = ((x - side / 2) ** 2 + (y - side / 2) ** 2) / (1.2 * side) + 8 * np.cos(x / 3) * np.cos(y / 4)
    reach = np.arange(-radius, radius + 1)
    squared = radius**2 - reach[:, None] ** 2 - reach[None, :] ** 2
    cap = np.sqrt(np.maximum(squared, 0.0))
    kernel = ellipsoid_kernel((2 * radius + 1,) * 2, 2 * radius)
    competitors: dict[str, Any] = {
        "SciPy": lambda: ndimage.grey_dilation(f, footprint=squared >= 0, structure=cap, mode="constant", cval=-1e300),
        "scikit-image": lambda: rolling_ball(-f, kernel=kernel, workers=2),
    }
    calls: dict[str, Any] = {"ours": lambda: dilate_grid(f, (1.0, 1.0), float(radius))}
    group = f"surface, {side}², radius {radius}"
    for who, call in competitors.items():
        guess = side**2 * float((squared >= 0).sum()) * PACE[who]
        if guess < PATIENCE:
            calls[who] = call
        else:
            report.notes.append(f"{group}: {who} left out, some {guess:.0f} s a call")
    calls["ours"]()
    slow = side**2 * float((squared >= 0).sum()) * PACE["SciPy"] > 1.0
    if "SciPy" in calls and not slow:
        np.testing.assert_allclose(calls["SciPy"](), calls["ours"](), atol=1e-9)
    rows = compared(group, calls, 0 if slow else 3)
    whole = {"iron": lambda: iron(f, 1.0, float(radius))}
    ironed = compared(f"{group}, with closing and reach", whole, 1 if quick or slow else 3)
    report.rows += rows + ironed
    return steady(calls["ours"], 3) if slow else rows[0].steady, ironed[0].steady
