"""The picture that opens the lab, as data: a fresh server shows it before numba, SciPy or a surface is loaded.

`python -m pages.home.opening` makes it again; a test compares it with a fresh one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pages.shared.take_away import Takings

FILE = Path(__file__).with_name("opening.zip")
KEY = "home_player"
HEIGHT = 380
"""Pixels of the plot."""


@dataclass(frozen=True)
class Picture:
    """A run beside its rivals. message: of the scene, for the player; said: the sentence, as HTML; takings: what one
    takes along of it."""

    message: bytes
    said: str
    takings: Takings


@dataclass(frozen=True)
class Opening:
    """The picture at the radius it opens with; code and stem are those of its takings.

    limits: the radii that may be asked for. strip: the runs of all radii, for the player: one for every radius.
    """

    radius: float
    limits: Sequence[float]
    message: bytes
    strip: bytes
    said: str
    stem: str
    code: str

    @property
    def picture(self) -> Picture:
        """The files that one takes along are made by what computes it anew, when a button is pressed."""

        def page() -> str:
            make = computed(self.radius).takings.page
            assert make is not None
            return make()

        def svg() -> bytes:
            make = computed(self.radius).takings.svg
            assert make is not None
            return make()

        return Picture(self.message, self.said, Takings(self.stem, self.code, page, svg))


@cache
def opening() -> Opening:
    """What is shipped."""
    with ZipFile(FILE) as file:
        words = json.loads(file.read("words"))
        return Opening(message=file.read("message"), strip=file.read("strip"), **words)


def computed(radius: float) -> Picture:
    """The picture of a ball of this radius.

    Raises:
        ValueError: for a run that is refused or takes too long.
    """
    from pages.home.rolled import picture  # numba, SciPy and the surfaces: what the shipped picture does not wait for

    return picture(radius)


def _ship() -> None:
    from pages.home.rolled import opening as fresh

    made = fresh()
    words = {name: value for name, value in vars(made).items() if isinstance(value, str | float | tuple)}
    with ZipFile(FILE, "w", ZIP_DEFLATED) as file:
        for name, content in (("words", json.dumps(words)), ("message", made.message), ("strip", made.strip)):
            file.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # the same bytes whenever it is made


if __name__ == "__main__":
    _ship()
