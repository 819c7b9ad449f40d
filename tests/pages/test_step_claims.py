"""Follow one step: every arrow and caption of the four panels holds in the numbers of the step, found again here."""

from __future__ import annotations

import re

import numpy as np
import pytest

import landscapes
import rbo_core
from pages.shared.tracks import run_on
from rbo_core.figures.player.step import explain, section_through, step_scene
from rbo_core.figures.words import percent

GAMMA, RADIUS_SHARE, LENGTH = 0.05, 0.05, 0.6
SURFACES = ("wrinkled_bowl", "rastrigin", "v_valley", "ravine", "weierstrass_like", "sine_mse")


def dense(section, center: np.ndarray, radius: float) -> tuple[np.ndarray, float]:
    """The ground nearest to a point of the section, and how far it is."""
    s = center[0] + np.linspace(-2.5, 2.5, 20_011) * radius
    away = np.hypot(s - center[0], section.value(s[:, None]) - center[1])
    k = int(away.argmin())
    return np.array([s[k], section.value(s[k : k + 1, None])[0]]), float(away[k])


def slope(section, s: float, h: float = 1e-6) -> float:
    f = section.value(np.array([[s - h], [s + h]]))
    return float((f[1] - f[0]) / (2 * h))


def check_iterates(section, each, start: float) -> None:
    """The moves that are drawn, by the formulas of the page's explanation."""
    target, height = each.step.moved_center
    z, first = start, None
    for foot in each.step.footpoints[1:]:
        f, g = float(section.value(np.array([[z]]))[0]), slope(section, z)
        if each.ball.projection == "gradient":
            move = -GAMMA * ((z - target) + (f - height) * g)
        else:
            move = target - g * (f + g * (target - z) - height) / (1 + g * g) - z
            first = abs(move) if first is None else first
            move = np.clip(move, -max(first, 1e-12) * 0.5, max(first, 1e-12) * 0.5) if abs(move) != first else move
        z += float(move)
        assert foot[0] == pytest.approx(z, abs=2e-5)
        assert foot[1] == pytest.approx(float(section.value(np.array([[z]]))[0]), abs=2e-4)


def check_panel(section, each, panel, radius: float, offset: float) -> None:
    named = {arrow.label: arrow for arrow in panel.arrows}
    rigid = each.ball.projection == "rigid"
    for name in ("ρν", "ρν⁺"):
        assert np.linalg.norm(named[name].end - named[name].start) == pytest.approx(radius, rel=2e-3)
    moved = named["−ητ"].end - named["−ητ"].start
    if not rigid:
        g = slope(section, 0.0)
        assert np.linalg.norm(moved) == pytest.approx(LENGTH * radius, rel=1e-6)
        assert moved / np.linalg.norm(moved) == pytest.approx(-np.array([g, g * g]) / np.hypot(g, g * g), abs=1e-4)
        normal = (named["ρν"].end - named["ρν"].start) / radius
        assert normal == pytest.approx(np.array([-g, 1]) / np.hypot(g, 1), abs=1e-4)
    if each.ball.projection in ("newton", "gradient"):
        check_iterates(section, each, 0.0)
    assert named["c̃"].start == pytest.approx(each.step.moved_center)
    assert named["p⁺"].start == pytest.approx(each.step.new_contact)
    assert each.step.new_contact[1] == pytest.approx(section.value(each.step.new_contact[None, :1])[0], abs=1e-6)
    check_captions(section, each, [text for _, text in panel.captions], radius)


def check_captions(section, each, said: list[str], radius: float) -> None:
    verdict, end = said[-2:]
    _, least = dense(section, each.step.moved_center, radius)
    farther = float(np.linalg.norm(each.step.new_contact - each.step.moved_center)) / least - 1
    if each.ball.projection == "rigid":
        assert "highest such place" in verdict
    elif told := re.search(r"is ([\d.,]+) times as far", verdict):
        assert farther + 1 == pytest.approx(float(told[1].replace(",", "")), rel=0.01)
    elif told := re.search(r"(?:is|for) ([\d.]+) %", verdict):
        assert 100 * farther == pytest.approx(float(told[1]), abs=0.06)
    else:
        assert verdict == "p⁺ is the ground nearest to c̃." and farther < 2e-3
    depth = 1 - dense(section, each.step.new_center, radius)[1] / radius
    if "does not sink" in end:
        assert depth < 2e-3
    else:
        assert percent(100 * depth) in end or 100 * depth == pytest.approx(
            float(re.search(r"by ([\d.]+) %", end)[1]), abs=0.06
        )
        assert ("not the nearest ground" in end) == (farther > 0.02)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("name", SURFACES)
def test_arrows_and_sentences_of_a_step(name, momentum):
    surface = landscapes.get(name, dim=2)
    radius = RADIUS_SHARE * float(np.ptp(surface.bounds[0]))
    for projection in ("rigid", "newton", "gradient"):
        ball = rbo_core.RBO(
            radius=radius,
            learning_rate=0.01,
            projection=projection,
            momentum=momentum,
            unit_speed=projection == "rigid",
        )
        run = run_on(surface, ball, tuple(surface.start), 12, depths=0)
        at = min(5, run.stopped_at - 1)
        section, offset = section_through(surface, run.position[at], run.place[at])
        shown = explain(section, ball, 20, GAMMA, LENGTH * radius, offset)
        scene = step_scene(section, shown)
        for each, panel in zip(shown, scene.panels, strict=True):
            check_panel(section, each, panel, radius, offset)
