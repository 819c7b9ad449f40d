""" "Follow one step": the four projections of one step in slow motion, side by side, on a section of the surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rbo_core import RBO
from rbo_core.explain import explain_rigid_step
from rbo_core.figures.player.scene import Arrow, Ground, Racer, Scene
from rbo_core.figures.style import COLORS
from rbo_core.figures.words import counted, percent, short
from rbo_core.reference import StepExplanation, explain_step
from rbo_core.rolling import PROJECTIONS

FRAMES = 130
NORMAL, TANGENT, LANDED, ITERATES, END = 12, 30, 52, 62, 100
BLUE, GREEN, PINK, RED = COLORS["sgd"], COLORS["sam"], COLORS["entropy_sgd"], "#C3304B"
FAR = 1e30
"""Beyond this a picture, which is drawn in 32-bit numbers, shows nothing."""
SINKS = 1e-3
"""Penetration that counts."""
NOTABLE = 0.02
"""Share by which a contact must be too far from c̃ to be called unfinished."""


@dataclass(frozen=True, eq=False)
class Section:
    """The vertical section of a surface through `at (d,)` along the unit vector `along (d,)`: a surface of 1 parameter.

    On it a step is exact and lies in the picture's plane.
    """

    surface: Any
    at: np.ndarray
    along: np.ndarray
    dim: int = 1

    @property
    def bounds(self) -> np.ndarray:
        """(1, 2) the stretch inside the surface's own bounds."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = (self.surface.bounds - self.at[:, None]) / self.along[:, None]
        ends = np.sort(ends[np.abs(self.along) > 1e-12], axis=1)
        return np.array([[ends[:, 0].max(), ends[:, 1].min()]])

    @property
    def finest_scale(self) -> float:
        """As fine as the surface itself."""
        return float(self.surface.finest_scale)

    def _lift(self, s: np.ndarray) -> np.ndarray:
        return self.at + np.asarray(s, dtype=float) * self.along

    def value(self, s: np.ndarray) -> np.ndarray:
        """(B, 1) → (B,)."""
        return np.asarray(self.surface.value(self._lift(s)))

    def value_and_grad(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B, 1) → (B,), (B, 1)."""
        f, g = self.surface.value_and_grad(self._lift(s))
        return f, (g @ self.along)[:, None]


def section_of(surface: Any, at: np.ndarray) -> Section:
    """The section through `at` that goes down the steepest way (along the first axis where the ground is level)."""
    g = np.asarray(surface.value_and_grad(np.asarray(at, dtype=float)[None, :])[1])[0]
    size = float(np.linalg.norm(g))
    along = -g / size if size > 1e-12 else np.eye(len(g))[0]
    return Section(surface, np.asarray(at, dtype=float), along)


def section_through(surface: Any, contact: np.ndarray, center: np.ndarray) -> tuple[Section, float]:
    """The section of a ball that touches at `contact (d,)` with its centre above `center (d,)`, and their distance.

    It holds the contact, the centre, the normal and the tangent; s = 0 is the contact; the centre is down the slope.
    """
    away = np.asarray(center, dtype=float) - np.asarray(contact, dtype=float)
    distance = float(np.linalg.norm(away))
    if distance <= 1e-9:
        return section_of(surface, contact), 0.0
    return Section(surface, np.asarray(contact, dtype=float), away / distance), distance


@dataclass(frozen=True, eq=False)
class Shown:
    """One projection's step, ready to draw.

    ball: its settings; step: its quantities. near (2,): the ground nearest to the new centre; penetration: how deep the
    ball ends in it, (ρ − d(c, Γ)) / ρ. foot (2,): the ground nearest to c̃; excess: how much farther from c̃ the contact
    that the projection found is, 0 for an exact one.
    """

    ball: RBO
    step: StepExplanation
    near: np.ndarray
    penetration: float
    foot: np.ndarray
    excess: float


def explain(
    section: Section, ball: RBO, k_gradient: int, gamma: float, length: float, offset: float = 0.0
) -> tuple[Shown, ...]:
    """The same step under the four projections.

    length: how far the centre moves to c̃; offset: where on the section the centre of the rigid ball is, whose step
    starts from there as that of the others starts from the contact at 0.
    """
    common = replace(ball, unit_speed=False, learning_rate=length, momentum=0.0)
    balls = (
        replace(common, projection="rigid"),
        replace(common, projection="argmin"),
        replace(common, projection="newton"),
        replace(common, projection="gradient", n_projection_steps=k_gradient, projection_step_size=gamma),
    )
    with np.errstate(all="ignore"):
        # Of every projection's step; Newton's looks for its footpoint in few moves, however far away the centre is.
        tangent = float(np.linalg.norm(explain_step(balls[2], section, np.zeros(1)).tangent))
    out = []
    for each in balls:
        start = np.array([offset if each.projection == "rigid" else 0.0])
        with np.errstate(all="ignore"):  # moves that run away are told below
            if each.projection == "rigid":
                step = explain_rigid_step(each, section, start, length)
            else:
                fitted = replace(each, learning_rate=length / tangent) if tangent > 0 else each
                step = explain_step(fitted, section, start)
        if not (np.abs(step.footpoints) < FAR).all():
            cause = f" with γ = {gamma:g}" if each.projection == "gradient" else ""
            raise ValueError(
                f"the {len(step.footpoints) - 1} moves of the {PROJECTIONS[each.projection].title} projection run away"
                f"{cause}; take a smaller γ or fewer moves"
            )
        out.append(_shown(section, each, step))
    return tuple(out)


def _shown(section: Section, ball: RBO, step: StepExplanation) -> Shown:
    radius = float(ball.radius)
    near = _nearest(section, ball, step.new_center)
    foot = _nearest(section, ball, step.moved_center)
    depth = 1 - float(np.linalg.norm(near - step.new_center)) / radius
    found, best = (float(np.linalg.norm(p - step.moved_center)) for p in (step.new_contact, foot))
    return Shown(ball, step, near, depth, foot, found / best - 1 if best > 0 else 0.0)


def _nearest(section: Section, ball: RBO, point: np.ndarray) -> np.ndarray:
    """(2,) the ground's nearest point to `point (2,)`, by a dense scan."""
    s = point[0] + np.linspace(-3, 3, 60_001) * float(ball.radius)
    f = float(ball.loss_scale) * section.value(s[:, None])
    k = int(np.argmin((s - point[0]) ** 2 + (f - point[1]) ** 2))
    return np.array([s[k], f[k]])


