"""A race as a job: what it is given, and how its link restores the controls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.shared.network_methods import Chosen
from pages.shared.network_runs import group
from rbo_core.jobs import Job


def job_configs(job: Job) -> list[dict[str, Any]]:
    """The runs of a training job; none when it is another sort of job."""
    return list(job.config.get("runs", [])) if isinstance(job.config, dict) else []


def job_config(configs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A job's config: its runs, and the controls as they stood, so that its bare link can restore them."""
    known = st.session_state.get("_defaults", {})
    return {"runs": list(configs), "controls": {key: st.session_state[key] for key in known if key in st.session_state}}


def job_key(configs: Sequence[dict[str, Any]]) -> str:
    """The same for the same runs: while a job computes them, pressing Train again leads to that job."""
    return hashlib.sha256(json.dumps(list(configs), sort_keys=True).encode()).hexdigest()[:24]


def job_controls(job: Job) -> dict[str, Any]:
    """The controls as they stood when the job was started; none where it was started elsewhere."""
    return dict(job.config.get("controls", {})) if isinstance(job.config, dict) else {}


def group_of(configs: Sequence[dict[str, Any]], chosen: Sequence[Chosen], key: str | None) -> str | None:
    """The group of the stored runs of one of the chosen methods; None where it is not among them."""
    for config, one in zip(configs, chosen, strict=False):  # the first seed's
        if one.contender.key == key:
            return group(config)
    return None
