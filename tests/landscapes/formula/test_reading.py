"""What people write, and what the lab says when it cannot be read."""

import json
import pickle

import numpy as np
import pytest

import landscapes
from landscapes.formula import gaps
from landscapes.formula.problem import FormulaError

X = np.array([[0.3, -0.7], [1.3, 0.4], [-0.9, 2.1]])
x, y = X.T

#: A formula, and what it means.
READ = {
    "0.1*(x^2+y^2) + sin(5x)*cos(5y)": 0.1 * (x**2 + y**2) + np.sin(5 * x) * np.cos(5 * y),
    "f(x, y) = 2 x y": 2 * x * y,
    "xy + yx": 2 * x * y,
    "x**2 - x^-2 + x⁻²": x**2,
    "-x^2": -(x**2),
    "2^-x^2": 2 ** -(x**2),
    "2^3^2 x": 512 * x,
    "1/2x": x / 2,
    "2sin²x cos x": 2 * np.sin(x) ** 2 * np.cos(x),
    "sin^2(3x) y": np.sin(3 * x) ** 2 * y,
    "sin 5x cos 5y + sinx": np.sin(5 * x) * np.cos(5 * y) + np.sin(x),
    "sin -x": np.sin(-x),
    "sin2x": np.sin(2 * x),
    "|x|y|x|": x**2 * y,
    "||x| − 1|": np.abs(np.abs(x) - 1),
    "|x|²": x**2,
    "√(x²+1) + √4x": np.sqrt(x**2 + 1) + 2 * x,
    "∛x": np.cbrt(x),
    "πx/2 + e^x + exp(−x)": np.pi * x / 2 + np.exp(x) + np.exp(-x),
    "θ₁² + θ2": x**2 + y,
    "x₁·x₂ × 3 ÷ 2": x * y * 1.5,
    "[x + {y}](x)": (x + y) * x,
    "min(x, y, 0) + max(x, y)": np.minimum(np.minimum(x, y), 0) + np.maximum(x, y),
    "floor(3x) + ceil(y) + round(2x) + sign(y)": np.floor(3 * x) + np.ceil(y) + np.floor(2 * x + 0.5) + np.sign(y),
    "sinh x + cosh(x) tanh(y)": np.sinh(x) + np.cosh(x) * np.tanh(y),
    "mod(x, 0.4) + atan2(y, x) + hypot(x, y)": np.mod(x, 0.4) + np.arctan2(y, x) + np.hypot(x, y),
    "ln(x²) + log2(4) x + lg(100)": np.log(x**2) + 2 * x + 2,
    "sum(k,1,3, sin(k^2 x)/k^2)": np.sin(x) + np.sin(4 * x) / 4 + np.sin(9 * x) / 9,
    "Σ(k, 1, 2, Σ(n, 1, 2, k n x))": 9 * x,
    "1.5e2x + 2e x + .5": 150 * x + 2 * np.e * x + 0.5,
    "step(x) + heaviside(y)": (np.sign(x) + 1) / 2 + (np.sign(y) + 1) / 2,
}


@pytest.mark.parametrize("text", READ)
def test_formulas_as_people_write_them(text: str) -> None:
    np.testing.assert_allclose(landscapes.get("formula", dim=2, expression=text).value(X), READ[text], atol=1e-12)


