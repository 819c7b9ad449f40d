"""1,000 random formulas: values and exact gradients against SymPy's."""

import math
import warnings

import numpy as np
import pytest
import sympy

import landscapes

NUMBERS = ("2", "3", "0.5", "1.25", "7")
UNARY = ("sin", "cos", "tan", "exp", "sqrt", "log", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh",
         "atanh", "erf", "abs")  # fmt: skip
NAMES = {"asin": sympy.asin, "acos": sympy.acos, "abs": sympy.Abs, "log": sympy.log, "min": sympy.Min, "max": sympy.Max}


def random_text(rng: np.random.Generator, depth: int) -> str:
    """A formula with brackets everywhere, so that both sides read the same."""
    if depth == 0 or rng.random() < 0.15:
        return str(rng.choice(["x", "y", "x", "y", *NUMBERS]))
    kind = rng.integers(8)
    a, b = random_text(rng, depth - 1), random_text(rng, depth - 1)
    if kind < 4:
        return f"({a} {'+-*/'[kind]} {b})"
    if kind == 4:
        return f"({a})^{rng.choice(['2', '3', '(-1)', '0.5', '(-2)'])}"
    if kind == 5:
        return f"-({a})"
    return f"{rng.choice(UNARY)}({a})"


def _theirs(text: str, points: np.ndarray) -> np.ndarray:
    """(P, 3) SymPy's value and both derivatives; NaN where they are not real numbers."""
    x, y = sympy.symbols("x y", real=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        tree = sympy.sympify(text.replace("^", "**"), locals={"x": x, "y": y, **NAMES})
        parts = [tree, sympy.diff(tree, x), sympy.diff(tree, y)]
        if any(part.has(sympy.zoo, sympy.nan, sympy.I) for part in parts):
            return np.full((len(points), 3), math.nan)
        function = sympy.lambdify((x, y), parts, modules=["scipy", "numpy"])
        return np.array([[_real(part) for part in _evaluated(function, p)] for p in points])


def _evaluated(function, point) -> list:
    try:
        return function(*point)
    except (ValueError, ZeroDivisionError, OverflowError):
        return [math.nan] * 3


def _real(value) -> float:
    return float(value) if np.isrealobj(value) else math.nan


def check(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(0.2, 1.8, (5, 2))
    compared = 0
    for _ in range(count):
        text = random_text(rng, 4)
        try:
            surface = landscapes.get("formula", dim=2, expression=text, bounds="0.2:1.8")
        except ValueError as problem:
            assert any(words in str(problem) for words in ("no number", "too large", "finer")), text
            continue
        wanted, (f, g) = _theirs(text, points), surface.value_and_grad(points)
        ours = np.column_stack([f, g])
        # SymPy simplifies (cosh(acosh(y)) to y), so it may be a number where the formula as it stands is none.
        good = np.isfinite(wanted).all(axis=1) & np.isfinite(ours).all(axis=1) & (np.abs(wanted).max(axis=1) < 1e8)
        scale = np.maximum(1.0, np.abs(wanted[good]).max(initial=0.0)) ** 1.5
        assert np.abs(ours[good] - wanted[good]).max(initial=0.0) <= 1e-9 * scale, text
        compared += int(good.any())
    assert compared > 0.6 * count


@pytest.mark.slow
def test_values_and_gradients_equal_sympys_on_a_thousand_formulas() -> None:
    check(1000, seed=1)
