"""The digits table of `compare` as ensembles against the same runs one after the other.

For each method the tuning (16 settings, one seed) and the test (five seeds, 640 gradients) are trained as the contest
trains them; of the single runs every eighth is trained and counted eight times. Both count making the networks, the
steps, and one evaluation at the end. Single runs have one thread, which is what they are fastest with. Beside the time
on the clock stands the processors' own, which other work on the machine disturbs less, and the limit: the eight matrix
products of a gradient alone, in as many threads.

python benchmarks/bench_contest.py [--threads 2] [--methods ...] [--gradients 640]
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rbo_core.torch.perceptrons import linear_layers
from rbo_core.torch.register_tile import multiply
from rbo_core.training import Method, TrainConfig
from rbo_core.training.contest import points
from rbo_core.training.contest_stages import Stage, trained
from rbo_core.training.contestants import CONTESTANTS
from rbo_core.training.data import load
from rbo_core.training.models import build_model
from rbo_core.training.one_run import Training

SETTINGS, SEEDS, EVERY = 16, 5, 8
COLUMNS = (
    "one by one, s", "together, s", "times faster", "less processor time", "µs a gradient", "its products, µs",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--gradients", type=int, default=640)
    options = parser.parse_args()
    config = TrainConfig(gradient_budget=options.gradients, diagnostics="none", snapshots=False, device="cpu")
    short = dataclasses.replace(config, gradient_budget=40)
    print(f"| method | {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * len(COLUMNS)}")
    found = []
    for name in options.methods:
        measure([name], short, options.threads)  # compile and warm up
        found.append(measure([name], config, options.threads))
        print(found[-1].row(CONTESTANTS[name].label), flush=True)
    print(sum(found[1:], found[0]).row("all"))


class Clock(NamedTuple):
    """Seconds on the clock, and of all processors together."""

    wall: float
    cpu: float

    def __add__(self, other: object) -> Clock:
        assert isinstance(other, Clock)
        return Clock(self.wall + other.wall, self.cpu + other.cpu)

    def __mul__(self, factor: object) -> Clock:
        assert isinstance(factor, int)
        return Clock(self.wall * factor, self.cpu * factor)


@dataclass(frozen=True)
class Measured:
    """alone, together: of the runs and of the ensembles; gradients: of one of them; products: seconds of the matrix
    products of so many gradients."""

    alone: Clock
    together: Clock
    gradients: int
    products: float

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.alone + other.alone,
            self.together + other.together,
            self.gradients + other.gradients,
            self.products + other.products,
        )

    def row(self, name: str) -> str:
        """A line of the table."""
        per, alone, together = 1e6 / self.gradients, self.alone, self.together
        cells = (
            f"{alone.wall:.1f}", f"{together.wall:.1f}", f"{alone.wall / together.wall:.1f}",
            f"{alone.cpu / together.cpu:.1f}", f"{per * together.wall:.0f}", f"{per * self.products:.0f}",
        )  # fmt: skip
        return f"| {name} | {' | '.join(cells)} |"


def measure(names: list[str], config: TrainConfig, threads: int) -> Measured:
    """What the methods' single runs and ensembles take."""
    alone, together, gradients = Clock(0, 0), Clock(0, 0), 0
    for name in names:
        tried = points(CONTESTANTS[name].box, SETTINGS)
        best = {axis: np.full(SEEDS, values[0]) for axis, values in tried.items()}
        for settings, seeds in ((tried, [0] * SETTINGS), (best, list(range(100, 100 + SEEDS)))):
            stage = Stage.of(name, config, settings, seeds, 0)
            torch.set_num_threads(threads)
            found: dict[str, Any] = {}
            together += clocked(lambda stage=stage, found=found: found.update(trained(stage)))
            gradients += found["gradients"] * len(seeds)
            torch.set_num_threads(1)
            for b in range(0, len(seeds), EVERY):
                own = {axis: float(values[b]) for axis, values in settings.items()}
                method = Method.of(stage.config.method.name, **{**dict(stage.config.method.settings), **own})
                one = dataclasses.replace(stage.config, method=method, seed=seeds[b])
                alone += single(one) * min(EVERY, len(seeds) - b)
    return Measured(alone, together, gradients, gradients * products(threads, config.batch_size))


def single(config: TrainConfig) -> Clock:
    """One run: its network, its steps, and an evaluation at the end."""
    data = load(config.data)

    def run() -> None:
        training = Training(config, data, torch.device("cpu"), None, None)
        training.rows.append({})
        steps_of(training)
        training._measure(1)
        training._evaluate(*training.test)

    with torch.random.fork_rng(devices=[]):
        return clocked(run)


def steps_of(training: Training) -> None:
    while training.done < training.total:
        training._epoch(training.done // training.per_epoch, None, None)


def clocked(run: Callable[[], object]) -> Clock:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Clock(time.perf_counter() - wall, time.process_time() - cpu)


def products(threads: int, images: int, rounds: int = 2000) -> float:
    """Seconds that the matrix products of one gradient of one network take."""
    layers = linear_layers(build_model("mlp", (1, 8, 8), 10)) or []
    shapes = []
    for k, layer in enumerate(layers):
        shapes += [(images, layer.inputs, layer.outputs), (layer.outputs, images, layer.inputs)]
        shapes += [(images, layer.outputs, layer.inputs)] if k > 0 else []

    def one(_: int) -> None:
        for shape in shapes:
            rows, depth, columns = shape
            a, b, c = (np.ones(size, np.float32) for size in (rows * depth, depth * columns, rows * columns))
            _multiplied(a, b, c, shape, rounds)

    one(0)  # compile
    with ThreadPoolExecutor(threads) as pool:
        begin = time.perf_counter()
        list(pool.map(one, range(threads)))
        return (time.perf_counter() - begin) / rounds / threads


@njit(nogil=True)
def _multiplied(a: Any, b: Any, c: Any, shape: Any, rounds: int) -> None:
    for _ in range(rounds):
        multiply(a, shape[1], 1, b, c, shape, False)


if __name__ == "__main__":
    main()
