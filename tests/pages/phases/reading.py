"""Reads the page Phases without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from rbo_core import sweep
from rbo_core.figures.words import plain
from tests.pages.drawn import drawn

PAGE = Path(__file__).resolve().parents[3] / "pages" / "4_Phases.py"
SMALL = {"cells": "12", "starts": "2", "steps": "20"}


def said(page: AppTest) -> str:
    body = next(html.proto.body for html in page.get("html") if 'class="lab-said"' in html.proto.body)
    return plain(body).replace("\u2212", "-")


def traces(page: AppTest, key: str) -> dict:
    """Traces of one chart by their names ("" for the heat map)."""
    return {trace.get("name", ""): trace for trace in drawn(page)[key][0]["data"]}


def the_sweep(lab) -> sweep.Sweep:
    (only,) = lab.store.sweeps()
    return lab.store.spec(only[0])


def heights(trace: dict) -> np.ndarray:
    import base64

    z = trace["z"]
    flat = np.frombuffer(base64.b64decode(z["bdata"]), dtype=z["dtype"])
    return flat.reshape([int(n) for n in z["shape"].split(",")])
