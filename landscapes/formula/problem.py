"""What is wrong with a formula: one sentence, and the place it points at."""

from __future__ import annotations

#: Characters of the formula shown on either side of the place.
AROUND = 30


class FormulaError(ValueError):
    """A formula that cannot be read.

    Attributes:
        sentence: what is wrong and what to write instead.
        at: index of the character it is about.
        pointer: two lines, the formula round that character and a caret under it.
    """

    def __init__(self, sentence: str, text: str, at: int) -> None:
        self.sentence = sentence
        self.at = at
        begin = max(0, at - AROUND)
        shown = "".join(c if c.isprintable() else "·" for c in text[begin : at + AROUND])
        lead, tail = "…" * (begin > 0), "…" * (at + AROUND < len(text))
        self.pointer = f"  {lead}{shown}{tail}\n  {' ' * (len(lead) + at - begin)}^"
        super().__init__(f"expression, character {at + 1}: {sentence}\n{self.pointer}")