#: A formula that cannot be read, the character it must point at (from 1), and words of the message.
REFUSED = [
    ("", 1, "the formula is empty"),
    ("x^^2", 3, "expected a number, a variable or an opening bracket, got ^"),
    ("x +", 4, "but the formula ends"),
    ("(x", 1, "this bracket is never closed: add ')'"),
    ("x)", 2, "closes a bracket that was never opened"),
    ("[x)", 3, "expected ']'"),
    ("sin", 4, "expected the argument of a function"),
    ("min(x)", 1, "min takes 2 to 16 arguments, got 1"),
    ("flor(x)", 1, "did you mean floor?"),
    ("sin^-1(x)", 4, "write asin"),
    ("2 3", 3, "two numbers side by side"),
    ("0,5x", 2, "a decimal fraction has a point"),
    ("x = 1", 3, "right-hand side"),
    ("x3", 1, "there is no variable x3"),
    ("__import__('os')", 1, "'_' means nothing in a formula"),
    ("х + 1", 1, "cyrillic small letter ha"),
    ("x\u202e+1", 2, "invisible character here (U+202E)"),
    ("x\0", 2, "invisible character here (U+0000)"),
    ("x\ud800", 2, "U+D800"),
    ("x²" * 600, 1001, "at most 1000 characters"),
    ("(" * 100_000, 1001, "at most 1000 characters"),
    ("(" * 500, 41, "nested 40 deep"),
    ("-" * 500 + "x", None, "nested 200 deep"),
    ("9^9^9^9", 2, "too large to compute with"),
    ("1e999", 1, "too large to compute with"),
    ("log(-1)", 1, "this is no number"),
    ("sum(x,1,2,x)", 5, "cannot be the index"),
    ("sum(k,1,2)", 10, "or a comma"),
    ("sum(k,1,1.5,x)", 9, "from one whole number to another"),
    ("sum(k,1,a,x)", None, None),
    ("sum(k,1,10^9,x)", 11, "at most 500 terms"),
    ("sum(k,1,500,sum(j,1,500,1))", None, "too long with its sums written out"),
    ("name + x", 1, "cannot be the name of a slider"),
    ("+".join(f"a{k}x" for k in range(13)), None, "at most 12 names"),
    ("noise(x,y,1.5)", 11, "the seed of noise is a whole number"),
    ("sin(900000x)", 1, "finer than the ball's search can see"),
]


@pytest.mark.parametrize(("text", "at", "words"), REFUSED, ids=[ascii(text[:24]) for text, *_ in REFUSED])
def test_the_message_points_at_the_character(text: str, at: int | None, words: str | None) -> None:
    if words is None:  # a slider may be the end of a sum
        assert landscapes.get("formula", expression=text, a=3.0).value([[2.0]])[0] == 6.0
        return
    with pytest.raises(FormulaError) as caught:
        landscapes.get("formula", dim=2 if "y" in text else 1, expression=text)
    problem = caught.value
    assert words in problem.sentence
    assert at is None or problem.at + 1 == at
    formula, caret = problem.pointer.split("\n")
    assert caret.strip() == "^"
    if problem.at < len(text) and text[problem.at].isprintable():
        assert formula[caret.index("^")] == text[problem.at]


def test_a_second_variable_needs_a_surface() -> None:
    with pytest.raises(FormulaError, match="y is a second variable"):
        landscapes.get("formula", dim=1, expression="x + y")
    assert landscapes.get("formula", expression="x + y").dim == 2
    assert landscapes.get("formula", expression="2x").dim == 1
    assert landscapes.get("formula", dim=2, expression="2x").dim == 2


def test_unknown_names_become_sliders() -> None:
    found = landscapes.parameters("formula", 1, expression="a x^2 + b1 sin(ω x) + λ")
    assert [p.name for p in found] == ["expression", "bounds", "a", "b1", "omega", "lam"]
    surface = landscapes.get("formula", expression="a x^2 + b", a=2.0, b=-7.5)
    assert surface.value([[3.0]])[0] == 10.5
    with pytest.raises(ValueError, match="unknown parameter 'c' of formula in 1D; it has expression, bounds, a, b"):
        landscapes.get("formula", expression="a x^2 + b", c=1.0)
    with pytest.raises(ValueError, match="a of formula must be finite"):
        landscapes.get("formula", expression="a x", a=float("nan"))


def test_a_formula_is_a_value_that_travels() -> None:
    given = {"expression": "a x^2 + sin(5y)", "bounds": [[-1, 2], [0.5, 3]], "a": 0.25}
    surface = landscapes.get("formula", **given)
    assert surface.parameters == {"expression": "a x^2 + sin(5y)", "bounds": "-1:2,0.5:3", "a": 0.25}
    assert surface.bounds.tolist() == [[-1, 2], [0.5, 3]]
    again = landscapes.get("formula", dim=2, **json.loads(json.dumps(surface.parameters)))
    copy = pickle.loads(pickle.dumps(surface))  # noqa: S301
    assert again == surface == copy
    assert len({again, surface, copy}) == 1
    assert np.array_equal(copy.value(X), surface.value(X))
    assert landscapes.get("formula", **given | {"a": 0.3}) != surface
    assert eval(repr(surface), {"landscapes": landscapes}) == surface  # noqa: S307


