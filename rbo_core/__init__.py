"""Rolling-ball trajectories on loss surfaces (arXiv 2505.19527). No name of it loads torch.

Names are loaded when they are first asked for: what needs no kernel (a page's frame, the command line's help) does not
wait for numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rbo_core.methods import METHODS
    from rbo_core.points import SAM, SGD, Adam, AdamW, EntropySGD, LookSAM, Momentum
    from rbo_core.rolling import RBO
    from rbo_core.schedule import RadiusSchedule
    from rbo_core.trajectory import Status, Trajectory, trace

__all__ = [
    "METHODS", "RBO", "SAM", "SGD", "Adam", "AdamW", "EntropySGD", "LookSAM", "Momentum", "RadiusSchedule", "Status",
    "Trajectory", "trace",
]  # fmt: skip

_HOMES = {"METHODS": "methods", "RBO": "rolling", "RadiusSchedule": "schedule"} | dict.fromkeys(
    ("Status", "Trajectory", "trace"), "trajectory"
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'points')}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
