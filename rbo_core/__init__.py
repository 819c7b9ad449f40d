"""Rolling-ball trajectories on loss surfaces (arXiv 2505.19527). Importing this loads NumPy and numba, never torch."""

from rbo_core.methods import METHODS
from rbo_core.points import SAM, SGD, Adam, AdamW, EntropySGD, Momentum
from rbo_core.rolling import RBO
from rbo_core.trace import Status, Trajectory, trace

__all__ = ["METHODS", "RBO", "SAM", "SGD", "Adam", "AdamW", "EntropySGD", "Momentum", "Status", "Trajectory", "trace"]
