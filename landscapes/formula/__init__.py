"""Formulas as surfaces: text → tokens → tree → tape of operations, run by one compiled kernel.

A formula is data in a table like any other surface. Nothing is generated, compiled or evaluated; reading order:
``words``, ``lexer``, ``parse`` (with ``grammar.lark``), ``tape``, ``kernel``, then ``resolution`` and ``gaps``, which
look at the window, and ``surface``, which puts it together.
"""

from landscapes.formula.problem import FormulaError
from landscapes.formula.surface import DEFAULTS, FORMULA

DEFINITIONS = (FORMULA,)

__all__ = ["DEFAULTS", "DEFINITIONS", "FormulaError"]
