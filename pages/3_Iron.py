"""Iron: what a ball of radius ρ sees of a landscape, exactly, and how smooth it gets as ρ grows."""

import numpy as np
import streamlit as st

from pages.iron import data as iron_data
from pages.iron.view import numbers, section
from pages.shared import plots
from pages.shared.controls import choice, ground_dim, number, short, surface_picker, toggle
from pages.shared.page import group, how_it_works, is_dark, open_page, sentence, show_error
from rbo_core.figures.ironing import curve_figure, surface_figure
from rbo_core.ironing import basins, oscillation

EXPLANATION = r"""
**What the ball sees.** Its centre rolls on the *dilation* of the loss by a hemisphere,
$$h(\theta)=\max_{|u|\le\rho} f(\theta+u)+\sqrt{\rho^2-|u|^2},$$
and $h-\rho$ is the *ironed landscape*. It is computed exactly on the samples, beyond the window too, as far as the
ball reaches.

**What it cannot touch.** The underside of the ball's sweep is the *closing*
$$\mathrm{cl}(\theta)=\min_{|u|\le\rho} h(\theta+u)-\sqrt{\rho^2-|u|^2}\;\ge\; f(\theta),$$
with equality exactly where some ball touches. So the unreachable set is $\{\mathrm{cl}>f\}$. The paper's test,
curvature above $1/\rho$, is sufficient but not necessary: the page shows both. On a curve the mask is exact for the
samples, with the centre anywhere; on a surface it is exact to the grid.

**Smoothness.** A basin counts when it is deeper than the noise threshold (0-dimensional persistence of the
sublevel sets); the fractal dimension is the madogram's; the spectrum is a Hann-windowed periodogram.

**Theory.** *Weak ironing*: if a crest is at most $L$ away from everywhere, the oscillation is at most
$\rho-\sqrt{\rho^2-L^2}\to 0$. *Linear ironing*: a plane plus bounded wrinkles keeps its slope.
*Critical radius*: between two sharp crests, $w$ apart on a slope $s$, a ball comes to rest only below
$\rho_c = w(1+s^2)/2s$.

**A blur of equal strength** has the same total variation as the ironed landscape. It lowers every crest; the ball keeps
each crest it can touch and fills the grooves between.

**Try**
- The Weierstrass-like curve: the number of basins falls like $1/\rho$ over two decades.
- The cusped corduroy: its grooves vanish at the radius that theory gives.
"""

open_page("Iron", "Move the radius: the ball irons out every wrinkle narrower than itself, and keeps the crests.")

with st.sidebar:
    group("Surface")
    dim = ground_dim()
    surface = surface_picker(dim=dim, key="surface" if dim == 1 else "surface_2d")
    group("Ball")
    loss_scale = number("loss scale λ", "loss_scale", 1.0, 0.01, 100.0, log=True, help="The ball rolls on λ f.")
    group("Picture")
    if dim == 1:
        with_closing = toggle("underside of the sweep", "closing", True, help="The closing: the ball's lowest reach.")
        with_blur = toggle("Gaussian blur", "blur", help="A blur that leaves as much total variation as the ball.")
    with st.expander("Advanced"):
        share = number(
            "noise threshold, % of height", "threshold", 0.1, 0.001, 10.0, log=True,
            help="A basin shallower than this share of the landscape's height range does not count.",
        )  # fmt: skip
        samples = 256
        if dim == 2:
            samples = int(choice("samples an axis", "samples", ("128", "256", "512"), "256"))

where = iron_data.ground(surface, loss_scale, samples)
low, high = iron_data.radius_range(surface)
width = float(np.ptp(surface.bounds, axis=1).max())
spacing = width / (where.n - 1)

plot = st.container(key="iron_plot")
radius = number(
    "radius ρ (parameter units)", "radius", float(f"{low**0.4 * high**0.6:.1g}"), low, high, log=True,
    limits=(spacing / 100, width), help="The ball's radius: the scale at which it sees the landscape.",
)  # fmt: skip
if radius < spacing:
    st.warning(
        f"ρ = {short(radius)} is below the grid's spacing, {short(spacing)}: nothing is ironed. Use a larger radius."
    )

try:
    ironed = iron_data.ironed_at(where, radius)
    study = iron_data.study(where, low, high, share / 100)
except ValueError as error:
    show_error(error)
    how_it_works(EXPLANATION)
    st.stop()

dark = is_dark()
with plot:
    if dim == 1:
        blurred = iron_data.blur_of(where, radius).heights if with_blur else None
        figure = curve_figure(
            ironed,
            dark,
            last_touched=study.swept.last_touched,
            grooves=study.grooves,
            blurred=blurred,
            closing=with_closing,
            height=500,
        )
        plots.show([figure], key="iron_curve")
    else:
        pair = [surface_figure(ironed, dark, seen=seen) for seen in (False, True)]
        plots.show(pair, key="iron_pair", columns=2, linked=True)

before, after = basins(ironed.heights), basins(ironed.ironed)
threshold = study.measures.threshold
numbers(ironed, before.count(threshold), after.count(threshold))
left, total = after.count(threshold), before.count(threshold)
sentence(
    f"A ball of radius {short(radius)} sees {left} of {total} basins deeper than {short(threshold)} and cannot touch "
    f"{100 * ironed.unreachable_share:.0f} % of the {'curve' if dim == 1 else 'surface'}; "
    f"the height range goes from {short(oscillation(ironed.heights))} to {short(oscillation(ironed.ironed))}."
    + (" Hover over a red dot to read when that groove vanished." if dim == 1 else ""),
    basins=str(left),
)
section(where, ironed, study, before, after, radius, (low, high), share / 100, dark)
how_it_works(EXPLANATION)
