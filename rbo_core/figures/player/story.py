"""What happened, in words: the sentence under the plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rbo_core import Status
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.track import Track
from rbo_core.figures.style import color, label
from rbo_core.figures.words import counted, dotted, listed, percent, short, two_decimals

AT_REST, STAYS, MOVES, LEFT, DIVERGED = "at rest", "stays there", "still moving", "left the domain", "diverged"
"""How a run ends, in the words of the read-outs and tables; the sentences say the same."""


def status_words(track: Track, finest: float = 0.0) -> str:
    """The run's end in a word or two, one of the five above.

    finest: the surface's shortest feature (a wrinkle), parameter units; 0 where it is not known.
    """
    if track.status is Status.RUNNING:
        return STAYS if _keeps_to_a_place(track, finest) else MOVES
    return {Status.CONVERGED: AT_REST, Status.LEFT_DOMAIN: LEFT, Status.NON_FINITE: DIVERGED}[track.status]


def _keeps_to_a_place(track: Track, finest: float) -> bool:
    """Whether a run that goes on has nowhere to go: its last tenth lies within one wrinkle and does not drift.

    What drifts goes half of its range between the two halves; what swings to and fro goes next to nothing.
    """
    tail = track.place[-max(3, len(track.loss) // 10) :]
    half = len(tail) // 2
    range_ = float(np.max(np.ptp(tail, axis=0)))
    drift = float(np.linalg.norm(tail[half:].mean(axis=0) - tail[:half].mean(axis=0)))
    drift = min(drift, float(np.linalg.norm(tail[-1] - tail[0])))
    excursion = float(np.linalg.norm(track.place - track.place[0], axis=1).max())
    return range_ <= finest and drift <= max(0.2 * range_, 1e-3 * min(finest, excursion))


def outcome(track: Track, finest: float) -> str:
    """What one track did, as the end of a sentence that starts with one name or with several.

    finest: as in `status_words`.
    """
    last = track.place[track.stopped_at]
    where = "x = " + two_decimals(last[0]) if len(last) == 1 else "(" + ", ".join(two_decimals(x) for x in last) + ")"
    steps = counted(track.stopped_at, "step")
    end, ball = status_words(track, finest), track.center is not None
    if end == DIVERGED:
        return f"diverged after {steps}: its values are no longer finite. Lower the learning rate"
    if end == LEFT:
        return f"left the domain after {steps}, at {where}. Lower the learning rate or start elsewhere"
    if end == MOVES:
        return f"moved on at {where} after {counted(len(track.loss) - 1, 'step')}"
    away = np.linalg.norm(track.place - track.place[0], axis=1)
    verb = "stayed" if end == STAYS else "came to rest" if ball else "stopped"
    if away.max() > finest:
        return f"{verb} at {where}"
    # Within one wrinkle, small and large moves read differently; a wrinkle holds only what is not at the lowest point.
    held = not ball and track.distance[track.stopped_at] > 0.5 * finest
    near = "in the wrinkle where it started" if held else "near its start"
    return f"{verb} at {where}, {'where it started' if away[track.stopped_at] <= 0.25 * finest else near}"


def story(tracks: Sequence[Track], finest: float) -> str:
    """The whole sentence, as HTML: equal outcomes are told together, and who ended lowest is named."""
    if not tracks:
        return "Nothing is shown: choose an optimizer in the sidebar."
    named = [Entry(track, "The ball" if track.center is not None else label(track.name), color(track.name))
             for track in tracks]  # fmt: skip
    best = _lowest(named)
    end = two_decimals(float(best[0].track.distance[best[0].track.stopped_at])) if best else ""
    return _told(named, finest) + _winner(named, best, f"{end} from the global minimum") + _held_up(named)


def race_story(raced: Sequence[Entry], finest: float) -> str:
    """What happened, in one HTML sentence; equal outcomes are told together and the winner is named."""
    if not raced:
        return "Nobody races: choose an optimizer in the sidebar."
    said = _told(raced, finest)
    for entry in raced:
        if (depth := entry.track.deepest) > 1:
            said += f" {_labels([entry])} sank into the ground by up to {percent(depth)} of its radius."
    best = _lowest(raced)
    end = short(best[0].track.end_loss) if best else ""
    return said + _winner(raced, best, f"at a loss of {end}") + _held_up(raced)


def _told(raced: Sequence[Entry], finest: float) -> str:
    told: dict[str, list[Entry]] = {}
    for entry in raced:
        told.setdefault(outcome(entry.track, finest), []).append(entry)
    return ". ".join(f"{_labels(group)} {text}" for text, group in told.items()) + "."


def _lowest(raced: Sequence[Entry]) -> list[Entry]:
    """Who ended lowest among those that are still on the surface; several where the eye sees no difference."""
    sound = [entry for entry in raced if entry.track.status in (Status.CONVERGED, Status.RUNNING)]
    if len(raced) < 2 or not sound:
        return []
    ends = np.array([entry.track.end_loss for entry in sound])
    highest = max(float(entry.track.loss[: entry.track.stopped_at + 1].max()) for entry in sound)
    level = 1e-3 * max(highest - float(ends.min()), 1e-12)
    return [entry for entry, end in zip(sound, ends, strict=True) if end - ends.min() <= level]


def _winner(raced: Sequence[Entry], best: Sequence[Entry], end: str) -> str:
    if not best:
        return ""
    if len(best) == len(raced):
        return " All end equally low."
    if len(best) > 1:
        return f" {_labels(best)} end lowest, side by side."
    return f" {_labels(best)} ends lowest, {end}."


def _held_up(raced: Sequence[Entry]) -> str:
    """Like with like: a ball on crests touches higher than the ground below it, which is what a point stands on."""
    said = []
    for entry in raced:
        track = entry.track
        touch = float(track.loss[track.stopped_at])
        if track.center is None or track.status not in (Status.CONVERGED, Status.RUNNING) or len(raced) < 2:
            continue
        if touch - track.end_loss > 0.01 * max(float(np.ptp(track.loss[: track.stopped_at + 1])), 1e-12):
            said.append(f"{_labels([entry])} touches at {short(touch)}, over ground at {short(track.end_loss)}")
    return f" {'; '.join(said)}." if said else ""


def _labels(raced: Sequence[Entry]) -> str:
    return listed([dotted(entry.label, entry.color) for entry in raced])
