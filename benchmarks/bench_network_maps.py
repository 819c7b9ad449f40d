"""How fast a loss plane and a phase diagram of the digits MLP are: seconds, and ratios to one network at a time.

python benchmarks/bench_network_maps.py [threads]
python benchmarks/bench_network_maps.py --estimates   # the time told in advance beside the time taken, on one thread
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rbo_core.training.config import TrainConfig
from rbo_core.training.data import load
from rbo_core.training.landscape import PlaneConfig
from rbo_core.training.loop import run_training
from rbo_core.training.models import build_model
from rbo_core.training.phases import PhaseConfig, compute_phases
from rbo_core.training.planes import evaluate, flatten, random_plane
from rbo_core.training.price import phases_seconds, plane_seconds
from rbo_core.training.store import RunStore

EIGHT = {"n_radii": 8, "n_rates": 8}
PAPER = {"name": "rbo", "projection": "gradient", "n_projection_steps": 20}
MAPS: tuple[dict[str, Any], ...] = (
    {},
    {**EIGHT, "train": {"epochs": 1}},
    {**EIGHT, "train": {"epochs": 3, "method": PAPER}},
    {**EIGHT, "train": {"epochs": 4, "batch_size": 10}},
    {**EIGHT, "train": {"epochs": 20, "batch_size": 500}},
    {**EIGHT, "train": {"epochs": 2, "data": "fashion_mnist", "train_size": 2000}},
    {**EIGHT, "seeds": 3, "train": {"epochs": 5}},
    {"n_radii": 16, "n_rates": 16, "train": {"epochs": 5, "method": {"name": "rbo", "momentum": 0.9}}},
)
PLANES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"kind": "random"}, {}),
    ({"kind": "hessian", "size": 101}, {}),
    ({"kind": "random"}, {"data": "fashion_mnist", "train_size": 1000}),
    ({"kind": "random", "size": 31, "examples": 100}, {"model": "resnet6", "train_size": 100}),
)


def estimates() -> None:
    """The whole command as a job runs it: seconds told, seconds of one core's time, seconds by the clock."""
    print(f"{'map or plane':96} told  core clock")
    for values in MAPS:
        values = {**values, "train": {"diagnostics": "final", **values.get("train", {})}}
        _beside(values, "--phases", phases_seconds(PhaseConfig.from_dict(values)), tempfile.mkdtemp())
    for values, train in PLANES:
        folder = tempfile.mkdtemp()
        config = TrainConfig.from_dict({"epochs": 2, "diagnostics": "none", **train})
        with RunStore(folder) as store:
            run = str(run_training(config, store).run_id)
        told = plane_seconds(PlaneConfig(runs=(run,), **values), config)
        _beside({"runs": [run], **values}, "--plane", told, folder)


def _beside(values: dict[str, Any], kind: str, told: float | None, folder: str) -> None:
    file = Path(folder) / "asked.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before, began = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "rbo_core", "train", str(file), kind, "--json", "--store", folder], check=True,
        env={**os.environ, **one_thread}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    after, clock = os.times(), time.perf_counter() - began
    core = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{json.dumps(values)[:96]:96} {told or float('nan'):4.1f} {core:5.1f} {clock:5.1f}", flush=True)
    shutil.rmtree(folder)


def main() -> None:
    """Print the figures."""
    if sys.argv[1:] == ["--estimates"]:
        torch.set_num_threads(1)
        estimates()
        return
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
