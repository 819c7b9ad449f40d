"""Where along a step a V-shaped valley of h lies: downhill at its start, uphill at its end.

::

    h  \\                  start: the ball touches p₁ and h falls
        \\        /        end: it touches p₂ and h rises
         \\      /         between them both tie, or a smooth valley has its floor
          \\    /
           \\  /
            \\/ at
    ────────────────────
    0        at        1   fraction of the move

The place is bracketed. A guess is where the contacts of both ends would tie if they stayed where they are (exact
between two sharp crests), by turns with regula falsi on the slope (a smooth valley), and now and then the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbo_core.ball.contact import Contacts
from rbo_core.ball.kernels import helper, inlined, kernel
from rbo_core.ball.ties import MAX_CONTACTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 1e-3
"""A slope along the move this small beside those at its ends counts as the valley's floor."""

GUESSES = 40
"""Guesses at most; every fifth halves the bracket, so that it shrinks whatever the other guesses do."""

NARROW = 1e-10
"""A bracket of this part of the radius is not narrowed any more."""


class Move(NamedTuple):
    """Moves of N balls: ``center`` (N, d) where they begin, ``move`` (N, d), and the balls' ``radius`` (N,)."""

    center: Floats
    move: Floats
    radius: Floats

    def rise(self, slope: Floats, which: Ints | slice = slice(None)) -> Floats:
        """(n, C) slopes along the moves ``which``, of pieces with gradients ``slope (n, C, d)``."""
        along: Floats = np.einsum("bcd,bd->bc", slope, self.move[which])
        return along


class End(NamedTuple):
    """One end of N brackets.

    at: (N,) fraction of the move; height: (N,) h there; rise: (N,) slope along the move; point: (N, d) the contact that
    rules; weight: (N,) the rise as regula falsi counts it; moved: (N,) whether the last guess fell on this side.
    """

    at: Floats
    height: Floats
    rise: Floats
    point: Floats
    weight: Floats
    moved: NDArray[np.bool_]

    @staticmethod
    def of(at: float, height: Floats, rise: Floats, point: Floats) -> End:
        """An end at the same fraction of every move."""
        count = rise.size
        where = np.full(count, at)
        return End(where, height.copy(), rise, point.copy(), rise.copy(), np.zeros(count, dtype=np.bool_))

    def put(self, which: Ints, guess: tuple[Floats, ...], other: End) -> None:
        """Move this end of the brackets ``which`` to a guess: its at, height, rise and point.

        The Illinois rule: an end that stays put counts half, or regula falsi would creep.
        """
        self.at[which], self.height[which], self.rise[which], self.point[which] = guess
        self.weight[which] = self.rise[which]
        other.weight[which] *= np.where(self.moved[which], 0.5, 1.0)
        self.moved[which], other.moved[which] = True, False


@kernel
def crossings(slopes: Floats, ends: Floats, move: Floats) -> NDArray[np.bool_]:
    """(N,) which of the moves (N, d) cross a valley; slopes, ends: (N, C, d) of the contacts before and after them."""
    out = np.empty(move.shape[0], np.bool_)
    for b in range(out.size):
        out[b] = crosses(slopes[b], ends[b], move[b])
    return out


@helper
def crosses(slopes: Floats, ends: Floats, move: Floats) -> bool:
    """Whether it is downhill (or level) at the start of a move and uphill at its end: a valley lies between."""
    start = np.nan
    for c in range(slopes.shape[0]):
        rise = _along(slopes[c], move)
        if not rise <= start:  # what is not a number gives way
            start = rise if rise == rise else start
    return start <= 0.0 and _along(ends[0], move) > 0.0


@inlined
def _along(slope: Floats, move: Floats) -> float:
    rise = 0.0
    for i in range(move.size):
        rise += slope[i] * move[i]
    return rise


