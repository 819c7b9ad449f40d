"""A job that starts again after its process vanished: what it has finished is kept, what it had begun goes on."""

from __future__ import annotations

from collections.abc import Sequence

from rbo_core.training.config import TrainConfig
from rbo_core.training.store import RunStore

Wanted = list[tuple[TrainConfig, str | None]]


def unfinished(configs: Sequence[TrainConfig], store: RunStore, since: float) -> Wanted:
    """The runs of a list that are still to do, each with the id of the stored run to go on with, or None.

    Args:
        since: when the job was made (seconds since 1970); older runs of the same settings are other people's.
    """
    made = [run for run in reversed(store.list()) if run.created >= since]
    left: Wanted = []
    for config in configs:
        own = next((run for run in made if run.config == config), None)
        if own is not None:
            made.remove(own)  # a list may hold the same run twice
        if own is None or own.state == "failed":
            left.append((config, None))
        elif own.state in ("running", "interrupted", "cancelled"):
            left.append((config, own.id))
    return left
