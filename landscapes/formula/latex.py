"""A formula's tree as LaTeX, set as one would write it by hand."""

from __future__ import annotations

from landscapes.formula.parse import Node
from landscapes.formula.words import GREEK, VARIABLES

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = 1, 2, 3, 4, 5
_NAMED = {"sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "exp", "min", "max"}
_OTHER = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log": r"\ln", "log2": r"\log_2",
          "log10": r"\log_{10}"}  # fmt: skip
_LETTERS = {*GREEK.values()}


def latex(tree: Node, dim: int) -> str:
    """``f(x) = …`` or ``f(x, y) = …``."""
    left = "f(x)" if dim == 1 else "f(x, y)"
    return f"{left} = {_tex(tree)[0]}"


def _tex(node: Node) -> tuple[str, int]:
    """The text of a node and how tightly it binds."""
    kind, args = node.kind, node.args
    if kind == "number":
        return _number(node.value)
    if kind == "name":
        return _name(node.value), _ATOM
    if kind == "neg":
        return f"-{_within(args[0], _PRODUCT)}", _UNARY
    if kind in ("add", "sub"):
        sign = "+" if kind == "add" else "-"
        return f"{_within(args[0], _SUM)} {sign} {_within(args[1], _SUM if kind == 'add' else _PRODUCT)}", _SUM
    if kind == "mul":
        return _product(args[0], args[1]), _PRODUCT
    if kind == "div":
        return rf"\frac{{{_tex(args[0])[0]}}}{{{_tex(args[1])[0]}}}", _POWER
    if kind == "pow":
        return _raised(args[0], args[1]), _POWER
    if kind == "sum":
        first, last = (_tex(arg)[0] for arg in args[:2])
        return rf"\sum_{{{_name(node.value)}={first}}}^{{{last}}} {_within(args[2], _PRODUCT)}", _PRODUCT
    return _call(node)


def _within(node: Node, least: int) -> str:
    text, binds = _tex(node)
    return text if binds >= least else rf"\left({text}\right)"


def _product(a: Node, b: Node) -> str:
    left, right = _within(a, _PRODUCT), _within(b, _POWER)
    dot = right[0].isdigit() or right.startswith((r"\frac", "-"))
    return rf"{left} \cdot {right}" if dot else rf"{left}\,{right}"


def _raised(base: Node, power: Node) -> str:
    exponent = _tex(power)[0]
    if base.kind == "call" and base.value in _NAMED and power.kind == "number" and power.value == int(power.value) > 0:
        # sin²x, as everybody writes it.
        return rf"\{base.value}^{{{exponent}}}{_arguments(base)}"
    return f"{_within(base, _ATOM)}^{{{exponent}}}"


def _call(node: Node) -> tuple[str, int]:
    name = node.value
    inner = _tex(node.args[0])[0]
    if name == "abs":
        return rf"\left|{inner}\right|", _ATOM
    if name == "sqrt":
        return rf"\sqrt{{{inner}}}", _ATOM
    if name == "cbrt":
        return rf"\sqrt[3]{{{inner}}}", _ATOM
    if name in ("floor", "ceil"):
        return rf"\left\l{name} {inner} \right\r{name}", _ATOM
    if name in _NAMED:
        return rf"\{name}{_arguments(node)}", _POWER
    word = _OTHER.get(name, rf"\operatorname{{{name}}}")
    return word + _arguments(node), _POWER


def _arguments(node: Node) -> str:
    inner = ", ".join(_tex(arg)[0] for arg in node.args)
    return rf"\left({inner}\right)"


def _number(value: float) -> tuple[str, int]:
    text = f"{value:.12g}"
    if "e" in text:
        digits, power = text.split("e")
        return rf"{digits} \cdot 10^{{{int(power)}}}", _PRODUCT
    return text, _ATOM if value >= 0 else _UNARY


def _name(name: str) -> str:
    if name in VARIABLES:
        return ("x", "y")[VARIABLES[name]]
    if name in ("pi", "π"):
        return r"\pi"
    if name == "ℯ":
        return "e"
    stem = name.rstrip("0123456789")
    index = name[len(stem) :]
    if "_" in stem:
        stem, _, rest = stem.partition("_")
        index = rest + index
    word = {"lam": r"\lambda"}.get(stem) or (rf"\{stem}" if stem in _LETTERS else stem)
    if len(stem) > 1 and not word.startswith("\\"):
        word = rf"\mathrm{{{stem}}}"
    return f"{word}_{{{index}}}" if index else word
