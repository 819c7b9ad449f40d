"""Members of an ensemble cut into blocks: as many as fit into memory, on a CPU into its cache, a block a thread."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import torch

from rbo_core.training.config import TrainConfig
from rbo_core.training.data import DataSet
from rbo_core.training.loop import pick_device
from rbo_core.training.plan import flat_parameters, seeded_model

Progress = Callable[[int, int], object]
"""``progress(steps done, steps in all)``; a true answer cancels."""

BYTES = 6e9
"""Memory that members trained together may take; more of them are cut into blocks."""
COPIES = 14
"""Arrays of a member's parameters that a step keeps at once, at the most: gradients, moments, and their copies."""
CACHED = 2e6
"""Bytes of the parameters of a block on a CPU. A step goes over some eight arrays of this size, between evaluations
that fill as much again, and its Python takes the time of two or three small members: 12 to 24 networks of 26,000
parameters are level, 48 a tenth slower, 4 a fifth."""
LEAST = 4e5
"""Bytes of parameters below which a block is not made for the sake of a further thread: its Python would cost more."""
POLL = 0.1  # seconds between two looks at threads


def blocks(members: int, bytes_each: float, parameter_bytes: int, device: torch.device) -> list[slice]:
    """Members in blocks of nearly equal size.

    Args:
        bytes_each: what a member takes while it trains; parameter_bytes: what its parameters take.
    """
    count = max(1, math.ceil(members * bytes_each / BYTES))
    if device.type == "cpu":
        threads = max(1, min(torch.get_num_threads(), int(members * parameter_bytes / LEAST)))
        count = max(count, min(math.ceil(members * parameter_bytes / CACHED), members))
        count = min(math.ceil(count / threads) * threads, members)
    edges = [members * k // count for k in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def bytes_of_a_member(config: TrainConfig, data: DataSet) -> tuple[float, int]:
    """What one member takes while it trains, copies of its parameters and of its minibatch what the layers keep; and
    what its parameters alone take."""
    with torch.random.fork_rng(devices=[]):
        model = seeded_model(config, data, 0)
    size = 8 if config.precision == "float64" else 4
    own = size * flat_parameters(model).numel()
    kept = 2 * size / 4 * kept_of_an_image(model, data)  # and as much again for what the backward pass makes of it
    return COPIES * own + config.batch_size * kept, own


def kept_of_an_image(model: torch.nn.Module, data: DataSet) -> int:
    """Bytes in float32 that the layers keep of an image for the backward pass, with the image itself."""
    own = {p.data_ptr() for p in model.parameters()}
    seen: dict[int, int] = {}

    def noted(kept: torch.Tensor) -> torch.Tensor:
        if kept.data_ptr() not in own:
            seen[kept.data_ptr()] = kept.numel() * kept.element_size()
        return kept

    image = torch.zeros(1, *data.shape)
    with torch.autograd.graph.saved_tensors_hooks(noted, lambda kept: kept):
        held = model(image)
    del held
    return sum(seen.values()) + 4 * image.numel()


def each(count: int, train: Callable[[int, Progress], bool], device: str, progress: Progress | None) -> None:
    """Train every block, on a CPU one in each of torch's threads at a time; once one was cancelled the rest is left
    out.

    A block on a CPU has one thread: where torch's own threads share every small product they wait for one another
    after it, and beside other work on the machine each wait may last as long as that has its turn (measured: twenty
    times slower).

    Args:
        train: ``train(k, progress)`` trains a block, tells how far it is, and returns whether to go on.
        device: of the networks, by name.
        progress: called in this thread alone, with the steps of all blocks together.
    """
    if pick_device(device).type != "cpu":
        _one_after_another(count, train, progress)
        return
    before = torch.get_num_threads()
    try:
        if min(before, count) > 1:
            _Threads(count, train, progress).run(min(before, count))
        else:
            torch.set_num_threads(1)
            _one_after_another(count, train, progress)
    finally:
        torch.set_num_threads(before)


def _one_after_another(count: int, train: Callable[[int, Progress], bool], progress: Progress | None) -> None:
    for k in range(count):

        def told(done: int, total: int, k: int = k) -> object:
            return progress is not None and progress(k * total + done, count * total)

        if not train(k, told):
            return


class _Threads:
    """Blocks in Python threads: torch lets go of the interpreter while it computes."""

    def __init__(self, count: int, train: Callable[[int, Progress], bool], progress: Progress | None) -> None:
        self._train, self._progress = train, progress
        self._done, self._total = [0] * count, 1
        self._cancelled = threading.Event()

    def run(self, threads: int) -> None:
        """Train them all; what one raises is raised here, after the others have stopped."""
        with ThreadPoolExecutor(threads, "ensemble", initializer=torch.set_num_threads, initargs=(1,)) as pool:
            left = {pool.submit(self._one, k) for k in range(len(self._done))}
            try:
                while left:
                    finished, left = wait(left, POLL, FIRST_EXCEPTION)
                    for future in finished:
                        future.result()
                    if self._asked():
                        self._cancelled.set()
            except BaseException:
                self._cancelled.set()
                raise

    def _asked(self) -> bool:
        return self._progress is not None and bool(self._progress(sum(self._done), len(self._done) * self._total))

    def _one(self, k: int) -> None:
        def told(done: int, total: int) -> bool:
            self._done[k], self._total = done, total
            return self._cancelled.is_set()

        if self._cancelled.is_set():
            return
        if self._train(k, told):
            self._done[k] = self._total
        else:
            self._cancelled.set()
