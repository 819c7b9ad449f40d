"""Phases: how what the ball finds depends on its radius and its learning rate."""

import numpy as np
import streamlit as st

import landscapes
from pages.phases import data as phases_data
from pages.phases import tabs as phases_tabs
from pages.phases import view as phases_view
from pages.shared import background
from pages.shared.asked import start_controls
from pages.shared.controls import choice, ground_dim, number, short, surface_picker
from pages.shared.maps import clickable_map, picked
from pages.shared.page import group, how_it_works, is_dark, open_page, sentence, show_error
from rbo_core import RBO
from rbo_core.figures.phases import map_figure
from rbo_core.figures.player.story import story
from rbo_core.sweep import order_parameters
from rbo_core.sweep.cells import steps

EXPLANATION = r"""
**The map.** Every cell is one radius $\rho$ and one learning rate $\eta$. In it the same balls roll from the same
starts, spread evenly over the ground; the colour is the *order parameter* you choose, an average over those balls.
Hatched cells: more than half of the balls diverged (became non-finite, or left the domain uphill).

**Global basin**: here a ball arrived when its contact or its centre ended within a twentieth of the domain's width of
the global minimum, a measure that works for thousands of balls on any ground. The page *Race*, which draws the ground,
floods its lowest tenth instead: on a curve the two nearly agree, on a surface the flooded basin is the larger.

**Detected jump**: for each $\eta$, the split of the radii that explains most of the order parameter's variation. It
counts when a permutation test says that the order of the radii matters ($p<0.01$); the bar is a 95 % interval from
drawing the balls anew. Nothing in it knows the theory.

**Theory**: for the corduroy the ball stops resting between crests at $\rho_c=w(1+s^2)/2s$; a well of curvature
$\kappa$ cannot be touched by a ball of $\rho>1/\kappa$; elsewhere, the radius at which the exactly ironed curve has a
single basin left (persistence).

**Regimes** are named as in the paper, from the data: *macroscopic* is the stretch of radii with the best mean,
*microscopic* what is smaller, *super-macroscopic* what is larger.

**Equal gradients** gives every method the same number of evaluations instead of steps. The rigid ball takes no
gradient; each value it looks at while searching its contact counts as one.

**Try**
- *Cusped corduroy* with *mean distance travelled*: the jump sits on the dashed line.
- Compare *Rigid* with *Gradient (paper)* by *mean penetration*.
- Give the ball momentum 0.8: the transition moves to smaller radii.
"""

open_page("Phases", "Where does a ball stop being a point? Click a cell of the map and watch its run.")

job_id = st.query_params.get("job")
if job_id and st.session_state.get("_job_loaded") != job_id:
    st.session_state["_job_loaded"] = job_id
    found = background.find(job_id)
    if found is not None and found.kind == "sweep":
        try:
            phases_view.restore(phases_data.controls_of(found.config))
        except ValueError as error:
            show_error(error)

with st.sidebar:
    group("Surface")
    dim = ground_dim()
    surface = surface_picker(dim=dim, key="surface" if dim == 1 else "surface_2d")
    group("Ball")
    projection = choice("projection", "projection", phases_view.PROJECTIONS)
    own_places = [st.container() for _ in range(phases_view.OWN_NUMBERS[projection])]
    momentum_place, advanced = st.container(), st.expander("Advanced")
    shared = phases_view.shared_settings(momentum_place, advanced)
    settings = {"projection": projection, **shared, **phases_view.own_settings(projection, [*own_places, advanced])}
    group("Map")
    orders = {known.name: known.label[0].upper() + known.label[1:] for known in order_parameters.ORDERS}
    name = choice(
        "colour", "order", orders, "in_basin",
        help=f"The order parameter: an average over the cell's balls. {phases_view.basin_words(surface)}",
    )  # fmt: skip
    budget = choice(
        "equal", "budget", {"steps": "Steps", "gradients": "Gradients"}, kind="segmented",
        help="What every cell and every method may spend.",
    )  # fmt: skip
    if budget == "steps":
        amount = int(number("steps", "steps", 300 if dim == 1 else 150, 10, 3000, integer=True, log=True))
    else:
        amount = int(number("evaluations", "gradients", 6000, 100, 100_000, integer=True, log=True))
    with st.expander("Its grid"):
        cells = int(choice("cells a side", "cells", ("12", "16", "24", "32", "40"), "24" if dim == 1 else "12"))
        starts = int(number("starts", "starts", 8 if dim == 1 else 4, 1, 64, integer=True))
        radius_low = number("ρ from", "radius_low", 0.05, 0.005, 10.0, log=True)
        radius_high = number("ρ to", "radius_high", 3.0, 0.005, 10.0, log=True)
        rate_low = number("η from", "rate_low", 0.003, 1e-4, 10.0, log=True)
        rate_high = number("η to", "rate_high", 1.0, 1e-4, 10.0, log=True)
    group("Shown run")
    if (cell := picked()) is not None:
        st.session_state["radius"], st.session_state["learning_rate"] = cell
    radius = number("radius ρ", "radius", 0.6, 0.005, 10.0, log=True, help="Or click a cell of the map.")
    rate = number("learning rate η", "learning_rate", 0.05, 1e-4, 10.0, log=True)
    start = start_controls(surface)

problems = phases_view.range_problems(radius_low, radius_high, rate_low, rate_high)
for problem in problems:
    show_error(problem)
if problems:
    st.stop()

try:
    spec = phases_data.describe(
        surface, settings, (radius_low, radius_high), (rate_low, rate_high), cells, starts, (budget, amount)
    )
    pace = phases_data.first_look(spec)
except ValueError as error:
    show_error(error)
    st.stop()
values = phases_data.data(spec)
stored = int(np.isfinite(values[:, 0, 0]).sum())
dark = is_dark()
loss_scale = float(shared["loss_scale"])
marks = phases_data.expected(surface.name, dim, spec.surface_parameters, loss_scale)
shown = phases_data.phase_map(spec, values, name)
jumps = phases_data.jumps_of(spec, values, name)

left, right = st.columns([1.12, 1], gap="medium")
with left:
    figure = map_figure(shown, dark, theory=marks, detected=jumps, selected=(radius, rate), height=500)
    clickable_map(figure, "phase_map")
    phases_view.refinement(spec, stored, pace, phases_view.title_of(spec, surface), job_id=job_id)
method = RBO(radius=radius, learning_rate=rate, **settings)
count = steps(spec, landscapes.get)
with right:
    track = phases_view.play(surface, method, start, count)
    with st.container(horizontal=True, key="run_links"):
        phases_view.run_links(surface, method, start, count)

rate_index = phases_data.row(spec, values, rate)
sentence(
    phases_view.what_the_map_says(shown, jumps, marks, rate_index) + " " + story((track,), surface.finest_scale),
    radius=short(radius), rate=short(rate), cells=str(stored),
)  # fmt: skip

phases_tabs.tabs(spec, values, name, surface, shared, rate_index, marks, radius, dark)
how_it_works(EXPLANATION)
