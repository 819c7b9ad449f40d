"""Ironing against SciPy and scikit-image on the same surface, in one run; and a sweep of radii on a curve.

    python benchmarks/bench_ironing.py

Best of three for ours, one run for the others (they take long). Prints seconds and ratios, and the largest difference;
then from which radius on the envelope beats the direct maximum, of ground and of the underside of the balls' sweep.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.restoration import ellipsoid_kernel, rolling_ball

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rbo_core.ironing import crests, dilation, iron, iron_sweep
from rbo_core.ironing.dilation import dilate_grid

N, RADIUS = 512, 100.0


def best(call: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Shortest wall time in seconds, and the last result."""
    shortest, result = np.inf, None
    for _ in range(times):
        start = time.perf_counter()
        result = call()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def surfaces() -> dict[str, np.ndarray]:
    """The kind a lab sees, the one that prunes best, and the ones that prune worst."""
    y, x = np.mgrid[0:N, 0:N].astype(float)
    rng = np.random.default_rng(0)
    return {
        "wrinkled": ((x - 256) ** 2 + (y - 256) ** 2) / 600 + 8 * np.cos(x / 3) * np.cos(y / 4),
        "noise": 5 * rng.normal(size=(N, N)),
        "flat": np.zeros((N, N)),
        "bowl": ((x - 256) ** 2 + (y - 256) ** 2) / 300,
    }


def main() -> None:
    """Measure and print."""
    warm = np.zeros((60, 60))
    iron(warm, 1.0, 9.0)
    crests(warm, 1.0)
    dilate_grid(warm, (1.0, 1.0), 9.0)
    iron_sweep(np.zeros(99), 1.0, [9.0], closing=True)

    print(f"{N} x {N}, radius {RADIUS:g} px")
    ours: dict[str, float] = {}
    for name, f in surfaces().items():
        total, _ = best(lambda f=f: iron(f, 1.0, RADIUS))
        ours[name], h = best(lambda f=f: dilate_grid(f, (1.0, 1.0), RADIUS))
        seconds, found = best(lambda f=f: crests(f, 1.0))
        print(f"  {name:9} iron {total:6.3f} s (dilation alone {ours[name]:6.3f} s); lifetimes of "
              f"{found.lifetime.size:,} crests {seconds:6.3f} s")  # fmt: skip
        if name == "wrinkled":
            ironing, f_wrinkled, dilated = total, f, h

    reach = np.arange(-int(RADIUS), int(RADIUS) + 1)
    squared = RADIUS**2 - reach[:, None] ** 2 - reach[None, :] ** 2
    cap = np.sqrt(np.maximum(squared, 0))
    theirs, h = best(
        lambda: ndimage.grey_dilation(f_wrinkled, footprint=squared >= 0, structure=cap, mode="constant", cval=-1e300),
        1,
    )
    difference = np.abs(h - dilated).max()
    print(f"scipy grey_dilation      {theirs:7.2f} s: {theirs / ours['wrinkled']:6.1f} x our dilation,"
          f" {theirs / ironing:6.1f} x our iron; largest difference {difference:.1e}")  # fmt: skip
    kernel = ellipsoid_kernel((2 * int(RADIUS) + 1,) * 2, 2 * RADIUS)
    theirs, _ = best(lambda: rolling_ball(-f_wrinkled, kernel=kernel, workers=2), 1)
    print(f"skimage rolling_ball     {theirs:7.2f} s: {theirs / ours['wrinkled']:6.1f} x our dilation,"
          f" {theirs / ironing:6.1f} x our iron (two threads, one pass)")  # fmt: skip

    k = np.arange(1, 101) ** 2
    x = np.linspace(-1, 8, 20_000)
    f = np.sin(np.outer(x, k)) @ (1 / k)
    radii = np.geomspace(0.003, 3, 24)
    for closing in (False, True):
        seconds, _ = best(lambda closing=closing: iron_sweep(f, x[1] - x[0], radii, closing=closing))
        single, _ = best(lambda: [iron(f, x[1] - x[0], r) for r in radii], 1)
        print(f"24 radii on 20,000 samples, closing={closing!s:5}: {seconds:6.3f} s (one by one {single:6.3f} s)")
    crossings()


def crossings() -> None:
    """Seconds of the envelope over those of the direct maximum: above 1 the direct one wins, which decides
    `dilation.DIRECT` and `dilation.DIRECT_UNDERSIDE`. The two take turns, so that a busy machine slows both."""

    def spent(f: np.ndarray, radius: float, sign: float, direct: bool) -> float:
        dilation.DIRECT = dilation.DIRECT_UNDERSIDE = 10**9 if direct else 0
        begin = time.perf_counter()
        dilate_grid(f, (1.0, 1.0), radius, sign=sign)
        return time.perf_counter() - begin

    kept = dilation.DIRECT, dilation.DIRECT_UNDERSIDE
    print(f"{N} x {N}, envelope / direct maximum: of ground, of the underside")
    for name, f in surfaces().items():
        for radius in (30.0, 40.0, 50.0, 65.0, 80.0, 100.0):
            balls = dilate_grid(f, (1.0, 1.0), radius)
            ratio = [
                np.median([spent(g, radius, sign, False) / spent(g, radius, sign, True) for _ in range(5)])
                for g, sign in ((f, 1.0), (balls, -1.0))
            ]
            print(f"  {name:9} radius {radius:4g}: {ratio[0]:5.2f} {ratio[1]:5.2f}")
    dilation.DIRECT, dilation.DIRECT_UNDERSIDE = kept


if __name__ == "__main__":
    main()
