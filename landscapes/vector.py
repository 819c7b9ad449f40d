"""Loops that the compiler can vectorise: sine and cosine as plain arithmetic, and blocks of points.

The C library's sine is a call, which keeps a loop from being vectorised. This one has neither branches nor calls, so
several points run at once, and each gets the bits it would get alone.
"""

from __future__ import annotations

import math

from landscapes.base import Floats
from landscapes.kernel_cache import njit

#: Coordinates that a kernel works on at a time: even, and few enough for the first-level cache.
BLOCK = 128

# π/2 in three parts of 33 bits: n times a part is exact for |n| < 2²⁰ (W. J. Cody and W. Waite, 1980).
_HALF_PI_1 = 1.57079632673412561417e00
_HALF_PI_2 = 6.07710050630396597660e-11
_HALF_PI_3 = 2.02226624879595063154e-21


@njit(inline="always", error_model="numpy")
def sincos(x: float) -> tuple[float, float]:
    """(sin x, cos x), off by at most 3e-16 for |x| < 10⁶; beyond that the reduction loses digits. NaN for inf and NaN.

    Polynomials on [−π/4, π/4] from fdlibm's k_sin.c and k_cos.c.
    """
    n = math.floor(x * 0.63661977236758134 + 0.5)
    r = ((x - n * _HALF_PI_1) - n * _HALF_PI_2) - n * _HALF_PI_3
    z = r * r
    s = 2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
    s = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * s)
    s = r + r * z * (-1.66666666666666324348e-01 + z * s)
    c = -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)
    c = 4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 + z * c))
    c = 1.0 - (0.5 * z - z * z * c)
    quadrant = n - 4.0 * math.floor(0.25 * n)
    odd = quadrant == 1.0 or quadrant == 3.0
    sine = c if odd else s
    cosine = s if odd else c
    return (
        -sine if quadrant >= 2.0 else sine,
        -cosine if quadrant == 1.0 or quadrant == 2.0 else cosine,
    )


@njit(inline="always", error_model="numpy")
def collect(phi: Floats, slope: Floats, first: int, count: int, d: int, f: Floats, g: Floats, grad: bool) -> None:
    """Hand out a block of a separable surface Σ_j φ(x_j) in one or two parameters.

    phi, slope (BLOCK,): φ and φ' of the coordinates first … first + count − 1 of the flattened points; f (B,) and, if
    ``grad``, g (flattened) are written.
    """
    if d == 1:
        for m in range(count):
            f[first + m] = phi[m]
    else:
        row = first // 2
        for m in range(count // 2):
            f[row + m] = phi[2 * m] + phi[2 * m + 1]
    if grad:
        flat = g.reshape(-1)
        for m in range(count):
            flat[first + m] = slope[m]
