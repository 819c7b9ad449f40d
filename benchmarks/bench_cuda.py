"""The optimizers on a GPU: price of a gradient over SGD's, memory, ensembles against loops; one JSON.

Each price is a median of interleaved rounds, timed on the host between two synchronisations, so that launches count.
Needs a CUDA GPU and the digits; under three minutes.

    python benchmarks/bench_cuda.py [--out bench_cuda.json] [--problems mlp-128 resnet8 …] [--rounds 12]
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.optimizers import METHODS, stepper
from rbo_core.torch import ensemble_step
from rbo_core.torch.recorded import WARM
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.models import build_model

PROBLEMS = {
    "mlp-128": ("mlp", (1, 28, 28), 128),
    "resnet8-128": ("resnet8", (3, 32, 32), 128),
    "vgg9-128": ("vgg9", (3, 32, 32), 128),
    "resnet18-256": ("resnet18", (3, 32, 32), 256),
}
MEMBERS = (64, 256, 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--members", nargs="*", type=int, default=list(MEMBERS))
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("there is no CUDA GPU here; benchmarks/bench_torch.py measures on a CPU")
    result: dict[str, Any] = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    result["prices"] = {problem: prices(problem, options.rounds) for problem in options.problems}
    result["ensembles"] = ensembles(options.members)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1))


def prices(problem: str, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds a gradient, the ratio to SGD's, and the peak memory of each method."""
    network, shape, batch = PROBLEMS[problem]
    x, y = torch.randn(batch, *shape, device="cuda"), torch.randint(0, 10, (batch,), device="cuda")
    steps: dict[str, Callable[[], object]] = {}
    memory: dict[str, float] = {}
    for name, (build, _) in METHODS.items():
        torch.manual_seed(0)
        model = build_model(network, shape, 10).cuda()
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        steps[name] = stepper(model, build(model), x, y)
        for _ in range(20):  # looks at its first steps, then records one
            steps[name]()
        torch.cuda.synchronize()
        memory[name] = (torch.cuda.max_memory_allocated() - before) / 1e6
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    gc.disable()
    for _ in range(rounds):
        for name, step in steps.items():
            gradients = METHODS[name][1]
            count = max(1, 40 // gradients)
            torch.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(count):
                step()
            torch.cuda.synchronize()
            seconds[name].append((time.perf_counter() - start) / count / gradients)
    gc.enable()
    print(f"\n{problem}\n{'method':26}{'ms / gradient':>14}{'/ SGD':>8}{'MB':>9}")
    table = {}
    for name in steps:
        ratio = statistics.median(a / b for a, b in zip(seconds[name], seconds["sgd"], strict=True))
        table[name] = {"ms": 1e3 * statistics.median(seconds[name]), "vs_sgd": ratio, "peak_mb": memory[name]}
        print(f"{name:26}{table[name]['ms']:14.3f}{ratio:8.3f}{memory[name]:9.1f}", flush=True)
    return table


def ensembles(members: list[int]) -> dict[str, dict[str, float]]:
    """Seconds of digits networks trained together, and what one after another would take (one of them, times B)."""
    config = TrainConfig(method=Method.of("rbo"), epochs=10, diagnostics="none", device="cuda")
    run_training(dataclasses.replace(config, epochs=2))
    alone = min(run_training(config).summary["seconds"] for _ in range(2))
    print(f"\none digits network alone: {alone:.3f} s")
    table = {"alone": {"seconds": alone}}
    for count in members:
        lr, radius = np.geomspace(0.05, 1, count), np.geomspace(0.02, 2, count)
        seeds = [k % 4 for k in range(count)]
        row: dict[str, float] = {}
        for kind, warm in (("launched", 1 << 30), ("seconds", WARM)):
            ensemble_step.WARM = warm  # steps before one is recorded
            row[kind] = min(train_ensemble(config, lr=lr, radius=radius, seeds=seeds).seconds for _ in range(2))
        row["times_faster"] = alone * count / row["seconds"]
        table[str(count)] = row
        print(
            f"{count:5} together: {row['launched']:.3f} s launch by launch, {row['seconds']:.3f} s as a graph, "
            f"{row['times_faster']:.0f} times faster than one after another",
            flush=True,
        )
    return table


if __name__ == "__main__":
    main()
