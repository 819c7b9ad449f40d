"""The surface that a formula is: ``landscapes.get("formula", dim=2, expression="a x^2 + sin(5y)", a=1.0)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from landscapes.base import NO_TABLE, Definition, Floats, Parameter, Setup, Text
from landscapes.formula.gaps import gaps
from landscapes.formula.kernel import formula_kernel
from landscapes.formula.latex import latex
from landscapes.formula.parse import Node, names_in, parse, variables_in
from landscapes.formula.problem import FormulaError
from landscapes.formula.resolution import NODES, detail
from landscapes.formula.tape import Tape, compile_tape
from landscapes.window import first_finite, read_window, wide_radius, write_window

DEFAULTS = {1: "0.15x^2 + 0.3sin(8x) + 0.1cos(19x)", 2: "0.1(x^2 + y^2) + 0.4sin(5x)cos(5y)"}
MAX_SLIDERS = 12
_WINDOWS = ((-3.0, 3.0), (0.05, 6.05), (-0.95, 0.95), (1.05, 7.05))
"""Windows that are proposed: the first on which the formula is a number everywhere."""
_LARGEST = 1e100
"""A height beyond this counts as an overflow."""


def _asks(dim: int, given: Mapping[str, Any]) -> tuple[Parameter | Text, ...]:
    expression = _read_expression(given.get("expression", DEFAULTS[dim]))
    sliders = tuple(
        Parameter(name, name, 1.0, -5.0, 5.0, 0.05, help="A name in the formula.", limits=(-1e6, 1e6))
        for name in _slider_names(expression)
    )
    values = {slider.name: slider.check("formula", given.get(slider.name, slider.default)) for slider in sliders}
    window = proposed_window(expression, dim, tuple(values.items()))
    return (
        Text("expression", "Formula", DEFAULTS[dim], _read_expression, "In x, or in x and y."),
        Text("bounds", "Window", window, lambda value: write_window(read_window(value, dim)), "Low:high of each axis."),
        *sliders,
    )


def _read_expression(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expression must be a text such as 'x^2 + sin(5x)', got {value!r}")
    parsed(value)
    return value.strip()


@lru_cache(maxsize=256)
def parsed(text: str) -> Node:
    """The tree of a formula; FormulaError where it is none."""
    return parse(text)


def _slider_names(expression: str) -> tuple[str, ...]:
    found = names_in(parsed(expression))
    if len(found) > MAX_SLIDERS:
        extra = list(found)[MAX_SLIDERS]
        raise FormulaError(
            f"a formula has at most {MAX_SLIDERS} names that are not known, {extra} is one too many",
            expression, found[extra],
        )  # fmt: skip
    return tuple(found)


def _dim_of(given: Mapping[str, Any]) -> int:
    expression = given.get("expression")
    if not isinstance(expression, str):
        return 1
    return 2 if 1 in variables_in(parsed(expression)) else 1


@lru_cache(maxsize=256)
def proposed_window(expression: str, dim: int, sliders: tuple[tuple[str, float], ...]) -> str:
    """A window, written "low:high" an axis: the first of a few on which the formula is a number, else ±3."""
    tape = compile_tape(expression, parsed(expression), dim, dict(sliders))
    side = np.linspace(0.0, 1.0, 401 if dim == 1 else 29)
    unit = np.stack(np.meshgrid(*[side] * dim), axis=-1).reshape(-1, dim)
    for low, high in _WINDOWS:
        if np.isfinite(_runner(tape)(low + (high - low) * unit)).all():
            return write_window(np.tile([low, high], (dim, 1)))
    return write_window(np.tile(_WINDOWS[0], (dim, 1)))


def _runner(tape: Tape) -> Callable[[Floats], Floats]:
    def value(x: Floats) -> Floats:
        f = np.empty(len(x))
        formula_kernel(np.ascontiguousarray(x), tape.head, tape.rows, f, NO_TABLE, False)
        f[~(np.abs(f) < _LARGEST)] = np.nan
        return f

    return value


def _build(dim: int, params: Mapping[str, Any]) -> Setup:
    expression, bounds = params["expression"], read_window(params["bounds"], dim)
    sliders = {name: value for name, value in params.items() if name not in ("expression", "bounds")}
    tree = parsed(expression)
    tape = compile_tape(expression, tree, dim, sliders)
    value = _runner(tape)
    seen = detail(value, bounds, len(tape.rows))
    if seen.unresolved is not None:
        raise FormulaError(_too_fine(seen.unresolved, bounds), expression, tree.at)
    said = gaps(value, tape, bounds)
    if not np.isfinite(start := first_finite(value, bounds)).all():
        raise FormulaError(f"this is no number anywhere on the window. {' '.join(said)}", expression, tree.at)
    return Setup(
        kernel=formula_kernel,
        p=tape.head,
        t=tape.rows,
        bounds=bounds,
        start=start,
        radius=wide_radius(bounds),
        finest_scale=seen.finest,
        latex=latex(tree, dim),
        notes=(*said, *_finest_note(seen.finest, bounds)),
    )


def _finest_note(finest: float, bounds: Floats) -> tuple[str, ...]:
    if finest > 0.2 * float(np.ptp(bounds, axis=1).min()):
        return ()
    return (f"Its finest detail on this window is about {finest:.2g} wide, by its own spectrum.",)


def _too_fine(place: Floats, bounds: Floats) -> str:
    dim = len(bounds)
    where = f"x = {place[0]:.4g}" if dim == 1 else f"({place[0]:.4g}, {place[1]:.4g})"
    width = float(np.ptp(bounds, axis=1).max())
    return (
        f"near {where} this changes within less than {4 * width / NODES[dim - 1]:.2g}, finer than the ball's search "
        f"can see on a window {width:g} wide: choose a narrower window or longer waves"
    )


FORMULA = Definition(
    name="formula",
    title="Formula",
    dims=(1, 2),
    latex=lambda dim: latex(parsed(DEFAULTS[dim]), dim),
    source="Typed by you; its gradient is exact (forward mode), its equation is data and nothing of it is executed.",
    summary="A formula of your own, in x or in x and y; names that are not known become sliders.",
    parameters=lambda dim: (),
    build=_build,
    asks=_asks,
    dim_of=_dim_of,
)
