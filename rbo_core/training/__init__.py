"""Training runs of networks: data, models, one loop, a store of results, ensembles and comparisons. Needs torch."""

from rbo_core.training.config import METHOD_DEFAULTS, Method, TrainConfig
from rbo_core.training.loop import Result, run_training
from rbo_core.training.one_run import Progress
from rbo_core.training.own_plane import NetworkPlane, plane_of
from rbo_core.training.records import METRICS, StoredRun
from rbo_core.training.store import RunStore

__all__ = [
    "METHOD_DEFAULTS",
    "METRICS",
    "Method",
    "NetworkPlane",
    "Progress",
    "Result",
    "RunStore",
    "StoredRun",
    "TrainConfig",
    "plane_of",
    "run_training",
]
