"""The methods by name: what the command line, sweeps, training and the pages offer is read from here."""

from __future__ import annotations

from typing import Any

from rbo_core.method import BatchedMethod
from rbo_core.points import SAM, SGD, Adam, AdamW, EntropySGD, LookSAM, Momentum
from rbo_core.rolling import RBO

METHODS: dict[str, type[BatchedMethod[Any]]] = {
    method.name: method for method in (RBO, SGD, Momentum, Adam, AdamW, SAM, LookSAM, EntropySGD)
}
"""Name to settings class. A class added here, under its ``name``, is found everywhere (see CONTRIBUTING)."""


def method_class(name: str, *, called: str = "method") -> type[BatchedMethod[Any]]:
    """The settings class of a name; ``ValueError`` says which ones there are. called: what the message calls it."""
    if name not in METHODS:
        raise ValueError(f"{called} must be one of {', '.join(METHODS)}; got {name!r}")
    return METHODS[name]
