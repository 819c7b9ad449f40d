"""Theory beside measurement at one radius, as a table."""

from __future__ import annotations

import numpy as np

from pages.iron.data import Ironing
from rbo_core.figures.words import short
from rbo_core.ironing import oscillation, paper_too_curved, plane_lift, tilt, too_curved

Row = tuple[str, str, str, str]
"""Statement, quantity, theory, measured."""


def table(at: Ironing) -> str:
    """The table in Markdown."""
    rows = [*_ironing_rows(at), *_reach_rows(at), *_critical_rows(at)]
    body = "\n".join(f"| {a} | {b} | {c} | {d} |" for a, b, c, d in rows)
    return f"| Statement | Quantity | Theory | Measured at ρ = {short(at.radius)} |\n|---|---|---|---|\n{body}"


def _ironing_rows(at: Ironing) -> list[Row]:
    ironed, found = at.ironed, at.study
    seen = tilt(ironed.heights, ironed.ironed, ironed.spacing)
    numbers = [short(round(float(v), 4)) for v in (*seen.plane, *seen.ironed)]
    half = len(numbers) // 2
    bound = float(np.interp(at.radius, found.measures.radius[1:], found.theory.bound))
    lift = float(plane_lift(at.radius, float(np.linalg.norm(seen.plane))))
    risen = short(float(ironed.ironed.mean() - ironed.heights.mean()))
    return [
        ("Weak ironing", "height range at most", short(bound), short(oscillation(ironed.ironed))),
        ("Linear ironing", "slope of the fitted plane", ", ".join(numbers[:half]), ", ".join(numbers[half:])),
        ("", "lift of a plane of that slope", short(lift), f"{risen} (wrinkles included)"),
    ]


def _reach_rows(at: Ironing) -> list[Row]:
    flagged = too_curved(at.ironed.heights, at.ironed.spacing, at.radius)
    exact = ~at.ironed.reachable
    beyond = f"{100 * (flagged & ~exact).mean():.2f} %"
    paper = paper_too_curved(at.ironed.heights, at.ironed.spacing, at.radius)[at.ironed.reachable]
    return [
        ("Unreachability", "curvature test ρκ > 1 / exact mask", f"{100 * flagged.mean():.1f} %",
         f"{100 * exact.mean():.1f} %"),
        ("", "flagged but in reach (grid error)", "0", beyond),
        ("", "the paper's test ρ‖∇²f‖ > 1 flags, of the samples in reach", "0 % if it held",
         f"{100 * paper.mean():.1f} %"),
    ]  # fmt: skip


def _critical_rows(at: Ironing) -> list[Row]:
    grooves = at.study.theory.grooves
    if grooves is None or not grooves.floor.size:
        return []
    fits = np.isfinite(grooves.predicted) & np.isfinite(grooves.vanished_from)
    if not fits.any():
        return []
    predicted, measured = float(np.median(grooves.predicted[fits])), float(np.median(grooves.vanished_from[fits]))
    # The sweep knows the radius at which a groove is gone, and the one before, at which it was not yet.
    radii = at.study.swept.radii
    before = float(radii[max(int(np.searchsorted(radii, measured)) - 1, 0)])
    between = f"{short(before)} to {short(measured)}"
    return [("Crest lifetimes", f"median of {fits.sum()} grooves", short(predicted), between)]
