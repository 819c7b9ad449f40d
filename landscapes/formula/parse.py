"""Tokens to a tree, by lark; a formula that is not one gets a message that points at the character."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from landscapes.formula.lexer import Piece, tokens
from landscapes.formula.problem import FormulaError
from landscapes.formula.words import CONSTANTS, FUNCTIONS, VARIABLES

MAX_DEPTH = 200


class Node(NamedTuple):
    """One operation of a formula.

    kind: number, name, neg, add, sub, mul, div, pow, call or sum. value: a number, or a name (of a function, a
    variable, a constant, a slider or a sum's index). at: index of the character it stands at. depth: longest way down.
    """

    kind: str
    value: Any
    args: tuple[Node, ...]
    at: int
    depth: int


def parse(text: str) -> Node:
    """The tree of a formula. FormulaError, with the character and what was expected there, for anything else."""
    from lark.exceptions import UnexpectedToken

    found = tokens(text)
    if not found:
        raise FormulaError("the formula is empty: write for instance x^2 + sin(5x)", text, 0)
    try:
        tree = _parser().parse(found)
    except UnexpectedToken as problem:
        raise _unexpected(text, problem.token, problem.accepts | problem.expected) from None
    except _Unreadable as problem:
        raise FormulaError(problem.sentence, text, problem.at) from None
    node: Node = tree
    return node


def names_in(node: Node, bound: frozenset[str] = frozenset()) -> dict[str, int]:
    """Names that are neither variables, constants nor indices of a sum, in order: name to where it first stands."""
    if node.kind == "name":
        free = node.value not in bound and node.value not in VARIABLES and node.value not in CONSTANTS
        return {node.value: node.at} if free else {}
    if node.kind == "sum":
        bound = bound | {node.value}
    found: dict[str, int] = {}
    for arg in node.args:
        for name, at in names_in(arg, bound).items():
            found.setdefault(name, at)
    return found


def variables_in(node: Node) -> set[int]:
    """Indices of the variables that occur."""
    if node.kind == "name":
        return {VARIABLES[node.value]} if node.value in VARIABLES else set()
    return set().union(*(variables_in(arg) for arg in node.args))


class _Unreadable(Exception):
    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.sentence, self.at = sentence, at


_WHAT = {
    "NUMBER": "a number", "NAME": "a name", "FUNCTION": "a function", "SUM": "a sum", "OPEN": "an opening bracket",
    "CLOSE": "a closing bracket", "BAR": "a bar", "END_BAR": "a closing bar", "PLUS": "+", "MINUS": "−",
    "TIMES": "*", "SLASH": "/", "CARET": "^", "SUPERSCRIPT": "a power", "COMMA": "a comma", "$END": "the end",
}  # fmt: skip


def _unexpected(text: str, token: Any, accepted: set[str]) -> FormulaError:
    if token.type == "$END":
        got, at = "the formula ends", len(text.rstrip())
    else:
        at = token.start_pos
        got = f"got {_WHAT[token.type]}" + (f" ({token.value})" if token.type in ("NAME", "NUMBER", "FUNCTION") else "")
    if "NUMBER" in accepted:
        wanted = "a number, a variable or an opening bracket"
    elif accepted == {"NAME"}:
        wanted = "the name of the index: sum(k, 1, 40, …)"
    elif accepted == {"OPEN"}:
        wanted = "an opening bracket: sum(k, 1, 40, …)"
    else:
        closing = [_WHAT[kind] for kind in ("CLOSE", "END_BAR", "COMMA") if kind in accepted]
        wanted = " or ".join(["a sign (+ − * / ^)", *closing])
    if token.type == "COMMA" and "COMMA" not in accepted:
        wanted += " (a decimal fraction has a point: 0.5)"
    return FormulaError(f"expected {wanted}, {'but ' * (token.type == '$END')}{got}", text, at)


@lru_cache(maxsize=1)
def _parser() -> Any:
    import lark

    class Builder(lark.Transformer[Any, Node]):
        """Builds the tree while the parser reduces; depth is checked at every step, so nothing here recurses."""

        def start(self, children: list[Any]) -> Node:
            return children[0]

        def number(self, children: list[Any]) -> Node:
            value = float(children[0])
            if not math.isfinite(value):
                raise _Unreadable("this number is too large to compute with", children[0].start_pos)
            return Node("number", value, (), children[0].start_pos, 1)

        def name(self, children: list[Any]) -> Node:
            return Node("name", str(children[0]), (), children[0].start_pos, 1)

        def same(self, children: list[Any]) -> Node:
            return children[1]

        def bracket(self, children: list[Any]) -> Node:
            return children[1]

        def negate(self, children: list[Any]) -> Node:
            return _node("neg", None, (children[1],), children[0].start_pos)

        def absolute(self, children: list[Any]) -> Node:
            return _node("call", "abs", (children[1],), children[0].start_pos)

        def superscript(self, children: list[Any]) -> Node:
            power = Node("number", float(children[1]), (), children[1].start_pos, 1)
            return _node("pow", None, (children[0], power), children[1].start_pos)

        def add(self, children: list[Any]) -> Node:
            return _binary("add", children)

        def subtract(self, children: list[Any]) -> Node:
            return _binary("sub", children)

        def multiply(self, children: list[Any]) -> Node:
            return _binary("mul", children)

        def divide(self, children: list[Any]) -> Node:
            return _binary("div", children)

        def power(self, children: list[Any]) -> Node:
            return _binary("pow", children)

        def call(self, children: list[Any]) -> Node:
            name, args = str(children[0]), tuple(children[2:-1:2])
            least, most = FUNCTIONS[name]
            if not least <= len(args) <= most:
                count = f"{least}" if least == most else f"{least} to {most}"
                raise _Unreadable(
                    f"{name} takes {count} argument{'s' * (count != '1')}, got {len(args)}", children[0].start_pos
                )
            return _node("call", name, args, children[0].start_pos)

        def series(self, children: list[Any]) -> Node:
            index = str(children[2])
            if index in VARIABLES or index in CONSTANTS:
                raise _Unreadable(f"{index} cannot be the index of a sum: take k or n", children[2].start_pos)
            return _node("sum", index, tuple(children[4:-1:2]), children[0].start_pos)

    class Tokens(lark.lexer.Lexer):
        """Hands our tokens to lark."""

        def __init__(self, lexer_conf: Any) -> None:
            pass

        def lex(self, data: list[Piece]) -> Iterator[lark.Token]:  # type: ignore[override]
            for kind, value, at in data:
                yield lark.Token(kind, value, at)

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(grammar, parser="lalr", lexer=Tokens, transformer=Builder(), maybe_placeholders=False)


def _binary(kind: str, children: list[Any]) -> Node:
    return _node(kind, None, (children[0], children[2]), children[1].start_pos)


def _node(kind: str, value: str | None, args: tuple[Node, ...], at: int) -> Node:
    depth = 1 + max(arg.depth for arg in args)
    if depth > MAX_DEPTH:
        raise _Unreadable(f"operations may be nested {MAX_DEPTH} deep, here they are deeper", at)
    return Node(kind, value, args, at, depth)
