"""The lesson's picture: as it waits for a prediction, and what happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.lessons.lesson import Lesson, Rolled
from pages.player import player
from pages.shared import plots
from pages.shared.page import is_dark
from pages.shared.scenes import scene
from rbo_core.figures.ironing import multiple_figures
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.scene import Scene

HEIGHT = 430


def show(lesson: Lesson, told: bool) -> None:
    """Draw the picture of a lesson. told: whether it may show the answer; it then plays by itself."""
    picture, state = lesson.picture, "told" if told else "waiting"
    key = f"lesson_{lesson.name}_{state}"  # another key for another state: its film begins by itself
    with st.container(key=f"lesson_of_{lesson.name}"), st.container(key=f"lesson_{state}"):
        if isinstance(picture, Rolled):
            film = scene(picture.ground, picture.raced(), Look(loss_panel=False, readouts=False, clickable=False))
            film = replace(film, frame_word="step" if picture.budget is None else "gradient")
            player(film if told else waiting(film), key=key, height=HEIGHT)
        else:
            figures = multiple_figures(picture.swept(), is_dark())
            plots.show(figures if told else figures[:1], key=key, columns=3 if told else 1)


def waiting(film: Scene) -> Scene:
    """The same picture with nothing but the start in it: nothing of the answer can be seen or played."""
    racers = []
    for racer in film.racers:
        first: dict[str, Any] = {
            name: None if (value := getattr(racer, name)) is None else value[:1]
            for name in ("position", "center", "contacts", "loss", "loss_x")
        }
        racers.append(replace(racer, **first, status="", stopped_at=None, readouts=()))
    return replace(film, racers=tuple(racers), step_numbers=None)
