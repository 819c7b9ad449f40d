"""What happened, in words: the sentence under the plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pages.shared.runs import Run
from pages.shared.widgets import short
from rbo_core import Status
from rbo_core.figures.style import color, label

STILL = 0.02
"""A run that ends within this share of the domain's width of its start, or in the same wrinkle, went nowhere."""


def outcome(run: Run, width: float, finest: float) -> str:
    """What one run did, as the end of a sentence that starts with its name.

    width: of the domain, finest: the surface's shortest feature; both in parameter units.
    """
    last = run.position[run.stopped_at]
    where = "x = " + short(round(float(last[0]), 2)) if len(last) == 1 else _point(last)
    moved = float(np.linalg.norm(last - run.position[0]))
    if run.status is Status.NON_FINITE:
        return f"diverged after {_steps(run.stopped_at)}: its values are no longer finite. Lower its learning rate"
    if run.status is Status.LEFT_DOMAIN:
        return f"left the domain after {_steps(run.stopped_at)}. Lower its learning rate or start further inside"
    stuck = moved <= max(min(STILL * width, finest), 1e-9)
    if run.status is Status.CONVERGED:
        if stuck:
            return f"stopped at {where}, where it started"
        return f"{'came to rest' if run.center is not None else 'stopped'} at {where}"
    if _settled(run, finest):
        return f"stayed at {where}, where it started" if stuck else f"ended at {where}"
    if stuck:
        return f"was still within a wrinkle of its start, at {where}, after {_steps(len(run.loss) - 1)}"
    return f"was still moving at {where} after {_steps(len(run.loss) - 1)}"


def story(runs: Sequence[Run], width: float, finest: float) -> str:
    """The whole sentence, as HTML: equal outcomes are told together, and who ended lowest is named."""
    if not runs:
        return "Nothing is shown: choose an optimizer in the sidebar."
    told: dict[str, list[Run]] = {}
    for run in runs:
        told.setdefault(outcome(run, width, finest), []).append(run)
    parts = [f"{_names(group)} {text}" for text, group in told.items()]
    said = ". ".join(part[0].upper() + part[1:] if part[0].islower() else part for part in parts) + "."
    return said + _winner(runs)


def plain(html: str) -> str:
    """The sentence without its marks, for screen readers and tests."""
    out, inside = [], False
    for letter in html:
        if letter == "<":
            inside = True
        elif letter == ">":
            inside = False
        elif not inside:
            out.append(letter)
    return "".join(out)


def status_words(run: Run) -> str:
    """The run's end in a word or two, for the read-outs."""
    return {
        Status.CONVERGED: "at rest",
        Status.LEFT_DOMAIN: "left the domain",
        Status.NON_FINITE: "diverged",
        Status.RUNNING: "still moving",
    }[run.status]


def _winner(runs: Sequence[Run]) -> str:
    sound = [run for run in runs if run.status in (Status.CONVERGED, Status.RUNNING)]
    if len(runs) < 2 or not sound:
        return ""
    best = min(sound, key=lambda run: float(run.loss[run.stopped_at]))
    low = float(best.loss[best.stopped_at])
    rivals = [float(run.loss[run.stopped_at]) for run in sound if run is not best]
    spread = max(float(np.ptp(np.concatenate([run.loss[: run.stopped_at + 1] for run in sound]))), 1e-12)
    if rivals and min(rivals) - low < 1e-3 * spread:
        return " No one won: the lowest are level."
    distance = float(best.distance[best.stopped_at])
    return f" {_names([best])} ends lowest, {short(float(f'{distance:.2g}'))} from the global minimum."


def _names(runs: Sequence[Run]) -> str:
    names = [_name(run) for run in runs]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _name(run: Run) -> str:
    text = "The ball" if run.center is not None else label(run.name)
    return f'<b><span style="color:{color(run.name)}">●</span>&nbsp;{text}</b>'


def _settled(run: Run, finest: float) -> bool:
    """Whether the last tenth of the run stayed within a hundredth of the finest feature (noise aside)."""
    tail = run.position[-max(2, len(run.position) // 10) :]
    return float(np.max(np.ptp(tail, axis=0))) <= 0.01 * finest


def _point(x: np.ndarray) -> str:
    return "(" + ", ".join(short(round(float(value), 2)) for value in x) + ")"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
