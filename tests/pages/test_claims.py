"""Every claim of the sentence under the picture holds in the record that the picture is drawn from."""

from __future__ import annotations

import re

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SAM, SGD, Status, trace
from rbo_core.figures.player.build import run_scene
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.story import MOVES, status_words, story
from rbo_core.figures.player.track import Track, track_of
from rbo_core.figures.words import plain

SETTINGS = 300


def runs_of(surface, choose: np.random.Generator) -> list[Track]:
    """A ball and two points with random settings from a random start."""
    low, high = surface.bounds[0]
    start = [[float(choose.uniform(low + 0.05 * (high - low), high - 0.05 * (high - low)))]]
    rate = float(10 ** choose.uniform(-3, -0.5))
    projection = str(choose.choice(["rigid", "newton", "gradient"]))
    ball = RBO(
        radius=float(10 ** choose.uniform(-1.5, 0.3)),
        learning_rate=rate,
        momentum=float(choose.choice([0.0, 0.8])),
        projection=projection,
        unit_speed=projection == "rigid",
        n_projection_steps=20 if projection == "gradient" else 2,
    )
    noise = float(choose.choice([0.0, 0.0, 0.5]))
    methods = (ball, SGD(learning_rate=rate, gradient_noise=noise), SAM(learning_rate=rate))
    return [track_of(trace(method, surface, start, 150, seed=1), depths=0) for method in methods]


def check(surface, tracks: list[Track]) -> None:
    finest = surface.finest_scale
    raced = entries(tracks)
    scene = run_scene(surface, raced)
    said = plain(story(tracks, finest)).replace("\N{NO-BREAK SPACE}", " ").replace("−", "-").replace("●", "")
    assert not re.search(r"\b(was|is) ", said)
    for entry, racer in zip(raced, scene.racers, strict=True):
        track, name = entry.track, "The ball" if entry.label == "Ball" else entry.label
        claim = next(part for part in re.split(r"\. (?=\s*[A-Z])", said) if name in part)
        # the read-outs and the sentence call the end by the same word
        assert racer.status == status_words(track, finest)
        verbs = {"at rest": "came to rest|stopped", "stays there": "stayed", MOVES: "moved on", "diverged": "diverged",
                 "left the domain": "left the domain"}  # fmt: skip
        assert re.search(verbs[racer.status], claim), (claim, racer.status)
        end = track.place[track.stopped_at, 0]
        told = re.search(r"x = (-?[\d.]+)", claim)
        if told:
            assert float(told[1]) == pytest.approx(end, abs=0.0051)
            if track.status in (Status.CONVERGED, Status.RUNNING):  # where the film ends
                last = racer.center if racer.center is not None else racer.position
                assert float(told[1]) == pytest.approx(last[-1, 0], abs=0.0051)
        if steps := re.search(r"after ([\d,]+) step", claim):
            assert int(steps[1].replace(",", "")) in (track.stopped_at, len(track.loss) - 1)
        if "where it started" in claim and "wrinkle" not in claim:
            assert abs(end - track.place[0, 0]) <= 0.25 * finest + 1e-9
        if "in the wrinkle" in claim:
            assert np.abs(track.place[:, 0] - track.place[0, 0]).max() <= finest + 1e-9
            assert surface.minimum.x is not None
            assert track.distance[track.stopped_at] > 0.5 * finest
    if winner := re.search(r"(?:^|\. )\s*([\w ]+?) ends lowest", said):
        # Like with like: the ground straight below each, not a ball's contact on a crest beside a point's pit.
        sound = [e for e in raced if e.track.status in (Status.CONVERGED, Status.RUNNING)]
        best = min(sound, key=lambda e: surface.value(e.track.place[-1][None])[0])
        assert winner[1].strip() == ("The ball" if best.label == "Ball" else best.label)
    assert int(scene.step_numbers[-1]) == len(tracks[0].loss) - 1


@pytest.mark.parametrize("name", landscapes.names(1))
def test_random_settings(name):
    surface = landscapes.get(name, dim=1)
    choose = np.random.default_rng(len(name))
    for _ in range(max(SETTINGS // len(landscapes.names(1)), 1)):
        check(surface, runs_of(surface, choose))


def test_a_point_that_goes_down_a_bowl_sits_in_no_wrinkle():
    surface = landscapes.get("paraboloid", dim=1)
    for rate in (0.001, 0.01, 0.3):
        said = plain(
            story([track_of(trace(SGD(learning_rate=rate), surface, [[-2.0]], 400), depths=0)], surface.finest_scale)
        )
        assert "wrinkle" not in said
        assert "stayed" not in said
