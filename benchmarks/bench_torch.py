"""What a step costs beside its gradients: RBO and SAM against plain SGD on an MLP, ResNet-8 and VGG-9.

Prints the ratio to SGD's time per gradient evaluation and to a SAM step, all measured in one interleaved run. The MLP
runs at several batch sizes: a gradient's price grows with the batch, a step's own price does not.

    python benchmarks/bench_torch.py [--rounds 15] [--threads 1] [--device cpu] [--problems mlp-128 resnet8]
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.optimizers import METHODS, stepper
from rbo_core.training.memory import keep_freed_pages
from rbo_core.training.models import build_model

PROBLEMS = {
    "mlp-128": ("mlp", (1, 28, 28), 128),
    "mlp-256": ("mlp", (1, 28, 28), 256),
    "mlp-512": ("mlp", (1, 28, 28), 512),
    "resnet8": ("resnet8", (3, 32, 32), 32),
    "vgg9": ("vgg9", (3, 32, 32), 32),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_pages()
    for problem in options.problems:
        measure(problem, options)


def measure(problem: str, options: argparse.Namespace) -> None:
    network, shape, batch = PROBLEMS[problem]
    device = torch.device(options.device)
    x = torch.randn(batch, *shape, device=device)
    y = torch.randint(0, 10, (batch,), device=device)
    runs: dict[str, tuple[Callable[[], object], int]] = {}
    size = 0
    for name in options.methods:
        torch.manual_seed(0)
        model = build_model(network, shape, 10).to(device)
        size = sum(p.numel() for p in model.parameters())
        build, gradients = METHODS[name]
        runs[name] = (stepper(model, build(model), x, y), gradients)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for step, _ in runs.values():
        step()
    # On a CPU with one thread the process's own time, which other processes disturb least.
    clock = time.process_time if device.type == "cpu" and options.threads == 1 else time.perf_counter
    # One short block a method and round, interleaved, so that a busy machine slows all alike.
    gc.disable()
    for _ in range(options.rounds):
        for name, (step, gradients) in runs.items():
            steps = max(1, 20 // gradients)
            synchronize(device)
            start = clock()
            for _ in range(steps):
                step()
            synchronize(device)
            seconds[name].append((clock() - start) / steps / gradients)
    gc.enable()
    print(f"\n{problem}: {size:,} parameters, batch {batch}, {options.threads} thread(s), {device}")
    print(f"{'method':26}{'ms / gradient':>14}{'/ SGD':>8}{'step / SAM step':>17}")
    summary = {}
    for name, (_, gradients) in runs.items():
        to_sgd = statistics.median(a / b for a, b in zip(seconds[name], seconds["sgd"], strict=True))
        to_sam = statistics.median(a * gradients / b / 2 for a, b in zip(seconds[name], seconds["sam"], strict=True))
        summary[name] = {"ms_per_gradient": 1e3 * statistics.median(seconds[name]), "per_gradient_vs_sgd": to_sgd,
                         "step_vs_sam": to_sam}  # fmt: skip
        print(f"{name:26}{summary[name]['ms_per_gradient']:14.3f}{to_sgd:8.3f}{to_sam:17.3f}")
    print(json.dumps({problem: summary}))


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
