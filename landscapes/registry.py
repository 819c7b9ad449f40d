"""Surfaces by name."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from landscapes import classic, drawing, formula, fractal, learning, maps, noisy, pits, simple
from landscapes.base import Definition, Landscape, Parameter, Text

_DEFINITIONS: dict[str, Definition] = {
    definition.name: definition
    for module in (noisy, fractal, pits, learning, classic, simple, formula, drawing, maps)
    for definition in module.DEFINITIONS
}


def names(dim: int | None = None) -> tuple[str, ...]:
    """Every surface's name, the default first; with ``dim`` only those that exist in so many parameters."""
    return tuple(name for name, d in _DEFINITIONS.items() if dim is None or dim in d.dims)


def parameters(name: str, dim: int = 1, **given: Any) -> tuple[Parameter | Text, ...]:
    """What a surface can be asked for, with defaults and ranges; what a formula can, depends on the one given.

    ValueError for an unknown name or dim, and for a formula that cannot be read.
    """
    return definition_of(name, dim).parameters_for(dim, given)


def get(name: str, dim: int | None = None, **params: Any) -> Landscape:
    """The surface of that name in ``dim`` parameters; keyword arguments replace its defaults.

    Without ``dim`` a surface has one parameter, a formula as many as it has variables.

    Raises ValueError, naming the value and what is allowed, for an unknown name, dim or parameter and for a value that
    is not finite or out of range.
    """
    if dim is None:
        known_dim = _DEFINITIONS[name].dim_of if isinstance(name, str) and name in _DEFINITIONS else None
        dim = 1 if known_dim is None else known_dim(params)
    definition = definition_of(name, dim)
    known = {parameter.name: parameter for parameter in definition.parameters_for(dim, params)}
    for given in params:
        if given not in known:
            allowed = "it has " + ", ".join(known) if known else "it has no parameters"
            raise ValueError(f"unknown parameter {given!r} of {name} in {dim}D; {allowed}{_hint(given, tuple(known))}")
    values = {key: params.get(key, parameter.default) for key, parameter in known.items()}
    build = _build if definition.pack is None else _build_large
    return build(name, int(dim), tuple((key, known[key].check(name, value)) for key, value in values.items()))


@lru_cache(maxsize=256)
def _build(name: str, dim: int, values: tuple[tuple[str, float | str], ...]) -> Landscape:
    definition = _DEFINITIONS[name]
    setup = definition.build(dim, dict(values))
    setup = replace(setup, start=setup.start[:dim].copy())
    for array in (setup.bounds, setup.start):
        array.setflags(write=False)
    return Landscape(definition, dim, values, setup)


_build_large = lru_cache(maxsize=4)(_build.__wrapped__)
"""As `_build`, for surfaces whose tables are large."""


def definition_of(name: str, dim: int) -> Definition:
    if not isinstance(name, str) or name not in _DEFINITIONS:
        allowed = ", ".join(_DEFINITIONS)
        raise ValueError(f"unknown surface {name!r}{_hint(name, tuple(_DEFINITIONS))}; choose one of {allowed}")
    definition = _DEFINITIONS[name]
    if isinstance(dim, bool) or dim not in definition.dims:
        allowed = " or ".join(f"dim={d}" for d in definition.dims)
        raise ValueError(f"{name} exists with {allowed}, got dim={dim!r}")
    return definition


def _hint(given: object, known: tuple[str, ...]) -> str:
    close = get_close_matches(str(given), known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
