"""Train one network, at once or an epoch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rbo_core.training.checkpoint import random_state, restore_random_state
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import load
from rbo_core.training.one_run import Progress, Training
from rbo_core.training.store import BeingTrained, RunStore


@dataclass(frozen=True, eq=False)
class Result:
    """What a run came to. run_id is None without a store; state as in ``records.STATES``."""

    run_id: str | None
    state: str
    metrics: list[dict[str, float]]
    summary: dict[str, Any]
    model: nn.Module


def pick_device(name: str) -> torch.device:
    """The device of a name; "auto" is the GPU where there is one.

    Raises:
        ValueError: no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}") from None
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {name!r} needs a CUDA GPU, and torch finds none here; choose cpu or auto")
    return device


def run_training(
    config: TrainConfig,
    store: RunStore | None = None,
    progress: Callable[[Progress], object] | None = None,
    should_cancel: Callable[[], bool] | None = None,
    *,
    resume: str | None = None,
) -> Result:
    """Train one network.

    Args:
        config: what to train.
        store: where to keep metrics, parameters and checkpoints; None keeps nothing.
        progress: called every few steps; a true answer cancels the run.
        should_cancel: asked as often; True cancels.
        resume: id of a stored run to go on with from its last checkpoint (``config`` is then the stored one).

    Raises:
        ValueError: data or device missing, or settings that do not fit; the stored run says why.
    """
    run = Turns(config, store, progress, should_cancel, resume=resume)
    while run.turn():
        pass
    return run.result


class Turns:
    """A run that is trained an epoch at a time, so that several can take turns in one process.

    Between its turns it holds its own random streams: it comes to the same numbers, bit for bit, whoever else trains.
    The arguments and errors are those of :func:`run_training`; data and device are looked for at once, and the stored
    run is made in the first turn.
    """

    def __init__(
        self,
        config: TrainConfig,
        store: RunStore | None = None,
        progress: Callable[[Progress], object] | None = None,
        should_cancel: Callable[[], bool] | None = None,
        *,
        resume: str | None = None,
    ) -> None:
        if resume is not None:
            if store is None:
                raise ValueError("resume needs the store that holds the run; give store=RunStore(...)")
            config = store.get(resume).config
        self.config, self.store, self.run_id, self._resume = config, store, resume, resume
        self._progress, self._should_cancel = progress, should_cancel
        self._device = pick_device(config.device)
        self._data = load(config.data, config.data_dir)
        self._held = ExitStack()
        self._training: Training | None = None
        self._epochs: Iterator[str] = iter(())
        self._random: dict[str, Tensor] = {}
        self.state = "running"

    def turn(self) -> bool:
        """Train an epoch; whether there is another."""
        devices = [self._device] if self._device.type == "cuda" else []
        try:
            with torch.random.fork_rng(devices=devices):
                if self._training is None:
                    self._begin()
                else:
                    restore_random_state(self._random, self._device)
                self.state = next(self._epochs)
                self._random = random_state(self._device)
        except BaseException as problem:
            self._held.close()
            if isinstance(problem, Exception) and not isinstance(problem, BeingTrained):
                self._note("failed", str(problem))
            raise
        if self.state != "running":
            self._held.close()
        return self.state == "running"

    def leave(self) -> None:
        """Let go of the stored run: one that has not come to its end then counts as interrupted, and can go on."""
        self._held.close()

    @property
    def begun(self) -> bool:
        """Whether it has had a turn."""
        return self._training is not None

    @property
    def result(self) -> Result:
        """What the run has come to."""
        assert self._training is not None
        made = self._training
        return Result(self.run_id, self.state, made.rows, made.summary, made.model)

    def _begin(self) -> None:
        if self.store is not None:
            self.run_id = self.run_id or self.store.create(self.config)
            self._held.enter_context(self.store.held(self.run_id))
        self._training = Training(self.config, self._data, self._device, self.store, self.run_id)
        if self._resume is not None:
            self._training.restore()
            self._note("running")
        self._epochs = self._training.epochs(self._progress, self._should_cancel)

    def _note(self, state: str, message: str = "") -> None:
        if self.store is not None and self.run_id is not None:
            self.store.update(self.run_id, state, message)
