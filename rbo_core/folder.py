"""Where everything is kept that outlives a process: runs, results of sweeps, jobs, downloaded data."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "RBO_DATA_DIR"


def data_folder() -> Path:
    """The folder that RBO_DATA_DIR names; ``./runs`` when it is not set, or empty."""
    return Path(os.environ.get(VARIABLE, "").strip() or "runs")