@pytest.mark.parametrize(
    ("bounds", "words"),
    [("3:1", "from a low to a higher end, got 3:1"), ("-1:1,0:1,2:3", "low:high of 1 axis"), ("a:b", "'-3:3'"),
     ("-inf:3", "must be finite"), (7, "got 7"), ([[1, 2, 3]], "low:high"), ("0:0", "higher end")],
)  # fmt: skip
def test_bad_windows_are_named(bounds: object, words: str) -> None:
    with pytest.raises(ValueError, match="bounds must") as caught:
        landscapes.get("formula", expression="x", bounds=bounds)
    assert words in str(caught.value)


def test_gaps_of_a_curve_are_found_inside_its_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel as Python, where an index outside an array is an error: compiled, it reads what lies there."""
    monkeypatch.setattr(gaps, "formula_kernel", gaps.formula_kernel.py_func)
    (told, *_) = landscapes.get("formula", dim=1, expression="x + 1/(x - 1.25)", bounds="1:2").notes
    assert "at x = 1.25: division by zero" in told


def test_the_proposed_window_avoids_gaps_and_gaps_are_named() -> None:
    assert landscapes.get("formula", expression="x^2").parameters["bounds"] == "-3:3"
    assert landscapes.get("formula", expression="log(x)").bounds[0, 0] > 0
    (gap, *_) = landscapes.get("formula", expression="1 + log(x)", bounds="-3:3").notes
    assert gap.startswith("Gap from x = -3 to 0: logarithm of a negative number (character 5)")
    assert "root of a negative number (character 1)" in landscapes.get("formula", expression="√(1-x²-y²)").notes[0]
    assert "at x = 0.5: division by zero (character 2)" in landscapes.get("formula", expression="1/(x-0.5)").notes[0]
    assert "overflows" in landscapes.get("formula", expression="exp(exp(x^3))", bounds="-3:3").notes[0]
    assert not [n for n in landscapes.get("formula", expression="sin(x)/(x-9)").notes if "zero" in n]


def test_the_finest_scale_is_the_shortest_wavelength_of_its_spectrum() -> None:
    for wavelength in (0.01, 0.05, 0.4):
        surface = landscapes.get("formula", expression=f"x^2 + 0.2 sin(2πx/{wavelength}) + sin(x)")
        assert surface.finest_scale == pytest.approx(wavelength, rel=0.1)
    bowl = landscapes.get("formula", dim=2, expression="x^2 + 0.3cos(2πy/0.2)")
    assert bowl.finest_scale == pytest.approx(0.2, rel=0.1)


def test_noise_is_seeded_smooth_and_of_one_scale() -> None:
    once, again, other = (landscapes.get("formula", expression=f"noise(2x, y, {seed})") for seed in (1, 1, 2))
    assert np.array_equal(once.value(X), again.value(X))
    assert not np.allclose(once.value(X), other.value(X))
    points = np.random.default_rng(0).uniform(-50, 50, (20_000, 2))
    f = once.value(points)
    assert np.abs(f).max() <= 1
    assert abs(f.mean()) < 0.03


def test_the_equation_is_typeset() -> None:
    surface = landscapes.get("formula", expression="a x^2/2 + sum(k,1,3,sin(k y)) + |x|√y + λ1 - (x-y)^3", bounds="1:3")
    assert surface.latex == (
        r"f(x, y) = \frac{a\,x^{2}}{2} + \sum_{k=1}^{3} \sin\left(k\,y\right) + \left|x\right|\,\sqrt{y}"
        r" + \lambda_{1} - \left(x - y\right)^{3}"
    )
