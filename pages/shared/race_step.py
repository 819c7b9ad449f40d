""" "Follow one step": the three projections of one step in slow motion, side by side, on a section of the surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pages.shared.player import Arrow, Ground, Racer, Scene
from rbo_core import RBO
from rbo_core.figures.style import COLORS
from rbo_core.reference import StepExplanation, explain_step

TITLES = {"rigid": "Rigid (exact)", "newton": "Newton", "gradient": "Gradient (paper)"}
FRAMES = 120
NORMAL, TANGENT, LANDED, ITERATES, END = 12, 30, 52, 60, 100
BLUE, GREEN, PINK = COLORS["sgd"], COLORS["sam"], COLORS["entropy_sgd"]


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


@dataclass(frozen=True, eq=False)
class Shown:
    """One projection's step, ready to draw: its settings, its quantities, and how deep the ball ends in the ground."""

    ball: RBO
    step: StepExplanation
    penetration: float


def explain(section: Section, ball: RBO, k_gradient: int, gamma: float, length: float) -> tuple[Shown, ...]:
    """The same step under the three projections; `length` is how far the centre moves to c̃."""
    common = replace(ball, unit_speed=False, learning_rate=length, momentum=0.0)
    balls = (
        replace(common, projection="rigid"),
        replace(common, projection="newton"),
        replace(common, projection="gradient", n_projection_steps=k_gradient, projection_step_size=gamma),
    )
    out = []
    for each in balls:
        tangent = float(np.linalg.norm(explain_step(each, section, np.zeros(1)).tangent))
        fitted = replace(each, learning_rate=length / tangent) if tangent > 0 else each
        step = explain_step(fitted, section, np.zeros(1))
        out.append(Shown(fitted, step, _depth(section, fitted, step.new_center)))
    return tuple(out)


def _depth(section: Section, ball: RBO, center: np.ndarray) -> float:
    """(ρ − d(c, Γ)) / ρ by a dense scan."""
    radius = float(ball.radius)
    s = center[0] + np.linspace(-1.2 * radius, 1.2 * radius, 20_001)
    f = float(ball.loss_scale) * section.value(s[:, None])
    return float((radius - np.sqrt(np.min((s - center[0]) ** 2 + (f - center[1]) ** 2))) / radius)


def step_scene(section: Section, shown: Sequence[Shown]) -> Scene:
    """Three panels under one clock of FRAMES frames."""
    radius = float(shown[0].ball.radius)
    spots = np.array([p for each in shown for p in (each.step.center, each.step.moved_center, each.step.new_center)])
    low, high = spots[:, 0].min() - 1.5 * radius, spots[:, 0].max() + 1.5 * radius
    s = np.linspace(low - 2 * radius, high + 2 * radius, 1200)
    f = float(shown[0].ball.loss_scale) * section.value(s[:, None])
    bounds = np.array([[low, high]])
    panels = tuple(_panel(s, f, bounds, each) for each in shown)
    return Scene(
        ground=Ground(s, f),
        racers=(panels[0].racers[0],),
        bounds=bounds,
        loss_panel=False,
        clickable=False,
        duration=14.0,
        panels=panels,
        title="One step of the ball under the three projections, in slow motion",
    )


def _panel(s: np.ndarray, f: np.ndarray, bounds: np.ndarray, shown: Shown) -> Scene:
    step, ball = shown.step, shown.ball
    return Scene(
        ground=Ground(s, f),
        racers=(_ball(step, float(ball.radius)),),
        bounds=bounds,
        x_label="way down the slope",
        height_scale=1.0,
        loss_panel=False,
        clickable=False,
        arrows=_arrows(step, ball.projection == "rigid"),
        captions=_captions(shown),
        title=TITLES[ball.projection],
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


def _arrows(step: StepExplanation, rigid: bool) -> tuple[Arrow, ...]:
    out = [
        Arrow(step.contact, step.center, "ρν", BLUE, (NORMAL, NORMAL + 12), until=END),
        Arrow(step.center, step.moved_center, "−ητ", GREEN, (TANGENT, LANDED), until=END + 8),
        Arrow(step.moved_center, step.moved_center, "c̃", "", (LANDED, LANDED)),
    ]
    moves = step.footpoints if rigid else step.footpoints[1:]
    each = (END - ITERATES) / max(len(moves), 1)
    for k, foot in enumerate(moves):
        begin = ITERATES + k * each
        last = k == len(moves) - 1
        out.append(
            Arrow(step.moved_center, foot, "", PINK, (begin, begin + 0.7 * each),
                  until=None if last else begin + 1.4 * each, head=False, dashed=True)
        )  # fmt: skip
        name = "p⁺" if last else f"z{_small(k + 1)}" if len(moves) <= 3 else ""
        out.append(Arrow(foot, foot, name, PINK, (begin + 0.7 * each, begin + 0.7 * each)))
    out.append(Arrow(step.new_contact, step.new_center, "ρν⁺", BLUE, (END + 2, END + 14)))
    return tuple(out)


def _small(number: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


def _captions(shown: Shown) -> tuple[tuple[float, str], ...]:
    k = shown.ball.n_projection_steps
    search = {
        "rigid": "The ball stays above the ground: the whole disc is searched.",
        "newton": f"{k} nearest points of tangent planes",
        "gradient": f"{k} small steps of size γ from p",
    }[shown.ball.projection]
    depth = max(shown.penetration, 0.0)
    end = "It touches and does not sink." if depth < 1e-3 else f"It sinks in by {100 * depth:.0f} % of ρ."
    return (
        (0, "The ball rests on p."),
        (NORMAL, "Its centre: c = p + ρν"),
        (TANGENT, "Down the tangent: c̃ = c − ητ"),
        (ITERATES, search),
        (END + 10, end),
    )
