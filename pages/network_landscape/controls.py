"""The controls of the page Network landscape: which plane, and how it is looked at."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.network_landscape.plane import SHOWN_AT_FIRST, companions, last_plane, natural_scale, reach_of
from pages.shared.controls import Scale, choice, number, short
from pages.shared.network_jobs import device_choice
from pages.shared.page import group
from pages.shared.widgets import several
from rbo_core.figures.style import label
from rbo_core.jobs import Job
from rbo_core.rolling import PROJECTIONS
from rbo_core.training import StoredRun
from rbo_core.training.landscape import PlaneConfig, PlaneResult
from rbo_core.training.plane_reading import Reach

EXAMPLE = "example"
OF_A_PLANE = {"paths", "kind", "size", "noise", "reach", "seed", "device"}
VIEWS = {"paths": "Paths", "roll": "Roll a ball", "noise": "Label noise"}
FIRST_LABELS = tuple(label(name) for name in SHOWN_AT_FIRST)


@dataclass(frozen=True, eq=False)
class PlaneLook:
    """A plane and how it is looked at. view: of VIEWS; radius, in parameter units; scale: λ, lengths a unit of loss;
    steps, projection: of the ball that rolls; reach: what balls of other radii cannot touch."""

    result: PlaneResult
    view: str
    radius: float
    scale: float
    steps: int
    projection: str
    reach: Reach

    @property
    def width(self) -> float:
        """Of the plane's window, parameter units."""
        return float(self.result.x[-1] - self.result.x[0])


def ask_run(runs: Sequence[StoredRun], titles: dict[str, str]) -> str:
    """Which network: the id of a stored run, or the example's; in the sidebar. titles: run id to title."""
    if not runs:
        return EXAMPLE
    latest = _latest()
    first = latest.runs[0] if latest is not None and latest.runs[0] in titles else _without_plane(runs)
    group("Network")
    options = {EXAMPLE: "Example: ball, SGD and SAM on the digits", **titles}
    return choice("Run", "run", options, first, help="The example, or a finished run of Train or the command line.")


def _without_plane(runs: Sequence[StoredRun]) -> str:
    """What is chosen where no plane is stored: the example, but the newest run where a link asks for a plane."""
    # One default a session, or a chosen run would vanish from the address.
    if "_plane_without" not in st.session_state:
        asked = OF_A_PLANE & set(st.query_params)
        st.session_state["_plane_without"] = newest(runs).id if asked else EXAMPLE
    return str(st.session_state["_plane_without"])


def newest(runs: Sequence[StoredRun]) -> StoredRun:
    """The run to offer: the newest ball, else the newest."""
    return next((run for run in runs if run.config.method.name == "rbo"), runs[0])


def ask_plane(base: str) -> PlaneConfig:
    """Which plane through a stored run; in the sidebar."""
    latest = _latest()
    friends = companions(base)
    first = [key for key in friends if key == base or friends[key] in FIRST_LABELS]
    if latest is not None and latest.runs[0] == base:
        first = [key for key in friends if key in latest.runs]
    paths = several("Paths in the plane", "paths", friends, first, help="Runs from the same start on the same data.")
    group("Plane")
    kinds = {"principal": "Principal", "random": "Random", "hessian": "Hessian"}
    kind = choice("plane", "kind", kinds, kind="segmented")
    with st.expander("Advanced"):
        size = int(choice("points an axis", "size", ("31", "61", "101"), "61"))
        noise = number(
            "random labels in the noisy twin, %",
            "noise",
            40,
            Scale(1, 100, integer=True),
            help="A run trained with random labels keeps its own share.",
        )
        reach = number(
            "reach of the plane",
            "reach",
            1.0,
            Scale(0.05, 5.0, log=True),
            help="Random: in lengths of a filter-normalised direction. Hessian: in distances over which the "
            "loss doubles. A principal plane fits the paths.",
        )
        seed = int(number("seed of the directions", "seed", 0, Scale(0, 99, integer=True)))
        device = device_choice()
    chosen = (base, *(key for key in paths if key != base))
    return PlaneConfig(
        runs=chosen, kind=kind, size=size, label_noise=noise / 100, reach=reach, seed=seed, device=device
    )


def _latest() -> PlaneConfig | None:
    # One default a session, or a chosen run would vanish from the address.
    if "_plane_first" not in st.session_state:
        st.session_state["_plane_first"] = last_plane()
    latest: PlaneConfig | None = st.session_state["_plane_first"]
    return latest


def ask_look(result: PlaneResult) -> tuple[PlaneLook, DeltaGenerator]:
    """How the plane is looked at, and the place of its picture, above the radius."""
    view = choice("What to look at", "view", VIEWS, kind="segmented")
    width = float(result.x[-1] - result.x[0])
    with st.sidebar:
        group("Ball")
        scale = number(
            "loss scale λ",
            "loss_scale",
            natural_scale(result.own, width),
            Scale(1e-4, 100.0, log=True),
            help="Turns a loss into a length. Training uses 1; here the relief is a third of the width.",
        )
        steps, projection = 0, "rigid"
        if view == "roll":
            steps = int(number("steps", "steps", 400, Scale(10, 3000, integer=True, log=True)))
            projection = choice(
                "projection", "projection", {name: PROJECTIONS[name].title for name in ("rigid", "newton")}
            )
    spacing, reach = max(result.spacing), reach_of(result, scale)
    place = st.container(key="plane_plot")
    place.empty()  # its room is kept while nothing else is in it
    radius = number(
        "radius ρ (parameter units)",
        "radius",
        float(f"{reach.matters or width / 12:.2g}"),
        Scale(float(f"{spacing:.2g}"), float(f"{width / 2:.2g}"), log=True, limits=(spacing / 100, width)),
        help="The same unit as in training, since the plane's axes have length 1.",
    )
    if radius < spacing:
        st.warning(f"ρ = {short(radius)} is below the grid's spacing, {short(spacing)}: nothing is ironed.")
    return PlaneLook(result, view, radius, scale, steps, projection, reach), place


def job_controls(job: Job, runs: Container[str]) -> dict[str, object]:
    """The controls that ask for the job's plane. runs: ids of the runs that are there."""
    if job.kind != "plane":
        return {}  # the three runs of an empty store
    config = PlaneConfig.from_dict(job.config)
    if config.runs[0] not in runs:
        raise ValueError(f"run {config.runs[0]} is not stored here any more")
    return {
        "run": config.runs[0], "paths": [run for run in config.runs if run in companions(config.runs[0])],
        "kind": config.kind, "size": str(config.size), "noise": round(100 * config.label_noise),
        "reach": config.reach, "seed": config.seed, "device": config.device,
    }  # fmt: skip
