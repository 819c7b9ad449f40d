"""Numbers as people write them in an address, read as `chrome/typed.js` reads what is typed into a box."""

from __future__ import annotations

import math
import re
import unicodedata

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_PARTS = re.compile(r"([-+]?)(?:(\d+)\s+)?(\d+)\s*/\s*(\d+)")
_LONGEST = 100  # characters of a number that anybody writes


def read(text: str, whole: bool) -> float:
    """The number that a text means: 0,3 and ½ and 1 000 and 1e-3 are numbers. whole: whole numbers only.

    Raises:
        ValueError: with words that follow the text, where it is no number or may be two: "may be 1.234 or 1234: …".
    """
    example = "write 40, for instance" if whole else "write 0.4 or 1e-3, for instance"
    known = _ascii(text[:_LONGEST])
    if not known:
        raise ValueError(f"is empty: {example}")
    value = math.nan
    if parts := _PARTS.fullmatch(known):
        sign, units, above, below = parts.groups()
        if float(below):
            value = (-1 if sign == "-" else 1) * (float(units or 0) + float(above) / float(below))
    elif _NUMBER.fullmatch(one := _separated(known, whole)):
        value = float(one)
    if not math.isfinite(value):
        raise ValueError(f"is no number that can be used: {example}")
    if whole and (value != round(value) or abs(value) >= 2**53):
        raise ValueError(f"is no whole number: {example}")
    return value


def _ascii(text: str) -> str:
    """Signs, digits and fractions of other scripts as ASCII has them; 1½ is "1 1/2"."""
    found = []
    for char in text.strip():
        fraction = unicodedata.normalize("NFKD", char) if unicodedata.category(char) == "No" else ""
        if "\N{FRACTION SLASH}" in fraction:
            found.append(" " + fraction.replace("\N{FRACTION SLASH}", "/"))
        elif unicodedata.category(char) == "Nd":
            found.append(str(unicodedata.decimal(char)))
        else:
            found.append(_SIGNS.get(char, char))
    return "".join(found).strip()


_SIGNS = {"\N{MINUS SIGN}": "-", "\N{FIGURE DASH}": "-", "\N{EN DASH}": "-"} | {
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": "'",
}
_SPACE = re.compile("(?<=\\d)[ \\u00a0\\u2009\\u202f'’](?=\\d{3}(\\D|$))")


def _separated(text: str, whole: bool) -> str:
    """Groups of three digits and a decimal comma, put as 1234.5; two ways to read it are an error."""
    plain = _SPACE.sub("", text)
    sign = plain[: plain[:1] in ("-", "+")]
    rest = plain[len(sign) :]
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", rest) or (whole and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", rest)):
        one, other = float(rest.replace(",", ".")), re.sub("[,.]", "", rest)
        raise ValueError(f"may be {sign}{one:g} or {sign}{other}: write one of these")
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d*", rest) or re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", rest):
        return sign + rest.replace(".", "").replace(",", ".")
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d*", rest) or re.fullmatch(r"\d{1,3}(,\d{3}){2,}", rest):
        return sign + rest.replace(",", "")
    return sign + rest.replace(",", ".") if re.fullmatch(r"[^,.]*,[^,.]*", rest) else plain
