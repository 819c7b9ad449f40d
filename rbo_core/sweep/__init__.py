"""Sweeps over radius, learning rate and any other setting: describe, run anywhere, resume, find the transitions.

from rbo_core import sweep
s = sweep.loads(Path("sweep.json").read_text())
with sweep.Store() as store:
    data = sweep.run(s, store, landscapes.get)         # (cells, balls, columns)
"""

from rbo_core.cancelled import Cancelled
from rbo_core.sweep.cost import Estimate, Limits, duration, estimate, refuse, refuse_size
from rbo_core.sweep.engine import check, run, workers
from rbo_core.sweep.finite_size import FiniteSize, run_finite_size
from rbo_core.sweep.measure import columns
from rbo_core.sweep.refine import Refinement, run_refined
from rbo_core.sweep.spec import Axis, Sweep, dumps, loads, parse, spread, to_dict
from rbo_core.sweep.store import Store, StoreFull, default_path

__all__ = [
    "Axis",
    "Cancelled",
    "Estimate",
    "FiniteSize",
    "Limits",
    "Refinement",
    "Store",
    "StoreFull",
    "Sweep",
    "check",
    "columns",
    "default_path",
    "dumps",
    "duration",
    "estimate",
    "loads",
    "parse",
    "refuse",
    "refuse_size",
    "run",
    "run_finite_size",
    "run_refined",
    "spread",
    "to_dict",
    "workers",
]
