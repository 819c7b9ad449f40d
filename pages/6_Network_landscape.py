"""Network landscape: the loss of trained networks on a plane, as it is and as a ball sees it."""

import pages.shared.needs_networks  # noqa: F401  # isort: skip
import streamlit as st

from pages.network_landscape import view
from pages.network_landscape.controls import ask_look, ask_plane, job_controls
from pages.network_landscape.jobs import compute_button, offer_training
from pages.network_landscape.own import own_plane
from pages.network_landscape.plane import finished_runs, run_title, stored_plane
from pages.network_landscape.takings import takings
from pages.player import player
from pages.shared import network_examples, network_jobs, plots
from pages.shared.page import how_it_works, is_dark, link, open_page, readouts, sentence, show_error
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

open_page("Network landscape", "A real network's loss on a plane through its parameters, and what a ball sees of it.")

job_id = network_jobs.current()
runs, problem = finished_runs()
if problem:
    show_error(problem)
result = None
if not runs:
    offer_training(job_id, network_examples.landscape_runs())
    result = network_examples.plane()
else:
    titles = {run.id: run_title(run) for run in runs}
    network_jobs.load_link(lambda job: job_controls(job, titles))
    with st.sidebar:
        config = ask_plane(runs, titles)
    try:
        result = stored_plane(config)
    except ValueError as error:
        show_error(error)
    if result is None:
        base = next(run for run in runs if run.id == config.runs[0])
        compute_button(config, job_id, titles[base.id], base.config.data)
    elif job_id is not None:
        network_jobs.watch(job_id)

if result is not None:
    look, place = ask_look(result)
    with place:
        seen = view.seen(look, is_dark())
        if seen.scene is not None:
            click = player(seen.scene, key="plane_player", height=460)
            if click is not None:
                view.start_at(result, click.x)
                st.rerun()
        for column, panel in zip(st.columns(view.PAIR), seen.panels, strict=False) if seen.panels else ():
            with column:
                st.html(f'<p class="plane-head">{panel.head}</p>')
                plots.show([panel.figure], f"plane_{panel.name}")
        if seen.below is not None:
            plots.show([seen.below], "plane_study")
        if seen.numbers:
            readouts(seen.numbers, "plane", "8.4rem")
    sentence(seen.sentence, view=look.view)
    known = {run.id: run.config.to_dict() for run in runs}
    with st.container(horizontal=True, key="take_away"):
        take_away(takings(look, seen, [known[run] for run in result.config.runs if run in known]))
    if runs:
        link("Train", "Train other runs")
own_plane(is_dark())
how_it_works(EXPLANATION)
