"""What the page Network landscape starts in the background: training the first runs, computing a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.network_landscape.plane import recent_planes, stored_plane
from pages.shared import background, network_jobs, network_runs
from pages.shared.addresses import set_controls
from pages.shared.growing import Growing, grow
from rbo_core.jobs import CONFIG
from rbo_core.training import StoredRun
from rbo_core.training.landscape import PlaneConfig, PlaneResult
from rbo_core.training.price import plane_pace, plane_seconds

PAGE = "Network landscape"
FIRST_RUNS = "network_landscape:default"
_OFFERED = "_plane_offered"


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
            page=PAGE, key=FIRST_RUNS,
        )  # fmt: skip
        if started is not None:  # a refusal stays on the page
            st.rerun()
    network_jobs.watch(job_id)


def offer_run(run: StoredRun, title: str, job_id: str | None) -> None:
    """The example is on the page and a run is stored: offer its plane. title: of the run."""
    job = background.find(job_id)
    if job is not None and job.active and job.key == FIRST_RUNS:
        network_jobs.watch(job_id)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="offer_bar"):
        pressed = st.button("See the plane of the newest run", type="primary", key="see_newest")
        st.caption(f"This is the example. Stored here: {title}.")
    if pressed:
        st.session_state[_OFFERED] = run.id
        st.rerun()


def take_offer() -> bool:
    """Give the control the run that was offered, before it is drawn; whether its plane is to be computed at once."""
    run = st.session_state.pop(_OFFERED, None)
    if run is not None:
        set_controls({"run": run})
    return run is not None


def compute(
    config: PlaneConfig, run: StoredRun, title: str, job_id: str | None, shown: PlaneResult | None, at_once: bool
) -> None:
    """The bar that computes the plane. run: its first; shown: what is there of it; at_once: begin unasked."""
    problem = network_jobs.device_problem(config.device) or ""
    if not problem and (note := network_runs.data_note(run.config.data)):
        st.info(note)
    known = 0.0 if shown is None else shown.share_known
    points = config.size**2
    kind = {"hessian": "Hessian"}.get(config.kind, config.kind)
    wanted = Growing(
        "plane", ("train", CONFIG, "--plane", "--json"), asdict(config),
        f"Loss on a {kind} plane, {config.size} × {config.size} · {title}", PAGE, f"plane:{config.key}",
        "Compute the plane", "points", round((1 - known) * points), points,
        plane_seconds(config, run.config, shown, plane_pace(recent_planes())),
    )  # fmt: skip

    def grown() -> bool:
        now = stored_plane(config)
        return now is not None and now.share_known > known

    note = "Until then you see the example." if shown is None else "What was finished is kept."
    grow(wanted, job_id, grown, note, problem, at_once=at_once)
