"""Network phases: radius against learning rate on a real network, trained as one ensemble."""

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.network_phases import view as network_phases_view
from pages.shared import network_examples, network_jobs, plots
from pages.shared.controls import choice, draw, number
from pages.shared.downloads import download
from pages.shared.maps import clickable_map
from pages.shared.network_runs import SCHEDULES
from pages.shared.page import group, how_it_works, is_dark, open_page, sentence, show_error
from rbo_core import RBO
from rbo_core.figures.network_phases import QUANTITIES, along_radius, phases_figure
from rbo_core.rolling import PROJECTIONS
from rbo_core.settings import network_settings
from rbo_core.training import Method, TrainConfig
from rbo_core.training.phases import PhaseConfig, load_phases, network_regimes

EXPLANATION = r"""
**The map** is the paper's Figure 5, measured: every cell is a network trained from the same weights on the same
minibatches with its own radius $\rho$ and learning rate $\eta$; all cells train at once, as one batch.

**Regimes** are read off the map. *Macroscopic* is the stretch of radii round the best cell whose own best $\eta$ comes
within two standard errors of it; *microscopic* is what is smaller, *super-macroscopic* what is larger. Where the
stretch covers the whole axis, the radius made no difference that this many validation images can show. *Unstable*,
above the white line: more than half of the runs diverged or learnt less than half of what the best cell learnt,
although a smaller $\eta$ works. The star is the best cell.

**Standard error**: binomial, of the validation images, or of the runs of a cell where that is larger. One seed proves
little; take more under *Its grid*.

**Penetration** is $(\rho-d(c,\Gamma))/\rho$ along the normal: 1 says that the centre itself has sunk below the loss.

**SGD** beside it has the same learning rates, minibatches and number of gradients.

**Try**
- Colour by *penetration*: radii above 10 sink in, and are a point with a long arm.
- *Gradient (paper)* instead of *Newton*: another map, at ten times the price a step.
- 40 % wrong labels, three seeds.
"""

open_page("Network phases", "Which radius and which learning rate train best? Click a cell to see its run.")
job_id = network_jobs.current()
network_jobs.load_link(network_phases_view.job_controls)

with st.sidebar:
    group("Task")
    data = choice("Data", "data", network_phases_view.DATA, "digits")
    noise = number("wrong labels, %", "label_noise", 0, 0, 90, integer=True)
    group("Ball")
    known = {one.name: one for one in network_settings(RBO)}
    projection = choice("projection", "projection", known["projection"].choices)
    own = PROJECTIONS[projection].own
    steps = draw(replace(known["n_projection_steps"], high=50), f"{projection}_n_projection_steps",
                 own["n_projection_steps"])  # fmt: skip
    gamma = known["projection_step_size"].default
    if "projection_step_size" in own:
        gamma = draw(known["projection_step_size"], "projection_step_size")
    momentum = draw(known["momentum"], "momentum")
    group("Map")
    quantity = choice("colour", "quantity", {k: v[0].upper() + v[1:] for k, v in QUANTITIES.items()})
    with st.expander("Its grid"):
        cells = int(choice("cells a side", "cells", ("8", "12", "16", "24"), "12"))
        seeds = int(number("seeds", "seeds", 1, 1, 5, integer=True, help="Runs a cell."))
        radius_low = number("ρ from", "radius_low", 0.01, 0.001, 100.0, log=True)
        radius_high = number("ρ to", "radius_high", 30.0, 0.001, 100.0, log=True)
        default_high = 3.0 if projection == "newton" else 30.0
        rate_low = number("η from", f"{projection}_rate_low", 0.01, 1e-4, 100.0, log=True)
        rate_high = number("η to", f"{projection}_rate_high", default_high, 1e-4, 100.0, log=True)
    with st.expander("Training"):
        epochs = int(number("epochs", "epochs", 10, 1, 100, integer=True, log=True))
        batch = int(number("batch size", "batch", 50, 2, 1000, integer=True, log=True))
        schedule = choice("learning rate over time", "schedule", SCHEDULES, "cosine")
        scale = draw(known["loss_scale"], "loss_scale")
        device = choice("device", "device", {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU"}, "auto")

try:
    method = Method.of("rbo", projection=projection, n_projection_steps=steps, projection_step_size=gamma,
                       momentum=momentum, loss_scale=scale)  # fmt: skip
    train = TrainConfig(data=data, model="mlp", method=method, epochs=epochs, batch_size=batch, schedule=schedule,
                        label_noise=noise / 100, device=device, diagnostics="final",
                        train_size=None if data == "digits" else 2000)  # fmt: skip
    config = PhaseConfig(train=train, radius_low=radius_low, radius_high=radius_high, n_radii=cells,
                         rate_low=rate_low, rate_high=rate_high, n_rates=cells, seeds=seeds)  # fmt: skip
    result = load_phases(config.key)
except ValueError as error:
    show_error(error)
    how_it_works(EXPLANATION)
    st.stop()

stored = result is not None
if result is None:
    result = network_examples.phases(config)
    network_phases_view.compute(config, job_id, result)
if result is None:
    how_it_works(EXPLANATION)
    st.stop()

told = network_regimes(result)
i, j = network_phases_view.cell_of(result, network_phases_view.named_cell(), told.best)
here = float(config.radii[i]), float(config.rates[j])
dark = is_dark()
left, right = st.columns([1.5, 1], gap="medium")
with left:
    clickable_map(phases_figure(result, told, quantity, dark, selected=here, height=500), "network_map")
with right:
    network_phases_view.cell(result, i, j)
    plots.show([along_radius(result, told, dark, here[0])], key="along")
best = float(np.nanmax(result.validation_accuracy.mean(axis=2)))
sentence(
    network_phases_view.what_it_says(result, told), best=f"{best:.4f}", radius=f"{here[0]:.6g}", rate=f"{here[1]:.6g}"
)
if job_id is not None and stored:
    network_jobs.watch(job_id)
download("Download CSV", lambda: network_phases_view.cells_table(result), "network_phases.csv", "phases_csv")
how_it_works(EXPLANATION)
