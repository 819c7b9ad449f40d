"""Train: every optimizer on the same network, data and budget, watched while they learn."""

import streamlit as st

from pages.shared import network_jobs, network_methods, network_runs
from pages.shared.controls import choice, number, toggle
from pages.shared.page import group, how_it_works, link, open_page, show_error
from pages.train import view as train_view
from rbo_core.figures.curves import AXES, MAIN, QUANTITIES, Price

EXPLANATION = r"""
**The race.** Every method starts from the same weights (one per seed), sees the same minibatches in the same order and
stops at the same budget. *Equal gradients* is the fair one: a step of SGD costs one gradient, of SAM and of the ball
with $K=2$ two, of Entropy-SGD $L$, of the ball as published $K=20$.

**The ball** rolls over the minibatch's loss. A step moves its centre along the steepest tangent and finds the new
contact by $K$ moves; the first is plain gradient descent whatever the radius, so the radius acts from the second
gradient on. A later move is at most `trust` times as long as the first.

**Penetration** is $(\rho-d(c,\Gamma))/\rho$ along the normal: how deep the ball has sunk into the loss it rolls on, in
percent; 0 says that along its normal it only touches.
**Sharpness** is the largest eigenvalue of the Hessian of the training loss. Bands are 95 % intervals over seeds.

**Try**
- Let *30 % of the labels* be wrong: who fits the noise as well? Then give SGD a smaller learning rate.
- Add *Rolling ball, as published*: at equal gradients it takes a tenth of the steps.
- Put *seconds* on the axis: what counts when one waits.
- Runs of `python -m rbo_core train`, and of `compare --store runs`, land in the same store; see the page Results.
"""

DEFAULT = network_runs.DEFAULT

open_page("Train", "Who learns most from the same number of gradients? Start the race and watch.")
network_jobs.load_link(train_view.job_controls)

with st.sidebar:
    group("Task")
    data = choice("Data", "data", network_runs.DATA, DEFAULT.data)
    model = choice("Network", "model", network_runs.MODELS, DEFAULT.model)
    noise = number(
        "wrong labels, %", "label_noise", 0, 0, 90, integer=True, help="Share of training labels drawn at random."
    )
    group("Methods")
    chosen = network_methods.choose()
    group("Budget")
    unit = choice(
        "equal", "budget", {"gradients": "Gradients", "epochs": "Epochs"}, kind="segmented",
        help="What every method may spend.",
    )  # fmt: skip
    if unit == "gradients":
        amount = int(number("gradient evaluations", "gradients", DEFAULT.amount, 20, 100_000, log=True, integer=True))
    else:
        amount = int(number("epochs", "epochs", 10, 1, 200, log=True, integer=True))
    seeds = int(
        number(
            "seeds", "seeds", DEFAULT.seeds, 1, 10, integer=True, help="Each seed is another start and other batches."
        )
    )
    with st.expander("Advanced"):
        batch = int(number("batch size", "batch", DEFAULT.batch_size, 1, 1024, log=True, integer=True))
        schedule = choice("learning rate over time", "schedule", network_runs.SCHEDULES, DEFAULT.schedule)
        train_size = int(
            number("training images", "train_size", 0, 0, 50_000, step=500, integer=True, help="0: all there are.")
        )
        augment = toggle("crops and flips", "augment", help="For images of 28 pixels and more.")
        device = network_jobs.device_choice()
        sharpness = toggle(
            "measure sharpness", "sharpness", True, help="Costs some gradients more, which do not count."
        )

configs, problem = [], None
task = network_runs.Task(
    data, model, noise / 100, unit, amount, seeds, batch, schedule, train_size, augment, device, sharpness
)
try:
    configs = task.configs(chosen)
    problem = network_jobs.device_problem(device)
except ValueError as error:
    problem = str(error)
if not chosen:
    problem = "Choose at least one method under Methods, on the left."

with st.container(horizontal=True, vertical_alignment="center", key="train_bar"):
    started = st.button("Train", type="primary", key="train", disabled=problem is not None)
    quantity = choice(
        "Shown", "quantity", {name: QUANTITIES[name].title.capitalize() for name in MAIN},
        kind="segmented", quiet=True,
    )  # fmt: skip
    axis = choice(
        "Against", "axis", {"gradients": "Gradients", "epoch": "Epochs", "seconds": "Seconds"}, kind="segmented"
    )
assert axis in AXES
if problem is not None:
    show_error(problem)
elif note := network_runs.data_note(data):
    st.info(note)
if started:
    network_jobs.start(
        "train",
        network_runs.command(),
        config=train_view.job_config(configs),
        title=task.title(chosen),
        page="Train",
        key=train_view.job_key(configs),
    )

job_id = network_jobs.current()
prices = [Price(one.label, one.contender.method, one.gradients_per_step) for one in chosen]
view = train_view.View(configs, quantity, axis, prices, amount if unit == "gradients" else None)
if job_id is None:
    view.draw(None)
    network_jobs.others()
else:
    network_jobs.watch(job_id, view.draw)
link("Results", "All stored runs, and the paper's table beside them")
how_it_works(EXPLANATION)
