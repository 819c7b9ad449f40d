"""Where slow balls end, by the lifetimes of crests and by rolling: in how many cells of a sweep do the two agree?

    python -m benchmarks.lifetimes_against_balls                  # six curves, 24 radii, 8 starts, η = 0.02
    python -m benchmarks.lifetimes_against_balls --rate 0.005

A cell agrees when the share of its balls near the minimum is the same to the ball.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import landscapes
from rbo_core import sweep
from rbo_core.sweep import cells, measure, theory

CURVES = ("wrinkled_bowl", "corduroy", "spectral_noise", "value_noise", "weierstrass", "weierstrass_like")
RADII = 24
LENGTH = 30.0  # of the way that every ball may go, parameter units: nothing is cut short


def agreement(name: str, rate: float, radii: int = RADII, starts: int = 8) -> np.ndarray:
    """(radii,) how many of the balls end elsewhere than lifetimes say, in each cell."""
    surface = landscapes.get(name, dim=1)
    spec = sweep.parse(
        {"surface": name, "method": {"name": "rbo", "projection": "rigid", "unit_speed": True, "learning_rate": rate},
         "grid": {"radius": f"0.05:3:{radii}log"}, "starts": starts, "steps": round(LENGTH / rate)}
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sweep.Store(Path(folder) / "s.sqlite") as store:
        data = sweep.run(spec, store, landscapes.get)
    rolled = data[..., measure.COLUMNS.index("in_basin")] == 1
    near = measure.basin_radius(surface, None)
    told = theory.arrivals(surface, np.array(spec.axis("radius").values), cells.starts(spec, surface), near)
    return np.asarray((rolled != told).sum(axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=0.02, help="learning rate, arc length (0.02)")
    rate = parser.parse_args().rate
    found = {name: agreement(name, rate) for name in CURVES}
    for name, other in found.items():
        print(f"{name:18} {(other == 0).sum():3} of {RADII} cells exactly, {other.sum():3} balls elsewhere")
    exact = sum(int((other == 0).sum()) for other in found.values())
    print(f"{'all':18} {exact:3} of {RADII * len(CURVES)} cells exactly at η = {rate:g}")


if __name__ == "__main__":
    main()
