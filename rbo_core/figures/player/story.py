"""What happened, in words: the sentence under the plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rbo_core import Status
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.track import Track
from rbo_core.figures.style import color, label
from rbo_core.figures.words import counted, dotted, listed, short, two_decimals


def outcome(track: Track, finest: float) -> str:
    """What one track did, as the end of a sentence that starts with its name.

    finest: the surface's shortest feature (a wrinkle), parameter units.
    """
    last = track.place[track.stopped_at]
    where = "x = " + two_decimals(last[0]) if len(last) == 1 else "(" + ", ".join(two_decimals(x) for x in last) + ")"
    steps = counted(track.stopped_at, "step")
    if track.status is Status.NON_FINITE:
        return f"diverged after {steps}: its values are no longer finite. Lower its learning rate"
    if track.status is Status.LEFT_DOMAIN:
        return f"left the domain after {steps}, at {where}. Lower its learning rate or start elsewhere"
    away = np.linalg.norm(track.place - track.place[0], axis=1)
    ball, rests = track.center is not None, track.status is Status.CONVERGED
    if away.max() <= finest:
        # Within one wrinkle, small and large moves read differently.
        near = "near its start" if ball else "in the wrinkle where it started"
        verb = "came to rest" if ball and rests else "stopped" if rests else "stayed"
        return f"{verb} at {where}, {'where it started' if away[track.stopped_at] <= 0.25 * finest else near}"
    if rests:
        return f"{'came to rest' if ball else 'stopped'} at {where}"
    tail = track.place[-max(2, len(track.loss) // 10) :]
    if float(np.max(np.ptp(tail, axis=0))) <= finest and float(np.linalg.norm(tail[-1] - tail[0])) <= 0.05 * finest:
        return f"ended at {where}"
    return f"was still moving at {where} after {counted(len(track.loss) - 1, 'step')}"


def story(tracks: Sequence[Track], finest: float) -> str:
    """The whole sentence, as HTML: equal outcomes are told together, and who ended lowest is named."""
    if not tracks:
        return "Nothing is shown: choose an optimizer in the sidebar."
    told: dict[str, list[Track]] = {}
    for track in tracks:
        told.setdefault(outcome(track, finest), []).append(track)
    return ". ".join(f"{_names(group)} {text}" for text, group in told.items()) + "." + _winner(tracks)


def status_words(track: Track) -> str:
    """The run's end in a word or two, for the read-outs."""
    return {
        Status.CONVERGED: "at rest",
        Status.LEFT_DOMAIN: "left the domain",
        Status.NON_FINITE: "diverged",
        Status.RUNNING: "still moving",
    }[track.status]


def _winner(tracks: Sequence[Track]) -> str:
    sound = [track for track in tracks if track.status in (Status.CONVERGED, Status.RUNNING)]
    if len(tracks) < 2 or not sound:
        return ""
    ends = np.array([float(track.loss[track.stopped_at]) for track in sound])
    highest = max(float(track.loss[: track.stopped_at + 1].max()) for track in sound)
    level = 1e-3 * max(highest - float(ends.min()), 1e-12)
    best = [track for track, end in zip(sound, ends, strict=True) if end - ends.min() <= level]
    if len(best) == len(tracks):
        return " All end equally low."
    if len(best) > 1:
        return f" {_names(best)} end lowest, side by side."
    distance = float(best[0].distance[best[0].stopped_at])
    return f" {_names(best)} ends lowest, {two_decimals(distance)} from the global minimum."


def _names(tracks: Sequence[Track]) -> str:
    return listed([_name(track) for track in tracks])


def _name(track: Track) -> str:
    return dotted("The ball" if track.center is not None else label(track.name), color(track.name))


def race_story(raced: Sequence[Entry], finest: float) -> str:
    """What happened, in one HTML sentence; equal outcomes are told together and the winner is named."""
    if not raced:
        return "Nobody races: choose an optimizer in the sidebar."
    told = [(outcome(entry.track, finest), entry) for entry in raced]
    texts = list(dict.fromkeys(text for text, _ in told))
    said = ". ".join(f"{_labels([e for t, e in told if t == text])} {text}" for text in texts) + "."
    sunk = [(depth, entry) for entry in raced if (depth := entry.track.deepest) > 1]
    said += "".join(f" {_labels([e])} sank into the ground by up to {depth:.0f} % of its radius." for depth, e in sunk)
    sound = [entry for entry in raced if np.isfinite(entry.track.loss[entry.track.stopped_at])]
    if len(raced) < 2 or not sound:
        return said
    best = min(sound, key=lambda entry: float(entry.track.loss[entry.track.stopped_at]))
    end = float(best.track.loss[best.track.stopped_at])
    return f"{said} {_labels([best])} ends lowest, at a loss of {short(end)}."


def _labels(raced: Sequence[Entry]) -> str:
    return listed([dotted(entry.label, entry.color) for entry in raced])
