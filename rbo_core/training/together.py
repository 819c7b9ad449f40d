"""Several training runs in one process, an epoch of each in turn, so that all racers grow together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rbo_core.training.config import TrainConfig
from rbo_core.training.loop import Result, Turns
from rbo_core.training.one_run import Progress
from rbo_core.training.storage import network_bytes
from rbo_core.training.store import RunStore

MEMORY = 1e9
"""Bytes that the networks which take turns may hold."""
ARRAYS = 6
"""Of parameter size, that a network in training holds: itself, its gradient, what its optimizer and step keep."""

Told = Callable[[float, int, str], object]
"""``told(runs done, runs in all, what runs)``; a true answer ends the work."""


def train_together(
    wanted: Sequence[tuple[TrainConfig, str | None]], store: RunStore | None, told: Told
) -> list[Result]:
    """Train all runs; the one that is least far takes the next turn.

    Every run comes to what it comes to alone. Networks too large to wait side by side in memory run in groups, in the
    order of the list. When one fails, the others go on.

    Args:
        wanted: settings, each with the id of the stored run to go on with, or None for a new one.
        told: hears of progress at every step; its true answer lets every run end where it stands.

    Returns:
        The runs that were begun, in the order of the list.

    Raises:
        ValueError: data or device missing (before any run begins), or what the first run that failed says.
    """
    race = _Race(wanted, store, told)
    for group in _groups([config for config, _ in wanted]):
        race.train(group)
    if race.problems:
        raise race.problems[0]
    return [run.result for run in race.runs if run.state != "running"]


class _Race:
    """The runs and how far each is. shares: of 1; problems: of the runs that failed."""

    def __init__(self, wanted: Sequence[tuple[TrainConfig, str | None]], store: RunStore | None, told: Told) -> None:
        self.runs = [
            Turns(config, store, partial(self._tell, k), resume=resume) for k, (config, resume) in enumerate(wanted)
        ]
        self.shares = [0.0] * len(self.runs)
        self.problems: list[Exception] = []
        self._told, self._stopped = told, False

    def train(self, group: Sequence[int]) -> None:
        """Let the runs of a group take turns to their end. Whatever breaks it off, none is left held."""
        try:
            self._take_turns(list(group))
        finally:
            for k in group:
                self.runs[k].leave()

    def _take_turns(self, left: list[int]) -> None:
        while left := [k for k in left if self.runs[k].begun or not self._stopped]:
            k = min(left, key=lambda one: self.shares[one])
            try:
                goes_on = self.runs[k].turn()
            except Exception as problem:
                self.problems.append(problem)
                goes_on = False
            if not goes_on:
                left.remove(k)
                self.shares[k] = 1.0

    def _tell(self, k: int, now: Progress) -> bool:
        self.shares[k] = now.done / now.total
        what = f"{self.runs[k].config.title}, epoch {now.epoch}"
        self._stopped = bool(self._told(sum(self.shares), len(self.runs), what)) or self._stopped
        return self._stopped


def _groups(configs: Sequence[TrainConfig]) -> list[list[int]]:
    """Indices of the runs that take turns with each other, as many as memory allows."""
    groups: list[list[int]] = []
    held = MEMORY
    for k, config in enumerate(configs):
        size = ARRAYS * network_bytes(config)
        if held + size > MEMORY:
            groups.append([])
            held = 0.0
        groups[-1].append(k)
        held += size
    return groups
