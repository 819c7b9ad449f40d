"""From a job's sweep back to the controls that ask for it, so that a link with nothing but a job's id opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.phases.axes import VERTICALS
from pages.shared import background
from pages.shared.addresses import set_controls
from pages.shared.page import show_error
from rbo_core import rolling, sweep


def load_link(job_id: str | None) -> None:
    """Give the controls the settings of the address's job, once."""
    if not job_id or st.session_state.get("_job_loaded") == job_id:
        return
    st.session_state["_job_loaded"] = job_id
    found = background.find(job_id)
    if found is not None and found.kind == "sweep":
        try:
            _restore(controls_of(found.config, found.argv))
        except ValueError as error:
            show_error(error)


def _restore(values: Mapping[str, Any]) -> None:
    """Give the controls a job's settings and write them into the address, which then holds the picture by itself."""
    if any(name in st.session_state for name in values):
        set_controls(values)
    for name, value in values.items():
        st.query_params[name] = str(value).lower() if isinstance(value, bool) else str(value)
    st.rerun()


def controls_of(config: Mapping[str, Any], words: Sequence[str] = ()) -> dict[str, Any]:
    """The page's controls that give the sweep in a job's config, and the refinement that the words of its command ask
    for, so that a link with nothing but a job's id opens it.

    Raises:
        ValueError: the sweep was not made by this page (another grid, starts or method).
    """
    spec = sweep.parse(config)
    shape = [axis.name for axis in spec.grid]
    own = len(shape) == 2 and shape[0] == "radius" and shape[1] in VERTICALS
    if spec.method != "rbo" or not own or not isinstance(spec.starts, int):
        raise ValueError("this job's sweep has other axes than the page's; see it with `python -m rbo_core sweep show`")
    settings = dict(spec.settings)
    projection = str(settings.get("projection", "newton"))
    vertical = VERTICALS[shape[1]]
    radii, rates = spec.axis("radius").values, spec.axis(vertical.name).values
    ground = (
        {"ground": "curve", "surface": spec.surface}
        if spec.dim == 1
        else {"ground": "surface", "surface_2d": spec.surface}
    )
    values: dict[str, Any] = dict(ground)
    values |= {f"{spec.surface}_{name}": value for name, value in spec.surface_parameters}
    values |= {(f"{projection}_{name}" if name in rolling.OWN else name): value for name, value in settings.items()}
    values |= {"radius_low": radii[0], "radius_high": radii[-1], "vertical": vertical.name}
    values |= dict(zip(vertical.keys, (rates[0], rates[-1]), strict=True))
    values |= {"seeds": len(spec.seeds)} if len(spec.seeds) > 1 else {}
    if "--refine" in words:
        values |= {"refine": words[words.index("--refine") + 1], "order": words[words.index("--order") + 1]}
    values |= {"cells": str(spec.shape[0]), "starts": spec.starts, "scattered": spec.random_starts is not None}
    values |= (
        {"budget": "steps", "steps": spec.steps} if spec.steps else {"budget": "gradients", "gradients": spec.gradients}
    )
    return values
