"""Words that explain themselves: which, where they first stand, and nothing else of the HTML."""

from __future__ import annotations

import re
from html import unescape

import pytest

from pages.home.page import WAYS, WHY
from pages.lessons.seven import SEVEN
from pages.shared.step import ARROWS
from pages.shared.terms import TERMS, explained, term, told_in

# How a sentence may write each of the words that the pages use.
WRITTEN = {
    "ρ": ("ρ", "ρ = 0.4", "of ρ."),
    "η": ("η", "−η", "(ρ, η)"),
    "penetration": ("Penetration: 2 %", "its penetration"),
    "basin": ("the basin", "Two basins"),
    "gradient": ("120 gradients", "at equal gradient evaluations"),
}


def plain(html: str) -> str:
    """What is read of HTML."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_every_word_explains_itself_where_it_first_stands_and_no_reader_loses_a_letter():
    assert set(WRITTEN) == set(TERMS)
    for name, texts in WRITTEN.items():
        for text in texts:
            html = explained(f"<b>Here</b> {text}, and {text} again & more")
            assert name in told_in(html)
            assert html.count(f'data-tip="{TERMS[name]}"') == 1
            assert html.index("data-tip") < html.index(" again")
            assert plain(html) == plain(f"<b>Here</b> {text}, and {text} again & more")
            assert 'tabindex="0"' in html  # a keyboard and a finger reach it
            assert explained(html) == html


@pytest.mark.parametrize("text", ["ρ_m", "ρₘ", "ρν", "gradient descent (SGD)", "<i title='ρ basin'>here</i>", "heta"])
def test_what_is_another_word_or_no_text_stays_as_it_is(text):
    assert explained(text) == text


def test_what_the_head_explains_needs_no_second_dotted_line():
    assert explained("radius ρ and η", but=("ρ",)) == f"radius ρ and {term('η')}"


def test_no_sentence_of_the_lessons_of_home_or_of_a_step_leaves_a_word_unexplained():
    told = [(lesson.question, lesson.sentence) for lesson in SEVEN]
    for one, other in [*told, *((WHY, text) for text in WAYS.values()), (ARROWS, "")]:
        html = explained(one) + explained(other, told_in(explained(one)))
        words = plain(html)
        used = {name for name, texts in WRITTEN.items() if re.search(rf"\b{name}s?(?![_ₘν\w])(?! descent)", words)}
        assert used - {"gradient"} <= set(told_in(html)), words
        assert ("gradient" in told_in(html)) == bool(re.search(r"\bgradient(s| evaluation)", words)), words
