"""The upper half of the page Iron: its controls, the picture, the row of numbers and the sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import landscapes
from pages.iron import data
from pages.iron.data import Ironing, Sampling, Span
from pages.shared.controls import Scale, choice, ground_dim, link_query, number, surface_picker, toggle
from pages.shared.drawing import drawable
from pages.shared.page import group
from pages.shared.terms import term
from rbo_core import RBO
from rbo_core.figures.ironing import CurveMarks, curve_figure, surface_figure
from rbo_core.figures.player.glide import glide_scene
from rbo_core.figures.player.scene import Scene
from rbo_core.figures.words import percent, short
from rbo_core.ironing import dimension, largest_slope, oscillation, total_variation


@dataclass(frozen=True)
class Asked:
    """What the sidebar asks for. share: the noise threshold as a share of the height range."""

    surface: landscapes.Landscape
    where: Sampling
    share: float
    closing: bool
    blur: bool

    @property
    def span(self) -> Span:
        """The radii that are looked at."""
        return Span(*data.radius_range(self.surface), self.share)

    @property
    def width(self) -> float:
        """Of the window, parameter units."""
        return float(np.ptp(self.surface.bounds, axis=1).max())

    @property
    def spacing(self) -> float:
        """Between samples, parameter units."""
        return self.width / (self.where.n - 1)


def ask() -> Asked:
    """Surface, scale and picture; in the sidebar."""
    group("Surface")
    dim = ground_dim()
    surface = surface_picker(dim=dim, key="surface" if dim == 1 else "surface_2d")
    group("Ball")
    loss_scale = number("loss scale λ", "loss_scale", 1.0, Scale(0.01, 100.0, log=True), help="The ball rolls on λ f.")
    group("Picture")
    closing = blur = False
    if dim == 1:
        closing = toggle("underside of the sweep", "closing", True, help="The closing: the ball's lowest reach.")
        blur = toggle("Gaussian blur", "blur", help="A blur that leaves as much total variation as the ball.")
    with st.expander("Advanced"):
        share = number(
            "noise threshold, % of height",
            "threshold",
            0.1,
            Scale(0.001, 10.0, log=True),
            help="A basin shallower than this share of the landscape's height range does not count.",
        )
        samples = int(choice("samples an axis", "samples", ("128", "256", "512"), "256")) if dim == 2 else 256
    return Asked(surface, data.sampling(surface, loss_scale, samples), share / 100, closing, blur)


def radius_control(asked: Asked) -> float:
    """The radius, with a word where it is too small for the grid."""
    span, spacing = asked.span, asked.spacing
    radius = number(
        "radius ρ (parameter units)",
        "radius",
        float(f"{span.low**0.4 * span.high**0.6:.1g}"),
        Scale(span.low, span.high, log=True, limits=(spacing / 100, asked.width)),
        help="The ball's radius: the scale at which it sees the landscape.",
    )
    if radius < spacing:
        st.warning(
            f"ρ = {short(radius)} is below the grid's spacing, {short(spacing)}: nothing is ironed. "
            "Use a larger radius."
        )
    return radius


def roll_of(asked: Asked, radius: float, start: float) -> tuple[str, dict[str, str]]:
    """Words and address of a slow rigid ball from a start on the page Roll."""
    low, high = (float(v) for v in asked.surface.bounds[0])
    rho, x = float(f"{radius:.3g}"), float(f"{min(max(start, low), high):.4g}")
    ball = RBO(radius=rho, learning_rate=0.01, projection="rigid", unit_speed=True, loss_scale=asked.where.loss_scale)
    return f"Roll a ball of ρ = {short(rho)} from x = {short(x)}", link_query(asked.surface, ball, (x,), steps=900)


def picture(at: Ironing, asked: Asked, dark: bool) -> list[go.Figure]:
    """A curve with what the ball sees of it, or a surface beside the ironed one."""
    if at.where.dim == 2:
        return [surface_figure(at.ironed, dark, seen=seen) for seen in (False, True)]
    marks = CurveMarks(
        last_touched=at.study.swept.last_touched,
        grooves=at.study.theory.grooves,
        blurred=data.blur_of(at.where, at.radius).heights if asked.blur else None,
        closing=asked.closing,
    )
    return [curve_figure(at.ironed, dark, marks)]


def paper(at: Ironing) -> Scene:
    """A drawn curve for the visitor's hand, with the ball that glides over it."""
    glide = glide_scene(at.ironed, "A ball glides over the drawn curve")
    scene = replace(glide, racers=tuple(replace(ball, readouts=(), status="") for ball in glide.racers))
    return drawable(scene, at.where.surface, live=False, draft=False, loss_scale=at.where.loss_scale)


def numbers(at: Ironing) -> tuple[tuple[str, str, str], ...]:
    """The row of numbers after ironing, with the landscape's own beside them."""
    f, g, s = at.ironed.heights, at.ironed.ironed, at.ironed.spacing
    kept = total_variation(g, s) / max(total_variation(f, s), 1e-300)
    finest = at.where.surface.finest_scale
    left, rough = at.counts, (dimension(f, s, finest), dimension(g, s, finest))
    own = f"was {rough[0].value:.2f} ± {0.5 * (rough[0].high - rough[0].low):.2f}"
    return (
        (term("basin", "basins"), f"{left[1]}", f"of {left[0]}"),
        ("out of reach", percent(100 * at.ironed.unreachable_share), ""),
        ("largest slope", short(largest_slope(g, s)), f"was {short(largest_slope(f, s))}"),
        ("total variation left", f"{100 * kept:.0f} %", ""),
        ("height range", short(oscillation(g)), f"was {short(oscillation(f))}"),
        ("fractal dimension", f"{rough[1].value:.2f}", own),
    )


def what_the_ball_sees(at: Ironing) -> str:
    """The picture in a sentence."""
    total, left = at.counts
    flat = at.where.dim == 1
    cut = at.after.count(at.threshold, border=True) - left
    more = f" (and {cut} at the window's edge)" if cut else ""
    return (
        f"A ball of radius {short(at.radius)} sees {left} of {total} basins deeper than {short(at.threshold)}{more} "
        f"and cannot touch {percent(100 * at.ironed.unreachable_share)} of the {'curve' if flat else 'surface'}; "
        f"the height range goes from {short(oscillation(at.ironed.heights))} to "
        f"{short(oscillation(at.ironed.ironed))}."
        + (" Hover over a red dot to read when that groove vanished." if flat else "")
    )
