"""What the page Network landscape starts in the background: training the first runs, computing a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.shared import network_jobs, network_runs
from pages.shared.page import is_dark, show_error
from rbo_core.figures.curves import message_figure
from rbo_core.jobs import CONFIG
from rbo_core.training.landscape import PlaneConfig

PLAIN = {"displayModeBar": False, "displaylogo": False}
PAGE = "Network landscape"


def offer_training(job_id: str | None, configs: Sequence[dict[str, Any]]) -> None:
    """An empty store: say so, and let the default runs be trained here."""
    with st.container(horizontal=True, vertical_alignment="center", key="offer_bar"):
        pressed = st.button("Train the ball, SGD and SAM", type="primary", key="train_default")
        st.caption(
            "No run is stored here yet. What you see below was trained earlier, on the digits: train the same three "
            "here, or any others on the page Train."
        )
    if pressed:
        started = network_jobs.start(
            "train", ["train", CONFIG, "--json"], config={"runs": list(configs)},
            title="Digits, MLP: ball, SGD and SAM",
            page=PAGE, key="network_landscape:default",
        )  # fmt: skip
        if started is not None:  # a refusal stays on the page
            st.rerun()
    network_jobs.watch(job_id)


def compute_button(config: PlaneConfig, job_id: str | None, title: str, data: str) -> None:
    """The plane is not there: compute it as a job, and show how far it is. data: what the network was trained on."""
    problem = network_jobs.device_problem(config.device)
    if problem:
        show_error(problem)
    elif note := network_runs.data_note(data):
        st.info(note)
    kind = {"hessian": "Hessian"}.get(config.kind, config.kind)
    if st.button("Compute the plane", type="primary", key="compute", disabled=problem is not None):
        started = network_jobs.start(
            "plane", ["train", CONFIG, "--plane", "--json"], config=asdict(config),
            title=f"Loss on a {kind} plane, {config.size} × {config.size} · {title}", page=PAGE,
            key=f"plane:{config.key}",
        )  # fmt: skip
        if started is not None:  # a refusal stays on the page
            st.rerun()
    network_jobs.watch(job_id)
    words = f"Press the button: {config.size} × {config.size} networks on a plane, a few seconds for an MLP."
    st.plotly_chart(message_figure(words, is_dark()), key="plane_empty", config=PLAIN, theme=None)
