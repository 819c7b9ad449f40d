"""Network phases: radius against learning rate on a real network, trained as one ensemble."""

import pages.shared.needs_networks  # noqa: F401  # isort: skip
import streamlit as st

from pages.network_phases import controls, view
from pages.shared import network_examples, network_jobs, plots
from pages.shared.downloads import download
from pages.shared.maps import clickable_map
from pages.shared.page import how_it_works, is_dark, link, open_page, readouts, sentence, show_error
from pages.shared.take_away import take_away
from pages.shared.terms import term
from pages.shared.widgets import fold
from rbo_core.figures.edge import edge_figure
from rbo_core.figures.network_phases import along_radius, phases_figure
from rbo_core.training.phases import PhaseResult
from rbo_core.training.regimes import network_regimes

EXPLANATION = r"""
**The map** is drawn like the paper's Figure 5, but on other data and, unless you choose the paper's, with another
projection: every cell is a network trained from the same weights on the same
minibatches with its own radius $\rho$ and learning rate $\eta$. Part after part trains as one batch, each a coarse grid
over the whole map; what is finished is kept when you cancel, also when you change a setting, and goes on later.

**Regimes** are read off the map. *Macroscopic* is the stretch of radii round the best cell whose own best $\eta$ is
level with it; *microscopic* is what is smaller, *super-macroscopic* what is larger. Two radii are level unless they are
further apart than chance, on this many validation images, makes any two of as many equal ones in one map of twenty
(Tukey). *Unstable* (lines): more than half of the runs diverged or learnt less than half of what the best cell learnt,
although a smaller $\eta$ works. *Too slow* (dots): a larger $\eta$ at the same radius learns clearly more in as many
gradients. The star is the best cell.

**Frontier of stability** (dotted): on a bowl as sharp as the network at its start, $\kappa$, a step settles while
$\eta\kappa\,(1+\min(\rho\kappa,\text{trust}))<2$ (Newton, $K=2$), or, as published,
$\eta<2(\rho\kappa-1)/(\kappa[(1+\gamma(\rho\kappa-1))^K-1])$. The guard *trust* = 0.5 caps the ball at $0.5/\kappa$:
beyond it every radius takes the same step. Raise it, and large radii fail as the paper's do. With $K=20$, $\gamma=0.01$
and small $\rho$ only 18 % of $\eta$ acts.

**Standard error**: binomial, of the validation images, or of the runs of a cell where that is larger. One seed proves
little; take more under *Its grid*.

**Penetration** is $(\rho-d(c,\Gamma))/\rho$ along the normal: 1 says that the centre itself has sunk below the loss.

**SGD** beside it has the same learning rates, minibatches and number of gradients. The best of many cells flatters
whoever had more tries, so the difference is between the best SGD and the mean best of as many cells drawn from the map.

**Try**
- Colour by *penetration*: radii above 10 sink in, and are a point with a long arm.
- *Gradient (paper)* instead of *Newton*: another map, at ten times the price a step.
- 40 % random labels, three seeds.
"""

EDGE = """
Trained on all its images at once, a network sharpens until its step no longer settles: gradient descent at κ = 2/η, a
ball earlier, for it amplifies its step. Flat is not the ball's alone: gradient descent with the learning rate that is
as flat (rings) costs half. The rightmost network has not sharpened that far. 300 digits, MLP 64-32-10, one seed; made
by `python benchmarks/edge_of_stability.py`.
"""

open_page(
    "Network phases",
    f"Which radius {term('ρ')} and learning rate {term('η')} train best? Click a cell.",
)
job_id = network_jobs.current()
network_jobs.load_link(controls.job_controls)
with st.sidebar:
    asked, quantity = controls.ask()
config = None
try:
    config = asked.config()
    found, is_own = view.stored(config)
except ValueError as error:
    show_error(error)
    found, is_own = None, False

if config is not None:
    result = PhaseResult.untrained(config) if found is None else found
    told = network_regimes(result) if result.there.any() else None
    cell = view.cell_of(result, controls.named_cell(), told.best if told is not None else (0, 0))
    radius, rate = float(config.radii[cell[0]]), float(config.rates[cell[1]])
    with st.container(key="network_said"):  # its room is kept
        sentence(
            view.headline(result, told), cells=str(result.there.sum()), radius=f"{radius:.6g}", rate=f"{rate:.6g}",
            verdict="" if told is None else told.verdict,
        )  # fmt: skip
    view.train(config, found if is_own else None, job_id, example=found is not None and not is_own)
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        edge = view.frontier_of(config)
        figure = phases_figure(result, told, quantity, is_dark(), selected=(radius, rate), frontier=edge)
        clickable_map(figure, "network_map", selected=(radius, rate))
    with right:
        items, head = view.cell_numbers(result, told, *cell)
        readouts(items, "cell", least="calc(50% - 0.6rem)", head=head)
        link("Train", "Train this cell by itself, with SGD beside it", view.train_query(result, radius, rate))
        if told is not None:
            plots.show([along_radius(result, told, is_dark(), radius)], key="along")
    if told is not None:
        sentence(view.beside_sgd(result, told))
    ball = dict(config.train.method.settings)
    if ball["projection"] == "newton" and float(ball["trust"]) < 10:
        link("Network phases", "The same map without the guard: large radii fail", controls.unguarded(config))
    if told is not None:
        table = view.cells_table(result)
        with st.container(horizontal=True, key="take_away"):
            download("Download CSV", lambda: table, "network_phases.csv", "phases_csv")
            take_away(view.takings(result, told, quantity, (radius, rate)))
    theory = fold("How sharp does a network get? Theory beside measurement", "how_sharp")
    if theory.open:
        with theory:
            plots.show([edge_figure(network_examples.edges(), is_dark())], key="edge")
            st.caption(EDGE)
how_it_works(EXPLANATION)
