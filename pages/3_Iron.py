"""Iron: what a ball of radius ρ sees of a landscape, exactly, and how smooth it gets as ρ grows."""

import streamlit as st

from pages.iron.closer import look_closer
from pages.iron.data import Ironing, sampling_note
from pages.iron.takings import takings
from pages.iron.view import ask, numbers, paper, picture, radius_control, what_the_ball_sees
from pages.player import player
from pages.shared import plots
from pages.shared.compiling import compiling
from pages.shared.drawing import set_drawing
from pages.shared.page import how_it_works, is_dark, open_page, readouts, sentence, show_error
from pages.shared.take_away import take_away

EXPLANATION = r"""
**What the ball sees.** Its centre rolls on the *dilation* of the loss by a hemisphere,
$$h(\theta)=\max_{|u|\le\rho} f(\theta+u)+\sqrt{\rho^2-|u|^2},$$
and $h-\rho$ is the *ironed landscape*. It is computed exactly on the samples, beyond the window too, as far as the
ball reaches.

**What it cannot touch.** The underside of the ball's sweep is the *closing*
$$\mathrm{cl}(\theta)=\min_{|u|\le\rho} h(\theta+u)-\sqrt{\rho^2-|u|^2}\;\ge\; f(\theta),$$
with equality exactly where some ball touches. So the unreachable set is $\{\mathrm{cl}>f\}$. Upward curvature of the
graph above $1/\rho$ is sufficient but not necessary. The paper's own test, $\|\nabla^2 f\|>1/\rho$, is not even
sufficient: it flags sharp crests, which every ball touches. The page shows all three. On a curve the mask is exact for
the samples, with the centre anywhere; on a surface it is exact to the grid.

**Smoothness.** A basin counts when it is deeper than the noise threshold (0-dimensional persistence of the
sublevel sets) and its floor does not lie on the window's edge. The fractal dimension is the madogram's, over lags above
the shortest wavelength; its interval leaves out an eighth of the window at a time. The spectrum is a Hann-windowed
periodogram, its slope fitted below the landscape's own band limit.

**Theory.** *Crest lifetimes*: a crest $m$ is a maximum of $h$ until
$$\rho_m=\inf_{y:\,\Delta>0}\frac{d^2+\Delta^2}{2\Delta},\qquad d=|y-m|,\quad \Delta=f(y)-f(m);$$
then it lets the ball go. Between two equal sharp crests, $w$ apart on a slope $s$, this is the critical radius
$\rho_c = w(1+s^2)/2s$; crests that are round with radius $r$ live shorter by about $r$. *Weak ironing*: if crests of
one and the same greatest height are at most $L$ away from everywhere, the oscillation is at most
$\rho-\sqrt{\rho^2-L^2}\to 0$; on a bowl, where crests rise outwards, that says nothing. *Linear ironing*: a plane plus
bounded wrinkles keeps its slope.

**A blur of equal strength** has the same total variation as the ironed landscape. It lowers every crest; the ball keeps
each crest it can touch and fills the grooves between.

**Try**
- The Weierstrass-like curve: how fast does the number of basins fall?
- The cusped corduroy: its grooves vanish at the radius that theory gives.
"""


open_page("Iron", "Move the radius: the ball enters no wrinkle narrower than itself, and keeps the crests it touches.")

with st.sidebar:
    asked = ask()
drawn = asked.surface.name == "drawing"
plot = st.container(key="iron_paper" if drawn else "iron_plot")
plot.empty()  # its room is kept while nothing else is in it
radius = radius_control(asked)
try:
    with plot, compiling("iron", asked.surface.dim):
        at = Ironing.of(asked.where, asked.span, radius)
except ValueError as error:
    show_error(error)
    how_it_works(EXPLANATION)
    st.stop()

flat, dark = at.where.dim == 1, is_dark()
figures = picture(at, asked, dark)
with plot:
    if drawn:
        player(paper(at), key="iron_player", height=400, on_draw=set_drawing)
    else:
        plots.show(figures, key="iron_curve" if flat else "iron_pair", columns=len(figures), linked=not flat)
readouts(numbers(at), "iron")
sentence(what_the_ball_sees(at), basins=str(at.counts[1]))
for concern in at.ironed.concerns:
    st.warning(f"{concern[0].upper()}{concern[1:]}.")
if note := sampling_note(asked.where, radius):
    st.caption(note)
if drawn:
    plots.show(figures, key="iron_curve")
look_closer(at, asked, dark)
with st.container(horizontal=True, key="take_away"):
    take_away(takings(at))
how_it_works(EXPLANATION)
