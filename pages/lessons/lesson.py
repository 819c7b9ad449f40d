"""What a lesson is: a question, a picture that waits for the prediction, and what the run itself answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import landscapes
from pages.shared.controls import get_surface, link_query
from pages.shared.page import LINK_VERSION, cached
from pages.shared.tracks import run_on
from rbo_core.figures.player.racers import Entry, entries
from rbo_core.figures.player.track import Track
from rbo_core.ironing import Sweep, sample, sweep_field


@dataclass(frozen=True)
class Cast:
    """Who rolls: the settings, and a name of its own where method and radius do not tell it from the others."""

    method: Any
    label: str = ""


@dataclass(frozen=True)
class Rolled:
    """Runs on a curve from one start; start: by default the curve's own.

    budget: gradients that everyone may spend, in place of steps; the film then counts gradients.
    """

    surface: str
    cast: tuple[Cast, ...]
    steps: int = 900
    start: float | None = None
    budget: int | None = None

    @property
    def ground(self) -> landscapes.Landscape:
        """The curve."""
        return get_surface(self.surface, 1)

    @property
    def begin(self) -> float:
        """Where all start."""
        return float(self.ground.start[0]) if self.start is None else self.start

    def raced(self) -> tuple[Entry, ...]:
        """The runs under their names."""
        made = entries([self._track(one.method) for one in self.cast])
        named = zip(made, self.cast, strict=True)
        return tuple(replace(entry, label=one.label or entry.label) for entry, one in named)

    def query(self) -> dict[str, str]:
        """The address of the same run on the page Roll, with the first of each kind."""
        methods = [one.method for one in self.cast]
        ball = next((method for method in methods if method.name == "rbo"), None)
        rivals = [method.name for method in methods if method.name != "rbo"]
        query = link_query(self.ground, ball or methods[0], (self.begin,), steps=self.steps)
        return {**query, "rivals": rivals[0]} if rivals else query

    def _track(self, method: Any) -> Track:
        if self.budget is None:
            return run_on(self.ground, method, (self.begin,), self.steps)
        track = run_on(self.ground, method, (self.begin,), int(self.budget // method.gradients_per_step))
        return by_gradients(track, self.budget)


def by_gradients(track: Track, budget: int) -> Track:
    """The same run with one row a gradient spent: between two steps it stands still. gradients: (budget + 1,)."""
    spent = np.arange(budget + 1)
    rows = np.searchsorted(track.gradients, spent, side="right") - 1
    picked: dict[str, Any] = {
        name: None if (value := getattr(track, name)) is None else value[rows]
        for name in ("position", "loss", "distance", "center", "penetration", "contacts")
    }
    stopped = int(np.searchsorted(rows, track.stopped_at))
    return replace(track, **picked, gradients=spent, stopped_at=min(stopped, budget))


@dataclass(frozen=True)
class Smoothed:
    """A curve as balls of several radii see it, from (N,) samples."""

    surface: str
    radii: tuple[float, ...]
    samples: int = 40_001

    def swept(self) -> Sweep:
        """The curve ironed at every radius."""
        return _swept(self)

    def query(self) -> dict[str, str]:
        """The address of the middle radius on the page Iron."""
        return {"v": LINK_VERSION, "surface": self.surface, "radius": f"{self.radii[len(self.radii) // 2]:g}"}


@cached
def _swept(asked: Smoothed) -> Sweep:
    field = sample(get_surface(asked.surface, 1), asked.samples, margin=max(asked.radii))
    return sweep_field(field, np.array(asked.radii))


@dataclass(frozen=True)
class Told:
    """What the run answers: the place of the right choice, and what happened, as HTML."""

    right: int
    text: str


@dataclass(frozen=True)
class Lesson:
    """One lesson. name: in an address. choices: what one can predict. tell: the answer, from the picture's own runs.

    sentence: what to remember. page: where one goes on playing with it, and link: what that is called.
    """

    name: str
    title: str
    question: str
    choices: tuple[str, ...]
    picture: Rolled | Smoothed
    tell: Callable[[Any], Told]
    sentence: str
    page: str
    link: str

    @property
    def query(self) -> dict[str, str] | None:
        """The address behind the link; None where that page opens by itself with what the lesson is about."""
        return self.picture.query() if self.page in ("Roll", "Iron") else None

    def reveal(self) -> Told:
        """What the runs of this lesson answer."""
        picture = self.picture
        return self.tell(picture.raced() if isinstance(picture, Rolled) else picture.swept())


Runs = Sequence[Entry]
