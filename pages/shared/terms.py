"""Words that explain themselves: dotted, with what they mean on hover or focus."""

from __future__ import annotations

from html import escape

TERMS = {
    "ρ": "The radius of the ball, in units of the parameters: the scale at which it sees the loss.",
    "η": "The learning rate: how far a step goes along the slope.",
    "penetration": "How deep a ball has sunk into the ground, as a share of its radius. A rigid ball does not sink in.",
    "basin": "All places from which downhill leads to the same low point.",
    "gradient": "One evaluation of the slope of the loss, at one place: what a step is paid with.",
}
"""What a word means, in a sentence."""


def term(name: str, word: str = "") -> str:
    """The word as HTML that explains itself. name: of TERMS; word: how it is written here, by default the name."""
    told, shown = escape(TERMS[name], quote=True), escape(word or name)
    return f'<span class="lab-term" tabindex="0" data-tip="{told}" aria-description="{told}">{shown}</span>'
