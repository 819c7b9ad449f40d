"""Analytic loss surfaces in one and two parameters, evaluated over batches by compiled kernels.

    surface = landscapes.get("wrinkled_bowl", dim=1)
    f, g = surface.value_and_grad(x)  # x (B, d) -> f (B,), g (B, d)

``names`` lists them, ``parameters`` says what each can be asked for. Names are loaded when they are first asked for:
what needs no kernel does not wait for numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landscapes.base import Landscape, Minimum, Parameter, Text
    from landscapes.registry import get, names, parameters

__all__ = ["Landscape", "Minimum", "Parameter", "Text", "get", "names", "parameters"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "registry" if name.islower() else "base"
    found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
