"""Train: every optimizer on the same network, data and budget, watched while they learn."""

import pages.shared.needs_networks  # noqa: F401  # isort: skip
import streamlit as st

from pages.shared import background, budgets, network_jobs, network_runs, plots
from pages.shared.curve_choice import curve_choice
from pages.shared.downloads import download
from pages.shared.page import how_it_works, is_dark, link, open_page, sentence, show_error
from pages.shared.reports import heard
from pages.shared.run_table import number_formats, per_epoch
from pages.shared.take_away import take_away
from pages.shared.terms import term
from pages.train import job as race_job
from pages.train import paired_table
from pages.train.controls import ask
from pages.train.takings import takings
from pages.train.view import EARLIER, Race, seen, small_pictures, table
from rbo_core.figures.curves import Price
from rbo_core.jobs import Job

EXPLANATION = r"""
**The race.** Every method starts from the same weights (one per seed), sees the same minibatches in the same order and
stops at the same budget. *Equal gradients* is the fair one: a step of SGD costs one gradient, of SAM and of the ball
with $K=2$ two, of Entropy-SGD $L$, of the ball as published $K=20$.

**The ball** rolls over the minibatch's loss. A step moves its centre along the steepest tangent and finds the new
contact by $K$ moves; the first is plain gradient descent whatever the radius, so the radius acts from the second
gradient on. A later move is at most `trust` times as long as the first.

**Penetration** is $(\rho-d(c,\Gamma))/\rho$ along the normal: how deep the ball has sunk into the loss it rolls on, in
percent; 0 says that along its normal it only touches.
**Sharpness** is the largest eigenvalue of the Hessian of the training loss on 256 images, by 12 steps of Lanczos: a
lower bound, which a few more steps raise little once one eigenvalue stands out. Bands are 95 % intervals over seeds.

**Try**
- Let *30 % of the labels* be wrong: who fits the noise as well? Then give SGD a smaller learning rate.
- Add *Rolling ball, as published*: at equal gradients it takes a tenth of the steps.
- Put *seconds* on the axis: what counts when one waits.
- Runs of `python -m rbo_core train` land in the same store; see the page Results.
"""

BUDGETS = (
    "At each budget every method was tuned anew, weight decay included, by `python -m rbo_core contest`; bars are 95 % "
    "intervals over ten paired fresh seeds. Which differences a corrected test calls real says the page Results."
)

open_page(
    "Train",
    f"Who learns most from the same number of {term('gradient', 'gradient evaluations')}? Start the race and watch.",
)
network_jobs.load_link(race_job.job_controls)
with st.sidebar:
    task, chosen, reference = ask()
configs, problem, size, seconds = [], None, 0.0, None
try:
    configs = task.configs(chosen)
    seconds = network_runs.will_take(configs)
    size = network_runs.will_store(configs)
    problem = network_jobs.device_problem(task.device)
except ValueError as error:
    problem = str(error)
if not chosen:
    problem = "Choose at least one method under Methods, on the left."

with st.container(horizontal=True, vertical_alignment="center", key="train_bar"):
    time = "" if problem or seconds is None else f", about {background.clock(seconds)}"
    started = st.button(
        f"Train{time}", type="primary", key="train", disabled=problem is not None, on_click=heard("train")
    )
    quantity, axis = curve_choice(segmented=True)
if problem is not None:
    show_error(problem)
elif note := network_runs.data_note(task.data):
    st.info(note)
elif size > 5e8:
    st.caption(f"These {len(configs)} runs will store up to {size / 1e9:.1f} GB.")
if started:
    network_jobs.start(
        "train", network_runs.command(), config=race_job.job_config(configs), title=task.title(chosen), page="Train",
        key=race_job.job_key(configs),
    )  # fmt: skip

prices = [Price(one.label, one.contender.method, one.gradients_per_step) for one in chosen]
budget = task.amount if task.unit == "gradients" else None
race = Race(configs, quantity, axis, prices, budget, race_job.group_of(configs, chosen, reference))


def draw(job: Job | None) -> None:
    """All that is known of the race; every second while its job runs."""
    now = seen(race, job, is_dark())
    if now.example and now.runs:
        st.caption(EARLIER)
    plots.show([now.figure], "train_curves")
    for note in now.before:
        st.caption(note)
    if now.sentence:
        sentence(now.sentence, runs=str(len(now.runs)))
    for note in now.after:
        st.caption(note)
    for warning in now.warnings:
        st.warning(warning)
    runs = now.runs
    if not runs:
        return
    if small := small_pictures(race, job, runs, is_dark()):
        plots.show(small, "train_beside", columns=len(small))
    results = table(race, runs)
    shown = paired_table.readable(results, is_dark())
    st.dataframe(shown, hide_index=True, key="train_table", column_config=number_formats(results), placeholder="–")
    if not now.active:
        with st.container(horizontal=True):
            download("Download table (CSV)", lambda: results, "results.csv", "train_csv")
            download("Download every epoch (CSV)", lambda: per_epoch(runs), "epochs.csv", "train_epochs")
            take_away(takings(race, job, now))


job_id = network_jobs.current()
if job_id is None and configs and (running := background.job_of(race_job.job_key(configs))) is not None:
    job_id = network_jobs.adopt(running)  # somebody comes back by the menu, or with a link that has the settings alone
if job_id is None:
    draw(None)
    network_jobs.others()
else:
    network_jobs.watch(job_id, draw)
if other := budgets.pictures(is_dark(), task.data):
    sentence("<b>With random labels</b> the order is another one, and depends on the budget:")
    plots.show(other, "train_budgets")
    st.caption(BUDGETS)
link("Results", "All stored runs, and the paper's table beside them")
how_it_works(EXPLANATION)
