"""The words of formulas: functions, constants, variables, and the letters that look like them."""

from __future__ import annotations

import math

#: Function names and how many arguments each takes (least, most).
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(
        ("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
         "atanh", "exp", "log", "log2", "log10", "sqrt", "cbrt", "abs", "floor", "ceil", "round", "sign", "erf",
         "step"),
        (1, 1),
    ),
    "atan2": (2, 2),
    "mod": (2, 2),
    "hypot": (2, 2),
    "min": (2, 16),
    "max": (2, 16),
    "noise": (1, 3),
}  # fmt: skip

#: Other spellings of functions.
ALIASES = {
    "ln": "log", "lg": "log10", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "tg": "tan", "arsinh": "asinh",
    "arcosh": "acosh", "artanh": "atanh", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "sgn": "sign",
    "ceiling": "ceil", "heaviside": "step", "√": "sqrt", "∛": "cbrt", "Σ": "sum", "∑": "sum",
}  # fmt: skip

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e, "ℯ": math.e}

#: Greek letters by their names, which is what a slider is called.
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "ι": "iota",
    "κ": "kappa", "λ": "lam", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Ω": "Omega", "Γ": "Gamma", "Δ": "Delta",
    "Λ": "Lambda", "Φ": "Phi", "Ψ": "Psi",
}  # fmt: skip

#: Names of the variables: index of the coordinate they stand for.
VARIABLES = {"x": 0, "θ": 0, "theta": 0, "x1": 0, "θ1": 0, "theta1": 0, "y": 1, "x2": 1, "θ2": 1, "theta2": 1}

#: Names that no slider can have: they are arguments of `landscapes.get`.
RESERVED = {"name", "dim", "expression", "bounds"}

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

#: One sign for what is written in several ways.
SIGNS = {
    "+": "PLUS", "-": "MINUS", "−": "MINUS", "–": "MINUS", "*": "TIMES", "×": "TIMES", "·": "TIMES", "⋅": "TIMES",
    "∙": "TIMES", "/": "SLASH", "÷": "SLASH", "∕": "SLASH", "^": "CARET", ",": "COMMA", ";": "COMMA", "(": "OPEN",
    "[": "OPEN", "{": "OPEN", ")": "CLOSE", "]": "CLOSE", "}": "CLOSE",
}  # fmt: skip
PAIRS = {"(": ")", "[": "]", "{": "}", "|": "|"}