def step_scene(section: Section, shown: Sequence[Shown]) -> Scene:
    """A panel for each projection under one clock of FRAMES frames."""
    radius = float(shown[0].ball.radius)
    spots = np.array([p for each in shown for p in (each.step.center, each.step.moved_center, each.step.new_center)])
    low, high = spots[:, 0].min() - 1.5 * radius, spots[:, 0].max() + 1.5 * radius
    middle, reach = (low + high) / 2, 2.2 * (high - low)  # a tall panel shows more than the bounds
    s = np.linspace(middle - reach, middle + reach, 2400)
    f = float(shown[0].ball.loss_scale) * section.value(s[:, None])
    bounds = np.array([[low, high]])
    frame = _height_range(shown, spots, radius)
    panels = tuple(_panel(s, f, bounds, frame, each) for each in shown)
    return Scene(
        ground=Ground(s, f),
        racers=(panels[0].racers[0],),
        bounds=bounds,
        loss_panel=False,
        clickable=False,
        duration=14.0,
        panels=panels,
        title="One step of the ball under four projections, in slow motion",
        frame_word="frame",
    )


def _height_range(shown: Sequence[Shown], centers: np.ndarray, radius: float) -> tuple[float, float]:
    """What the panels show: all balls, and the iterates as long as these do not lead far down."""
    low, high = centers[:, 1].min() - 1.2 * radius, centers[:, 1].max() + 1.2 * radius
    iterates = min(float(each.step.footpoints[:, 1].min()) for each in shown) - 0.2 * radius
    return float(max(min(low, iterates), low - 1.5 * radius)), float(high)


def _panel(s: np.ndarray, f: np.ndarray, bounds: np.ndarray, frame: tuple[float, float], shown: Shown) -> Scene:
    step, ball = shown.step, shown.ball
    return Scene(
        ground=Ground(s, f),
        racers=(_ball(step, float(ball.radius)),),
        bounds=bounds,
        x_label="way down the slope",
        height_scale=1.0,
        height_range=frame,
        loss_panel=False,
        clickable=False,
        arrows=_arrows(shown),
        captions=_captions(shown),
        title=PROJECTIONS[ball.projection].title,
    )


