"""How fast a loss plane and a phase diagram of the digits MLP are: seconds, and ratios to one network at a time.

python benchmarks/bench_network_maps.py [threads]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rbo_core.training.config import TrainConfig
from rbo_core.training.data import load
from rbo_core.training.loop import run_training
from rbo_core.training.models import build_model
from rbo_core.training.phases import PhaseConfig, compute_phases
from rbo_core.training.planes import evaluate, flatten, random_plane


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    data = load("digits")
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    model = build_model("mlp", data.shape, data.classes).eval()
    plane, unit = random_plane(model, flatten(model))
    window = unit * np.array([[-1.0, 1.0], [-1.0, 1.0]])
    began = time.perf_counter()
    evaluate(model, plane, window, 61, x, [y, y])
    batched = time.perf_counter() - began
    began = time.perf_counter()
    with torch.no_grad():
        for a in np.linspace(-unit, unit, 300):
            flat = plane.points(torch.tensor([[a, 0.0]]))[0]
            torch.nn.utils.vector_to_parameters(flat, model.parameters())
            F.cross_entropy(model(x), y)
    single = (time.perf_counter() - began) / 300 * 61 * 61
    print(f"plane 61 x 61, 1,000 images, two labellings: {batched:.1f} s; one after the other, one labelling: "
          f"{single:.1f} s, ratio {single / batched:.2f}")  # fmt: skip
    began = time.perf_counter()
    compute_phases(PhaseConfig())
    batched = time.perf_counter() - began
    began = time.perf_counter()
    run_training(TrainConfig(diagnostics="none"))
    single = 144 * (time.perf_counter() - began)
    print(f"phases 12 x 12, 10 epochs, with SGD beside: {batched:.1f} s; 144 single runs: {single:.0f} s, "
          f"ratio {single / batched:.2f}")  # fmt: skip
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
