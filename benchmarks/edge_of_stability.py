"""How sharp a small network gets at (ρ, η), beside what theory says: the data of the figure on Network phases.

    python benchmarks/edge_of_stability.py pages/shared/examples/edge_of_stability.csv

Four minutes on one core. 300 digits at once, MLP 64-32-10 with tanh, mean squared error, 600/η steps; the sharpness is
the mean over the last quarter. Twins are points (ρ = 0) at the learning rate whose edge is as flat as a ball's: they
cost one gradient a step instead of two.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rbo_core.training.edge import train_to_the_edge

BALLS = ((0.0, 0.2), (0.03, 0.2), (0.1, 0.2), (0.3, 0.2), (0.0, 0.1), (0.02, 0.1), (0.05, 0.1), (0.3, 0.1), (0.0, 0.05),
         (0.05, 0.05))  # fmt: skip
TWINNED = ((0.02, 0.1), (0.05, 0.1), (0.05, 0.05))
TIME = 600.0  # steps times learning rate: what a network needs to get as sharp as it can
TRUST = 1.0


def main(path: Path) -> None:
    """Train and write."""
    torch.set_num_threads(1)
    rows = []
    for radius, rate in BALLS:
        edge = train_to_the_edge(radius, rate, steps=round(TIME / rate), trust=TRUST)
        rows.append({**asdict(edge), "twin_of": ""})
        if (radius, rate) in TWINNED:
            twin = train_to_the_edge(0.0, 2 / edge.predicted, steps=round(TIME / rate))
            rows.append({**asdict(twin), "twin_of": f"{radius:g},{rate:g}"})
        print(rows[-1], flush=True)
    pd.DataFrame(rows).to_csv(path, index=False, float_format="%.6g")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
