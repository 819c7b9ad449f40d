"""Downloads: the runs that are on the screen, as a table anyone can open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.runs import Run


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a step and method: step, x (x1, x2), loss, gradients, and for a ball its centre and penetration."""
    frames = []
    for run in runs:
        last = run.stopped_at + 1
        dim = run.position.shape[1]
        axes = ["x"] if dim == 1 else [f"x{i + 1}" for i in range(dim)]
        columns: dict[str, object] = {"method": run.name, "step": np.arange(last)}
        columns |= {axis: run.position[:last, i] for i, axis in enumerate(axes)}
        columns |= {"loss": run.loss[:last], "gradients": run.gradients[:last]}
        if run.center is not None:
            columns |= {f"center_{axis}": run.center[:last, i] for i, axis in enumerate([*axes, "height"])}
        if run.penetration is not None:
            columns["penetration"] = run.penetration[:last]
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["method", "step", "x", "loss"])


def csv_button(runs: Sequence[Run], file_name: str, key: str = "download") -> None:
    """A button that hands out the runs as CSV; the table is made only when it is pressed."""
    st.download_button(
        "Download CSV",
        data=lambda: table(runs).to_csv(index=False).encode(),
        file_name=file_name,
        mime="text/csv",
        key=key,
        on_click="ignore",
        disabled=not runs,
    )
