"""How fast a sweep of rigid balls runs, beside the cost of the surface's evaluations alone.

    python benchmarks/bench_sweep.py            # 40 radii × 40 rates × 16 starts × 300 steps, 2 processes
    python benchmarks/bench_sweep.py --small    # a sixteenth of it

Everything is measured in one run on one machine: the whole sweep (start of the processes, store and all), the steps
really rolled (a ball at rest costs nothing and is not counted there), and the same number of values of the surface
without a ball.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

import landscapes
from rbo_core import sweep
from rbo_core.sweep.measure import COLUMNS


def description(side: int) -> sweep.Sweep:
    """The sweep that is measured."""
    grid = {"radius": f"0.05:3:{side}log", "learning_rate": f"0.001:1:{side}log"}
    method = {"name": "rbo", "projection": "rigid"}
    return sweep.parse({"surface": "wrinkled_bowl", "method": method, "grid": grid, "starts": 16, "steps": 300})


def surface_seconds(values: int, batch: int = 4096) -> float:
    """Seconds that ``values`` values of the surface cost by themselves, in batches of a usual size, on one core."""
    surface = landscapes.get("wrinkled_bowl", dim=1)
    x = np.random.default_rng(0).uniform(-3, 3, size=(batch, 1))
    surface.value(x)
    repeats = 500
    begin = time.perf_counter()
    for _ in range(repeats):
        surface.value(x)
    return (time.perf_counter() - begin) / (repeats * batch) * values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="10 × 10 cells instead of 40 × 40")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    spec = description(10 if args.small else 40)
    warm = description(2)
    with tempfile.TemporaryDirectory() as folder, sweep.Store(Path(folder) / "bench.sqlite") as store:
        sweep.run(warm, store, landscapes.get)  # compiles and fills numba's cache
        begin, cpu = time.perf_counter(), os.times()
        bar = tqdm(total=spec.cells, unit="cell")

        def show(done: int, total: int) -> None:
            bar.update(done - bar.n)

        with sweep.workers(args.workers) as executor:
            data = sweep.run(spec, store, landscapes.get, executor, progress=show)
        wall = time.perf_counter() - begin
        bar.close()
        spent = os.times()
    busy = sum(
        getattr(spent, name) - getattr(cpu, name) for name in ("user", "system", "children_user", "children_system")
    )
    nominal = spec.cells * spec.balls * 300
    rolled = int(data[..., COLUMNS.index("stopped_at")].sum())
    values = int(data[..., COLUMNS.index("evaluations")].sum())
    alone = surface_seconds(values)
    print(f"machine                         {platform.machine()}, {os.cpu_count()} cores, {args.workers} workers")
    print(f"cells, balls                    {spec.cells:,}, {spec.cells * spec.balls:,}")
    print(f"wall clock                      {wall:.1f} s  (processor time {busy:.1f} s)")
    print(f"ball-steps asked for            {nominal:,}: {nominal / wall:,.0f} a second")
    print(f"ball-steps rolled before rest   {rolled:,}: {rolled / wall:,.0f} a second")
    print(f"surface values while searching  {values:,}: {values / max(rolled, 1):.1f} a rolled step")
    print(
        f"the same values without a ball  {alone:.1f} s of one core: {alone / busy:.0%} of the sweep's processor time"
    )


if __name__ == "__main__":
    main()
