"""The sidebar of the page Train: the task, the methods and the budget."""

from __future__ import annotations

import streamlit as st

from pages.shared import network_methods, network_runs
from pages.shared.controls import Scale, choice, number, toggle
from pages.shared.network_jobs import device_choice
from pages.shared.network_methods import Chosen
from pages.shared.network_runs import RANDOM_LABELS, Task
from pages.shared.page import group

REFERENCE = "momentum"
"""The baseline that the table compares with first, as the contests do."""


def ask() -> tuple[Task, tuple[Chosen, ...], str | None]:
    """What the methods shall learn, who takes part, and whom the table compares them with; in the sidebar."""
    usual = network_runs.DEFAULT
    group("Task")
    data = choice("Data", "data", network_runs.DATA, usual.data, on_change=_offer)
    model = choice("Network", "model", network_runs.MODELS, usual.model)
    noise = number("random labels, %", "label_noise", 0, Scale(0, 90, integer=True), help=RANDOM_LABELS)
    group("Methods")
    chosen = network_methods.choose(data)
    group("Budget")
    unit, amount = _budget()
    seeds = number(
        "seeds", "seeds", usual.seeds, Scale(1, 10, integer=True), help="Each seed is another start and other batches."
    )
    with st.expander("Advanced"):
        batch = number("batch size", "batch", usual.batch_size, Scale(1, 1024, log=True, integer=True))
        schedule = choice("learning rate over time", "schedule", network_runs.SCHEDULES, usual.schedule)
        way = choice(
            "balls' radius over time", "radius_schedule", network_runs.RADIUS_SCHEDULES, usual.radius_schedule,
            help="From each ball's own radius in the first step to another in the last.",
        )  # fmt: skip
        final = None
        if way != "constant":
            final = number("radius of the last step", "final_radius", 0.005, Scale(0.001, 100, log=True))
        images = number(
            "training images", "train_size", 0, Scale(0, 50_000, step=500, integer=True), help="0: all there are."
        )
        augment = toggle("crops and flips", "augment", help="For images of 28 pixels and more.")
        device = device_choice()
        sharpness = toggle(
            "measure sharpness", "sharpness", True, help="Costs some gradients more, which do not count."
        )
    task = Task(
        data=data, model=model, label_noise=noise / 100, unit=unit, amount=amount, seeds=int(seeds),
        batch_size=int(batch), schedule=schedule, train_size=int(images), augment=augment, device=device,
        sharpness=sharpness, radius_schedule=way, final_radius=final,
    )  # fmt: skip
    return task, chosen, _reference(chosen)


def _offer() -> None:
    # What learns fast on the digits fails on larger images.
    network_methods.offer(st.session_state["data"])


def _reference(chosen: tuple[Chosen, ...]) -> str | None:
    """The method that the others are compared with, seed by seed; None where there is nobody to compare."""
    if len(chosen) < 2:
        return None
    titles = {one.contender.key: one.label for one in chosen}
    first = REFERENCE if REFERENCE in titles else next(iter(titles))
    return choice(
        "paired difference to", "against", titles, first,
        help="The table's difference to this method, seed by seed. Green: the paired t-test calls the method better, "
             "corrected by Holm over the methods.",
    )  # fmt: skip


def _budget() -> tuple[str, int]:
    unit = choice(
        "equal", "budget", {"gradients": "Gradients", "epochs": "Epochs"}, kind="segmented",
        help="What every method may spend.",
    )  # fmt: skip
    if unit == "epochs":
        return unit, int(number("epochs", "epochs", 10, Scale(1, 200, log=True, integer=True)))
    first = network_runs.DEFAULT.amount
    return unit, int(number("gradient evaluations", "gradients", first, Scale(20, 100_000, log=True, integer=True)))
