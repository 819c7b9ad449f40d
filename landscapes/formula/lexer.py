"""Text to tokens, as people write formulas: ``2sin²x``, ``5x y``, ``|x|``, ``√x``, ``θ₁``, ``f(x) = …``.

What mathematics leaves out is put in here: the sign of an implicit product, the brackets of ``sin 5x`` (its argument is
the product that follows, up to the next sign or function) and which of two bars opens. The grammar then needs to know
none of that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from landscapes.formula.problem import FormulaError
from landscapes.formula.words import (
    ALIASES,
    CONSTANTS,
    FUNCTIONS,
    GREEK,
    PAIRS,
    RESERVED,
    SIGNS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    VARIABLES,
)

MAX_LENGTH = 1000
MAX_BRACKETS = 40
MAX_NAME = 20

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_INDEX = re.compile(r"_?[0-9₀-₉]+|_[A-Za-z][A-Za-z0-9]*")
_SUPERSCRIPT = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LEFT_SIDE = re.compile(r"\s*(?:[fz]\s*(?:\([^()=]{0,12}\))?)\s*=(?!=)")
_ENDS = {"NUMBER", "NAME", "CLOSE", "END_BAR", "SUPERSCRIPT"}
_STARTS = {"NUMBER", "NAME", "OPEN", "BAR", "FUNCTION", "SUM"}
_LONGEST_PRODUCT = 3
_NO_ARGUMENT = "expected the argument of a function, as in sin(x)"


class Piece(NamedTuple):
    """A token: its kind in the grammar, its value and the index of its first character."""

    kind: str
    value: str
    at: int


def tokens(text: str) -> list[Piece]:
    """The tokens of a formula. FormulaError for a character or a word that means nothing, and for odd brackets."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"a formula has at most {MAX_LENGTH} characters, got {len(text):,}", text, MAX_LENGTH)
    return _joined(text, _bracketed(text, _bars(text, _pieces(text))))


def _pieces(text: str) -> Iterator[Piece]:
    """Numbers, words, superscripts and signs, bars undecided."""
    left = _LEFT_SIDE.match(text)
    at = left.end() if left else 0
    while at < len(text):
        c = text[at]
        if c in " \t\n\r\u00a0\u2009\u202f":
            at += 1
        elif number := _NUMBER.match(text, at):
            yield Piece("NUMBER", number[0], at)
            at = number.end()
        elif word := _WORD.match(text, at):
            index = _INDEX.match(text, word.end())
            end = index.end() if index else word.end()
            yield from _word(text, word[0], index[0] if index else "", at, end)
            at = end
        elif c in GREEK or c in "θπℯ":
            index = _INDEX.match(text, at + 1)
            yield _name(text, c, index[0] if index else "", at)
            at = index.end() if index else at + 1
        elif raised := _SUPERSCRIPT.match(text, at):
            yield Piece("SUPERSCRIPT", raised[0].translate(SUPERSCRIPTS), at)
            at = raised.end()
        elif c in "√∛Σ∑":
            yield Piece("SUM" if ALIASES[c] == "sum" else "ROOT", ALIASES[c], at)
            at += 1
        elif text.startswith("**", at):
            yield Piece("CARET", "^", at)
            at += 2
        elif c in SIGNS or c == "|":
            yield Piece(SIGNS.get(c, "BAR"), c, at)
            at += 1
        else:
            raise FormulaError(_stray(c), text, at)


def _stray(c: str) -> str:
    """What to do about a character that formulas do not have."""
    code = f"U+{ord(c):04X}"
    if unicodedata.category(c)[0] == "C":
        return f"there is an invisible character here ({code}): delete it"
    name = unicodedata.name(c, code).lower()
    if c == "=":
        return "an equals sign means nothing here: write the right-hand side alone"
    if c == "∞":
        return "infinity is no number to compute with"
    if c in "_'\"\\`@#$%&!?~<>:":
        return f"{c!r} means nothing in a formula"
    if unicodedata.category(c)[0] in "LN":
        return f"{c!r} ({name}, {code}) is not used in formulas: type Latin or Greek letters, digits 0 to 9"
    return f"{c!r} ({name}) means nothing in a formula"


