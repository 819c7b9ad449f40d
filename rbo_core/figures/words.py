"""Numbers and names as people write them, on the pages and in the figures."""

from __future__ import annotations

from collections.abc import Sequence


def short(value: float) -> str:
    """A number as people write it: four digits, no trailing zeros, a true minus sign; whole ones in full."""
    whole = abs(value) < 1e6 and value == round(value)
    return f"{value + 0.0:{'.0f' if whole else '.4g'}}".replace("-", "\u2212")


def two_decimals(value: float) -> str:
    """Two decimals with a true minus sign, and never "−0.00"."""
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "\u2212")


def percent(value: float) -> str:
    """A percentage with one decimal, as in tables and sentences alike: "88.5 %"."""
    return f"{value:.1f} %"


def counted(count: int, what: str) -> str:
    """ "1 step", "900 steps"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def noise_words(share: float, classes: int = 10) -> str:
    """ "30 % random labels (27 % wrong)": a label drawn at random is right once in ``classes`` times."""
    return f"{100 * share:.0f} % random labels ({100 * share * (1 - 1 / classes):.0f} % wrong)"


def dotted(name: str, color: str) -> str:
    """A racer's name in bold behind a dot of its colour, as HTML."""
    return f'<b><span style="color:{color}">●</span>\N{NO-BREAK SPACE}{name}</b>'


def plain(html: str) -> str:
    """HTML without its marks, for screen readers and tests."""
    out, inside = [], False
    for letter in html:
        if letter == "<":
            inside = True
        elif letter == ">":
            inside = False
        elif not inside:
            out.append(letter)
    return "".join(out)
