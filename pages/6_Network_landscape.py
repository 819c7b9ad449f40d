"""Network landscape: the loss of trained networks on a plane, as it is and as a ball sees it."""

import pages.shared.needs_networks  # noqa: F401  # isort: skip
import streamlit as st

from pages.network_landscape import view
from pages.network_landscape.controls import ask_look, ask_plane, ask_run, job_controls, newest
from pages.network_landscape.jobs import compute, offer_run, offer_training, take_offer
from pages.network_landscape.own import own_plane
from pages.network_landscape.plane import finished_runs, run_title, stored_plane
from pages.network_landscape.show import growing, show
from pages.network_landscape.takings import takings
from pages.shared import network_examples, network_jobs
from pages.shared.page import how_it_works, is_dark, link, open_page, show_error
from pages.shared.take_away import take_away

EXPLANATION = r"""
**The plane.** $\theta(a,b)=\theta^*+a\,u+b\,v$ through the last parameters $\theta^*$ of the chosen run, $u\perp v$
of length 1: a distance in the picture is a distance between parameters, so ρ here is the ρ of training.
*Hessian* takes the two eigenvectors of largest curvature where the first run ended (Lanczos with Hessian-vector
products). *Principal* takes the first two principal components of all snapshots of the chosen runs together.
*Random* draws
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
- Choose a run trained with random labels (page Train) and compare the two planes under *Label noise*.
- *Roll a ball*: click on the surface to start there.
"""

open_page("Network landscape", "A real network's loss on a plane, and what a ball sees of it.")

job_id = network_jobs.current()
runs, problem = finished_runs()
if problem:
    show_error(problem)
titles = {run.id: run_title(run) for run in runs}
network_jobs.load_link(lambda job: job_controls(job, titles))
at_once = take_offer()
with st.sidebar:
    chosen = ask_run(runs, titles)
    config = ask_plane(chosen) if chosen in titles else None
result = None
if config is not None:
    base = next(run for run in runs if run.id == chosen)
    try:
        result = stored_plane(config)
    except ValueError as error:
        show_error(error)
    compute(config, base, titles[chosen], job_id, result, at_once)
elif runs:
    offer_run(newest(runs), titles[newest(runs).id], job_id)
else:
    offer_training(job_id, network_examples.landscape_runs())

if result is None:
    result = network_examples.plane()
if result is not None and not result.complete:
    growing(result, is_dark())
elif result is not None:
    look, place = ask_look(result)
    with place:
        seen = view.seen(look, is_dark())
        show(look, seen)
    known = {run.id: run.config.to_dict() for run in runs}
    with st.container(horizontal=True, key="take_away"):
        take_away(takings(look, seen, [known[run] for run in result.config.runs if run in known]))
if runs:
    link("Train", "Train other runs")
own_plane(is_dark())
how_it_works(EXPLANATION)
