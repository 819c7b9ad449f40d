"""What happened, in words: the sentence under the plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pages.shared.runs import Run
from rbo_core import Status
from rbo_core.figures.style import color, label


def outcome(run: Run, finest: float) -> str:
    """What one run did, as the end of a sentence that starts with its name.

    finest: the surface's shortest feature (a wrinkle), parameter units.
    """
    last = run.place[run.stopped_at]
    where = "x = " + _two(last[0]) if len(last) == 1 else "(" + ", ".join(_two(x) for x in last) + ")"
    if run.status is Status.NON_FINITE:
        return f"diverged after {_steps(run.stopped_at)}: its values are no longer finite. Lower its learning rate"
    if run.status is Status.LEFT_DOMAIN:
        return f"left the domain after {_steps(run.stopped_at)}, at {where}. Lower its learning rate or start elsewhere"
    away = np.linalg.norm(run.place - run.place[0], axis=1)
    ball, rests = run.center is not None, run.status is Status.CONVERGED
    if away.max() <= finest:
        # Within one wrinkle, small and large moves read differently.
        near = "near its start" if ball else "in the wrinkle where it started"
        verb = "came to rest" if ball and rests else "stopped" if rests else "stayed"
        return f"{verb} at {where}, {'where it started' if away[run.stopped_at] <= 0.25 * finest else near}"
    if rests:
        return f"{'came to rest' if ball else 'stopped'} at {where}"
    tail = run.place[-max(2, len(run.loss) // 10) :]
    if float(np.max(np.ptp(tail, axis=0))) <= finest and float(np.linalg.norm(tail[-1] - tail[0])) <= 0.05 * finest:
        return f"ended at {where}"
    return f"was still moving at {where} after {_steps(len(run.loss) - 1)}"


def story(runs: Sequence[Run], finest: float) -> str:
    """The whole sentence, as HTML: equal outcomes are told together, and who ended lowest is named."""
    if not runs:
        return "Nothing is shown: choose an optimizer in the sidebar."
    told: dict[str, list[Run]] = {}
    for run in runs:
        told.setdefault(outcome(run, finest), []).append(run)
    return ". ".join(f"{_names(group)} {text}" for text, group in told.items()) + "." + _winner(runs)


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
    ends = np.array([float(run.loss[run.stopped_at]) for run in sound])
    highest = max(float(run.loss[: run.stopped_at + 1].max()) for run in sound)
    level = 1e-3 * max(highest - float(ends.min()), 1e-12)
    best = [run for run, end in zip(sound, ends, strict=True) if end - ends.min() <= level]
    if len(best) == len(runs):
        return " All end equally low."
    if len(best) > 1:
        return f" {_names(best)} end lowest, side by side."
    distance = float(best[0].distance[best[0].stopped_at])
    return f" {_names(best)} ends lowest, {_two(distance)} from the global minimum."


def _names(runs: Sequence[Run]) -> str:
    names = [_name(run) for run in runs]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _name(run: Run) -> str:
    text = "The ball" if run.center is not None else label(run.name)
    return f'<b><span style="color:{color(run.name)}">●</span>\N{NO-BREAK SPACE}{text}</b>'


def _two(value: float) -> str:
    """Two decimals with a true minus sign, and never "−0.00"."""
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "\u2212")


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