def find_valley(
    moves: Move, low: End, high: End, contacts: Callable[[Floats, Ints], Contacts]
) -> tuple[Floats, Floats]:
    """Where the valley lies, a fraction (N,) of each move, and the slopes (N, C, d) of the contacts there.

    low, high: the ends, which are overwritten. ``contacts(center, which)`` searches for the balls ``which`` of the N.
    """
    count, dim = moves.move.shape
    length = np.sqrt(np.einsum("bd,bd->b", moves.move, moves.move))
    level = LEVEL * np.maximum(-low.rise, high.rise)
    at, slopes = np.zeros(count), np.empty((count, MAX_CONTACTS, dim))
    todo = np.arange(count)
    for turn in range(GUESSES):
        at[todo] = _guess(turn, moves, low, high, todo)
        here = contacts(moves.center[todo] + at[todo, None] * moves.move[todo], todo)
        slopes[todo] = here.slope
        rise = moves.rise(here.slope, todo)
        lowest, highest = np.fmin.reduce(rise, axis=1), np.fmax.reduce(rise, axis=1)
        floor = (lowest <= level[todo]) & (highest >= -level[todo])
        falls, rises = ~floor & (highest < 0), ~floor & (lowest > 0)
        low.put(todo[falls], (at[todo[falls]], here.height[falls], highest[falls], here.point[falls, 0]), high)
        high.put(todo[rises], (at[todo[rises]], here.height[rises], lowest[rises], here.point[rises, 0]), low)
        wide = (high.at[todo] - low.at[todo]) * length[todo] > NARROW * moves.radius[todo]
        todo = todo[~floor & wide]
        if todo.size == 0:
            break
    return at, slopes


def _guess(turn: int, moves: Move, low: End, high: End, todo: Ints) -> Floats:
    """(n,) where to look next in the brackets ``todo``."""
    a, b = low.at[todo], high.at[todo]
    if turn % 2 == 0:
        ends = [np.column_stack([end.at[todo], end.height[todo], end.point[todo]]) for end in (low, high)]
        guess = _meeting(moves.center[todo], moves.move[todo], moves.radius[todo], *ends)
    else:
        # Slopes that are equal would divide by zero.
        guess = a + (b - a) * low.weight[todo] / np.minimum(low.weight[todo] - high.weight[todo], -1e-300)
    halve = (turn % 5 == 4) | ~((guess > a) & (guess < b))
    return np.where(halve, 0.5 * (a + b), guess)


@kernel
def _meeting(center: Floats, move: Floats, radius: Floats, low: Floats, high: Floats) -> Floats:
    """Fraction of ``move`` at which a ball touches the contacts of both ends, taken as fixed points.

    low, high: (n, 2 + d) each end's fraction of the move, h there, and contact. The centres of balls that touch a point
    form a circle in the vertical plane along the move; the answer is the upper crossing of two such circles, NaN where
    they do not cross.
    """
    out = np.full(radius.size, np.nan)
    for k in range(radius.size):
        length = np.sqrt((move[k] ** 2).sum())
        if length == 0.0:
            continue
        u_low, r_low, z_low = _circle(center[k], move[k], radius[k], low[k], length)
        u_high, r_high, z_high = _circle(center[k], move[k], radius[k], high[k], length)
        du, dz = u_high - u_low, z_high - z_low
        gap2 = du * du + dz * dz
        if gap2 <= 0.0:
            continue
        part = (r_low - r_high + gap2) / (2.0 * gap2)
        rest = r_low - part * part * gap2
        if rest < 0.0:
            continue
        # Of the two crossings the one with the greater height.
        side = -dz if du > 0.0 else dz
        out[k] = (u_low + part * du + side * np.sqrt(rest / gap2)) / length
    return out


@helper
def _circle(center: Floats, move: Floats, radius: float, end: Floats, length: float) -> tuple[float, float, float]:
    """The circle of centres that touch an end's contact: its place along the move, squared radius, and height."""
    along, across = 0.0, 0.0
    for i in range(move.size):
        along += (end[2 + i] - center[i]) * (move[i] / length)
    for i in range(move.size):
        across += (end[2 + i] - center[i] - along * (move[i] / length)) ** 2
    square = radius**2 - across
    height = end[1] - np.sqrt(max(0.0, square - (end[0] * length - along) ** 2))
    return along, square, height
