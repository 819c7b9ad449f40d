"""What theory says about ironing, beside functions that measure the same on the exact dilation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbo_core.ironing.crests import field_crests, rest_lifetimes
from rbo_core.ironing.curvature import hessian_norm, slopes_and_curvature
from rbo_core.ironing.field import Array, Field
from rbo_core.ironing.morphology import iron
from rbo_core.ironing.persistence import basins
from rbo_core.ironing.plane import fit_plane
from rbo_core.ironing.roughness import oscillation
from rbo_core.ironing.sweeping import Sweep


def weak_ironing_bound(radius: ArrayLike, reach: float, ceiling: float = 0.0, flat: float = np.inf) -> Array:
    """Bound on the oscillation (max − min) of a bounded landscape ironed at `radius` (K,).

    From every point some crest is at most `reach` away (horizontally), and no height exceeds that crest by more than
    `ceiling`: then ``ceiling + ρ − sqrt(ρ² − reach²)``, about ``ceiling + reach²/2ρ``, which goes to ceiling as ρ → ∞.
    Never more than `flat`, the oscillation of the landscape itself including the ball's surroundings. Equality for
    sharp crests over deep grooves. Its condition is that the crests within reach are the highest there are, up to
    `ceiling`: on a bowl, where crests rise outwards, it says nothing that `flat` does not.
    """
    rho = np.asarray(radius, float)
    cap = np.where(rho >= reach, rho - np.sqrt(np.maximum(rho * rho - reach * reach, 0.0)), np.inf)
    return np.minimum(ceiling + cap, flat)


def window_bound(extended: Array, pad: tuple[int, ...], spacing: tuple[float, ...], radius: float) -> float:
    """The weak-ironing bound for a window of a sampled landscape: its own highest crest, the farthest corner from it.

    extended: heights on the window and pad samples beyond it, −inf where nothing is there.
    """
    window = extended[tuple(slice(p, n - p) for p, n in zip(pad, extended.shape, strict=True))]
    crest = np.unravel_index(int(np.nanargmax(window)), window.shape)
    reach2 = sum((max(int(i), n - 1 - int(i)) * s) ** 2 for i, n, s in zip(crest, window.shape, spacing, strict=True))
    near = extended[
        tuple(
            slice(max(p - int(np.ceil(radius / s)), 0), n - p + int(np.ceil(radius / s)))
            for p, n, s in zip(pad, extended.shape, spacing, strict=True)
        )
    ]
    ceiling = float(np.nanmax(near) - np.nanmax(window))
    return float(weak_ironing_bound(radius, float(np.sqrt(reach2)), ceiling, float(near.max() - window.min())))


@dataclass(frozen=True, eq=False)
class Tilt:
    """Linear ironing: slopes (d,) of the least-squares plane of the landscape and of the ironed landscape, and what is
    left of the wrinkles.

    plane: slope of the landscape. ironed: slope of the ironed landscape. wrinkle, ironed_wrinkle: oscillation about
    either plane.
    """

    plane: Array
    ironed: Array
    wrinkle: float
    ironed_wrinkle: float


def tilt(heights: Array, ironed: Array, spacing: tuple[float, ...]) -> Tilt:
    """Compare the large-scale slope before and after ironing."""
    before, after = fit_plane(heights, spacing), fit_plane(ironed, spacing)
    return Tilt(before.slope, after.slope, oscillation(heights - before.values), oscillation(ironed - after.values))


def plane_lift(radius: ArrayLike, slope: float) -> Array:
    """How far the ironed plane lies above a plane of this slope: ``ρ(sqrt(1 + s²) − 1)``.

    With wrinkles between −A and A the ironed landscape lies within A of that, so its slope over a length L is within
    2A/L of s.
    """
    return np.asarray(radius, float) * (np.sqrt(1.0 + slope * slope) - 1.0)


def too_curved(heights: Array, spacing: tuple[float, ...], radius: float) -> NDArray[np.bool_]:
    """The curvature test, repaired: True where the ground curves upward more tightly than the ball, ``ρ κ > 1``.

    Sufficient for a point to be unreachable, not necessary: a wide groove that is flat at its floor may still be too
    narrow for the ball. κ is the largest upward principal curvature of the graph by central differences. The paper's
    own test is `paper_too_curved`.
    """
    return slopes_and_curvature(heights, spacing)[1] * radius > 1.0


def paper_too_curved(heights: Array, spacing: tuple[float, ...], radius: float) -> NDArray[np.bool_]:
    """The curvature test as the paper states it: ``ρ ‖∇²f‖ > 1``, the Hessian's norm, by central differences.

    Not sufficient: it also flags sharp crests, which every ball touches, and steep ground, whose graph is straighter
    than its second derivative says.
    """
    return hessian_norm(heights, spacing) * radius > 1.0


def critical_radius(width: ArrayLike, slope: ArrayLike) -> Array:
    """Radius from which a ball no longer rests between two sharp crests `width` apart on a slope: ``w(1 + s²)/(2|s|)``;
    inf on the flat."""
    w, s = np.asarray(width, float), np.abs(np.asarray(slope, float))
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(s > 0, w * (1.0 + s * s) / (2.0 * s), np.inf)


def measured_critical_radius(
    heights: ArrayLike, spacing: float, low: float, high: float, iterations: int = 40
) -> float:
    """Smallest radius in [low, high] at which the ironed curve has no rest left, by bisection on the exact dilation.

    Give a curve that slopes one way with its crests well inside the window; the outer eighth on either side is not
    looked at.
    """
    f = np.asarray(heights, float)
    if not 0 < low < high:
        raise ValueError(f"low and high must satisfy 0 < low < high, got {low} and {high}")
    inner = slice(f.size // 8, f.size - f.size // 8)

    def rests(radius: float) -> bool:
        ironed = iron(f, spacing, radius).ironed[inner]
        return basins(ironed).count(1e-12 * oscillation(f)) > 0

    if not rests(low) or rests(high):
        raise ValueError(f"the ball must rest at low = {low:g} and roll on at high = {high:g}: widen the interval")
    for _ in range(iterations):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rests(middle) else (low, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True, eq=False)
class Grooves:
    """The grooves (G,) of a curve between neighbouring crests, from left to right, and the radius at which each
    vanished.

    floor, left, right: sample indices of the floor and of the crests either side. depth: lower crest minus floor,
    height units. untouched_from: first radius of the sweep at which no ball reaches the floor. vanished_from: first
    radius at which the ironed curve has no rest between the two crests; inf when it still has one at the largest.
    predicted: the radius at which the rest in the groove meets a crest (`rest_lifetimes`); inf when it never does.
    """

    floor: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    depth: Array
    untouched_from: Array
    vanished_from: Array
    predicted: Array


def grooves(swept: Sweep, threshold: float) -> Grooves:
    """Follow every groove of a swept curve that is deeper than threshold."""
    f = swept.heights
    if f.ndim != 1:
        raise ValueError(f"grooves are followed on curves, got a surface of shape {f.shape}")
    pits = basins(f)
    floor = np.sort(pits.floor[(pits.depth > threshold) & ~pits.on_border])
    if floor.size == 0:
        none, nothing = np.empty(0, np.int64), np.empty(0)
        return Grooves(none, none, none, nothing, nothing, nothing, nothing)
    found = field_crests(Field(f, (0,), swept.spacing, (np.asarray(np.arange(f.size) * swept.spacing[0], float),)))
    cuts = [0, *floor.tolist(), f.size - 1]
    crest = np.array([a + int(f[a : b + 1].argmax()) for a, b in pairwise(cuts)])
    left, right = crest[:-1], crest[1:]
    depth = np.minimum(f[left], f[right]) - f[floor]
    rests = np.zeros((swept.radii.size, floor.size), bool)
    for k, ironed in enumerate(swept.ironed):
        low = np.minimum.reduceat(ironed, left)
        low[-1] = ironed[left[-1] : right[-1] + 1].min()
        rests[k] = low < np.minimum(ironed[left], ironed[right]) - 1e-12 * (1.0 + np.abs(low))
    return Grooves(
        floor,
        left,
        right,
        depth,
        _first(~swept.reachable[:, floor], swept.radii),
        _first(~rests, swept.radii),
        rest_lifetimes(found)[np.searchsorted(np.sort(found.position), swept.spacing[0] * floor)],
    )


def _first(gone: NDArray[np.bool_], radii: Array) -> Array:
    """Smallest radius from which a column of gone (K, G) is True; inf where it never is."""
    return np.where(gone.any(axis=0), radii[gone.argmax(axis=0)], np.inf)
