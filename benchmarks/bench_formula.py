"""What a formula costs beside a kernel written by hand, and how long typing one takes.

    python benchmarks/bench_formula.py [--points 100000] [--json]

Each row is a built-in surface and the same surface typed as a formula: ns a point on one core for value and gradient,
and for the value alone, with their ratios; then ms from the text to a surface (parsing, tape, gaps, spectrum). All
numbers come from one run on one machine; each is the best of several repeats.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import landscapes
from benchmarks.bench_surfaces import best

BOWL = "0.25{0}² + 0.15cos(2π{0}/0.3) + 0.075cos(4.6π{0}/0.3 + 1)"
TYPED = {
    ("wrinkled_bowl", 1): BOWL.format("x"),
    ("wrinkled_bowl", 2): BOWL.format("x") + " + " + BOWL.format("y"),
    ("corduroy", 1): "0.5x − |sin(πx)|",
    ("weierstrass_like", 1): "0.5 sum(k,1,40, sin(k² x)/k²)",
}


def cost(surface: landscapes.Landscape, x: np.ndarray, grad: bool) -> float:
    """ns a point of the kernel on one core."""
    setup, f, g = surface.setup, np.empty(len(x)), np.empty(x.shape)
    return best(lambda: setup.kernel(x, setup.p, setup.t, f, g, grad)) / len(x) * 1e9


def typing(dim: int, text: str) -> float:
    """ms from a text that was never seen to a surface."""
    changed = iter(range(1, 10_000))
    return 1e3 * best(lambda: landscapes.get("formula", dim=dim, expression=f"{text} + 0.0{next(changed)}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    for (name, dim), text in TYPED.items():
        built_in = landscapes.get(name, dim=dim)
        formula = landscapes.get("formula", dim=dim, expression=text, bounds=built_in.bounds)
        x = np.random.default_rng(0).uniform(*built_in.bounds[0], (args.points, dim))
        pair = {grad: (cost(formula, x, grad), cost(built_in, x, grad)) for grad in (True, False)}
        row = {"surface": name, "dim": dim, "typing_ms": typing(dim, text)}
        for grad, (typed, written) in pair.items():
            what = "gradient" if grad else "value"
            row |= {f"{what}_ns": typed, f"{what}_ns_by_hand": written, f"{what}_ratio": typed / written}
        rows.append(row)
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{'surface':>18} dim  gradient ns (by hand, ratio)      value ns (by hand, ratio)   typing ms")
    for row in rows:
        columns = [
            f"{row[f'{what}_ns']:8.1f} ({row[f'{what}_ns_by_hand']:6.1f}, {row[f'{what}_ratio']:4.2f})"
            for what in ("gradient", "value")
        ]
        print(f"{row['surface']:>18} {row['dim']:3}  {'      '.join(columns)}   {row['typing_ms']:9.1f}")


if __name__ == "__main__":
    main()
