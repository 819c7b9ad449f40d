"""Rolling-ball trajectories on loss surfaces (arXiv 2505.19527). Importing this loads NumPy and numba, never torch."""

from rbo_core.kernel_cache import ensure_cache

ensure_cache()  # before the first kernel

from rbo_core.methods import METHODS  # noqa: E402
from rbo_core.points import SAM, SGD, Adam, AdamW, EntropySGD, LookSAM, Momentum  # noqa: E402
from rbo_core.rolling import RBO  # noqa: E402
from rbo_core.schedule import RadiusSchedule  # noqa: E402
from rbo_core.trace import Status, Trajectory, trace  # noqa: E402

__all__ = [
    "METHODS", "RBO", "SAM", "SGD", "Adam", "AdamW", "EntropySGD", "LookSAM", "Momentum", "RadiusSchedule", "Status",
    "Trajectory", "trace",
]  # fmt: skip