def _word(text: str, word: str, index: str, at: int, end: int) -> Iterator[Piece]:
    """A run of Latin letters: a function, a name, or several names side by side (``xy``, ``ax``, ``sinx``)."""
    whole = _canonical(word + index)
    if len(word + index) > MAX_NAME:
        raise FormulaError(f"a name has at most {MAX_NAME} letters, this one {len(word + index)}", text, at)
    if whole == "sum":
        yield Piece("SUM", "sum", at)
    elif whole in FUNCTIONS:
        yield Piece("FUNCTION", whole, at)
    elif whole in VARIABLES or whole in CONSTANTS or len(word) == 1:
        yield _name(text, word, index, at)
    elif index and _canonical(word) in FUNCTIONS and not index.startswith("_"):
        # sin2x: a function, then a number.
        yield Piece("FUNCTION", _canonical(word), at)
        yield Piece("NUMBER", index.translate(SUBSCRIPTS), at + len(word))
    elif (head := _function_before_variables(word)) is not None and not index:
        yield Piece("FUNCTION", _canonical(head), at)
        for k in range(len(head), len(word)):
            yield _name(text, word[k], "", at + k)
    elif len(word) <= _LONGEST_PRODUCT and set(word) & {"x", "y"}:
        for k in range(len(word)):
            yield _name(text, word[k], index if k == len(word) - 1 else "", at + k)
    elif text[end:].lstrip().startswith("("):
        known = get_close_matches(whole, [*FUNCTIONS, *ALIASES, "sum"], n=1)
        hint = f": did you mean {known[0]}?" if known else f"; it can be {', '.join(FUNCTIONS)} or sum"
        raise FormulaError(f"{whole} is no function that is known here{hint}", text, at)
    else:
        yield _name(text, word, index, at)


def _canonical(word: str) -> str:
    lower = word.lower() if word.lower() in FUNCTIONS or word.lower() in ALIASES else word
    return ALIASES.get(lower, lower)


def _function_before_variables(word: str) -> str | None:
    """``sin`` of ``sinx``."""
    for length in range(len(word) - 1, 1, -1):
        if set(word[length:]) <= {"x", "y"} and _canonical(word[:length]) in FUNCTIONS:
            return word[:length]
    return None


def _name(text: str, word: str, index: str, at: int) -> Piece:
    """The name of a variable, a constant or a slider, in one spelling."""
    index = index.translate(SUBSCRIPTS).removeprefix("_")
    if word in ("x", "θ", "theta") and index and word + index not in VARIABLES:
        raise FormulaError(f"there is no variable {word}{index}: a curve has x, a surface x and y", text, at)
    if word in CONSTANTS and not index:
        return Piece("NAME", word, at)
    name = GREEK.get(word, "lam" if word == "lambda" else word) + index
    if name in RESERVED:
        raise FormulaError(f"{name} cannot be the name of a slider: choose another", text, at)
    return Piece("NAME", name, at)


