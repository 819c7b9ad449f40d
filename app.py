"""Home: what the lab is, one animation that plays by itself, and the way in."""

import streamlit as st

from pages.player import player
from pages.shared.controls import get_surface
from pages.shared.page import card, open_page, page_files, show_error
from pages.shared.scenes import scene
from pages.shared.tracks import run_on
from rbo_core import RBO, SAM, SGD
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import entries

open_page(
    "Home",
    "A rigid ball rolls down a loss surface and cannot fall into wrinkles narrower than itself. See it, measure it.",
    heading="Rolling-ball lab",
)

CARDS = {
    "Roll": "One parameter, true scale: the ball beside SGD, SAM and others, step by step.",
    "Race": "Two parameters in 3D: optimizers race over a surface, from the same start.",
    "Iron": "What the ball sees: the surface ironed at radius ρ, and what no ball can reach.",
    "Phases": "Thousands of runs over radius and learning rate: where a ball is no more than a point.",
    "Train": "Real networks on real data, every optimizer at the same number of gradients.",
    "Network landscape": "The plane a training run moved in, and a ball rolled over it.",
    "Network phases": "Radius against learning rate for a network.",
    "Results": "Tables with seeds and intervals, beside what the paper reports.",
}

surface = get_surface("wrinkled_bowl", 1)
start = float(surface.start[0])
methods = (
    RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True),
    SGD(learning_rate=0.01),
    SAM(learning_rate=0.01),
)
stage = st.container(key="home_stage")
titles = [title for title in CARDS if title in page_files()]
for first in range(0, len(titles), 4):
    for column, title in zip(st.columns(4), titles[first : first + 4], strict=False):
        with column:
            card(title, CARDS[title])
st.markdown(
    r"$$p^{+}=\arg\min_{p\in\Gamma}\,\bigl\|\,p-(c-\eta\,\tau)\bigr\|^2,\qquad "
    r"c=p+\rho\,\frac{(-g,\,1)}{\sqrt{1+|g|^2}},\quad \tau=(g,\,|g|^2),\quad g=\nabla f(\theta)$$"
)
st.caption(
    "The ball of radius ρ touches the graph Γ of the loss at p. A step moves its centre c down the steepest tangent τ, "
    "at the learning rate η; the new contact is the point of Γ nearest to the moved centre. "
    "The smaller ρ, the closer to gradient descent."
)
st.caption("The method: Rolling Ball Optimizer, arXiv 2505.19527 (a preprint).")

# Last, because the first ball on a new machine takes seconds to compile: all else is there to read meanwhile.
with stage:
    try:
        tracks = [run_on(surface, method, (start,), 900, depths=0) for method in methods]
        look = Look(loss_panel=False, readouts=False, clickable=False)
        player(scene(surface, entries(tracks), look), key="home_player", height=400)
    except ValueError as error:
        show_error(error)
