"""What a server that runs for long forgets: runs that visitors began, and maps, once they are old."""

from __future__ import annotations

import time
from pathlib import Path

from rbo_core.training.store import RunStore

MAPS = ("planes", "network_phases")
"""Folders of results that anybody can have computed again."""


def prune_runs(folder: Path, days: float) -> int:
    """Delete visitors' runs that nothing was written to for so many days; returns how many.

    Runs of the command line have no owner and are kept, as are those that train.
    """
    before = time.time() - days * 86400
    if not (folder / "training.sqlite").exists():
        return 0
    with RunStore(folder) as store:
        old = [run.id for run in store.list() if run.owner and run.updated < before and run.state != "running"]
        for run_id in old:
            store.delete(run_id)
    return len(old)


def prune_maps(folder: Path, days: float) -> int:
    """Delete planes and phase diagrams that were computed more than so many days ago; returns how many."""
    before = time.time() - days * 86400
    old = [file for name in MAPS for file in (folder / name).glob("*.npz") if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
