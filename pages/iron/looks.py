"""The lower half of the page Iron: closer looks, of which only the chosen one is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from pages.iron import theory
from pages.iron.data import (
    SEEDS,
    Ironing,
    Sampling,
    Span,
    blur_of,
    crests_of,
    exponents_of,
    multiples,
    rests_of,
    smoothings_of,
    study,
)
from pages.shared.page import cached
from pages.shared.plots import Picture
from rbo_core.figures.bifurcation import CLICKS, bifurcation_figure, lifetimes_figure
from rbo_core.figures.family import exponent_figures, smoothing_figures
from rbo_core.figures.ironing import multiple_figures, section_figure
from rbo_core.figures.ironing_maps import mask_figure, touched_figure
from rbo_core.figures.ironing_measures import (
    barcode_figures,
    measure_figures,
    radius_line,
    spectrum_figure,
    theory_figures,
)
from rbo_core.figures.words import short
from rbo_core.ironing import crest_change, spectrum


@dataclass(frozen=True, eq=False)
class Look:
    """A closer look: what is said above, its figures with so many in a row, and a table below (Markdown).
    clicks: the trace of the first figure whose points (ρ, x) can be clicked."""

    caption: str
    figures: Sequence[go.Figure | Picture]
    columns: int
    table: str = ""
    clicks: str | None = None


def looks(dim: int, affine: bool = False) -> dict[str, str]:
    """Name to title of the looks at a curve (1), which may be self-affine, or a surface (2)."""
    missing = {1: {"map"}, 2: {"rests", "family", "exponents"}}[dim]
    if not affine:
        missing = missing | {"exponents"}
    return {name: title for name, (title, _) in _LOOKS.items() if name not in missing}


def look(name: str, at: Ironing, dark: bool) -> Look:
    """The look of that name."""
    return _LOOKS[name][1](at, dark)


def _measures(at: Ironing, dark: bool) -> Look:
    line = radius_line(at.radius)
    pictures = [picture.with_shapes(line) for picture in _measure_pictures(at.where, at.span, dark)]
    caption = "How smooth the ironed landscape is. Orange marks the radius above, dots the landscape itself."
    return Look(caption, pictures, 3)


@cached
def _measure_pictures(where: Sampling, span: Span, dark: bool) -> list[Picture]:
    # Only a line moves with the radius: the six figures are built and sent once.
    return [Picture.of(figure) for figure in measure_figures(study(where, span).measures, None, dark)]


def _multiples(at: Ironing, dark: bool) -> Look:
    light = " Lit from the upper left; one colour scale for all." if at.where.dim == 2 else ""
    caption = f"The same landscape as balls of six sizes see it (as in the paper's Figure 2, computed exactly).{light}"
    return Look(caption, multiple_figures(multiples(at.where, at.span), dark), 3)


def _map(at: Ironing, dark: bool) -> Look:
    caption = (
        "Left: red is out of this ball's reach; contours of the ironed surface. "
        "Right: how large a ball may be and still touch; hover over a dot to read when that pit went out of reach."
    )
    return Look(caption, [mask_figure(at.ironed, dark), touched_figure(at.study.swept, at.threshold, dark)], 2)


def _barcode(at: Ironing, dark: bool) -> Look:
    shallow = short(at.threshold)
    caption = (
        f"Left: every bar is a basin from its floor to its pass; those shallower than {shallow} are left out. "
        "Right: every bar is a crest, up to the radius at which it lets the ball go."
    )
    bars, _ = barcode_figures(at.before, at.after, at.threshold, dark)
    span = (at.span.low, at.span.high)
    return Look(caption, [bars, lifetimes_figure(crests_of(at.where, at.span), span, at.radius, dark)], 2)


def _rests(at: Ironing, dark: bool) -> Look:
    listed, found = rests_of(at.where, at.span), crests_of(at.where, at.span)
    start = float(at.where.surface.start[0])
    window = (float(at.ironed.axes[0][0]), float(at.ironed.axes[0][-1]))
    caption = (
        "From every start and at every radius: how low a slow rigid ball comes to rest (colour), and where (dots). "
        "The pink ball grows slowly and shrinks again: its way back is another, for crests that let it go do not take "
        "it back. White lines are the crests that fence the basins; each ends where it lets go. Click to play a ball."
    )
    return Look(caption, [bifurcation_figure(listed, found, window, at.radius, start, dark)], 1, clicks=CLICKS)


def _theory(at: Ironing, dark: bool) -> Look:
    caption = (
        "Dashed: what theory says; solid and dots: measured on the exact dilation. The bound on the height range needs "
        "crests that are equally high: where they rise to one side or outwards, it is no more than the landscape's own "
        "range. The paper's curvature test (dotted) also flags crests, which every ball touches."
    )
    found = at.study
    figures = theory_figures(found.measures, found.theory, at.radius, dark)
    return Look(caption, figures, len(figures), theory.table(at))


def _family(at: Ironing, dark: bool) -> Look:
    caption = (
        "Three ways to look at a scale, matched to leave as much total variation. The ball's height grows as "
        "∂h/∂ρ = √(1 + |∇h|²), so h = f + ρ√(1 + |∇f|²) + O(ρ²) and radii add. On steep ground it is the maximum over "
        "a disc, what SAM idealises; on gentle ground Hopf–Lax with t = ρ, whose viscous cousin, upside down, is "
        "Entropy-SGD's local entropy. The ball and the disc keep crests, the entropy keeps floors."
    )
    return Look(caption, smoothing_figures(*smoothings_of(at.where, at.radius), dark), 3)


def _exponents(at: Ironing, dark: bool) -> Look:
    hurst = float(dict(at.where.parameters)["hurst"])
    caption = (
        f"Crests that outlive a radius, {SEEDS} seeds of this curve (H = {hurst:g}). Gentle ground: N ~ ρ^(−1/(2 − H)),"
        " dashed; steep ground: N ~ 1/ρ whatever H is, dotted; between them a crossover."
    )
    return Look(caption, exponent_figures(exponents_of(at.where), hurst, dark), 3)


def _blur(at: Ironing, dark: bool) -> Look:
    ironed, found = at.ironed, blur_of(at.where, at.radius)
    ball, gauss = (crest_change(ironed.heights, v, at.threshold) for v in (ironed.ironed, found.heights))
    crest = ""
    if np.isfinite(ball):
        crest = (
            f" At the crests the ball changes the height by {short(round(ball, 6))} on average, "
            f"the blur by {short(round(gauss, 6))}."
        )
    caption = (
        f"A Gaussian blur with σ = {short(found.sigma)} leaves as much total variation as the ball of radius "
        f"{short(at.radius)}.{crest} "
        "A ball keeps the crests it can touch and fills the grooves; a blur lowers crests and lifts floors."
    )
    if at.where.dim == 1:
        cut = (ironed.axes[0], ironed.heights, ironed.ironed, found.heights)
        return Look(caption, [section_figure(*cut, dark)], 1)
    j = int(np.unravel_index(int(np.nanargmin(ironed.heights)), ironed.heights.shape)[1])
    cut = (ironed.axes[0], ironed.heights[:, j], ironed.ironed[:, j], found.heights[:, j])
    return Look(caption, [section_figure(*cut, dark, label=f"x₁, cut at x₂ = {ironed.axes[1][j]:.3g}")], 1)


def _spectrum(at: Ironing, dark: bool) -> Look:
    kinds = {
        "landscape": at.ironed.heights,
        "ironed": at.ironed.ironed,
        "blurred": blur_of(at.where, at.radius).heights,
    }
    finest = at.where.surface.finest_scale
    spectra = {name: spectrum(heights, at.ironed.spacing, finest) for name, heights in kinds.items()}
    caption = (
        "Power spectral density and its power law, fitted below the landscape's own band limit. A blur takes the high "
        "wave numbers away; ironing does not: it leaves creases between the crests, and on smooth ground it even adds "
        "high wave numbers."
    )
    return Look(caption, [spectrum_figure(spectra, dark)], 1)


_LOOKS: dict[str, tuple[str, Callable[[Ironing, bool], Look]]] = {
    "measures": ("Measures against ρ", _measures),
    "multiples": ("Six radii", _multiples),
    "map": ("Reachable map", _map),
    "rests": ("Every rest", _rests),
    "barcode": ("Barcode", _barcode),
    "theory": ("Theory", _theory),
    "family": ("Family", _family),
    "exponents": ("Exponents", _exponents),
    "blur": ("Blur instead", _blur),
    "spectrum": ("Spectrum", _spectrum),
}
