""" "Follow one step": one step of the ball's run in slow motion, ended four ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

import pages.player
from pages.shared.asked import Asked
from pages.shared.controls import Scale, number
from pages.shared.page import sentence, show_error
from pages.shared.terms import term
from rbo_core.figures.player.scene import Scene
from rbo_core.figures.player.step import SINKS, Shown, explain, section_through, step_scene
from rbo_core.figures.player.track import Track
from rbo_core.figures.words import short

ARROWS = (
    f"{term('ρ')}ν leads from the contact p to the centre c, −{term('η')}τ from there down the slope to c̃; "
    "p⁺ is the contact that the projection finds."
)
"""What the arrows in the panels are."""


@dataclass(frozen=True)
class Wanted:
    """Which step is followed, how long it is drawn (in radii), and the K and γ of the published projection."""

    step: int
    length: float
    n_projection_steps: int
    projection_step_size: float


@dataclass(frozen=True, eq=False)
class Followed:
    """The step: its scene, what it shows in a sentence, and the penetration under each projection for scripts."""

    scene: Scene
    sentence: str
    depths: str


def controls(steps: int) -> Wanted:
    """The controls below the picture."""
    columns = st.columns(4)
    with columns[0]:
        step = int(number("step of the ball's run", "step_number", 5, Scale(1, steps, integer=True, log=True)))
    with columns[1]:
        length = number("length of the step, in radii", "step_length", 0.6, Scale(0.05, 1.5))
    with columns[2]:
        count = int(number("gradient: K", "step_k", 20, Scale(1, 100, integer=True)))
    with columns[3]:
        gamma = number("gradient: γ", "step_gamma", 0.05, Scale(0.001, 1.0, log=True))
    return Wanted(step, length, count, gamma)


def show(asked: Asked, key: str) -> None:
    """Picture, sentence and controls; what cannot be followed is said in place."""
    stage = st.container(key="step_stage")
    stage.empty()  # Streamlit leaves out a container while nothing is in it: no room would be kept
    wanted = controls(asked.steps)
    with stage:
        try:
            told = followed(asked, wanted)
        except ValueError as error:
            show_error(error)
            return
        pages.player.player(told.scene, key=key, height=440)
        st.html(f'<p class="lab-legend">{ARROWS}</p>')
        sentence(told.sentence, depths=told.depths)


def followed(asked: Asked, wanted: Wanted) -> Followed:
    """The step of the ball's run in the vertical section through contact and centre.

    Raises:
        ValueError: the run cannot be made, or the step leaves the finite ground.
    """
    track = asked.track(asked.ball)
    at = min(wanted.step, max(track.stopped_at, 1)) - 1
    section, offset = section_through(asked.surface, track.position[at], track.place[at])
    ball = asked.ball if track.radius is None else replace(asked.ball, radius=float(track.radius[at]))
    length = wanted.length * float(ball.radius)
    k, gamma = wanted.n_projection_steps, wanted.projection_step_size
    shown = explain(section, ball, k, gamma, length, offset)
    depths = {each.ball.projection: each.penetration for each in shown}
    return Followed(
        step_scene(section, shown),
        _sentence(track, at, wanted.step, shown),
        " ".join(f"{name}:{value:.6f}" for name, value in depths.items()),
    )


def _sinks(depths: dict[str, float]) -> str:
    """That the definition itself sinks in, where it does."""
    if depths["argmin"] <= 100 * SINKS:
        return ""
    return " The nearest point of all, as the paper defines the contact, sinks in too: the ball does not fit there."


def _before_and_after(track: Track, at: int) -> str:
    """Where the ball is before the step and after it, in words."""

    def touched(index: int) -> str:
        place = ", ".join(short(float(f"{x:.4g}")) for x in track.place[index])
        where = f"x = {place}" if track.place.shape[1] == 1 else f"({place})"
        return f"{where}, loss {short(float(f'{track.loss[index]:.4g}'))}"

    return f"Before step {at + 1} of its run the ball is at {touched(at)}; after it, at {touched(at + 1)}."


def _sentence(track: Track, at: int, wanted: int, shown: tuple[Shown, ...]) -> str:
    assert track.center is not None
    moved = float(np.linalg.norm(track.center[at + 1] - track.center[at])) / float(shown[0].ball.radius)
    touching = 1 if track.contacts is None else int(np.isfinite(track.contacts[at]).all(axis=1).sum())
    notes = f" In the run this step is {short(float(f'{moved:.2g}'))} ρ long."
    if float(np.max(track.method.momentum)) > 0:
        notes += " The picture leaves momentum out: there the step is what the slope alone does."
    if at + 1 < wanted:
        notes = f" The ball came to an end at step {at + 1}." + notes
    if touching > 1:
        notes += " The ball also touches in front of or behind the picture."
    depths = {each.ball.projection: 100 * max(each.penetration, 0) for each in shown}
    return (
        f"{_before_and_after(track, at)} Step {at + 1}, ended four ways. {term('penetration', 'Penetration')}: "
        f"rigid {depths['rigid']:.1f} %, exact argmin {depths['argmin']:.1f} %, Newton {depths['newton']:.1f} %, "
        f"gradient {depths['gradient']:.1f} % of ρ."
        f"{_sinks(depths)} The picture is the vertical section through contact and centre.{notes}"
    )
