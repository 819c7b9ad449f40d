"""64 digits MLPs trained as one ensemble against one after the other (eight of them, times eight): training time only.

python benchmarks/bench_ensemble.py [--threads 2] [--rounds 3]
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.memory import keep_freed_pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = TrainConfig(method=Method.of("rbo"), epochs=3, diagnostics="none", device="cpu")
    lr, radius = np.geomspace(0.05, 1, 8).repeat(8), np.tile(np.geomspace(0.02, 2, 8), 8)
    seeds = list(range(4)) * 16
    keep_freed_pages()
    # Compile and warm up both ways.
    short = dataclasses.replace(config, epochs=1)
    train_ensemble(short, lr=lr, radius=radius, seeds=seeds)
    run_training(short)
    ratios = []
    for _ in range(options.rounds):
        together = train_ensemble(config, lr=lr, radius=radius, seeds=seeds).seconds
        alone = 0.0
        for b in range(0, 64, 8):
            method = Method.of("rbo", lr=float(lr[b]), radius=float(radius[b]))
            alone += 8 * run_training(dataclasses.replace(config, seed=seeds[b], method=method)).summary["seconds"]
        ratios.append(alone / together)
        print(f"ensemble {together:.2f} s, one after the other {alone:.2f} s, ratio {ratios[-1]:.2f}")
    print(f"median ratio {np.median(ratios):.2f}")


if __name__ == "__main__":
    main()
