"""Network landscape: the loss of trained networks on a plane, as it is and as a ball sees it."""

import streamlit as st

from pages.network_landscape.plane import (
    companions,
    finished_runs,
    last_plane,
    run_title,
    stored_plane,
)
from pages.network_landscape.view import FIRST_LABELS, compute_button, job_controls, offer_training, show
from pages.shared import network_examples, network_jobs
from pages.shared.controls import choice, number
from pages.shared.page import group, how_it_works, link, open_page, show_error
from pages.shared.widgets import several
from rbo_core.training.landscape import PlaneConfig

EXPLANATION = r"""
**The plane.** $\theta(a,b)=\theta^*+a\,u+b\,v$ through the last parameters $\theta^*$ of the chosen run, $u\perp v$
of length 1: a distance in the picture is a distance between parameters, so ρ here is the ρ of training.
*Principal* takes the first two principal components of all snapshots of the chosen runs together. *Random* draws
directions and gives each filter the length of the network's own filter (Li et al. 2018); biases stay fixed.

**Share of variance** says how much of the runs' movement the plane holds. A path is the nearest point of the plane to
each snapshot; hover to see how far off the plane it really was. A random plane holds next to nothing of any path.

**What a ball sees** is the exact dilation by a hemisphere, on the grid, less $\rho$:
$h(\theta)=\max_{|u|\le\rho} \lambda f(\theta+u)+\sqrt{\rho^2-|u|^2}$. Red: no ball of this size touches there.
Heights and parameters have different units; λ, stated beside the picture, turns one into the other.

**Label noise.** The same images, once with their true and once with partly random labels: the difference between the
two planes is what the noise does. Its mark counts as gone at the smallest radius from which at most a tenth of the
difference in shape is left. On the planes of a whole data set it seldom goes: noise tilts and lifts this landscape, it
does not wrinkle it, and a ball removes wrinkles only.

**Try**
- Switch between *principal* and *random*: the share of variance falls from most to nothing.
- Choose a run trained with wrong labels (page Train) and compare the two planes under *Label noise*.
- *Roll a ball*: click on the surface to start there.
"""

open_page("Network landscape", "A real network's loss on a plane through its parameters, and what a ball sees of it.")

job_id = network_jobs.current()
runs, problem = finished_runs()
if problem:
    show_error(problem)
if not runs:
    offer_training(job_id, network_examples.landscape_runs())
    example = network_examples.plane()
    if example is not None:
        show(example)
    how_it_works(EXPLANATION)
    st.stop()

titles = {run.id: run_title(run) for run in runs}
network_jobs.load_link(lambda job: job_controls(job, titles))
if "_plane_first" not in st.session_state:  # one default a session, or a chosen run would vanish from the address
    st.session_state["_plane_first"] = last_plane()
latest = st.session_state["_plane_first"]
with st.sidebar:
    group("Network")
    ball = next((run.id for run in runs if run.config.method.name == "rbo"), runs[0].id)
    ball = latest.runs[0] if latest is not None and latest.runs[0] in titles else ball
    base = choice("Run", "run", titles, ball, help="A finished run of the page Train or of the command line.")
    friends = companions(base)
    first = [key for key in friends if key == base or friends[key] in FIRST_LABELS]
    if latest is not None and latest.runs[0] == base:
        first = [key for key in friends if key in latest.runs]
    paths = several("Paths in the plane", "paths", friends, first, help="Runs from the same start on the same data.")
    group("Plane")
    kind = choice("plane", "kind", {"principal": "Principal", "random": "Random"}, kind="segmented")
    with st.expander("Advanced"):
        size = int(choice("points an axis", "size", ("31", "61", "101"), "61"))
        noise = number("random labels in the noisy twin, %", "noise", 40, 1, 100, integer=True,
                       help="A run trained with wrong labels keeps its own share.")  # fmt: skip
        reach = number("reach of a random plane", "reach", 1.0, 0.05, 5.0, log=True,
                       help="In lengths of a filter-normalised direction.")  # fmt: skip
        seed = int(number("seed of the directions", "seed", 0, 0, 99, integer=True))
        device = network_jobs.device_choice()

chosen = (base, *(key for key in paths if key != base))
config = PlaneConfig(
    runs=chosen, kind=kind, size=size, label_noise=noise / 100, reach=reach, seed=seed, device=device
)  # fmt: skip
try:
    result = stored_plane(config)
except ValueError as error:
    show_error(error)
    result = None

if result is None:
    compute_button(config, job_id, titles[base], next(run.config.data for run in runs if run.id == base))
    how_it_works(EXPLANATION)
    st.stop()
if job_id is not None:
    network_jobs.watch(job_id)

show(result)
link("Train", "Train other runs")
how_it_works(EXPLANATION)
