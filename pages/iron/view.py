"""The lower half of the page Iron: the row of read-outs, and one closer look at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.iron.data import Ground, Study, blur_of, multiples, study
from pages.shared import plots
from pages.shared.controls import choice, short
from pages.shared.downloads import download
from pages.shared.page import cached, readouts
from rbo_core.figures.ironing import multiple_figures, section_figure
from rbo_core.figures.ironing_maps import mask_figure, touched_figure
from rbo_core.figures.ironing_measures import (
    barcode_figures,
    measure_figures,
    radius_line,
    spectrum_figure,
    theory_figures,
)
from rbo_core.ironing import (
    Basins,
    Ironed,
    crest_change,
    fractal_dimension,
    largest_slope,
    plane_lift,
    spectrum,
    tilt,
    too_curved,
    total_variation,
)

_LOOKS = {
    "measures": "Measures against ρ",
    "multiples": "Six radii",
    "map": "Reachable map",
    "barcode": "Barcode",
    "theory": "Theory",
    "blur": "Blur instead",
    "spectrum": "Spectrum",
}


def numbers(ironed: Ironed, basins_before: int, basins_after: int) -> None:
    """The row of live numbers: after ironing, with the landscape's own value beside it."""
    f, g, s = ironed.heights, ironed.ironed, ironed.spacing
    kept = total_variation(g, s) / max(total_variation(f, s), 1e-300)
    items = (
        ("basins", f"{basins_after}", f"of {basins_before}"),
        ("out of reach", f"{100 * ironed.unreachable_share:.1f} %", ""),
        ("largest slope", short(largest_slope(g, s)), f"was {short(largest_slope(f, s))}"),
        ("total variation left", f"{100 * kept:.0f} %", ""),
        ("height range", short(float(np.ptp(g))), f"was {short(float(np.ptp(f)))}"),
        ("fractal dimension", f"{fractal_dimension(g):.2f}", f"was {fractal_dimension(f):.2f}"),
    )
    readouts(items, "iron")


def section(
    where: Ground,
    ironed: Ironed,
    found: Study,
    before: Basins,
    after: Basins,
    radius: float,
    span: tuple[float, float],
    share: float,
    dark: bool,
) -> None:
    """One closer look, chosen by the visitor; only that one is computed."""
    looks = {key: name for key, name in _LOOKS.items() if key != "map" or where.dim == 2}
    look = choice("Look closer", "look", looks, "measures" if where.dim == 1 else "map", kind="segmented")
    threshold = found.measures.threshold
    if look == "measures":
        _say("How smooth the ironed landscape is. Orange marks the radius above, dots the landscape itself.")
        line = radius_line(radius)
        _show([picture.with_shape(line) for picture in _measure_pictures(where, *span, share, dark)], "measures", 3)
        download("Download CSV", found.measures.to_csv, f"iron_{where.name}.csv", "iron_csv")
    elif look == "multiples":
        light = " Lit from the upper left; one colour scale for all." if where.dim == 2 else ""
        _say(f"The same landscape as balls of six sizes see it (the paper's Figure 2, computed exactly).{light}")
        _show(multiple_figures(multiples(where, *span), dark), "multiples", 3)
    elif look == "map":
        _say(
            "Left: red is out of this ball's reach; contours of the ironed surface. "
            "Right: how large a ball may be and still touch; hover over a dot to read when that pit went out of reach."
        )
        _show([mask_figure(ironed, dark), touched_figure(found.swept, threshold, dark)], "map", 2)
    elif look == "barcode":
        _say(f"Every bar is a basin from its floor to its pass; those shallower than {short(threshold)} are left out.")
        _show(barcode_figures(before, after, threshold, dark), "barcode", 2)
    elif look == "theory":
        _theory(where, ironed, found, radius, dark)
    elif look == "blur":
        _blur(where, ironed, radius, threshold, dark)
    else:
        _say("Power spectral density and its fitted power law: ironing takes the high wave numbers first.")
        spectra = {
            "landscape": spectrum(ironed.heights, ironed.spacing),
            "ironed": spectrum(ironed.ironed, ironed.spacing),
        }
        spectra["blurred"] = spectrum(blur_of(where, radius).heights, ironed.spacing)
        _show([spectrum_figure(spectra, dark)], "spectrum", 1)


