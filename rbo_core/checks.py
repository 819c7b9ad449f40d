"""Checks of settings: an error names the setting, the value and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST_COUNT = 2**53
"""Whole numbers up to here are exact as floats, which tables and progress bars hold them in."""
Number = Any
"""A setting: one float for all balls, or an array (B,) with one value a ball."""


def require(
    name: str,
    value: Number,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> None:
    """Raise ``ValueError`` unless every entry of ``value`` is finite and inside the bounds given."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, got {_shown(value)}; use an ordinary number")
    if above is not None and not np.all(array > above):
        word = "positive" if above == 0 else f"greater than {above:g}"
        raise ValueError(f"{name} must be {word}, got {_shown(value)}")
    if at_least is not None and not np.all(array >= at_least):
        word = "zero or positive" if at_least == 0 else f"at least {at_least:g}"
        raise ValueError(f"{name} must be {word}, got {_shown(value)}")
    if below is not None and not np.all(array < below):
        raise ValueError(f"{name} must be less than {below:g}, got {_shown(value)}")
    if at_most is not None and not np.all(array <= at_most):
        word = f"at most {at_most:g}" if at_least is None else f"between {at_least:g} and {at_most:g}"
        raise ValueError(f"{name} must be {word}, got {_shown(value)}")


def require_count(name: str, value: object, at_least: int = 1) -> None:
    """Raise ``ValueError`` unless ``value`` is a whole number of at least ``at_least``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name} must be a whole number of at least {at_least}, got {value!r}")
    if value > LARGEST_COUNT:
        raise ValueError(f"{name} must be at most {LARGEST_COUNT:,}, got {float(value):.3g}")


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def _shown(value: Number) -> str:
    array = np.asarray(value)
    return repr(array.item()) if array.ndim == 0 else f"an array with {array.ravel()[:3].tolist()} ..."


def column(value: Number) -> Number:
    """One number a ball, ready to multiply a ``(B, d)`` array: an array (B,) as a column (B, 1), a float as it is."""
    return value if isinstance(value, float | int) else value[:, None]


def per_ball(setting: Number, batch: int) -> Any:
    """A setting as a read-only array (B,)."""
    return np.broadcast_to(np.asarray(setting, dtype=float), (batch,))
