"""Training runs of networks: data, models, one loop, a store of results, ensembles and comparisons. Needs torch."""

from rbo_core.training.config import METHOD_DEFAULTS, Method, TrainConfig
from rbo_core.training.loop import Progress, Result, run_training
from rbo_core.training.store import METRICS, RunStore, StoredRun

__all__ = [
    "METHOD_DEFAULTS",
    "METRICS",
    "Method",
    "Progress",
    "Result",
    "RunStore",
    "StoredRun",
    "TrainConfig",
    "run_training",
]