@cached
def _measure_pictures(where: Ground, low: float, high: float, share: float, dark: bool) -> list[plots.Picture]:
    # Only a line moves with the radius: the six figures are built and sent once.
    return [plots.Picture.of(f) for f in measure_figures(study(where, low, high, share).measures, None, dark)]


def _theory(where: Ground, ironed: Ironed, found: Study, radius: float, dark: bool) -> None:
    _say(
        "Dashed: what theory says; solid and dots: measured on the exact dilation. The bound on the height range "
        "counts what the ball can see beyond the window, so it says little where the landscape keeps rising there."
    )
    figures = theory_figures(found.measures, found.bound, found.curved, radius, dark, found.grooves)
    _show(figures, "theory", len(figures))
    seen = tilt(ironed.heights, ironed.ironed, ironed.spacing)
    flagged = too_curved(ironed.heights, ironed.spacing, radius)
    exact = ~ironed.reachable
    slope = float(np.linalg.norm(seen.plane))
    numbers = [short(round(float(v), 4)) for v in (*seen.plane, *seen.ironed)]
    half = len(numbers) // 2
    rows = [
        ("Weak ironing", "height range at most",
         short(float(np.interp(radius, found.measures.radius[1:], found.bound))),
         short(float(np.ptp(ironed.ironed)))),
        ("Linear ironing", "slope of the fitted plane", ", ".join(numbers[:half]), ", ".join(numbers[half:])),
        ("", "lift of a plane of that slope", short(float(plane_lift(radius, slope))),
         short(float(ironed.ironed.mean() - ironed.heights.mean())) + " (wrinkles included)"),
        ("Unreachability", "curvature test ρκ > 1 / exact mask", f"{100 * flagged.mean():.1f} %",
         f"{100 * exact.mean():.1f} %"),
        ("", "flagged but in reach (grid error)", "0", f"{100 * (flagged & ~exact).mean():.2f} %"),
    ]  # fmt: skip
    if found.grooves is not None and found.grooves.floor.size:
        fits = np.isfinite(found.grooves.predicted) & np.isfinite(found.grooves.vanished_from)
        if fits.any():
            predicted, measured = found.grooves.predicted[fits], float(np.median(found.grooves.vanished_from[fits]))
            # The sweep knows the radius at which a groove is gone, and the one before, at which it was not yet.
            before = found.swept.radii[max(int(np.searchsorted(found.swept.radii, measured)) - 1, 0)]
            between = f"{short(float(before))} to {short(measured)}"
            rows.append(
                ("Critical radius", f"median of {fits.sum()} grooves", short(float(np.median(predicted))), between)
            )
    body = "\n".join(f"| {a} | {b} | {c} | {d} |" for a, b, c, d in rows)
    st.markdown(f"| Statement | Quantity | Theory | Measured at ρ = {short(radius)} |\n|---|---|---|---|\n{body}")


def _blur(where: Ground, ironed: Ironed, radius: float, threshold: float, dark: bool) -> None:
    found = blur_of(where, radius)
    ball, gauss = (crest_change(ironed.heights, v, threshold) for v in (ironed.ironed, found.heights))
    crest = (
        ""
        if not np.isfinite(ball)
        else f" At the crests the ball changes the height by {short(round(ball, 6))} on average, "
        f"the blur by {short(round(gauss, 6))}."
    )
    _say(
        f"A Gaussian blur with σ = {short(found.sigma)} leaves as much total variation as the ball of radius "
        f"{short(radius)}.{crest} "
        "A ball keeps the crests it can touch and fills the grooves; a blur lowers crests and lifts floors."
    )
    if where.dim == 1:
        cut = (ironed.axes[0], ironed.heights, ironed.ironed, found.heights)
        _show([section_figure(*cut, dark)], "blur", 1)
    else:
        j = int(np.unravel_index(int(ironed.heights.argmin()), ironed.heights.shape)[1])
        cut = (ironed.axes[0], ironed.heights[:, j], ironed.ironed[:, j], found.heights[:, j])
        _show([section_figure(*cut, dark, label=f"x₁, cut at x₂ = {ironed.axes[1][j]:.3g}")], "blur", 1)


def _say(text: str) -> None:
    st.caption(text)


def _show(figures: Sequence[go.Figure | plots.Picture], name: str, columns: int) -> None:
    plots.show(figures, key=f"iron_{name}", columns=columns)