def _ball(step: StepExplanation, radius: float) -> Racer:
    frame = np.arange(FRAMES + 1)
    move = _ease((frame - TANGENT) / (LANDED - TANGENT))[:, None]
    land = _ease((frame - END) / 14)[:, None]
    center = step.center + move * (step.moved_center - step.center)
    center = center + land * (step.new_center - center)
    contact = step.contact + land * (step.new_contact - step.contact)
    return Racer("rbo", "", COLORS["rbo"], contact, center, radius, rotation=np.zeros(FRAMES + 1), opacity=0.6)


def _ease(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _arrows(shown: Shown) -> tuple[Arrow, ...]:
    step, rigid = shown.step, shown.ball.projection == "rigid"
    out = [
        Arrow(step.contact, step.center, "ρν", BLUE, (NORMAL, NORMAL + 12), until=END),
        Arrow(step.center, step.moved_center, "−ητ", GREEN, (TANGENT, LANDED), until=END + 8),
        Arrow(step.moved_center, step.moved_center, "c̃", "", (LANDED, LANDED)),
    ]
    if shown.excess > NOTABLE and not rigid:
        out.append(Arrow(step.moved_center, shown.foot, "nearest", "", (LANDED, LANDED + 6), END + 8, False, True))
    # where several places tie, the last one named is that on which the new ball is drawn
    tied = [foot for foot in step.footpoints if not np.allclose(foot, step.new_contact, atol=1e-9)]
    moves = [*tied, step.new_contact] if rigid else list(step.footpoints[1:])
    each = (END - ITERATES) / max(len(moves), 1)
    for k, foot in enumerate(moves):
        begin = ITERATES + k * each
        last = k == len(moves) - 1
        out.append(
            Arrow(step.moved_center, foot, "", PINK, (begin, begin + 0.7 * each),
                  until=None if last else begin + 1.4 * each, head=False, dashed=True)
        )  # fmt: skip
        name = "p⁺" if last else "also" if rigid else f"z{_small(k + 1)}" if len(moves) <= 3 else ""
        out.append(Arrow(foot, foot, name, PINK, (begin + 0.7 * each, begin + 0.7 * each)))
    out.append(Arrow(step.new_contact, step.new_center, "ρν⁺", BLUE, (END + 2, END + 14)))
    if shown.penetration > SINKS:
        gap = f"{1 - shown.penetration:.2f} ρ"
        out.append(Arrow(step.new_center, shown.near, gap, RED, (END + 14, END + 22), head=False))
        out.append(Arrow(shown.near, shown.near, "", RED, (END + 22, END + 22)))
    return tuple(out)


def _small(number: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


def _captions(shown: Shown) -> tuple[tuple[float, str], ...]:
    k = shown.ball.n_projection_steps
    search = {
        "rigid": "The whole disc is searched: the ball is put down over the same place until it touches.",
        "argmin": "All points of the ground are looked at: the nearest to c̃ counts.",
        "newton": f"{counted(k, 'time')} the nearest point of a tangent plane, from p on.",
        "gradient": f"{counted(k, 'small step')} of size γ towards c̃, from p on.",
    }[shown.ball.projection]
    return (
        (0, "The ball rests on p."),
        (NORMAL, "Its centre: c = p + ρν"),
        (TANGENT, "Down the tangent: c̃ = c − ητ"),
        (ITERATES, search),
        (END - 4, _verdict(shown)),
        (END + 12, _end(shown)),
    )


def _verdict(shown: Shown) -> str:
    if shown.ball.projection == "rigid":
        return "The highest such place counts, so no other ground is inside."
    if shown.excess > 1:
        return f"p⁺ is {short(1 + shown.excess)} times as far from c̃ as the nearest ground."
    if shown.excess > NOTABLE:
        return f"p⁺ is {percent(100 * shown.excess)} farther from c̃ than the nearest ground."
    if shown.excess > SINKS:
        return f"p⁺ is the ground nearest to c̃, but for {percent(100 * shown.excess)}."
    return "p⁺ is the ground nearest to c̃."


def _end(shown: Shown) -> str:
    if shown.penetration <= SINKS:
        return "It touches and does not sink."
    cause = "p⁺ is not the nearest ground" if shown.excess > NOTABLE else "p⁺ lies where the ball does not fit"
    return f"It sinks in by {percent(100 * shown.penetration)} of ρ: {cause}."
