"""The visitor's own formula: a line that is read as it is typed, its equation, its window, sliders for its names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st

import landscapes
from landscapes.formula import DEFAULTS, FormulaError
from pages.shared.errors import escaped
from pages.shared.numbers import slider
from pages.shared.widgets import text

_EXPRESSION, _BOUNDS = "formula_expression", "formula_bounds"
_HELP = (
    "In x, or in x and y on a surface: `5x`, `x^2` or `x²`, `sin 3x`, `|x|`, `√x`, `π`, `min(x, 1)`, "
    "`sum(k, 1, 40, sin(k^2 x)/k^2)`, `noise(3x)`. A name that is not known (`a x²`) becomes a slider."
)


def formula_picker(dim: int, set_start: Callable[[landscapes.Landscape], None]) -> landscapes.Landscape:
    """The formula's controls, and its surface; the last one that could be read, while the text cannot be.

    set_start: puts the start's controls on a surface, when its formula or its window changed.
    """
    other = DEFAULTS[3 - dim]
    if st.session_state.get(_EXPRESSION) == other:
        st.session_state[_EXPRESSION] = DEFAULTS[dim]

    def changed() -> None:
        with suppress(ValueError):  # it is said where the controls are drawn
            set_start(_made(dim, st.session_state.get(_EXPRESSION, ""), st.session_state.get(_BOUNDS, "")))

    what = "f(x)" if dim == 1 else "f(x, y)"
    expression = text(f"{what} =", _EXPRESSION, DEFAULTS[dim], help=_HELP, on_change=changed)
    equation = st.empty()
    good = st.session_state.get(_good_key(dim), (DEFAULTS[dim], ""))
    try:
        asked = landscapes.parameters("formula", dim, expression=expression)
        problem = None
    except ValueError as error:
        problem, expression = error, good[0]
        asked = landscapes.parameters("formula", dim, expression=expression)
    values = {p.name: slider(p, f"formula_{p.name}") for p in asked if isinstance(p, landscapes.Parameter)}
    proposal = next(str(p.default) for p in asked if p.name == "bounds")
    bounds = text("Window", _BOUNDS, "", placeholder=proposal, most=80, on_change=changed, help=_window_help(dim))
    try:
        surface = _made(dim, expression, bounds, values)
        st.session_state[_good_key(dim)] = (expression, bounds)
    except ValueError as error:
        problem = problem or error
        surface = _last_good(dim, good)
    if problem is not None:
        _show(problem)
    equation.markdown(f"${surface.latex}$")  # in a line of text, so that it breaks where the sidebar ends
    for note in surface.notes:
        st.caption(note)
    return surface


def _good_key(dim: int) -> str:
    return f"_good_formula_{dim}"


def _window_help(dim: int) -> str:
    example = "`-3:3`" if dim == 1 else "`-3:3` for both axes, `-3:3,0:2` for x and y"
    return f"From where to where, as in {example}. Empty: what is proposed."


def _made(dim: int, expression: str, bounds: str, values: dict[str, Any] | None = None) -> landscapes.Landscape:
    window = {"bounds": bounds} if bounds.strip() else {}
    return landscapes.get("formula", dim=dim, expression=expression, **window, **(values or {}))


def _last_good(dim: int, good: tuple[str, str]) -> landscapes.Landscape:
    try:
        return _made(dim, *good)
    except ValueError:
        return landscapes.get("formula", dim=dim)


def _show(problem: ValueError) -> None:
    if not isinstance(problem, FormulaError):
        st.error(
            f"{escaped(str(problem)[0].upper() + str(problem)[1:])}. Until then the picture shows the last formula."
        )
        return
    sentence = problem.sentence[0].upper() + problem.sentence[1:]
    st.error(f"{escaped(sentence)} (character {problem.at + 1}). Until then the picture shows the last formula.")
    st.code(problem.pointer, language=None)
