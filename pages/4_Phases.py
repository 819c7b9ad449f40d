"""Phases: how what the ball finds depends on its radius and its learning rate."""

import streamlit as st

import landscapes
from pages.phases import compute, controls, finer, restore
from pages.phases.refine import pace_of, refinement
from pages.phases.study import PhaseStudy
from pages.phases.tabs import tabs
from pages.phases.takings import takings
from pages.phases.view import map_picture, played, run_links, title_of, what_the_map_says
from pages.player import player
from pages.shared.asked import start_from
from pages.shared.compiling import compiling
from pages.shared.controls import short
from pages.shared.maps import clickable_map
from pages.shared.page import how_it_works, is_dark, open_page, sentence, show_error
from pages.shared.take_away import take_away
from rbo_core.figures.player.offline import Words
from rbo_core.figures.player.story import story
from rbo_core.sweep.cells import steps
from rbo_core.sweep.refine import Refinement

EXPLANATION = r"""
**The map.** Every cell is one radius $\rho$ and one learning rate $\eta$. In it the same balls roll from the same
starts, spread evenly over the ground; the colour is the *order parameter* you choose, an average over those balls.
Hatched cells: more than half of the balls diverged (became non-finite, or left the domain uphill).

**Near the minimum**: a ball arrived when its centre, or a place where it touches the ground, ended within a twentieth
of the domain's width of the global minimum, a measure that works for thousands of balls on any ground. The page *Race*,
which draws the ground, has the *flooded basin* instead, its lowest tenth under water: on a curve the two nearly agree,
on a surface the flooded basin is the larger.

**Detected jump**: for each $\eta$, the split of the radii that explains most of the order parameter's variation. It
counts when a step or sigmoid explains more than a straight line with noise that remembers leaves to chance, for all
rows together at 5 % (Holm). It is a *jump* where a step fits as well as any sigmoid, else a *crossover*. The bar is a
95 % interval from drawing the balls anew. Nothing in it knows the theory.

**Theory**: on a curve, the lifetimes of the *guard crests* of the global basin. A crest is overtopped by ground that
is $\Delta$ higher at the distance $d$ from $\rho=(d^2+\Delta^2)/2\Delta$ on; then the balls behind it roll in (on sharp
corduroy $\rho_c=w(1+s^2)/2s$). A well of curvature $\kappa$ cannot be touched by a ball of $\rho>1/\kappa$. Slow rigid
balls without momentum obey this; a step longer than a groove does not.

**Regimes** are named as in the paper, from the data, and only by a quantity that is to be high: *macroscopic* is the
stretch of radii with the best mean, *microscopic* what is smaller, *super-macroscopic* what is larger.

**Equal gradients** gives every method the same number of evaluations instead of steps. The rigid ball takes no
gradient; each value it looks at while searching its contact counts as one.

**Try**
- *Cusped corduroy* with *mean distance travelled*: the jump sits on the dashed line.
- Compare *Rigid* with *Gradient (paper)* by *mean penetration*.
- Give the ball momentum 0.8: the transition moves to smaller radii.
"""

open_page("Phases", "Where does a ball stop being a point? Click a cell of the map and watch its run.")

job_id = st.query_params.get("job")
restore.load_link(job_id)
with st.sidebar:
    asked, look, shown = controls.ask()
for problem in asked.problems:
    show_error(problem)
if asked.problems:
    st.stop()

try:
    work = compute.Work(asked.sweep(), Refinement(look.order, rounds=asked.rounds))
    with compiling("phases", work.base.dim, dict(work.base.settings).get("projection")):
        pace = compute.first_look(work.base)
    spec, _ = work.so_far()
except ValueError as error:
    show_error(error)
    st.stop()
study = PhaseStudy.of(asked.surface, spec, compute.data(spec), look, shown.cell)
count = steps(spec, landscapes.get)
left, right = st.columns([1.12, 1], gap="medium")
with left:
    clickable_map(map_picture(study, is_dark()), "phase_map", selected=shown.cell)
    refinement(study, work, pace, title_of(study), job_id=job_id)
with right:
    track, scene = played(shown, count)
    player(scene, key=f"phases_player_{spec.dim}", height=400, on_click=start_from(asked.surface))
    with st.container(horizontal=True, key="run_links"):
        run_links(shown, count)
said = f"{what_the_map_says(study)} {story((track,), asked.surface.finest_scale)}"
sentence(
    said,
    radius=short(study.radius), rate=short(study.rate), cells=str(study.stored),
)  # fmt: skip
with st.container(horizontal=True, key="take_away"):
    take_away(takings(study, Words(title_of(study), said), scene))
growing = tabs(study, pace_of(work.base))
how_it_works(EXPLANATION)
if growing is not None:
    finer.grow(growing)  # last, so that all of the page stands meanwhile
