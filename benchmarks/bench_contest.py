"""The digits table of `compare` as ensembles against the same runs one after the other: training time only.

For each method the tuning (16 settings, one seed) and the test (five seeds, 640 gradients) are trained as the contest
trains them; of the single runs every eighth is trained and counted eight times.

python benchmarks/bench_contest.py [--threads 1] [--methods ...] [--gradients 640]
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
from rbo_core.training.contest import points
from rbo_core.training.contest_stages import Stage, trained
from rbo_core.training.contestants import CONTESTANTS

SETTINGS, SEEDS, EVERY = 16, 5, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--methods", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--gradients", type=int, default=640)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = TrainConfig(gradient_budget=options.gradients, diagnostics="none", snapshots=False, device="cpu")
    short = dataclasses.replace(config, gradient_budget=40)
    whole = np.zeros(2)
    print("| method | one by one, s | together, s | times faster |\n| --- | ---: | ---: | ---: |")
    for name in options.methods:
        times([name], short)  # compile and warm up
        spent = times([name], config)
        whole += spent
        print(
            f"| {CONTESTANTS[name].label} | {spent[0]:.1f} | {spent[1]:.1f} | {spent[0] / spent[1]:.1f} |", flush=True
        )
    print(f"| all | {whole[0]:.1f} | {whole[1]:.1f} | {whole[0] / whole[1]:.1f} |")


def times(names: list[str], config: TrainConfig) -> np.ndarray:
    """(2,) seconds of the single runs and of the ensembles."""
    alone = together = 0.0
    for name in names:
        tried = points(CONTESTANTS[name].box, SETTINGS)
        best = {axis: np.full(SEEDS, values[0]) for axis, values in tried.items()}
        for settings, seeds in ((tried, [0] * SETTINGS), (best, list(range(100, 100 + SEEDS)))):
            stage = Stage.of(name, config, settings, seeds, 0)
            together += trained(stage)["seconds"]
            for b in range(0, len(seeds), EVERY):
                own = {axis: float(values[b]) for axis, values in settings.items()}
                method = Method.of(stage.config.method.name, **{**dict(stage.config.method.settings), **own})
                one = run_training(dataclasses.replace(stage.config, method=method, seed=seeds[b]))
                alone += one.summary["seconds"] * min(EVERY, len(seeds) - b)
    return np.array([alone, together])


if __name__ == "__main__":
    main()
