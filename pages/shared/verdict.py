"""Who came first among training runs, who cannot be told from it, and where the ball stands, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pages.shared.run_view import RunView, groups, score_of
from rbo_core.figures.words import listed
from rbo_core.intervals import student


@dataclass(frozen=True)
class _Place:
    """A method's result: mean and half width of its 95 % interval in percent, and each seed's own value.

    rival: "ball" for a ball at SAM's price, "sam" for SAM, "" for all others.
    """

    label: str
    rival: str
    mean: float
    half: float
    by_seed: dict[int, float]

    @property
    def text(self) -> str:
        return f"{self.mean:.1f}{_half(self.half)} %"


def ranking(runs: Sequence[RunView]) -> list[_Place]:
    """Methods with a result, the best first."""
    score = score_of(runs)
    places = []
    for members in groups(runs).values():
        found = {run.seed: 100 * run.last(score) for run in members if np.isfinite(run.last(score))}
        if found:
            mean, half = student(np.array([[value] for value in found.values()]))
            places.append(_Place(members[0].label, _rival(members[0]), float(mean[0]), float(half[0]), found))
    return sorted(places, key=lambda place: -place.mean)


def lead(first: _Place, second: _Place) -> tuple[float, float] | None:
    """How far ahead the first is, in points, with the half width of the 95 % interval; None where seeds do not tell.

    Runs of one seed share their weights and minibatches, so the difference is taken seed by seed.
    """
    common = sorted(set(first.by_seed) & set(second.by_seed))
    if len(common) < 2:
        return None
    mean, half = student(np.array([[first.by_seed[seed] - second.by_seed[seed]] for seed in common]))
    return float(mean[0]), float(half[0])


def verdict(runs: Sequence[RunView]) -> str:
    """Who came first, who cannot be told from it, and where the ball stands (HTML-safe: names are ours)."""
    places = ranking(runs)
    if not places:
        return "No method has a result yet."
    what = score_of(runs).replace("_", " ")
    first, rest = places[0], places[1:]
    said = f"<b>{first.label}</b> comes first with {first.text} {what}"
    if not rest:
        return f"<b>{first.label}</b> reaches {first.text} {what}."
    gaps = {place.label: lead(first, place) for place in rest}
    nearest = gaps[rest[0].label]
    if nearest is None:
        return f"{said}, before {rest[0].label} with {rest[0].text}. One seed proves nothing: ask for more."
    tied = [label for label, gap in gaps.items() if gap is None or gap[0] <= gap[1]]
    if not tied:
        said += f", {_points(nearest)} before {rest[0].label}."
    else:
        seeds = len(first.by_seed)
        said += f"; {listed(tied)} cannot be told from it with {seeds} seeds."
    return said + _ball(places) + _flatness(runs, places)


def _rival(run: RunView) -> str:
    if run.method == "rbo":
        return "ball" if run.settings.get("n_projection_steps", 2) == 2 else ""
    return "sam" if run.method == "sam" else ""


def _ball(places: Sequence[_Place]) -> str:
    """Where the ball came, also when it lost, and how it stands to SAM, which pays as much a step."""
    kinds = [place.rival for place in places]
    if "ball" not in kinds:
        return ""
    k = kinds.index("ball")
    said = f" {places[k].label} comes {_ordinal(k + 1)} of {len(places)} with {places[k].text}" if k > 0 else ""
    gap = None
    if "sam" in kinds and {k, kinds.index("sam")} != {0, 1}:
        gap = lead(places[k], places[kinds.index("sam")])
    if gap is None:
        return f"{said}." if said else ""
    level = abs(gap[0]) <= gap[1]
    where = "level with SAM" if level else f"{_points(gap)} {'ahead of' if gap[0] > 0 else 'behind'} SAM"
    where += ", which pays as much a step" + (f" ({_signed(gap)})" if level else "")
    return f"{said}, {where}." if said else f" It is {where}."


def _flatness(runs: Sequence[RunView], places: Sequence[_Place]) -> str:
    """Whether the flattest minimum is the best one."""
    flat = {}
    for members in groups(runs).values():
        values = [run.last("sharpness") for run in members]
        if np.isfinite(values).all():
            flat[members[0].label] = float(np.mean(values))
    order = [place.label for place in places]
    known = sorted((label for label in order if label in flat), key=flat.__getitem__)
    if len(known) < 3:
        return ""
    place = order.index(known[0]) + 1
    if place == 1:
        return " Its minimum is also the flattest."
    return f" The flattest minimum is that of {known[0]}, {_ordinal(place)} in accuracy."


def _points(gap: tuple[float, float]) -> str:
    return f"{abs(gap[0]):.1f} ± {gap[1]:.1f} points"


def _signed(gap: tuple[float, float]) -> str:
    return f"{round(gap[0], 1) + 0.0:+.1f} ± {gap[1]:.1f} points".replace("-", "\u2212")


def _ordinal(place: int) -> str:
    return dict(enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)).get(place, f"{place}th")


def _half(half: float) -> str:
    return f" ± {half:.1f}" if np.isfinite(half) else ""
