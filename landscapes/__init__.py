"""Analytic loss surfaces in one and two parameters, evaluated over batches by compiled kernels.

    surface = landscapes.get("wrinkled_bowl", dim=1)
    f, g = surface.value_and_grad(x)  # x (B, d) -> f (B,), g (B, d)

``names`` lists them, ``parameters`` says what each can be asked for.
"""

from landscapes.kernel_cache import ensure_cache

ensure_cache()  # before the first kernel

from landscapes.base import Landscape, Minimum, Parameter, Text  # noqa: E402
from landscapes.registry import get, names, parameters  # noqa: E402

__all__ = ["Landscape", "Minimum", "Parameter", "Text", "get", "names", "parameters"]
