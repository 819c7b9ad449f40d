"""What a sweep is: a frozen description that serialises to JSON and hashes to an id.

A *cell* is one point of the grid (one radius, one learning rate, ...). In every cell ``balls`` = starts × seeds balls
roll. Cells are numbered in row-major order of the grid; nothing that is computed for a cell depends on any other cell,
so a sweep may be cut into chunks in any way.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbo_core.methods import METHODS
from rbo_core.settings import Setting, Value, settings_of

VERSION = 2  # part of the hash: raise it when the same description would give other numbers
READ_VERSIONS = (1, 2)  # 1 asked the same; which of a ball's tied contacts counted as its end was left to rounding
MAX_VALUES = 10_000  # on one axis; refused before anything is allocated
SURFACE_PREFIX = "surface."  # grid axis "surface.width" varies a parameter of the surface


@dataclass(frozen=True)
class Axis:
    """One axis of the grid: ``name`` is a setting of the method, or ``surface.NAME`` for a surface's parameter."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"grid.{self.name} must hold at least one value, got none")
        if len(set(self.values)) != len(self.values):
            raise ValueError(f"grid.{self.name} must hold different values, got {list(self.values)}")
        for value in self.values:
            _check_value(f"grid.{self.name}", value)


@dataclass(frozen=True)
class Sweep:
    """The description of a sweep. Build it with `parse`, `loads`, or directly.

    Exactly one of ``steps`` and ``gradients`` is given: equal steps for every cell, or an equal budget of gradients,
    which buys fewer steps where a step costs more. ``starts`` is a number of starts, spread evenly over the surface's
    domain, or the points themselves. ``basin_radius`` (parameter units) is how near the global minimum counts as "in
    the global basin"; None takes a twentieth of the domain's width. ``random_starts`` is a seed with which a number of
    starts is drawn at random instead of spread.
    """

    surface: str
    dim: int
    surface_parameters: tuple[tuple[str, Value], ...]
    method: str
    settings: tuple[tuple[str, Value], ...]
    grid: tuple[Axis, ...]
    starts: int | tuple[tuple[float, ...], ...]
    seeds: tuple[int, ...]
    steps: int | None = None
    gradients: int | None = None
    basin_radius: float | None = None
    random_starts: int | None = None

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"surface.dim must be at least 1, got {self.dim}")
        if not self.grid:
            raise ValueError("grid must name at least one setting, got none")
        names = [axis.name for axis in self.grid]
        if len(set(names)) != len(names):
            raise ValueError(f"grid must name every setting once, got {names}")
        for name, _ in self.settings:
            if name in names:
                raise ValueError(f"method.{name} is also an axis of the grid; keep one of the two")
        for name, value in (*self.settings, *self.surface_parameters):
            _check_value(name, value)
        if isinstance(self.starts, int):
            if self.starts < 1:
                raise ValueError(f"starts must be at least 1, got {self.starts}")
        elif not self.starts:
            raise ValueError("starts must hold at least one point, got none")
        else:
            for point in self.starts:
                if len(point) != self.dim or not all(math.isfinite(c) for c in point):
                    raise ValueError(f"starts must be points of {self.dim} finite numbers, got {list(point)}")
        if self.random_starts is not None and (not isinstance(self.starts, int) or self.random_starts < 0):
            raise ValueError(
                "random_starts is a seed that scatters a number of starts: give starts as a number or leave it out"
            )
        if not self.seeds or any(seed < 0 for seed in self.seeds):
            raise ValueError(f"seeds must be whole numbers from 0, got {list(self.seeds)}")
        if (self.steps is None) == (self.gradients is None):
            raise ValueError("give either steps or gradients (the budget), not both and not neither")
        for name, count in (("steps", self.steps), ("gradients", self.gradients)):
            if count is not None and count < 1:
                raise ValueError(f"{name} must be at least 1, got {count}")
        if self.basin_radius is not None and not (math.isfinite(self.basin_radius) and self.basin_radius > 0):
            raise ValueError(f"basin_radius must be positive and finite, got {self.basin_radius}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along every axis of the grid."""
        return tuple(len(axis.values) for axis in self.grid)

    @property
    def cells(self) -> int:
        """Number of cells of the grid."""
        return math.prod(self.shape)

    @property
    def balls(self) -> int:
        """Number of balls in one cell (starts × seeds)."""
        return (self.starts if isinstance(self.starts, int) else len(self.starts)) * len(self.seeds)

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that name this description; equal descriptions have equal ids."""
        text = json.dumps(_canonical(to_dict(self)), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def axis(self, name: str) -> Axis:
        """The axis called ``name``; ValueError when the grid has none."""
        for axis in self.grid:
            if axis.name == name:
                return axis
        raise ValueError(f"this sweep has no axis {name!r}; it has {[axis.name for axis in self.grid]}")

    def cell(self, index: int) -> dict[str, Value]:
        """The grid's settings in cell ``index``."""
        where = np.unravel_index(index, self.shape)
        return {axis.name: axis.values[int(i)] for axis, i in zip(self.grid, where, strict=True)}


def to_dict(sweep: Sweep) -> dict[str, Any]:
    """The description as plain JSON values; `parse` is its inverse."""
    # Left out where it is not set, so that the ids of sweeps made before it existed stay what they were.
    scattered = {} if sweep.random_starts is None else {"random_starts": sweep.random_starts}
    return {
        "version": VERSION,
        "surface": {"name": sweep.surface, "dim": sweep.dim, "parameters": dict(sweep.surface_parameters)},
        "method": {"name": sweep.method, **dict(sweep.settings)},
        # A list of pairs, because the order of the axes is part of the meaning and a sorted object would lose it.
        "grid": [[axis.name, list(axis.values)] for axis in sweep.grid],
        "starts": sweep.starts if isinstance(sweep.starts, int) else [list(point) for point in sweep.starts],
        "seeds": list(sweep.seeds),
        "steps": sweep.steps,
        "gradients": sweep.gradients,
        "basin_radius": sweep.basin_radius,
        **scattered,
    }


def dumps(sweep: Sweep) -> str:
    """The description as JSON text."""
    return json.dumps(to_dict(sweep), indent=2, allow_nan=False)


def loads(text: str) -> Sweep:
    """Read JSON text; ValueError names the line of a syntax error or the field that is wrong."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        raise ValueError(f"not valid JSON, line {problem.lineno} column {problem.colno}: {problem.msg}") from None
    except RecursionError:
        raise ValueError("the description is nested too deeply; a sweep takes no more than a few levels") from None
    return parse(data)


def parse(data: Any) -> Sweep:
    """Build a sweep from plain JSON values.

    ``grid`` is an object or a list of pairs; each axis is a list of values, ``"0.05:3:40log"``, ``"0:1:11"``, or
    ``{"low": 0.05, "high": 3, "count": 40, "log": true}``, or ``{"count": 40}`` over the range that the setting
    itself offers. ``seeds`` is a list, or a number of seeds counted from 0.
    """
    fields = _object("the sweep", data)
    known = {"version", "surface", "method", "grid", "starts", "seeds", "steps", "gradients", "basin_radius",
             "random_starts"}  # fmt: skip
    _refuse_unknown("the sweep", fields, known)
    version = fields.get("version", VERSION)
    if version not in READ_VERSIONS:
        raise ValueError(f"version must be {VERSION}, got {version!r}; this description was made for another release")
    for name in ("surface", "method", "grid"):
        if name not in fields:
            raise ValueError(f"{name} is missing from the sweep")
    surface = fields["surface"]
    surface = {"name": surface} if isinstance(surface, str) else _object("surface", surface)
    _refuse_unknown("surface", surface, {"name", "dim", "parameters"})
    method = fields["method"]
    method = {"name": method} if isinstance(method, str) else _object("method", method)
    seeds = fields.get("seeds", [0])
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        seeds = list(range(_integer("seeds", seeds)))
    starts = fields.get("starts", 8)
    return Sweep(
        surface=_string("surface.name", surface.get("name")),
        dim=_integer("surface.dim", surface.get("dim", 1)),
        surface_parameters=_settings(
            "surface.parameters", _object("surface.parameters", surface.get("parameters", {}))
        ),
        method=_string("method.name", method.get("name")),
        settings=_settings("method", {name: value for name, value in method.items() if name != "name"}),
        grid=_grid(fields["grid"], _known(method.get("name"))),
        starts=_integer("starts", starts) if not isinstance(starts, list) else _points(starts),
        seeds=tuple(_integer("seeds", seed) for seed in _list("seeds", seeds)),
        steps=_optional_integer("steps", fields.get("steps")),
        gradients=_optional_integer("gradients", fields.get("gradients")),
        basin_radius=None if fields.get("basin_radius") is None else _number("basin_radius", fields["basin_radius"]),
        random_starts=_optional_integer("random_starts", fields.get("random_starts")),
    )


def spread(low: float, high: float, count: int, log: bool = True) -> tuple[float, ...]:
    """``count`` values from low to high, evenly spaced (on a log scale), as Python floats; ends are exact."""
    if not 1 <= count <= MAX_VALUES:
        raise ValueError(f"count must be from 1 to {MAX_VALUES}, got {count}")
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise ValueError(f"low and high must be finite and in order, got {low} and {high}")
    if log and low <= 0:
        raise ValueError(f"a log axis must start above 0, got {low}")
    if count == 1:
        return (float(low),)
    values = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    # Twelve digits: the values do not depend on the last bit of some machine's pow(), so ids travel between machines.
    return (float(low), *(float(f"{v:.12g}") for v in values[1:-1]), float(high))


def _known(method: object) -> dict[str, Setting]:
    """A method's settings by name; none for a method that is not known, of which `check` complains."""
    known = METHODS.get(method) if isinstance(method, str) else None
    return {} if known is None else {one.name: one for one in settings_of(known)}


def _axis_values(name: str, given: Any, setting: Setting | None = None) -> tuple[Value, ...]:
    if isinstance(given, str):
        parts = given.split(":")
        if len(parts) == 3:
            log = parts[2].endswith("log")
            count = parts[2].removesuffix("log")
            try:
                return spread(float(parts[0]), float(parts[1]), int(count), log)
            except ValueError as problem:
                raise ValueError(
                    f"{name} must read low:high:count or low:high:countlog, got {given!r}: {problem}"
                ) from None
        return (given,)
    if isinstance(given, Mapping):
        _refuse_unknown(name, given, {"low", "high", "count", "log"})
        own_range = setting is not None and setting.low is not None and not {"low", "high"} & set(given)
        if setting is not None and own_range:
            given = {"low": setting.low, "high": setting.high, "log": setting.log, **given}
        low, high = _number(f"{name}.low", given.get("low")), _number(f"{name}.high", given.get("high"))
        log = given.get("log", True)
        if not isinstance(log, bool):
            raise ValueError(f"{name}.log must be true or false, got {log!r}")
        try:
            values = spread(low, high, _integer(f"{name}.count", given.get("count")), log)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from None
        whole = setting is not None and own_range and setting.integer
        return tuple(dict.fromkeys(round(value) for value in values)) if whole else values
    if isinstance(given, list):
        return tuple(_value(name, value) for value in given)
    return (_value(name, given),)


def _grid(given: Any, known: Mapping[str, Setting]) -> tuple[Axis, ...]:
    if isinstance(given, Mapping):
        pairs: Sequence[Any] = list(given.items())
    else:
        pairs = _list("grid", given)
    axes = []
    for pair in pairs:
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise ValueError(f"grid must be an object or a list of [name, values] pairs, got {pair!r}")
        axes.append(Axis(pair[0], _axis_values(f"grid.{pair[0]}", pair[1], known.get(pair[0]))))
    return tuple(axes)


def _points(given: list[Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(_number("starts", c) for c in (point if isinstance(point, list | tuple) else [point])) for point in given
    )


def _settings(name: str, given: Mapping[str, Any]) -> tuple[tuple[str, Value], ...]:
    # Sorted, so that two descriptions which differ only in the order of their settings are equal.
    return tuple(sorted((key, _value(f"{name}.{key}", value)) for key, value in given.items()))


def _value(name: str, given: Any) -> Value:
    if isinstance(given, bool | str):
        return given
    if isinstance(given, int | float):
        _check_value(name, given)
        return given
    raise ValueError(f"{name} must be a number, true, false or a word, got {given!r}")


def _check_value(name: str, value: Value) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")


def _canonical(value: Any) -> Any:
    """2 and 2.0 are equal settings and must hash alike."""
    if isinstance(value, Mapping):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"every number must be finite, got {name}")


def _refuse_unknown(where: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{where} has no field {unknown[0]!r}; it has {sorted(known)}")


def _object(name: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} must be an object, got {given!r}")
    return given


def _list(name: str, given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple):
        raise ValueError(f"{name} must be a list, got {given!r}")
    return given


def _string(name: str, given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError(f"{name} must be a name, got {given!r}")
    return given


def _number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise ValueError(f"{name} must be a finite number, got {given!r}")
    return float(given)


def _integer(name: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(f"{name} must be a whole number, got {given!r}")
    return given


def _optional_integer(name: str, given: Any) -> int | None:
    return None if given is None else _integer(name, given)
