"""A formula travels in a sweep's JSON to worker processes and comes back with the same numbers."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import landscapes
from rbo_core import sweep

DESCRIBED = """{
 "surface": {"name": "formula", "dim": 2,
  "parameters": {"expression": "a(x²+y²) + 0.1sin(7x)", "bounds": "-2:2"}},
 "method": {"name": "rbo", "projection": "rigid", "learning_rate": 0.02},
 "grid": [["radius", [0.2, 0.6]], ["surface.a", [0.3, 0.6]]],
 "starts": 2, "seeds": [0], "steps": 40
}"""


def test_workers_get_the_formula_from_the_description(tmp_path: Path) -> None:
    described = sweep.loads(DESCRIBED)
    with sweep.Store(tmp_path / "a.db") as store:
        here = sweep.run(described, store, landscapes.get)
    with sweep.Store(tmp_path / "b.db") as store, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        there = sweep.run(sweep.loads(sweep.dumps(described)), store, landscapes.get, pool)
    assert np.array_equal(here, there, equal_nan=True)
    assert np.isfinite(here[:, :, 2]).all()
    assert not np.array_equal(here[0], here[1])
