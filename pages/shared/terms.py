"""Words that explain themselves: dotted, with what they mean on hover or focus."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

TERMS = {
    "ρ": "The radius of the ball, in units of the parameters: the scale at which it sees the loss.",
    "η": "The learning rate: how far a step goes along the slope.",
    "penetration": "How deep a ball has sunk into the ground, as a share of its radius. A rigid ball does not sink in.",
    "basin": "All places from which downhill leads to the same low point.",
    "gradient": "One evaluation of the slope of the loss, at one place: what a step is paid with.",
}
"""What a word means, in a sentence."""

_WRITTEN = {
    "ρ": re.compile(r"ρ(?![_ₘ\w])"),
    "η": re.compile(r"η(?![_\w])"),
    "penetration": re.compile(r"\b[Pp]enetration\b"),
    "basin": re.compile(r"\b[Bb]asins?\b"),
    "gradient": re.compile(r"\bgradient(?:s| evaluations?)\b"),
}
_TAG = re.compile(r"(<[^>]*>)")


def term(name: str, word: str = "") -> str:
    """The word as HTML that explains itself. name: of TERMS; word: how it is written here, by default the name."""
    told, shown = escape(TERMS[name], quote=True), escape(word or name)
    return f'<span class="lab-term" tabindex="0" data-tip="{told}" aria-description="{told}">{shown}</span>'


def explained(html: str, but: Collection[str] = ()) -> str:
    """HTML in which each of the words explains itself where it first stands; `but` names those that need not."""
    parts = _TAG.split(html)
    texts = range(0, len(parts), 2)  # between them lie the tags
    for name in (name for name in TERMS if name not in {*but, *told_in(html)}):
        for place in texts:
            found, count = _WRITTEN[name].subn(lambda word, name=name: term(name, word[0]), parts[place], count=1)
            if count:
                parts = _TAG.split("".join([*parts[:place], found, *parts[place + 1 :]]))
                texts = range(0, len(parts), 2)
                break
    return "".join(parts)


def told_in(html: str) -> tuple[str, ...]:
    """The terms that explain themselves in this HTML already."""
    return tuple(name for name, told in TERMS.items() if f'data-tip="{escape(told, quote=True)}"' in html)
