"""A ball that breathes: at which radius each crest let it go, whether it came back, and its loop against ρ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rbo_core.figures.ironing import single
from rbo_core.figures.player.track import Track
from rbo_core.figures.style import COLORS, layout, palette
from rbo_core.figures.words import counted, listed, short, two_decimals
from rbo_core.ironing import Crests

Floats = NDArray[np.float64]

WAITS, SLOW = 8, 0.2
"""A ball waited where it took so many steps shorter than this part of its longest."""
EARLY = 0.1
"""How much later than its lifetime, as a part of it, a crest may be crossed to be what held the ball until then."""


@dataclass(frozen=True)
class Leap:
    """A crest at `crest` that held the ball and let it go at the radius `radius`; its lifetime says when it must."""

    crest: float
    radius: float
    lifetime: float


def leaps(track: Track, found: Crests) -> tuple[Leap, ...]:
    """The crests of a curve that held a breathing rigid ball as it grew, in the order in which they let it go.

    A ball that was already on its way crosses a crest without having waited at it; that is no leap.
    """
    assert track.radius is not None
    x, radius = track.place[:, 0], track.radius
    move = np.abs(np.diff(x))
    slow = move < SLOW * move.max() if move.size else move > 0
    crossed = [
        (k, place, life)
        for place, life in zip(found.position.tolist(), found.lifetime.tolist(), strict=True)
        if life > radius[0]
        for k in np.flatnonzero((x[:-1] - place) * (x[1:] - place) < 0).tolist()
    ]
    out, since = [], 0
    for k, place, life in sorted(crossed):
        waited = int(slow[since : k + 1].sum()) >= WAITS
        if waited and radius[k + 1] > radius[k] and radius[k + 1] <= (1 + EARLY) * life:
            out.append(Leap(place, float(radius[k + 1]), life))
        since = k + 1
    return tuple(out)


def hysteresis_words(track: Track, let_go: Sequence[Leap] | None, finest: float) -> str:
    """What the breathing did, as a sentence: where it was let go, and whether it came back as it shrank.

    let_go: None where crests' lifetimes say nothing, of a ball that is not rigid.
    finest: the curve's shortest feature, within which a place is the same one.
    """
    assert track.radius is not None
    small, large = float(track.radius[0]), float(track.radius.max())
    grown = f"Growing from ρ = {short(small)} to {short(large)}, the ball"
    if let_go is None:
        first, last = (two_decimals(track.place[k, 0]) for k in branches(track)[0][[0, -1]])
        said = f"{grown} went from x = {first} to {last}."
    elif not let_go:
        said = f"{grown} was let go by no crest."
    else:
        at = listed([short(float(f"{leap.radius:.2g}")) for leap in let_go])
        crests = listed([two_decimals(leap.crest) for leap in let_go])
        lives = listed([short(float(f"{leap.lifetime:.2g}")) for leap in let_go])
        plural = "s" * (len(let_go) > 1)
        said = f"{grown} was let go at ρ = {at} by the crest{plural} at x = {crests} (lifetime{plural} {lives})."
    apart = widest(track)
    if apart is None:
        return said
    if abs(apart[1] - apart[2]) <= finest:
        return f"{said} Shrinking, it went back the way it came."
    rho, up, down = short(float(f"{apart[0]:.2g}")), two_decimals(apart[1]), two_decimals(apart[2])
    stood = f"at ρ = {rho} it stood at x = {up} on the way up and {down} on the way down"
    return f"{said} Shrinking, it did not return: {stood}."


def widest(track: Track) -> tuple[float, float, float] | None:
    """Where the loop is widest: the radius, and the ball's places there growing and shrinking; None without both."""
    up, down = branches(track)
    if up.size < 2 or down.size < 2:
        return None
    assert track.radius is not None
    x, radius = track.place[:, 0], track.radius
    order = up[np.argsort(radius[up])]
    there = np.interp(radius[down], radius[order], x[order])
    inside = (radius[down] >= radius[up].min()) & (radius[down] <= radius[up].max())
    if not inside.any():
        return None
    k = int(np.where(inside, np.abs(there - x[down]), -1.0).argmax())
    return float(radius[down][k]), float(there[k]), float(x[down][k])


def branches(track: Track) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The steps of the first growing, and those of the first shrinking after it, as far as the ball went."""
    assert track.radius is not None
    change = np.diff(track.radius[: track.stopped_at + 1])
    falls = np.flatnonzero(change < 0)
    top = int(falls[0]) if falls.size else change.size
    rises = np.flatnonzero(change[top:] > 0)
    end = top + int(rises[0]) if rises.size else change.size
    return np.arange(top + 1), np.arange(top, end + 1)


def hysteresis_figures(track: Track, let_go: Sequence[Leap], dark: bool = False) -> list[go.Figure]:
    """Place and loss of a breathing ball against its radius: the way up, the way down, and the lifetimes it met."""
    assert track.radius is not None
    up, down = branches(track)
    made = []
    for values, title in ((track.place[:, 0], "centre x (parameter)"), (track.loss, "loss at the contact")):
        fig = go.Figure()
        for name, steps, dash in (("grows", up, "solid"), ("shrinks", down, "dot")):
            fig.add_scatter(
                x=single(track.radius[steps]), y=single(values[steps]), mode="lines", name=name,
                line={"color": COLORS["rbo"], "width": 2.4, "dash": dash},
                hovertemplate=f"ρ = %{{x:.3g}}: %{{y:.4g}} as it {name}<extra></extra>",
            )  # fmt: skip
        for leap in let_go:
            fig.add_vline(x=leap.lifetime, line={"color": palette(dark).faint, "width": 1, "dash": "dash"})
        layout(fig, dark, height=230, margin={"l": 8, "r": 8, "t": 28, "b": 8})
        fig.update_xaxes(title_text="radius ρ (parameter units)")
        fig.update_yaxes(title_text=title)
        made.append(fig)
    return made


def hysteresis_caption(let_go: Sequence[Leap]) -> str:
    """What the figures show."""
    marks = f" Dashed: the lifetime of {counted(len(let_go), 'crest')} that held it." if let_go else ""
    return f"The ball against its radius as it grows (line) and shrinks (dots): one radius, two places.{marks}"