def _bars(text: str, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Say of each bar whether it opens or closes, and refuse brackets that do not pair."""
    open_: list[Piece] = []
    before = ""
    for piece in pieces:
        kind, value, at = piece
        if kind == "BAR" and open_ and open_[-1].value == "|" and before in _ENDS:
            piece, kind = Piece("END_BAR", "|", at), "END_BAR"
        if kind in ("OPEN", "BAR"):
            open_.append(piece)
            if len(open_) > MAX_BRACKETS:
                raise FormulaError(f"brackets may be nested {MAX_BRACKETS} deep, here they are deeper", text, at)
        elif kind in ("CLOSE", "END_BAR"):
            if not open_:
                raise FormulaError(f"{value!r} closes a bracket that was never opened", text, at)
            wanted = PAIRS[open_[-1].value]
            if value != wanted:
                raise FormulaError(
                    f"expected {wanted!r}, which closes the bracket of character {open_[-1].at + 1}, got {value!r}",
                    text, at,
                )  # fmt: skip
            open_.pop()
        before = kind
        yield piece
    if open_:
        raise FormulaError(f"this bracket is never closed: add {PAIRS[open_[-1].value]!r}", text, open_[-1].at)


def _bracketed(text: str, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Put brackets round the argument of a function that has none; its power (sin²x) goes behind them."""
    depth = 0
    pending: list[tuple[int, str | None, bool]] = []  # depth, power and whether one factor is all, of open arguments
    line = list(pieces)
    k = 0
    before = ""

    def close(at: int, mine: tuple[int, str | None, bool]) -> Iterator[Piece]:
        if mine[0] < 0:
            return
        yield Piece("CLOSE", ")", at)
        if mine[1] is not None:
            yield Piece("SUPERSCRIPT", mine[1], at)

    while k < len(line):
        kind, value, at = line[k]
        if before == "APPLY" and kind not in _STARTS and kind not in ("PLUS", "MINUS", "ROOT"):
            raise FormulaError(_NO_ARGUMENT, text, at)
        closing = kind in ("CLOSE", "END_BAR")
        ends = closing or kind in ("PLUS", "MINUS", "TIMES", "SLASH", "COMMA", "FUNCTION", "SUM", "ROOT")
        while pending and pending[-1][0] == depth and before != "APPLY" and (
            ends or (pending[-1][2] and before in _ENDS)
        ):  # fmt: skip
            yield from close(at, pending.pop())
        if kind in ("FUNCTION", "ROOT"):
            yield Piece("FUNCTION", value, at)
            power, k = _function_power(text, line, k + 1, value)
            if k < len(line) and line[k].kind == "OPEN":
                yield line[k]
                if power is not None:
                    pending.append((-depth - 1, power, False))
                depth += 1
                before = "OPEN"
                k += 1
            else:
                yield Piece("OPEN", "(", at)
                pending.append((depth, power, kind == "ROOT"))
                before = "APPLY"
            continue
        yield line[k]
        depth += (kind in ("OPEN", "BAR")) - closing
        if closing and pending and pending[-1][0] == -depth - 1:
            yield Piece("SUPERSCRIPT", pending.pop()[1] or "1", at)
            kind = "SUPERSCRIPT"
        # A sign right after the function belongs to its argument: sin −x.
        before = "APPLY" if before == "APPLY" and kind in ("PLUS", "MINUS") else kind
        k += 1
    if before == "APPLY":
        raise FormulaError(_NO_ARGUMENT, text, len(text))
    while pending:
        yield from close(len(text), pending.pop())


def _function_power(text: str, line: list[Piece], k: int, name: str) -> tuple[str | None, int]:
    """The power between a function and its argument, and where the argument begins."""
    power, at = None, k
    if k < len(line) and line[k].kind == "SUPERSCRIPT":
        power, at = line[k].value, k + 1
    elif k + 1 < len(line) and line[k].kind == "CARET" and line[k + 1].kind in ("NUMBER", "MINUS"):
        power, at = line[k + 1].value, k + 2
    if power is not None and (power.startswith(("-", "−")) or not power.isdigit()):
        raise FormulaError(
            f"a power between {name} and its argument is a whole number; write a{name}(…) or 1/{name}(…)",
            text,
            line[k].at,
        )
    return power, at


def _joined(text: str, pieces: Iterator[Piece]) -> list[Piece]:
    """Write out the products that are only implied."""
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].kind in _ENDS and piece.kind in _STARTS:
            if out[-1].kind == piece.kind == "NUMBER":
                raise FormulaError("there are two numbers side by side: write a sign between them", text, piece.at)
            out.append(Piece("TIMES", "", piece.at))
        out.append(piece)
    return out
